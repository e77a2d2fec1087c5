# shellcheck shell=bash
# Running the parts of a test run and counting them; `test` and tests/long/*.sh are made of these.
# A part shows one line when it passes, and all it said when it does not.

passed=0
failed=0
part_seconds_max=3600
part_start=0
part_log=$(mktemp)
trap 'rm -f "$part_log"' EXIT

# What the pattern (PCRE) matches in the part's log, added up: a number counts as that many, other
# text as one.
counted() {
  { grep -oP "$1" "$part_log" || true; } | awk '{ n += /^[0-9]+$/ ? $1 : 1 } END { print n + 0 }'
}

# tally NAME STATUS PASSED FAILED: counts what the part's log says; PASSED and FAILED are patterns.
# A command that failed (its STATUS) without saying how often failed once.
tally() {
  local good bad
  good=$(counted "$3")
  bad=$(counted "$4")
  (($2 == 0 || bad > 0)) || bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "$1: $good passed, $bad failed, $((SECONDS - part_start)) s"
}

# part NAME PASSED FAILED COMMAND...: runs and tallies.
part() {
  local status=0
  part_start=$SECONDS
  timeout --kill-after=10 "$part_seconds_max" "${@:4}" </dev/null >"$part_log" 2>&1 || status=$?
  ((status == 0)) || cat "$part_log"
  ((status != 124)) || echo "$1 was stopped after $part_seconds_max s"
  tally "$1" "$status" "$2" "$3"
}

# shown_part NAME PASSED FAILED COMMAND...: the same for what takes hours, shown as it goes.
shown_part() {
  local status=0
  part_start=$SECONDS
  "${@:4}" </dev/null 2>&1 | tee "$part_log" || status=$?
  tally "$1" "$status" "$2" "$3"
}

# failed_step TEXT: something that the tests need did not work.
failed_step() {
  echo "$1"
  failed=$((failed + 1))
}

# build_part PRESET [TARGET...]: false if it does not build.
build_part() {
  scripts/build "$@" && return
  failed_step "building $1 failed"
  return 1
}

# unit_parts PRESET [ROOM...]: the unit tests of those rooms, or of all that have some.
unit_parts() {
  local preset=$1 room rooms=("${@:2}")
  ((${#rooms[@]})) || mapfile -t rooms < <(find tests -name '*_test.cpp' | cut -d/ -f2 | sort -u)
  for room in "${rooms[@]}"; do
    part "$room" '(?<=^\[  PASSED  \] )\d+(?= tests?\.)' \
      '^\[  FAILED  \](?= .*\(\d+ ms\)$)' "build/$preset/${room}_test" --gtest_brief=1
  done
}

pytest_part() {
  part "$1" '\d+(?= passed\b.* in \d)' '\d+(?= (failed|errors?)\b.* in \d)' \
    /usr/bin/python3 -m pytest -q -p no:cacheprovider "$1"
}

# Every folder of tests/ with Python tests in it.
pytest_parts() {
  local folder
  while read -r folder; do
    pytest_part "$folder"
  done < <(find tests -name node_modules -prune -o \
    '(' -name 'test_*.py' -o -name '*_test.py' ')' -printf '%h\n' | sort -u)
}

# The official client as npm delivers it, fetched when it is missing or older than its lock file.
client_part() {
  local folder=tests/clients
  if [[ ! $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]]; then
    npm --prefix "$folder" ci --loglevel=error >/dev/null || { failed_step "npm ci in $folder failed"; return; }
  fi
  part "$folder" '(?<=^# pass )\d+' '(?<=^# fail |^# cancelled )\d+' \
    node --test --test-reporter=tap "$folder"/*_test.js
}

# ledger_proofs PRESET: runs those named on standard input, a name and a count a line. The index that
# they make is in memory: what it survives is not what they prove.
ledger_proofs() {
  local name count
  while read -r name count; do
    part "$name" '^\d+(?= passed, \d+ failed$)' '(?<= passed, )\d+(?= failed$)' \
      env TMPDIR=/dev/shm "build/$1/ledger_proof" "$name" --count "$count"
  done
}
