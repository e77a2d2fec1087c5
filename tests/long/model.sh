# shellcheck shell=bash
# The long form of the ledger's proof `model` (tests/proofs/ledger_proof.cpp).
if build_part release ledger_proof; then
  shown_part model '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
    env TMPDIR=/dev/shm build/release/ledger_proof model --count 1000000
fi
