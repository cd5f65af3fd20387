#!/usr/bin/env bash
# Builds targets of a preset and says only how far it is; everything if it fails.  quiet-build.sh PRESET TARGET...
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
pending=$(ninja -C "build/$preset" -n "$@" 2>/dev/null | tail -n 1 | sed -n 's/^\[[0-9]*\/\([0-9]*\)\].*/\1/p')
[ -n "$pending" ] && echo "Building $* ($pending steps; a few minutes the first time)"
if ! cmake --build --preset "$preset" --target "$@" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
