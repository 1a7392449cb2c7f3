#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: bench/run.sh BENCH [name ...]
#
# Runs the program BENCH on SQLite, and on a PostgreSQL and a MariaDB server
# that tests/kit starts for it, all on one processor. $WEIR_BENCH_OUT is
# written anew; $WEIR_BENCH_ON names the databases, all three by default.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ $# -lt 1 ]; then
    echo "usage: bench/run.sh BENCH [name ...]" >&2
    exit 2
fi
bench=$1
shift
[ -z "${WEIR_BENCH_OUT:-}" ] || : >"$WEIR_BENCH_OUT" || exit 1

# A move from one processor to another would be measured, and a server on
# another one would not.
pin=()
if command -v taskset >/dev/null 2>&1; then
    pin=(taskset --cpu-list "$(taskset -cp $$ | sed 's/.*[:,-] *//')")
fi

status=0
for on in ${WEIR_BENCH_ON:-sqlite postgresql mariadb}; do
    case $on in
    sqlite) kit=() ;;
    postgresql) kit=(tests/kit/postgres.sh) ;;
    mariadb) kit=(tests/kit/mariadb.sh) ;;
    *)
        echo "bench: \"$on\" is none of sqlite, postgresql, mariadb" >&2
        exit 2
        ;;
    esac
    "${pin[@]}" "${kit[@]}" "$bench" "$on" "$@"
    case $? in
    0) ;;
    77) echo "bench: $on is left out" >&2 ;;
    *) status=1 ;;
    esac
done
exit "$status"
