#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/symbols_test.sh CC
# Shows that tools/symbols.sh refuses what it should.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cc=${1:?usage: tools/symbols_test.sh CC}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

# try EXPECTED TEXT C-SOURCE HEADER
try() {
    echo "$3" >"$dir/x.c"
    echo "$4" >"$dir/x.h"
    "$cc" -shared -fPIC -o "$dir/x.so" "$dir/x.c" || exit 1
    "$here/symbols.sh" "$dir/x.so" "$dir/x.h" >"$dir/out" 2>&1
    if [ $? -ne "$1" ] || { [ -n "$2" ] && ! grep -q "$2" "$dir/out"; }; then
        echo "FAILED: $3 with $4"
        sed 's/^/    /' "$dir/out"
        failures=$((failures + 1))
    fi
}

echo >"$dir/out"
try 0 '' 'int weir_a(void); int weir_a(void) { return 1; }' \
    'WEIR_API int weir_a(void);'
try 1 'exports other' 'int weir_a, other;' ''
try 1 'exports nothing' 'static int a; int *f(void)
    __attribute__((visibility("hidden"))); int *f(void) { return &a; }' ''
try 1 'weir_b is declared' 'int weir_a;' 'WEIR_API void *weir_b(int (*a)(int),
    int b);'
try 1 'weir_b is declared' 'int weir_a;' 'WEIR_API void
*weir_b(int a) WEIR_MUST_USE;'
[ "$failures" -eq 0 ]
