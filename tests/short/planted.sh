# shellcheck shell=bash
# The proof `histories` finds every bug of a list, planted into a server of its own.
if build_part release batal histories; then
  part planted '^\d+(?= bugs found, \d+ not found$)' '(?<= bugs found, )\d+(?= not found$)' \
    /usr/bin/python3 tests/histories/planted.py
fi
