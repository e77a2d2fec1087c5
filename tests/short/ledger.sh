# shellcheck shell=bash
# The embedded ledger over a simulated disk: model, power loss, and the k-th call that fails.
ledger_proofs release <<END
model 1000
powerloss 200
calls 3
END
