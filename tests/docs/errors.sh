#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/docs/errors.sh ERROR.h ERRORS.md
# Shows that each status of the header has a section that says what happened
# and what to do, in the header's order, and that there are no others.
set -u
if [ $# -ne 2 ] || [ ! -f "$1" ] || [ ! -f "$2" ]; then
    echo "usage: errors.sh ERROR.h ERRORS.md" >&2
    exit 2
fi
bad=0
wanted=$(grep -oE '^ +WEIR_ERR_[A-Z_]+ = -[0-9]+' "$1" | awk '{ print $1 }')
found=$(sed -n 's/^## //p' "$2")
if [ -z "$wanted" ] || [ "$wanted" != "$found" ]; then
    echo "$2: the sections are not the statuses of $1:"
    diff <(echo "$wanted") <(echo "$found")
    bad=1
fi
for status in $wanted; do
    section=$(awk -v title="## $status" '
        /^## / { inside = $0 == title; next }
        inside { print }' "$2")
    for part in "**What happened.** " "**What to do.** "; do
        [[ $section == *"$part"[[:alnum:]\`]* ]] && continue
        echo "$2: $status has no \"$part\""
        bad=1
    done
done
exit $bad
