#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/snippets.sh PAGE.md INCLUDE-FOLDER LIBRARY [compiler flags]
# Compiles the C that a page shows, with warnings as errors, and links it with
# the library. After the three backquotes of a block stands:
#
#   c           a whole program with int main()
#   c wrap      statements; engine, conn, rows and err are there
#   c top       declarations and functions of a file
#   c sketch    an outline that is not compiled
#
# Anything else in C is refused. CC names the compiler. Messages of the compiler
# carry the page's name and line.
set -u
if [ $# -lt 3 ] || [ ! -f "$1" ]; then
    echo "usage: snippets.sh PAGE.md INCLUDE-FOLDER LIBRARY [flags]" >&2
    exit 2
fi
page=$1
include=$2
library=$3
shift 3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
count=0

# One file each: <line of the first line>.<kind>; kind "none" if unmarked.
awk -v dir="$dir" '
    !inside && /^ *```/ {
        inside = 1
        words = split($0, word, /[ \t`]+/)
        first = word[1] == "" ? 2 : 1
        file = ""
        if (word[first] == "c") {
            kind = word[first + 1] == "" ? "program" : word[first + 1]
            file = dir "/" (NR + 1) "." kind
            printf "" > file
        }
        next
    }
    inside && /^ *```/ { inside = 0; if (file != "") close(file); next }
    inside && file != "" { print > file }
' "$page"

prologue() {
    printf '#include <%s>\n' inttypes.h stdbool.h stdint.h stdio.h stdlib.h \
        string.h weir/weir.h weir/short.h
}

# compile LINE program|object: what stands in unit.c.
compile() {
    local target=(-o "$dir/program" "$library"
        "-Wl,-rpath,$(dirname "$library")" -lpthread -lm)
    [ "$2" = program ] || target=(-c -o "$dir/object")
    count=$((count + 1))
    "${CC:-gcc}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -pedantic \
        -Werror -I "$include" "${flags[@]}" "$dir/unit.c" "${target[@]}" \
        "${libraries[@]}" && return
    echo "$page:$1: this block does not compile"
    bad=1
}

for file in "$dir"/[0-9]*.*; do
    [ -f "$file" ] || continue
    line=$(basename "${file%.*}")
    kind=${file##*.}
    flags=("$@")
    libraries=()
    # A page about a web framework needs its headers.
    for package in ulfius microhttpd jansson; do
        if grep -q "[</]$package\\.h" "$file"; then
            name=lib$package
            [ "$package" != jansson ] || name=jansson
            # shellcheck disable=SC2207
            libraries+=($(pkg-config --cflags --libs "$name"))
        fi
    done
    case $kind in
    program)
        if ! grep -q 'int main(' "$file"; then
            echo "$page:$line: a block of C without int main();" \
                "mark it \"c wrap\", \"c top\" or \"c sketch\""
            bad=1
            continue
        fi
        { echo "#line $line \"$page\"" && cat "$file"; } >"$dir/unit.c"
        compile "$line" program
        ;;
    wrap)
        {
            prologue
            echo 'int snippet(weir_engine *engine, weir_conn *conn,'
            echo '            weir_result *rows, weir_error *error);'
            echo 'int snippet(weir_engine *engine, weir_conn *conn,'
            echo '            weir_result *rows, weir_error *error)'
            echo '{ weir_error err = *error;'
            echo '(void)engine; (void)conn; (void)rows; (void)err; {'
            echo "#line $line \"$page\""
            cat "$file"
            echo '} return 0; }'
        } >"$dir/unit.c"
        compile "$line" object
        ;;
    top)
        { prologue && echo "#line $line \"$page\"" && cat "$file"; } \
            >"$dir/unit.c"
        compile "$line" object
        ;;
    sketch) ;;
    *)
        echo "$page:$line: no kind of block is called \"c $kind\";" \
            "there are c, c wrap, c top, c sketch"
        bad=1
        ;;
    esac
done
echo "$page: $count blocks compiled"
exit $bad
