#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/snippets.sh PAGE.md INCLUDE-FOLDER LIBRARY [compiler flags]
# Compiles the C that a page shows, with warnings as errors, and links it with
# the library. After the three backquotes of a block stands:
#
#   c           a whole program with int main()
#   c run       a program that is also run, in an empty folder: a whole one, or
#               statements that have engine and conn on sqlite:// and a table
#               users (id, name, age) of sandy 31, bob 17 and eve without age
#   c wrap      statements; engine, conn, rows and err are there
#   c top       declarations and functions of a file
#   c sketch    an outline that is not compiled
#
# A program that is run has to succeed and to print what the next block says, if
# that is marked "output".
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

# One file each: <line of the first line>.<kind>; what the program of that line
# is to print is <line>.output.
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
            ran = kind == "run" ? NR + 1 : 0
        } else if (word[first] == "output") {
            file = dir "/" (ran ? ran : NR + 1) ".output"
            printf "" > file
            ran = 0
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

# Statements as a program: see "c run" above.
session() {
    prologue
    cat <<'END'
static weir_status fill(weir_conn *conn)
{
    static const char *const texts[] = {
        "CREATE TABLE users (id INTEGER PRIMARY KEY, "
        "name TEXT NOT NULL UNIQUE, age INTEGER)",
        "INSERT INTO users (name, age) VALUES ('sandy', 31), ('bob', 17), "
        "('eve', NULL)"};
    for (int i = 0; i < 2; i++)
        if (weir_exec(conn, texts[i], NOARGS) != WEIR_OK)
            return weir_conn_error(conn)->status;
    return weir_commit(conn);
}
int main(void)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine = weir_engine_open("sqlite://", NULL, &err);
    if (!engine)
        return weir_report(&err);
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);
    if (!conn)
        return weir_report(&err);
    if (fill(conn) != WEIR_OK)
        return weir_report(weir_conn_error(conn));
    {
END
    echo "#line $1 \"$page\""
    cat "$2"
    printf '}\nreturn 0;\n}\n'
}

# run LINE: the program just compiled, in an empty folder, within a minute.
run() {
    local said status expected=$dir/$1.output
    rm -rf "$dir/here" && mkdir "$dir/here" || return
    said=$(cd "$dir/here" && timeout 60 "$dir/program" 2>&1)
    status=$?
    if [ $status -ne 0 ]; then
        printf '%s\n' "$page:$1: this program ends with $status:" "$said"
        bad=1
    elif [ -f "$expected" ] && [ "$said" != "$(cat "$expected")" ]; then
        echo "$page:$1: this program prints something else (>):"
        diff "$expected" <(printf '%s\n' "$said")
        bad=1
    fi
}

# compile LINE program|object: what stands in unit.c.
compile() {
    local target=(-o "$dir/program" "$library"
        "-Wl,-rpath,$(cd "$(dirname "$library")" && pwd)" -lpthread -lm)
    [ "$2" = program ] || target=(-c -o "$dir/object")
    count=$((count + 1))
    rm -f "$dir/program"
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
    run)
        if grep -q 'int main(' "$file"; then
            { echo "#line $line \"$page\"" && cat "$file"; } >"$dir/unit.c"
        else
            session "$line" "$file" >"$dir/unit.c"
        fi
        compile "$line" program
        [ ! -x "$dir/program" ] || run "$line"
        ;;
    output)
        [ -f "$dir/$line.run" ] && continue
        echo "$page:$line: an output without a program \"c run\" before it"
        bad=1
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
            "there are c, c run, c wrap, c top, c sketch"
        bad=1
        ;;
    esac
done
echo "$page: $count blocks compiled"
exit $bad
