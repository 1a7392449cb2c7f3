#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/pool/soak/run.sh PRESET [sqlite|mariadb|postgres ...]
# The soak of a built preset, on each of these databases (all of them) at the
# same time, for $SOAK_SECONDS. What it says also goes to build/soak/. A server
# that is not on this machine is said, and left out. The last line adds up; the
# exit status is 1 on findings, and if nothing could be run.
set -u
cd "$(dirname "$0")/../../.." || exit 1

if [ $# -lt 1 ]; then
    echo "usage: $0 PRESET [sqlite|mariadb|postgres ...]" >&2
    exit 2
fi
bin=$PWD/build/$1/tests/pool/soak
shift
[ $# -gt 0 ] || set -- sqlite mariadb postgres
out=build/soak
mkdir -p "$out" || exit 1
# One for all, so that a line of the log is enough to begin again.
export WEIR_SEED=${WEIR_SEED:-$(date +%s%3N)}

soak() {
    local program=$bin/test_pool_soak-$1
    if [ ! -x "$program" ]; then
        echo "soak: $1 is left out: it was not there at build time" >&2
        return 77
    fi
    case $1 in
    sqlite)
        rm -f "$out"/soak.db*
        WEIR_TEST_URL=sqlite:///$out/soak.db "$program"
        ;;
    *) "tests/kit/$1.sh" "$program" ;;
    esac
}

for name in "$@"; do
    {
        soak "$name"
        echo $? >"$out/$name.status"
    } 2>&1 | tee "$out/$name.log" &
done
wait

bad=1
for name in "$@"; do
    status=$(cat "$out/$name.status")
    [ "$status" -ne 77 ] || continue
    if [ "$status" -ne 0 ]; then
        echo "soak: $name ended with status $status" >&2
        bad=2
    fi
    [ "$bad" -ne 1 ] || bad=0
done
for name in "$@"; do
    cat "$out/$name.log"
done | awk '/: soak: [0-9]+ operations, / {
        operations += $3; checkpoints += $5; findings += $7
    }
    END {
        printf "soak: %d operations, %d checkpoints, %d findings\n",
            operations, checkpoints, findings
    }'
[ "$bad" -eq 0 ]
