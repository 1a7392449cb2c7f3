#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: bench/pool/run.sh [--peers] [options of bench_pool ...]
# The pools of this house, and with --peers those of others that are installed
# here, over the same workload. Adds JSON lines to build/bench/pool.jsonl, and
# without options those of the other bars to build/bench/pool-bars.jsonl.
# A peer that is missing is said, and left out.
set -u
cd "$(dirname "$0")/../.." || exit 1

bin=build/release/bench/pool
built=build/bench/peers
pools=()

add() { pools+=(--pool "$1=$2"); }
leave_out() { echo "bench-pool: $1 is left out: $2" >&2; }

add_c_peer() {
    if [ -x "$bin/bench_pool_$1" ]; then
        add "$1" "$bin/bench_pool_$1"
    else
        leave_out "$1" "its library was not there at build time ($2)"
    fi
}

add_hikaricp() {
    local jars=/usr/share/java/HikariCP.jar:/usr/share/java/slf4j-api.jar
    local silent=/usr/share/java/slf4j-nop.jar
    if ! command -v javac >/dev/null 2>&1; then
        leave_out hikaricp "there is no javac (default-jdk-headless)"
    elif [ ! -f "${jars%%:*}" ]; then
        leave_out hikaricp "there is no ${jars%%:*} (libhikaricp-java)"
    elif javac -nowarn -cp "$jars" -d "$built" \
        bench/pool/peers/hikaricp/Serve.java; then
        add hikaricp "exec java -cp $built:$jars:$silent Serve"
    else
        leave_out hikaricp "it does not compile"
    fi
}

add_go() {
    if ! command -v go >/dev/null 2>&1; then
        leave_out go_database_sql "there is no go (golang-go)"
    elif GO111MODULE=off GOFLAGS= GOCACHE="$PWD/$built/go-cache" go build \
        -o "$built/go_database_sql" \
        bench/pool/peers/go_database_sql/main.go; then
        add go_database_sql "exec $built/go_database_sql"
    else
        leave_out go_database_sql "it does not compile"
    fi
}

# Debian's own interpreter first: another one may not see Debian's packages.
add_sqlalchemy() {
    local python
    for python in /usr/bin/python3 python3; do
        if "$python" -c 'import sqlalchemy' 2>/dev/null; then
            add sqlalchemy "exec $python bench/pool/peers/sqlalchemy/serve.py"
            return
        fi
    done
    leave_out sqlalchemy "python3 knows no sqlalchemy (python3-sqlalchemy)"
}

if [ ! -x "$bin/bench_pool" ]; then
    echo "bench-pool: there is no $bin/bench_pool" >&2
    exit 1
fi
for name in $("$bin/bench_pool_serve"); do
    # A bare queue of futexes: only beside the shares of many threads.
    [ "$name" = handoff ] || add "$name" "exec $bin/bench_pool_serve $name"
done
mkdir -p "$built"
if [ "${1:-}" = --peers ]; then
    shift
    add_c_peer libzdb libzdb-dev
    add_c_peer apr_reslist libaprutil1-dev
    add_hikaricp
    add_go
    add_sqlalchemy
fi
out=build/bench/pool.jsonl
begun_all=$(cat "$out" 2>/dev/null | wc -l)
"$bin/bench_pool" --out "$out" "${pools[@]}" "$@" || exit 1
[ $# -eq 0 ] || exit 0

# The bars that the table does not show: one thread beside the stack, in many
# paired rounds; the shares of many threads; and those of bars.c, which have
# figures of their own. Then all of them, met or not.
bars=build/bench/pool-bars.jsonl
begun_bars=$(cat "$bars" 2>/dev/null | wc -l)
echo
"$bin/bench_pool" --out "$out" --threads 1 --holds 0 --rounds 31 --run-ms 100 \
    --pool "weir=exec $bin/bench_pool_serve weir" \
    --pool "weir-unmeasured=exec $bin/bench_pool_unmeasured weir" \
    --pool "stack=exec $bin/bench_pool_serve stack" || exit 1
"$bin/bench_pool" --out "$out" --threads 200 --sizes 8 --holds 1000 \
    --run-ms 2000 --rounds 1 "${pools[@]}" \
    --pool "handoff=exec $bin/bench_pool_serve handoff" || exit 1
# HikariCP's own two scenarios over stubs: a connection for each thread, and
# for every second one. (Scenario 75.)
"$bin/bench_pool" --out "$out" --threads 32 --sizes 32,16 --holds 0 \
    "${pools[@]}" || exit 1
"$bin/bench_pool_bars" | tee -a "$bars"
echo
{
    tail -n "+$((begun_all + 1))" "$out"
    tail -n "+$((begun_bars + 1))" "$bars"
} | awk -f bench/pool/judge.awk
