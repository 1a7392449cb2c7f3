#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/promises.sh ROOT PROMISES.md
# Each file that a row of the table names is there, and each test that it names
# stands in one of the row's files. A row without any says "Not yet".
set -u
if [ $# -ne 2 ] || [ ! -d "$1" ] || [ ! -f "$2" ]; then
    echo "usage: promises.sh ROOT PROMISES.md" >&2
    exit 2
fi
root=$1
page=$2
bad=0
rows=0

complain() {
    echo "$page: promise $1: $2"
    bad=1
}

while IFS='|' read -r _ number _ shown; do
    rows=$((rows + 1))
    number=$(tr -d ' ' <<<"$number")
    files=()
    for word in $(grep -oE '`[^`]+`' <<<"$shown" | tr -d '`'); do
        case $word in
        */*)
            files+=("$root/$word")
            [ -f "$root/$word" ] || complain "$number" "there is no $word"
            ;;
        test_*)
            grep -qE "\b$word\(" "${files[@]}" /dev/null 2>/dev/null ||
                complain "$number" "$word is in none of its files"
            ;;
        esac
    done
    [ ${#files[@]} -gt 0 ] || [[ $shown == *"Not yet"* ]] ||
        complain "$number" "names no test and does not say \"Not yet\""
done < <(grep -E '^\| [0-9]+ \|' "$page")
[ "$rows" -eq 10 ] || complain "$rows" "ten promises are wanted"
exit $bad
