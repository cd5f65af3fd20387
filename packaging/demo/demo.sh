#!/usr/bin/env bash
# The demo: a shop's warehouse, a HubSpot sandbox, and everything that can happen to a sync in a minute. Leaves the
# project in ./demo. Run by `make demo`, after the build.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${PENSTOCK_BIN:-$root/build/release/bin}  # another build, to try the story itself
demo=$root/demo
export PATH=$bin:$PATH HUBSPOT_TOKEN=pat-sandbox
unset PENSTOCK_CONNECTORS

rm -rf "$demo"
mkdir -p "$demo/models"
cp "$here/penstock.yaml" "$demo/"
cp "$here/models/contacts.sql" "$demo/models/"
sqlite3 "$demo/shop.db" <"$here/seed.sql"
cd "$demo"
export PENSTOCK_SHARED_DIR=$demo/.shared

sandbox=
sync=
cleanup() {
  [ -z "$sync" ] || kill -9 "$sync" 2>/dev/null || true
  [ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
}
trap cleanup EXIT
say() { printf '# %s\n' "$1"; }
run() {
  printf '$ %s\n' "$*"
  "$@"
}
# Runs a command that is to end with the status named first.
run_expecting() {
  local want=$1 got=0
  shift
  run "$@" || got=$?
  [ "$got" = "$want" ] || { echo "demo: '$*' ended with $got, not $want" >&2; exit 1; }
}
number() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" | head -n 1; }

# ---- the sandbox stands in for HubSpot, on a free port
penstock sandbox hubspot --port 0 --latency 60 --data "$demo/sandbox" >sandbox.log 2>&1 &
sandbox=$!
for _ in $(seq 200); do
  HUBSPOT_URL=$(sed -n 's/^listening on //p' sandbox.log)
  [ -z "$HUBSPOT_URL" ] || break
  sleep 0.05
done
export HUBSPOT_URL
[ -n "$HUBSPOT_URL" ] || { cat sandbox.log >&2; exit 1; }
property() {
  curl -sf -o /dev/null -H "Authorization: Bearer $HUBSPOT_TOKEN" -H 'Content-Type: application/json' \
    "$HUBSPOT_URL/crm/v3/properties/contacts" \
    -d "{\"name\":\"$1\",\"label\":\"$2\",\"type\":\"$3\",\"fieldType\":\"$4\",\"groupName\":\"contactinformation\"}"
}
property shop_orders 'Orders' number number
property shop_revenue 'Revenue' number number
property shop_last_order 'Last order' date date
property shop_source 'Source' string text

# ---- the story, also kept as a file for the README
story() {
  say '4,000 customers of a shop (SQLite) become contacts in HubSpot (a sandbox). What it refuses is kept with its reason.'
  run_expecting 3 penstock sync contacts
  run penstock why contacts customer509@example

  say 'Late orders get dearer: what would the next sync change?'
  sqlite3 shop.db "UPDATE orders SET cents = cents + 100 WHERE ordered_on >= '2026-10-20'"
  run penstock plan contacts --samples 1

  say 'It is killed (-9) in the middle. The next sync finds what is left.'
  killed_sync
  run_expecting 3 penstock sync contacts
  written_again

  say 'Somebody empties the table.'
  cp shop.db shop.db.good
  sqlite3 shop.db 'DELETE FROM customers'
  run_expecting 4 penstock sync contacts
  mv shop.db.good shop.db

  say 'The table is back; nothing changed since the last sync.'
  run_expecting 3 penstock sync contacts
}

# Starts a sync against a slow sandbox and kills it once 1,000 changes have arrived.
killed_sync() {
  sandbox_config '{"latency_ms": 250}'
  penstock sync contacts >/dev/null 2>&1 &
  sync=$!
  local before
  before=$(arrived)
  while [ $(($(arrived) - before)) -lt 1000 ]; do sleep 0.02; done
  kill -9 "$sync"
  wait "$sync" 2>/dev/null || true
  sync=
  sandbox_config '{"latency_ms": 60}'
  penstock records contacts --run contacts-2 --status synced --limit 0 --json |
    sed -n 's/.*"destination_id": *"\([^"]*\)".*/\1/p' | sort >acknowledged.ids
  writes_of_acknowledged >writes.before
  echo "killed in run contacts-2 with $(wc -l <acknowledged.ids) of its changes acknowledged"
}

# From the sandbox's own counts: how often the acknowledged records were written since the kill.
written_again() {
  writes_of_acknowledged >writes.after
  echo "$(($(cat writes.after) - $(cat writes.before))) acknowledged records written again"
}
writes_of_acknowledged() {
  curl -sf "$HUBSPOT_URL/_sandbox/writes/contacts" |
    sed 's/.*"id": *"\([^"]*\)".*"writes": *\([0-9]*\).*/\1 \2/' | sort | join - acknowledged.ids |
    awk '{ sum += $2 } END { print sum + 0 }'
}
sandbox_config() { curl -sf -o /dev/null -X PUT "$HUBSPOT_URL/_sandbox/config" -d "$1"; }
arrived() { curl -sf "$HUBSPOT_URL/_sandbox/stats" | grep -o '"contacts":{[^}]*}' | number updated; }

mkdir -p "$root/build/release"
story 2>&1 | tee "$root/build/release/demo-transcript.txt"
cat <<END

The project is in demo/. Start the sandbox again and look around:

  export PATH=\$PWD/build/release/bin:\$PATH HUBSPOT_TOKEN=$HUBSPOT_TOKEN HUBSPOT_URL=http://127.0.0.1:8089; cd demo
  penstock sandbox hubspot --port 8089 --data sandbox &
  penstock records contacts --status rejected

With your own warehouse, Penstock needs one grant:  GRANT SELECT ON customers, orders TO penstock;
END
