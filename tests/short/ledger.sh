# shellcheck shell=bash
# The embedded ledger over a simulated disk: model, power loss, and the k-th call that fails.
ledger_proofs() {
  local name count
  while read -r name count; do
    part "$name" '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
      build/release/ledger_proof "$name" --count "$count"
  done
}
ledger_proofs <<END
model 1000
powerloss 200
calls 3
END
