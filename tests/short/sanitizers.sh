# shellcheck shell=bash
# No memory error and no undefined behaviour in the unit tests; no data race in the rooms that have
# threads.
if build_part asan; then unit_parts asan; fi
if build_part tsan ledger_test http_test; then unit_parts tsan ledger http; fi
