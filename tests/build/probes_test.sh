#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: probes_test.sh LIBRARY COMPILER PAGE.md
# The library has the probes that the page lists, and no others.
set -u
library=$1
if ! echo '#include <sys/sdt.h>' | "$2" -E - >/dev/null 2>&1; then
    echo "skipped: there is no <sys/sdt.h>; install systemtap-sdt-dev"
    exit 77
fi
found=$(readelf -n "$library" | awk '
    /Provider: / { ours = $2 == "weir" }
    ours && /Name: / { print $2 }' | sort -u)
listed=$(sed -n 's/^| `weir:\([a-z_]*\)` .*/\1/p' "$3" | sort -u)
if [ -z "$found" ] || [ "$found" != "$listed" ]; then
    echo "probes of $library (<), probes of $3 (>):"
    diff <(echo "$found") <(echo "$listed")
    exit 1
fi
echo "$(echo "$found" | wc -l) probes"
