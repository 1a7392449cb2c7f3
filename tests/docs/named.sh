#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/named.sh ROOT PAGE.md
# Each test that the page names is a function somewhere in the repository.
set -u
if [ $# -ne 2 ] || [ ! -d "$1" ] || [ ! -f "$2" ]; then
    echo "usage: named.sh ROOT PAGE.md" >&2
    exit 2
fi
known=$(grep -rhoE '\btest_[A-Za-z0-9_]+\(' --include='*.c' "$1/src" "$1/tests")
bad=0
for name in $(grep -oE '`test_[A-Za-z0-9_]+`' "$2" | tr -d '`' | sort -u); do
    if ! grep -qxF "$name(" <<<"$known"; then
        echo "$2: there is no $name"
        bad=1
    fi
done
grep -q '`test_' "$2" || { echo "$2: names no test"; bad=1; }
exit $bad
