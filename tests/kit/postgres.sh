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
#   WEIR_TEST_RESTART      a command that starts it again after it was killed
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

dir=$(mktemp -d /tmp/weir-postgres.XXXXXX) || exit 1
password=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')

# Whoever started it last has written its number. It may be stopped by a
# signal, or gone; its children go with it.
stop_server() {
    local server
    server=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || return
    [ -n "$server" ] || return
    kill -CONT "$server" 2>/dev/null
    kill -QUIT "$server" 2>/dev/null
    for _ in $(seq 100); do
        kill -0 "$server" 2>/dev/null || return
        sleep 0.05
    done
    kill -KILL "$server" 2>/dev/null
}

clean_up() {
    stop_server
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Becomes the server's user: it refuses to run as root.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        exec setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        exec "$@"
    fi
}

# certificate NAME SUBJECT-ALTERNATIVE-NAME DAYS: signed by the folder's CA.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$dir/tls/$1-key.pem" -out "$dir/tls/$1.csr" \
        -subj "/CN=${4:-weir $1}" 2>/dev/null &&
        openssl x509 -req -in "$dir/tls/$1.csr" -CA "$dir/tls/ca.pem" \
            -CAkey "$dir/tls/ca-key.pem" -CAcreateserial -days "$3" \
            -extfile <(echo "subjectAltName=$2") \
            -out "$dir/tls/$1-cert.pem" 2>/dev/null
}

make_certificates() {
    local here="DNS:localhost,IP:127.0.0.1"
    command -v openssl >/dev/null 2>&1 || return 1
    mkdir "$dir/tls" || return 1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$dir/tls/ca-key.pem" -out "$dir/tls/ca.pem" \
        -days 2 -subj "/CN=weir tests" 2>/dev/null || return 1
    certificate good "$here" 2 && certificate elsewhere "DNS:elsewhere" 2 &&
        certificate expired "$here" -1 &&
        certificate client "DNS:client" 2 certified || return 1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$dir/tls/self-key.pem" -out "$dir/tls/self-cert.pem" -days 2 \
        -subj "/CN=weir self" -addext "subjectAltName=$here" 2>/dev/null ||
        return 1
    cp "$dir/tls/good-cert.pem" "$dir/tls/cert.pem"
    cp "$dir/tls/good-key.pem" "$dir/tls/key.pem"
    chmod 644 "$dir/tls/"*.pem
    # The server refuses a key that others can read.
    chmod 600 "$dir/tls/"*key.pem
}

export WEIR_TEST_TLS=""
tls="ssl = off"
if make_certificates; then
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
host    all  clear  127.0.0.1/32   password
host    all  md5    127.0.0.1/32   md5
hostssl all  certified 127.0.0.1/32 cert
host    all  all    127.0.0.1/32   scram-sha-256
END

# The server starts once more with `restart`; it dies with this script in any
# case, also when that is killed.
cat >"$dir/restart" <<END
#!/bin/bash
# Starts the server on its port and waits until it answers.
rm -f '$dir/data/postmaster.pid'
if [ "\$(id -u)" -eq 0 ]; then
    user=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
else
    user=()
fi
: >'$dir/log'
"\${user[@]}" '$(command -v postgres)' -D '$dir/data' -p "\$1" \
    </dev/null >>'$dir/log' 2>&1 &
server=\$!
for _ in \$(seq 600); do
    kill -0 "\$server" 2>/dev/null || exit 1
    sed -n 8p '$dir/data/postmaster.pid' 2>/dev/null | grep -q ready && exit 0
    sleep 0.05
done
exit 1
END
chmod 755 "$dir/restart"

# Watches this script and ends the server once it is gone, however it went.
watch_over() {
    while kill -0 $$ 2>/dev/null; do
        sleep 1
    done
    stop_server
    rm -rf "$dir"
}

# A port that is free now may be taken a moment later: then try another.
port=""
for _ in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    "$dir/restart" "$port" && break
    port=""
done
[ -n "$port" ] || {
    cat "$dir/log" >&2
    exit 1
}
watch_over </dev/null >/dev/null 2>&1 &
watcher=$!

PGPASSWORD=$password PGCONNECT_TIMEOUT=10 psql -X -q -h "$dir" -p "$port" \
    -U weir -d postgres -v ON_ERROR_STOP=1 >/dev/null <<END || exit 1
CREATE DATABASE weir;
CREATE ROLE clear LOGIN PASSWORD '$password';
SET password_encryption = md5;
CREATE ROLE md5 LOGIN PASSWORD '$password';
CREATE ROLE certified LOGIN;
CREATE ROLE plain LOGIN PASSWORD '$password';
END

export WEIR_TEST_URL="postgresql://weir:$password@127.0.0.1:$port/weir"
export WEIR_TEST_SOCKET="$dir"
export WEIR_TEST_RESTART="$dir/restart $port"
WEIR_TEST_SERVER_PID=$(head -n 1 "$dir/data/postmaster.pid")
export WEIR_TEST_SERVER_PID
"$@"
status=$?
kill "$watcher" 2>/dev/null
[ "$status" -eq 0 ] || tail -n 5 "$dir/log" >&2
exit "$status"
