#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/snippets_test.sh INCLUDE-FOLDER LIBRARY [compiler flags]
# Shows that snippets.sh refuses blocks that do not compile, and programs that
# do not do what the page says.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0
arguments=("$@")

# try STATUS TEXT KIND CONTENT
try() {
    printf 'Words.\n\n```sh\nls ((\n```\n```%s\n%s\n```\nWords.\n' \
        "$3" "$4" >"$dir/page.md"
    "$here/snippets.sh" "$dir/page.md" "${arguments[@]}" >"$dir/out" 2>&1
    if [ $? -ne "$1" ] || ! grep -qF "$2" "$dir/out"; then
        echo "FAILED: a block \"$3\": $4"
        cat "$dir/out"
        failures=$((failures + 1))
    fi
}

program='#include <weir/weir.h>
#include <stdio.h>
int main(void)
{
    puts(weir_status_name(WEIR_OK));
    return 0;
}'
try 0 "1 blocks compiled" c "$program"
try 1 "page.md:11:" c "${program/WEIR_OK/nothing}"
try 1 "does not compile" c "${program/weir_status_name/weir_no_such}"
try 1 "does not compile" c "${program/return 0/int a}"
try 1 'mark it "c wrap"' c 'int a;'
try 0 "1 blocks compiled" "c wrap" 'if (!conn) return weir_report(&err);'
try 1 "page.md:7:" "c wrap" 'int64_t id = nothing;'
try 0 "1 blocks compiled" "c top" 'int f(void); int f(void) { return 1; }'
try 1 "does not compile" "c top" 'int f(void) { return nothing; }'
try 0 "0 blocks compiled" "c sketch" 'whatever ((('
try 1 "no kind of block" "c wrong" 'int a;'
try 0 "1 blocks compiled" "c run" "$program"
try 1 "this program ends with 3" "c run" "${program/return 0/return 3}"
try 0 "1 blocks compiled" "c run" 'puts(weir_engine_backend(engine));'
try 1 "does not compile" "c run" 'return nothing;'
try 1 "this program ends with 1" "c run" \
    'weir_exec(conn, "no", NOARGS); return weir_report(weir_conn_error(conn));'

# says STATUS TEXT OUTPUT: a program that prints "one" and "two".
says() {
    try "$1" "$2" "c run" 'puts("one"); puts("two");
```
```output
'"$3"
}
says 0 "1 blocks compiled" $'one\ntwo'
says 1 "prints something else" $'one\nthree'
says 1 "prints something else" $'one'
try 1 "without a program" output 'one'
try 0 "0 blocks compiled" cpp 'class x {'
[ "$failures" -eq 0 ]
