#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/headers/alone.sh INCLUDE-FOLDER HEADER
# Compiles a program that includes nothing but the header, twice: as strict C11
# by gcc and clang, as C++11 to C++20 by g++. A compiler that is not installed
# is left out, and that is said.
set -u
if [ $# -ne 2 ] || [ ! -f "$1/$2" ]; then
    echo "usage: tests/headers/alone.sh INCLUDE-FOLDER HEADER" >&2
    exit 2
fi
folder=$1
header=$2
bad=0
tried=0

# try COMPILER LANGUAGE STANDARD
try() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "left out: there is no $1"
        return
    fi
    tried=$((tried + 1))
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' \
        "$header" "$header" | "$1" -x "$2" "-std=$3" -pedantic -Wall -Wextra \
        -Werror -I "$folder" -fsyntax-only - && return
    echo "$header does not compile as $3 with $1"
    bad=1
}

try gcc c c11
try clang c c11
for standard in c++11 c++14 c++17 c++20; do
    try g++ c++ "$standard"
done
if [ "$tried" -eq 0 ]; then
    echo "there is no compiler at all"
    bad=1
fi
exit $bad
