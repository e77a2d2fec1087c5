# shellcheck shell=bash
# Every listed mutation still applies to the code as it is.
part mutants '\d+(?= mutants, 0 that do not apply)' '\d+(?= that do not apply)' \
  /usr/bin/python3 tests/mutants/run.py --list
