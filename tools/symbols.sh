#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/symbols.sh LIBRARY [HEADER ...]
# Every symbol that the shared library exports begins with weir_, and every
# function that the headers mark WEIR_API is exported.
set -u
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
    echo "usage: tools/symbols.sh LIBRARY [HEADER ...]" >&2
    exit 2
fi
library=$1
shift
# The sanitizers add symbols of their own.
exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' |
    grep -Ev '^(__odr_asan|__asan|__ubsan|__tsan|__sancov|__start_|__stop_)' |
    sort -u)
bad=0
if [ -z "$exported" ]; then
    echo "$library: exports nothing; mark the public functions WEIR_API"
    bad=1
fi
for symbol in $exported; do
    case $symbol in
    weir_*) ;;
    *)
        echo "$library: exports $symbol; hide it or call it weir_$symbol"
        bad=1
        ;;
    esac
done
for header in "$@"; do
    # The name before the first parenthesis of each WEIR_API item.
    for symbol in $(awk '
        /^#/ { next }
        /^WEIR_API/ { item = ""; inside = 1 }
        inside {
            item = item " " $0
            if (index(item, "(")) {
                sub(/[ ]*\(.*/, "", item)
                sub(/.*[^A-Za-z0-9_]/, "", item)
                print item
                inside = 0
            } else if (index(item, ";"))
                inside = 0
        }' "$header"); do
        if ! grep -qx "$symbol" <<<"$exported"; then
            echo "$header: $symbol is declared and not in $library"
            bad=1
        fi
    done
done
exit $bad
