#!/usr/bin/env bash
# The installed SDK is enough: it is put into a folder of its own, nothing of core or host is in it, its headers compile
# alone, and a connector that `penstock connector new` wrote is built against it, checked, and run by the host.
#   package_test.sh BUILD SOURCE CC CXX CLANG CLANGXX
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/sdk-package.XXXXXX")
sandbox_pid=
cleanup() {
  [ -z "$sandbox_pid" ] || kill "$sandbox_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
step() { printf -- '-- %4d s  %s\n' "$SECONDS" "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# Says nothing unless the command fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "$*"
  }
}

step "install, and move to another place"
quietly cmake --install "$build" --component sdk --prefix "$work/installed"
prefix=$work/sdk
mv "$work/installed" "$prefix"
for file in include/penstock/connector.h include/penstock/connector.hpp lib/cmake/PenstockSDK/PenstockSDKConfig.cmake \
  bin/penstock-check lib/penstock/penstock-worker include/penstock/testing/conformance.hpp lib/libpenstock_sdk_kit.a \
  share/penstock/schema/manifest.schema.json share/penstock/template/acme.cc share/doc/penstock-sdk/LICENSE \
  share/doc/penstock-sdk/GUIDE.md share/doc/penstock-sdk/CONTRACT.md share/doc/penstock-sdk/copyright.rapidjson; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done

step "nothing of core, host or this tree is in it"
! grep -rnE '#[[:space:]]*include[[:space:]]*[<"](core|host|plugins|tests)/' "$prefix/include" ||
  fail "an installed header includes what is not installed"
