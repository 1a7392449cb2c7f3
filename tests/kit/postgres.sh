#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/kit/postgres.sh COMMAND [ARGUMENTS]
#
# Runs a command beside a PostgreSQL server of its own, which listens on
# loopback and a socket in a folder that goes away with it. The command finds
# in its environment:
#   WEIR_TEST_URL          postgresql://weir:…@127.0.0.1:port/weir
#   WEIR_TEST_SOCKET       the folder of the server's socket
#   WEIR_TEST_SERVER_PID   to stop, continue and kill it (its children are
#                          processes of their own)
#   WEIR_TEST_SERVER       a folder with its number in "pid" while it answers;
#                          one that has died is started again on its port,
#                          unless there is a file "hold" (victim.h)
#   WEIR_TEST_TLS          a folder with ca.pem, and cert.pem and key.pem that
#                          the server reads again at SIGHUP; empty without the
#                          openssl command
# Its exit status is the command's, or 77 with a reason if there is no server
# on this machine. Speed over durability: nothing here outlives a crash of the
# machine, all of it one of the server.
set -u
if [ $# -lt 1 ]; then
    echo "usage: tests/kit/postgres.sh COMMAND [ARGUMENTS]" >&2
    exit 2
fi

skip() {
    echo "skipped: $1; see src/db/postgres/packages/test.txt" >&2
    exit 77
}

for bin in /usr/lib/postgresql/*/bin; do
    [ -x "$bin/initdb" ] && PATH=$bin:$PATH
done
command -v initdb >/dev/null 2>&1 || skip "there is no initdb"
command -v postgres >/dev/null 2>&1 || skip "there is no postgres"

kind=postgres user=postgres signal=QUIT
. "$(dirname "$0")/beside.sh"

export WEIR_TEST_TLS=""
tls="ssl = off"
if command -v openssl >/dev/null 2>&1 &&
    "$(dirname "$0")/certificates.sh" "$dir/tls"; then
    chmod 600 "$dir/tls/"*key.pem # the server refuses one that others can read
    WEIR_TEST_TLS=$dir/tls
    tls="ssl = on
ssl_ca_file = '$dir/tls/ca.pem'
ssl_cert_file = '$dir/tls/cert.pem'
ssl_key_file = '$dir/tls/key.pem'"
fi

chmod 755 "$dir"
printf '%s\n' "$password" >"$dir/password"
if [ "$(id -u)" -eq 0 ]; then
    chown postgres:postgres "$dir" "$dir/password"
    [ -z "$WEIR_TEST_TLS" ] || chown -R postgres:postgres "$dir/tls"
fi
(as_server initdb -D "$dir/data" -U weir -A scram-sha-256 \
    --pwfile="$dir/password" --no-sync -E UTF8 --locale=C.UTF-8) \
    >"$dir/initdb.log" 2>&1 || {
    cat "$dir/initdb.log" >&2
    exit 1
}
cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 60
superuser_reserved_connections = 2
max_prepared_transactions = 8
max_wal_size = 128MB
deadlock_timeout = 100ms
log_min_messages = warning
$tls
END
cat >"$dir/data/pg_hba.conf" <<END
local   all  all                   scram-sha-256
hostssl certified all 127.0.0.1/32 cert
host    all  clear  127.0.0.1/32   password
host    all  md5    127.0.0.1/32   md5
host    all  all    127.0.0.1/32   scram-sha-256
END

start_server() {
    rm -f "$dir/log"
    (umask 077 && : >"$dir/log")
    [ "$(id -u)" -eq 0 ] && chown postgres:postgres "$dir/log"
    as_server postgres -D "$dir/data" -p "$1" </dev/null >"$dir/log" 2>&1 &
    server=$!
    await_ready "$dir/log" 'ready to accept connections'
}

mkdir "$dir/server"
chmod 777 "$dir/server"
# A port that is free now may be taken a moment later: then try another.
port=""
for _ in 1 2 3 4 5 6 7 8; do
    port=$(some_port)
    is_free "$port" || continue
    start_server "$port" && break
    server=""
done
[ -n "$server" ] || {
    cat "$dir/log" >&2
    exit 1
}

PGPASSWORD=$password PGCONNECT_TIMEOUT=10 psql -X -q -h "$dir" -p "$port" \
    -U weir -d postgres -v ON_ERROR_STOP=1 >/dev/null <<END || exit 1
CREATE DATABASE weir;
CREATE DATABASE certified;
CREATE ROLE clear LOGIN PASSWORD '$password';
SET password_encryption = md5;
CREATE ROLE md5 LOGIN PASSWORD '$password';
CREATE ROLE plain LOGIN PASSWORD '$password';
END

WEIR_TEST_URL="postgresql://weir:$password@127.0.0.1:$port/weir"
export WEIR_TEST_URL="$WEIR_TEST_URL${WEIR_TEST_QUERY:-}"
export WEIR_TEST_SOCKET="$dir"
run_beside "$port" "$@"
status=$?
[ "$status" -eq 0 ] || tail -n 5 "$dir/log" >&2
exit "$status"
