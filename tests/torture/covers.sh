#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/torture/covers.sh ROOT
# Says which functions of include/weir no act of the torture calls.
set -u
cd "${1:?usage: tests/torture/covers.sh ROOT}" || exit 2

declared() {
    cat include/weir/*.h | tr '\n' ' ' | grep -oE 'WEIR_API [^;{(]*\(' |
        grep -oE 'weir_[a-z0-9_]+\($' | tr -d '(' | sort -u
}

missing=0 count=0
for name in $(declared); do
    count=$((count + 1))
    # The formats and parsers of values are called by a macro's pasting.
    case $name in
    weir_result_scan) pattern='weir_scan' ;;
    weir_*_parse | weir_*_format)
        type=${name#weir_} pattern="THERE_AND_BACK\(${type%_*},|$name\(" ;;
    *) pattern="$name\(" ;;
    esac
    grep -qE "$pattern" tests/torture/*.c && continue
    echo "no act calls $name()" >&2
    missing=$((missing + 1))
done
echo "$count functions, $missing without an act"
[ "$missing" -eq 0 ] && [ "$count" -gt 100 ]
