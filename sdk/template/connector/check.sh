#!/bin/sh
# Builds the connector and proves that it keeps the contract; CI does the same.  ./check.sh [folder of the Penstock SDK]
set -eu
cd "$(dirname "$0")"
cmake -S . -B build ${1:+"-DCMAKE_PREFIX_PATH=$1"}
cmake --build build
ctest --test-dir build --output-on-failure
