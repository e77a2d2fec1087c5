# shellcheck shell=bash
# The second compiler builds everything without a warning, and the unit tests hold.
scripts/install clang
if build_part clang; then unit_parts clang; fi
