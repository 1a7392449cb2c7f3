#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/build.sh PRESET [cmake arguments]
# Configures and builds one preset, quietly while all is well.
set -u
cd "$(dirname "$0")/.." || exit 1

preset=${1:-}
if [ -z "$preset" ]; then
    echo "usage: tools/build.sh PRESET [cmake arguments]" >&2
    exit 2
fi
shift
for tool in cmake ninja; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "build: there is no $tool; see tools/packages/build.txt" >&2
        exit 1
    fi
done
mkdir -p "build/$preset"
log="build/$preset/configure.log"
if ! cmake --preset "$preset" -DWEIR_TESTS=ON "$@" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
# What was left out is said every time, not only in the log.
sed -n '/^CMake Warning/,/^$/p' "$log" >&2
exec cmake --build "build/$preset"
