# shellcheck shell=bash
# Every fuzz target: its kept corpus, and three seconds of new inputs.
scripts/install fuzz
if build_part fuzz fuzz_targets; then
  part fuzz '\d+(?= targets passed)' '(?<= passed, )\d+(?= failed)' \
    /usr/bin/python3 tests/fuzz/run.py --seconds 3
fi
