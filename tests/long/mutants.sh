# shellcheck shell=bash
# Every listed mutation is killed by a test, but for those that are said to survive.
shown_part mutants '\d+(?= killed, \d+ failed)' '(?<= killed, )\d+(?= failed)' \
  /usr/bin/python3 tests/mutants/run.py
