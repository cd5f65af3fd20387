#!/usr/bin/env bash
# Puts the transcript of the last `make demo` into the README.
set -euo pipefail
cd "$(dirname "$0")/../.."
transcript=build/release/demo-transcript.txt
[ -s "$transcript" ] || { echo "update-readme: run 'make demo' first" >&2; exit 1; }
awk -v file="$transcript" '
  /^<!-- transcript:/ { print; print "```"; while ((getline line < file) > 0) print line; print "```"; skip = 1; next }
  /^<!-- end of transcript -->/ { skip = 0 }
  !skip' README.md >README.md.new
mv README.md.new README.md
