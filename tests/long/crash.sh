# shellcheck shell=bash
# Nothing answered is lost or done twice over 10,000 kills, a fifth of them during recovery.
if build_part release batal; then
  shown_part crash '\d+(?= kills passed, \d+ failed)' '(?<= kills passed, )\d+(?= failed)' \
    /usr/bin/python3 tests/crash/run.py --kills 10000
fi
