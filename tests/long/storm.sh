# shellcheck shell=bash
# A thousand identical cancels at once have one effect and one answer.
if build_part release batal storm; then
  shown_part storm '^\d+(?= storms passed, \d+ failed$)' '(?<= storms passed, )\d+(?= failed$)' \
    build/release/storm --rounds 1000
fi
