# shellcheck shell=bash
# What concurrent clients hear can be explained call by call, through kills and movements of the
# clock too.
if build_part release batal histories; then
  shown_part histories '^\d+(?= histories passed, \d+ failed$)' \
    '(?<= histories passed, )\d+(?= failed$)' build/release/histories --count 100000
fi
