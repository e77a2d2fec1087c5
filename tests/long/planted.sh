# shellcheck shell=bash
# The proof `histories` finds every bug of a list, planted into a server of its own: whatever the
# seed, so ten times.
if build_part release batal histories; then
  for _ in {1..10}; do
    shown_part planted '^\d+(?= bugs found, \d+ not found$)' '(?<= bugs found, )\d+(?= not found$)' \
      /usr/bin/python3 tests/histories/planted.py
  done
fi
