# shellcheck shell=bash
# No data race in any unit test, in the ledger's proofs, and in the server under all cases over HTTP.
if build_part tsan; then
  unit_parts tsan
  BATAL=$PWD/build/tsan/batal pytest_part tests/cases
  ledger_proofs tsan <<END
model 50000
powerloss 1000
calls 3
END
fi
