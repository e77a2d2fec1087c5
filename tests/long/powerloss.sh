# shellcheck shell=bash
# The long form of the ledger's proof `powerloss` (tests/proofs/ledger_proof.cpp).
if build_part release ledger_proof; then
  shown_part powerloss '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
    env TMPDIR=/dev/shm build/release/ledger_proof powerloss --count 20000
fi