! grep -rlIF -e "$source" -e "$build" "$prefix" || fail "an installed text names the tree"
for binary in "$prefix"/lib/*.a "$prefix"/bin/* "$prefix"/lib/penstock/*; do
  strangers=$(nm -C --defined-only "$binary" | grep -oE '\bpenstock::[A-Za-z_]+' | sort -u |
    grep -vxE 'penstock::(sdk|sandbox|kit)' || true)
  [ -z "$strangers" ] || fail "$(basename "$binary") has symbols of $strangers"
done

step "headers compile by both compilers"  # each alone by one of them: tests/sdk/headers has the other half
flags=(-fsyntax-only -Wall -Wextra -pedantic -Werror "-I$prefix/include" -isystem "$prefix/include/penstock/third_party")
for cc in "$3" "$5"; do
  quietly "$cc" "${flags[@]}" -std=c11 -x c - <<<'#include "penstock/connector.h"'
done
for cxx in "$4" "$6"; do
  for std in 11 14 17 20; do
    quietly "$cxx" "${flags[@]}" "-std=c++$std" -x c++ - <<<'#include "penstock/connector.h"'
  done
done
headers=("$prefix"/include/penstock/*.hpp "$prefix"/include/penstock/testing/*.hpp)
for header in "${headers[@]#"$prefix/include/"}"; do
  echo "#include \"$header\"" | tee -a "$work/all.cc" >"$work/alone.cc"
  quietly "$6" "${flags[@]}" -std=c++20 "$work/alone.cc"
done
quietly "$4" "${flags[@]}" -std=c++20 "$work/all.cc"

step "a connector in C links the header alone"
mkdir "$work/c"
cat >"$work/c/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(only_c LANGUAGES C)
find_package(PenstockSDK 0.1 REQUIRED)
add_library(only_c MODULE only.c)
target_link_libraries(only_c PRIVATE Penstock::connector_abi)
CMAKE
printf '%s\n' '#include "penstock/connector.h"' 'const char* draft(void);' \
  'const char* draft(void) { return PENSTOCK_DRAFT_ID; }' >"$work/c/only.c"
quietly cmake -S "$work/c" -B "$work/c/build" "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_C_COMPILER=$3"
quietly cmake --build "$work/c/build"

step "a sandbox links the server"
mkdir "$work/server"
cat >"$work/server/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(server LANGUAGES C CXX)
find_package(PenstockSDK 0.1 REQUIRED COMPONENTS sandbox)
penstock_add_sandbox(tiny SOURCES tiny.cc)
CMAKE
cat >"$work/server/tiny.cc" <<'CODE'
#include "sdk/testing/vendor.h"
class Tiny : public penstock::sandbox::Vendor {
  std::string Name() const override { return "tiny"; }
  bool Start(penstock::sandbox::Sandbox&, std::string*) override { return true; }
};
int main(int argc, char** argv) {
  Tiny tiny;
  return penstock::sandbox::SandboxMain(argc, argv, tiny);
}
CODE
quietly cmake -S "$work/server" -B "$work/server/build" "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_CXX_COMPILER=$4"
quietly cmake --build "$work/server/build"
quietly "$work/server/build/tiny-sandbox" --help

step "a new connector is built against it, and passes the conformance kit"
cd "$work"
quietly "$build/bin/penstock" connector new acme
cd acme
for folder in /nonexistent/sdk "$work/c"; do
  status=0
  ./check.sh "$folder" >"$work/log" 2>&1 || status=$?
  [ "$status" = 2 ] && grep -qF "there is no Penstock SDK in the folder \"$folder\"" "$work/log" && [ ! -e build ] ||
    fail "check.sh takes $folder for an SDK: exit code $status, $(cat "$work/log")"
done
# What the README says to run. Without the optimiser: it is compiled for this test alone.
quietly env "CXX=$4" CXXFLAGS='-Wall -Wextra -Wpedantic -Werror' CMAKE_BUILD_TYPE=None CMAKE_EXPORT_COMPILE_COMMANDS=ON \
  CTEST_OUTPUT_ON_FAILURE=1 ./check.sh "$prefix"
grep -qF '100% tests passed, 0 tests failed out of 1' "$work/log" || fail "it ran no kit: $(cat "$work/log")"
! grep -rlF "$source" build --include='*.json' --include='*.d' --include='*.make' || fail "the build looked into the tree"
exported=$(nm -D --defined-only build/acme.so | awk '{print $3}' | grep -v '^__asan\|^__odr_asan\|^__ubsan' || true)
[ "$exported" = penstock_connector_entry_v0 ] || fail "acme.so exports: $exported"

step "its CI unpacks the tarball"
# Packed by the rules of the real one, from a few of its files: all of it takes minutes without the optimiser.
mkdir "$work/tarball" "$work/unpacked"
echo licence >"$work/tarball/LICENSE"
cat >"$work/tarball/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(penstock VERSION 9.8.7 LANGUAGES NONE)
install(DIRECTORY $prefix/lib/cmake DESTINATION lib COMPONENT sdk)
install(FILES LICENSE DESTINATION share COMPONENT host)
include($source/packaging/packages.cmake)
CMAKE
quietly cmake -S "$work/tarball" -B "$work/tarball/build"
(cd "$work/tarball/build" && quietly cpack -G TGZ)
tarball=$(echo "$work"/tarball/build/packages/penstock-sdk-9.8.7-linux-*.tar.gz)
top=$(basename "$tarball" .tar.gz)
! tar -tzf "$tarball" | grep -vE "^$top/(lib/.*)?$" || fail "the tarball has more than one folder of its own name"
unpack=$(sed -n 's|.*\(tar -xz .*\)|\1|p' .github/workflows/check.yml)
[ -n "$unpack" ] || fail "check.yml unpacks nothing"
bash -c "${unpack//\/sdk/"$work/unpacked"}" <"$tarball"
[ -s "$work/unpacked/lib/cmake/PenstockSDK/PenstockSDKConfig.cmake" ] || fail "check.yml does not unpack the SDK: $unpack"

step "the other compiler takes it too"
if grep -qF 'set(PENSTOCK_SANITIZE "")' "$prefix/lib/cmake/PenstockSDK/PenstockSDKConfig.cmake"; then
  quietly cmake -S . -B other "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_CXX_COMPILER=$6" \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Werror"
  quietly cmake --build other
else # what is built with one compiler's sanitizers links with no other's
  quietly "$6" "${flags[@]}" -std=c++20 -DRAPIDJSON_HAS_STDSTRING=1 -Ibuild/acme_generated acme.cc
fi

step "a GoogleTest program links the kit"
mkdir "$work/face"
cat >"$work/face/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(face LANGUAGES C CXX)
find_package(PenstockSDK 0.1 REQUIRED COMPONENTS testing)
add_executable(face face.cc)
target_link_libraries(face PRIVATE Penstock::testing GTest::gtest_main)
CMAKE
cat >"$work/face/face.cc" <<CODE
#include <cstdlib>
#include "penstock/testing/conformance.hpp"
#include "penstock/testing/imposter.hpp"
class Acme : public penstock::kit::Fixture {
 public:
  std::string Connector() const override { return "$work/acme/build/acme.so"; }
  penstock::kit::Facts Declare() const override {
    penstock::kit::Facts facts;
    facts.config_json = R"({"token": {"\$secret": "token"}})";
    return facts;
  }
  penstock::sdk::Result<std::unique_ptr<penstock::kit::Destination>> Start() override {
    auto imposter = std::make_unique<penstock::kit::Imposter>();
    imposter->When("GET", "/v1/account").Then(200, std::string(R"({"id": ")") + std::getenv("ACCOUNT") + "\"}");
    return std::unique_ptr<penstock::kit::Destination>(std::move(imposter));
  }
};
PENSTOCK_CONFORMANCE(Acme, 3);
CODE
quietly cmake -S "$work/face" -B "$work/face/build" "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_CXX_COMPILER=$4"
quietly cmake --build "$work/face/build"
ACCOUNT=acme-1 quietly "$work/face/build/face" --gtest_filter='*abi_*:*open_*:*check_ok'
! ACCOUNT='' "$work/face/build/face" --gtest_filter='*check_ok' >"$work/log" 2>&1 ||
  fail "an account without an id, and the check is content: $(cat "$work/log")"

step "the contract and the kit name the same checks, and every MUST has one"
rules=$(grep -E '^\| [0-9]+\.[0-9]+ \|' "$prefix/share/doc/penstock-sdk/CONTRACT.md")
! awk -F'|' '/MUST/ && $(NF-1) !~ /`/' <<<"$rules" | grep . || fail "these rules have no check"
awk -F'|' '{print $(NF-1)}' <<<"$rules" | grep -oE '`[^`]+`' | tr -d '`' | sort -u >"$work/rules"
"$prefix/bin/penstock-check" --list | awk '{print $2}' | sort -u >"$work/listed"
diff "$work/rules" "$work/listed" >&2 || fail "CONTRACT.md (<) and penstock-check --list (>) differ"

export PENSTOCK_CONNECTORS=$work/acme/build PENSTOCK_SHARED_DIR=$work/shared ACME_TOKEN=loopback NO_COLOR=1
"$build/lib/penstock/connectors/loopback-sandbox" --port 0 --object contacts >"$work/sandbox.out" &
sandbox_pid=$!
for _ in $(seq 200); do
  grep -q 'listening on' "$work/sandbox.out" && break
  sleep 0.1
done
url=$(sed -n 's/^listening on //p' "$work/sandbox.out")
[ -n "$url" ] || fail "the sandbox does not listen"

step "the host runs it"
mkdir "$work/project"
cd "$work/project"
sqlite3 shop.db "CREATE TABLE people(email, name, amount);
  INSERT INTO people VALUES (' Ann@example.com', 'Ann', '1234.50'), ('bob@example.com', NULL, '2')"
cat >penstock.yaml <<YAML
sources:
  shop: {type: sqlite, path: shop.db}
destinations:
  crm: {connector: acme, base_url: "$url", config: {token: "\${env:ACME_TOKEN}", batch_size: 1}}
integrations:
  people:
    source: shop
    model: {table: people}
    destination: crm
    object: contacts
    mode: mirror
    key: {email: email}
    mapping: {name: name, amount: amount}
YAML
quietly "$build/bin/penstock" connector show acme
quietly "$build/bin/penstock" sync people
curl -fsS "$url/_sandbox/objects/contacts" >"$work/held"
grep -q '"key":"ann@example.com"' "$work/held" && grep -q '"amount":1234.5' "$work/held" ||
  fail "the destination holds: $(cat "$work/held")"
[ "$(wc -l <"$work/held")" = 2 ] || fail "the destination holds: $(cat "$work/held")"
"$build/bin/penstock" sync people --json >"$work/again.json" || fail "the second run: $(cat "$work/again.json")"
grep -q '"unchanged": *2' "$work/again.json" || fail "the second run sent something: $(cat "$work/again.json")"
curl -fsS -X POST "$url/_sandbox/reset" >"$work/log"

step "an author watches it"
cd "$work/acme"
echo '{"token": "loopback"}' >config.json
dev=("$build/bin/penstock" connector dev build/acme.so --config config.json --base-url "$url")
"${dev[@]}" --once >"$work/dev" 2>&1 || fail "$(cat "$work/dev")"
for words in "GET $url/v1/account" '(Loopback sandbox)' 'upsert of one sample record into contacts (shown, not sent)' \
  "POST $url/v1/contacts/batch" '"key":"sample@example.com"' 'not sent'; do
  grep -qF "$words" "$work/dev" || fail "dev does not show \"$words\": $(cat "$work/dev")"
done
! grep -qF 'Bearer loopback' "$work/dev" || fail "dev shows the token"
[ -z "$(curl -fsS "$url/_sandbox/objects/contacts")" ] || fail "dev sent what it was only to show"
"${dev[@]}" --once --send >"$work/dev" 2>&1 || fail "$(cat "$work/dev")"
grep -qF 'the record is created, id ' "$work/dev" || fail "$(cat "$work/dev")"
if [ -d other ]; then
  quietly "$build/bin/penstock" connector dev other/acme.so --config config.json --base-url "$url" --once --send
fi
curl -fsS -X POST "$url/_sandbox/reset" >"$work/log"
echo '{"token": "wrong"}' >config.json
! "${dev[@]}" --once >"$work/dev" 2>&1 || fail "dev is content with a wrong token"
grep -qF 'acme.UNAUTHENTICATED' "$work/dev" || fail "$(cat "$work/dev")"

step "and sees the next build, also one that crashes"
echo '{"token": "loopback"}' >config.json
"${dev[@]}" >"$work/dev" 2>&1 &
watching=$!
wait_for() { # WORDS: until dev has said them
  for _ in $(seq 600); do
    grep -qF "$1" "$work/dev" && return
    sleep 0.1
  done
  fail "dev does not say \"$1\": $(cat "$work/dev")"
}
wait_for 'Waiting for the next build'
sed -i 's|^  Result<CheckReport> Check(Call call) {|&\n    ::raise(SIGKILL);|; s|^#include <algorithm>|&\n#include <csignal>|' acme.cc
quietly cmake --build build
wait_for 'PS-CONN-CRASHED'
kill -INT "$watching"
wait "$watching" || fail "dev ends with $?"

step "all of it works"
