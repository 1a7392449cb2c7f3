#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/build/folders_test.sh ROOT CC
# In a small project with our cmake/ and our template of the registry: a folder
# of src/db/ becomes a database, one without its package is left out and said to
# be, a new one appears at the next build, and nothing else is edited.
set -u
if [ $# -ne 2 ] || [ ! -d "$1/cmake" ]; then
    echo "usage: tests/build/folders_test.sh ROOT CC" >&2
    exit 2
fi
root=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

put() {
    mkdir -p "$(dirname "$dir/$1")"
    cat >"$dir/$1"
}

fail() {
    echo "FAILED: $1"
    sed 's/^/    /' "$dir/log"
    failures=$((failures + 1))
}

# database NAME PACKAGES
database() {
    put "src/db/$1/CMakeLists.txt" \
        <<<"weir_backend($1 SOURCES backend.c PACKAGES $2)"
    put "src/db/$1/backend.c" <<END
#include <weir/sys/backend.h>
extern WEIR_API const weir_backend weir_backend_$1;
const weir_backend weir_backend_$1 = {"$1"};
END
}

# lists EXPECTED WHAT: builds and asks the program what there is.
lists() {
    local said
    cmake --build "$dir/out" >"$dir/log" 2>&1 || {
        fail "$2: does not build"
        return
    }
    said=$("$dir/out/show" | sort | paste -sd ' ')
    [ "$said" = "$1" ] || fail "$2: it lists \"$said\", not \"$1\""
}

cp -r "$root/cmake" "$dir/cmake"
put src/backend/registry_table.c.in <"$root/src/backend/registry_table.c.in"
put tools/layers.txt <<'END'
base :
backend : base
db/* : public
END
put include/weir/sys/backend.h <<'END'
#define WEIR_API __attribute__((visibility("default")))
typedef struct weir_backend {
    const char *name;
} weir_backend;
END
put src/backend/registry.h <<'END'
#include <weir/sys/backend.h>
typedef struct wi_missing_backend {
    const char *name;
    const char *package;
} wi_missing_backend;
extern const weir_backend *const wi_backend_table[];
extern const wi_missing_backend wi_missing_backends[];
END
put src/base/base.c <<<'int wi_base; /* in the library */'
put src/base/base_test.c <<<'#error a test is not in the library'
put src/elsewhere/x.c <<<'#error a folder without a row is not in the library'
put show.c <<'END'
#include <stdio.h>
#include "backend/registry.h"
int main(void)
{
    for (int i = 0; wi_backend_table[i]; i++)
        puts(wi_backend_table[i]->name);
    for (int i = 0; wi_missing_backends[i].name; i++)
        printf("%s-without-%s\n", wi_missing_backends[i].name,
               wi_missing_backends[i].package);
    return 0;
}
END
put CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(small VERSION 0.1.0 LANGUAGES C)
include(GNUInstallDirs)
include(cmake/WeirFolders.cmake)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
weir_library()
weir_folders(src/db)
weir_generate_registry()
add_executable(show show.c)
target_include_directories(show PRIVATE src include)
target_link_libraries(show weir_static)
END
mkdir -p "$dir/src/db/empty"

configure() {
    cmake -S "$dir" -B "$dir/out" -G Ninja -DCMAKE_C_COMPILER="$cc" \
        >"$dir/log" 2>&1
}
cc=$2
configure || fail "no database at all: does not configure"
lists "" "no database at all"
database one ""
lists "one" "a first folder"
database two ""
lists "one two" "a second folder"
database three weir-no-such-package
lists "one three-without-weir-no-such-package two" "a missing package"
configure
grep -q 'three is left out.*weir-no-such-package' "$dir/log" ||
    fail "a missing package is not said"
rm -r "$dir/src/db/three"
rm "$dir/src/db/two/backend.c"
lists "one two-without-backend.c" "a missing source"
rm -r "$dir/src/db/two"
lists "one" "folders that are gone"
put src/db/four/CMakeLists.txt <<<'weir_backend(four backend.c)'
configure && fail "a wrong call is accepted"
grep -q 'usage: weir_backend' "$dir/log" || fail "a wrong call is not explained"
[ "$failures" -eq 0 ]
