# shellcheck shell=bash
# No memory error and no undefined behaviour in the server under all cases over HTTP, and in the
# ledger's proofs.
if build_part asan batal ledger_proof; then
  BATAL=$PWD/build/asan/batal pytest_part tests/cases
  ledger_proofs asan <<END
model 100000
powerloss 2000
calls 5
END
fi
