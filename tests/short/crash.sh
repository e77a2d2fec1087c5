# shellcheck shell=bash
# Nothing answered is lost or done twice over 20 kills.
part crash '\d+(?= kills passed, \d+ failed)' '(?<= kills passed, )\d+(?= failed)' \
  /usr/bin/python3 tests/crash/run.py --kills 20
