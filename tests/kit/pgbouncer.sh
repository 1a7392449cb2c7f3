#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/kit/postgres.sh tests/kit/pgbouncer.sh COMMAND [ARGUMENTS]
#
# Runs a command beside a PgBouncer of its own, in transaction mode and in front
# of the server of $WEIR_TEST_URL. It listens on loopback; the command finds
#   WEIR_TEST_POOLER_URL   postgresql://weir:…@127.0.0.1:port/weir
# in its environment. Two connections to the server are taken in turns, so that
# each transaction runs in another session than the one before. Its exit status
# is the command's, or 77 with a reason if there is no PgBouncer here.
set -u
if [ $# -lt 1 ]; then
    echo "usage: tests/kit/pgbouncer.sh COMMAND [ARGUMENTS]" >&2
    exit 2
fi
PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null 2>&1 || {
    echo "skipped: there is no pgbouncer; see" \
        "src/db/postgres/packages/test.txt" >&2
    exit 77
}

kind=pgbouncer user=postgres signal=INT
. "$(dirname "$0")/beside.sh"

# postgresql://weir:password@127.0.0.1:port/weir
rest=${WEIR_TEST_URL#postgresql://weir:}
password=${rest%%@*}
behind=${rest#*:}
behind=${behind%%/*}

write_settings() {
    printf '"weir" "%s"\n' "$password" >"$dir/users"
    cat >"$dir/settings" <<END
[databases]
weir = host=127.0.0.1 port=$behind dbname=weir
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $dir/users
pool_mode = transaction
default_pool_size = 2
min_pool_size = 2
server_round_robin = 1
max_client_conn = 100
END
    chmod 755 "$dir"
    chmod 600 "$dir/settings" "$dir/users"
    [ "$(id -u)" -ne 0 ] ||
        chown postgres:postgres "$dir/settings" "$dir/users"
}

answers() {
    PGPASSWORD=$password PGCONNECT_TIMEOUT=5 psql -X -q -h 127.0.0.1 \
        -p "$1" -U weir -d weir -c 'SELECT 1' >/dev/null 2>&1
}

start_pooler() {
    as_server pgbouncer "$dir/settings" </dev/null >"$dir/log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        kill -0 "$server" 2>/dev/null || break
        answers "$1" && return 0
        sleep 0.05
    done
    stop_server
    return 1
}

# A port that is free now may be taken a moment later: then try another.
for _ in 1 2 3 4 5 6 7 8; do
    port=$(some_port)
    is_free "$port" || continue
    write_settings "$port"
    start_pooler "$port" && break
done
[ -n "$server" ] || {
    cat "$dir/log" >&2
    exit 1
}

export WEIR_TEST_POOLER_URL="postgresql://weir:$password@127.0.0.1:$port/weir"
"$@"
status=$?
[ "$status" -eq 0 ] || tail -n 5 "$dir/log" >&2
exit "$status"
