# shellcheck shell=bash
# Ten times the sustainable load for 10 minutes; times are judged here, for nothing else runs.
if build_part release batal; then
  shown_part overload '\d+(?= overload passed, \d+ failed)' \
    '(?<= overload passed, )\d+(?= failed)' \
    /usr/bin/python3 tests/overload/run.py --seconds 600 --judge-times
fi
