# shellcheck shell=bash
# No memory error and no undefined behaviour in the unit tests, nor in the server under all cases.
if build_part asan; then
  unit_parts asan
  BATAL=$PWD/build/asan/batal pytest_part tests/cases
fi
