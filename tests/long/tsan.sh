# shellcheck shell=bash
# No data race in the two rooms that have threads.
if build_part tsan ledger_test http_test; then unit_parts tsan ledger http; fi
