# shellcheck shell=bash
# A cancel costs no more instructions than is recorded.
if build_part release batal batal_load; then
  part instructions '\d+(?= within the budget, \d+ above)' \
    '(?<= within the budget, )\d+(?= above)' /usr/bin/python3 bench/instructions
fi
