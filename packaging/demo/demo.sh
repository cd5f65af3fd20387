#!/usr/bin/env bash
# The demo: a shop's warehouse, a HubSpot sandbox, and everything that can happen to a sync in a minute. Leaves the
# project in ./demo. Run by `make demo`, after the build.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$root/build/release/bin
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
say() { printf '\n# %s\n' "$1"; }
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

say '4,000 customers of a shop (SQLite) are to be contacts in HubSpot (a sandbox). What would happen?'
run penstock plan contacts --samples 2

say 'Do it. A few are refused by HubSpot: they are counted, kept with their reason, and not sent again until they change.'
run_expecting 3 penstock sync contacts
say 'Why is this one not there?'
run penstock why contacts customer509@example

say 'Prices went up: 3,000 contacts change. The process is killed in the middle of sending them.'
sqlite3 shop.db 'UPDATE orders SET cents = cents + 100 WHERE customer_id <= 3000'
curl -sf -X POST "$HUBSPOT_URL/_sandbox/reset?only=stats" >/dev/null
curl -sf -X PUT "$HUBSPOT_URL/_sandbox/config" -d '{"latency_ms": 250}' >/dev/null
penstock sync contacts >/dev/null 2>&1 &
sync=$!
while [ "$(curl -sf "$HUBSPOT_URL/_sandbox/stats" | number updated)" -lt 900 ]; do :; done
kill -9 "$sync"
wait "$sync" 2>/dev/null || true
sync=
curl -sf -X PUT "$HUBSPOT_URL/_sandbox/config" -d '{"latency_ms": 60}' >/dev/null
