# shellcheck shell=bash
# The long form of the ledger's proof `calls` (tests/proofs/ledger_proof.cpp).
if build_part release ledger_proof; then
  shown_part calls '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
    env TMPDIR=/dev/shm build/release/ledger_proof calls --count 40
fi
