#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/headers/alone_test.sh
# Shows that alone.sh refuses headers that do not stand alone.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

# try STATUS PROGRAM HEADER
try() {
    if [ "$1" -ne 0 ] && ! command -v "$2" >/dev/null 2>&1; then
        return # the compiler that would have found it is missing
    fi
    echo "$3" >"$dir/x.h"
    "$here/alone.sh" "$dir" x.h >"$dir/out" 2>&1
    if [ $? -ne "$1" ]; then
        echo "FAILED: $3"
        cat "$dir/out"
        failures=$((failures + 1))
    fi
}

try 0 gcc '/* nothing */
#ifndef X_H
#define X_H
int f(void);
#endif'
try 1 gcc 'size_t f(void);'
try 1 gcc 'struct x { int a; };'
try 1 gcc '#pragma once
static inline int f(int a) { return ({ a; }); }'
try 1 g++ 'static inline int *f(void *a) { return a; }'
try 1 g++ 'int f(int class);'
[ "$failures" -eq 0 ]
