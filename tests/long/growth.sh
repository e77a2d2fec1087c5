# shellcheck shell=bash
# Memory and start with ten million finished and a million live transactions (8 GiB of disk).
if build_part release growth; then
  shown_part growth '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
    build/release/growth
fi
