# shellcheck shell=bash
# Every listed mutation of payment/, snap/ and services/ is killed by a test.
if /usr/bin/python3 tests/mutants/run.py; then
  passed=$((passed + 1))
else
  failed_step "a mutant lives"
fi
