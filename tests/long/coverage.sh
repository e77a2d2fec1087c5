# shellcheck shell=bash
# The tests run every branch of payment/, snap/ and services/ that input can reach, and nine tenths
# of all lines.
scripts/install coverage
if build_part coverage; then
  find build/coverage -name '*.gcda' -delete
  unit_parts coverage
  export BATAL=$PWD/build/coverage/batal
  pytest_part tests/cases
  pytest_part tests/app
  unset BATAL
  shown_part coverage '\d+(?= hold, \d+ do not)' '(?<= hold, )\d+(?= do not)' \
    /usr/bin/python3 tests/coverage/report.py
fi
