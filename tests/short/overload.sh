# shellcheck shell=bash
# Ten times the sustainable load for 10 seconds' worth of calls, among 11,000 idle connections.
part overload '\d+(?= overload passed, \d+ failed)' '(?<= overload passed, )\d+(?= failed)' \
  /usr/bin/python3 tests/overload/run.py --seconds 10
