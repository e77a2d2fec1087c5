# shellcheck shell=bash
# A cancel costs no more instructions than is recorded.
part instructions '\d+(?= within the budget, \d+ above)' \
  '(?<= within the budget, )\d+(?= above)' /usr/bin/python3 bench/instructions
