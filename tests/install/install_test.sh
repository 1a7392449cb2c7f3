#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/install/install_test.sh BUILD-FOLDER CC [SANITIZERS]
# Installs into a folder of its own and builds a program against it in three
# ways, as a stranger would.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
if [ $# -lt 2 ] || [ ! -f "$1/CMakeCache.txt" ]; then
    echo "usage: tests/install/install_test.sh BUILD-FOLDER CC" >&2
    exit 2
fi
build=$1
cc=$2
flags=""
[ -z "${3:-}" ] || flags="-fsanitize=$3"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $1"
    exit 1
}

cmake --install "$build" --prefix "$dir/usr" >"$dir/log" 2>&1 || {
    cat "$dir/log"
    fail "install"
}
pc=$(find "$dir/usr" -name weir.pc)
[ -f "$pc" ] || fail "no weir.pc was installed"
lib=$(dirname "$(dirname "$pc")")
[ -f "$dir/usr/include/weir/weir.h" ] || fail "no weir/weir.h was installed"
[ -L "$lib/libweir.so.0" ] || fail "no libweir.so.0 was installed"

# The file knows the prefix of the configuration; this is another one.
export PKG_CONFIG_PATH=$lib/pkgconfig
config() { pkg-config --define-variable=prefix="$dir/usr" "$@" weir; }

expect() {
    local said
    said=$("$1") || fail "$2: the program fails"
    [ "$said" = "$(config --modversion)" ] || fail "$2: it says \"$said\""
}

# shellcheck disable=SC2046,SC2086
"$cc" $flags "$here/consumer.c" -o "$dir/shared" $(config --cflags --libs) \
    "-Wl,-rpath,$lib" || fail "pkg-config, shared"
expect "$dir/shared" "pkg-config, shared"

# shellcheck disable=SC2046,SC2086
"$cc" $flags "$here/consumer.c" -o "$dir/static" $(config --cflags) \
    "$lib/libweir.a" $(config --static --libs | sed 's/-lweir//') ||
    fail "pkg-config, static"
expect "$dir/static" "pkg-config, static"

mkdir "$dir/project"
cp "$here/consumer.c" "$dir/project/"
cat >"$dir/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(Weir 0.1 REQUIRED)
add_executable(a consumer.c)
target_link_libraries(a PRIVATE Weir::weir)
add_executable(b consumer.c)
target_link_libraries(b PRIVATE Weir::weir_static)
END
if ! { cmake -S "$dir/project" -B "$dir/out" -G Ninja \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_PREFIX_PATH="$dir/usr" &&
    cmake --build "$dir/out"; } >"$dir/log" 2>&1; then
    cat "$dir/log"
    fail "find_package"
fi
expect "$dir/out/a" "find_package, shared"
expect "$dir/out/b" "find_package, static"
