#!/bin/sh
# Builds the connector and proves that it keeps the contract; CI does the same.  ./check.sh [folder of the Penstock SDK]
set -eu
if [ $# -gt 0 ]; then
  # Checked here: CMake would take the SDK that is installed instead of a folder with a mistyped name.
  if ! [ -f "$1/lib/cmake/PenstockSDK/PenstockSDKConfig.cmake" ]; then
    echo "check.sh: there is no Penstock SDK in the folder \"$1\" (no lib/cmake/PenstockSDK in it)" >&2
    exit 2
  fi
  sdk=$(cd -- "$1" && pwd)
  set -- "-DPenstockSDK_DIR=$sdk/lib/cmake/PenstockSDK"
fi
cd "$(dirname "$0")"
cmake -S . -B build "$@"
cmake --build build
ctest --test-dir build --output-on-failure
