#!/usr/bin/env bash
# Installs the Debian packages of packaging/apt-packages.txt that are missing, for the groups named ("build", "test").
# Quick when there is nothing to do. Through sudo when not root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n '2,3p' "$0" | cut -c3-; exit 2; }

missing=()
while read -r group package; do
  case "$group" in '' | '#'*) continue ;; esac
  [[ " $* " == *" $group "* ]] || continue
  [ "$package" = npm ] && command -v npm >/dev/null && continue  # another packager's Node.js brings its own
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done <"$here/apt-packages.txt"
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || {
  echo "install-packages: this system has no apt-get; install the like of: ${missing[*]}" >&2
  exit 1
}
run=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "install-packages: not root and no sudo; as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  }
  run=(sudo env DEBIAN_FRONTEND=noninteractive)
fi
echo "Installing ${#missing[@]} Debian packages that are missing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { "${run[@]}" apt-get update -q && "${run[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1 </dev/null; then
  tail -n 20 "$log" >&2
  echo "install-packages: apt-get failed; its last words are above" >&2
  exit 1
fi
