# shellcheck shell=bash
# No data race in the two rooms that have threads.
if build_part tsan; then unit_parts tsan ledger http; fi
