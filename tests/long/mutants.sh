# shellcheck shell=bash
# Every listed mutation of payment/, snap/ and services/ is killed by a test.
shown_part mutants '\d+(?= killed, \d+ survived)' '(?<= killed, )\d+(?= survived)' \
  /usr/bin/python3 tests/mutants/run.py
