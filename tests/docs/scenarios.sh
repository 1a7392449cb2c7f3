#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/scenarios.sh ROOT PAGE.md
# Each scenario of the pool's test plan, 1 to 75, is a test of its number
# (test_pool_23__…) or stands in the page's table of those that are not.
set -u
if [ $# -ne 2 ] || [ ! -d "$1" ] || [ ! -f "$2" ]; then
    echo "usage: scenarios.sh ROOT PAGE.md" >&2
    exit 2
fi
known=$({
    grep -rhoE '\btest_pool(_[0-9]+)+__' --include='*.c' "$1/src" "$1/tests"
    grep -oE '^\| [0-9, ]+ \|' "$2"
} | grep -oE '[0-9]+' | sort -un)
bad=0
for number in $(seq 75); do
    if ! grep -qx "$number" <<<"$known"; then
        echo "$2: scenario $number is no test and not listed"
        bad=1
    fi
done
exit $bad
