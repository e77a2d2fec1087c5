# shellcheck shell=bash
# Every fuzz target: its kept corpus, and ten minutes of new inputs.
scripts/install fuzz
if build_part fuzz fuzz_targets; then
  shown_part fuzz '\d+(?= targets passed)' '(?<= passed, )\d+(?= failed)' \
    /usr/bin/python3 tests/fuzz/run.py --seconds 600
fi
