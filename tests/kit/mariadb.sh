#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tests/kit/mariadb.sh COMMAND [ARGUMENTS]
#
# Runs a command beside a MariaDB server of its own, which listens on loopback
# and a socket in a folder that goes away with it. The command finds in its
# environment:
#   WEIR_TEST_URL          mysql://weir:…@127.0.0.1:port/weir, and behind it
#                          what was in WEIR_TEST_QUERY, such as ?tls=disable
#   WEIR_TEST_SOCKET       the server's socket
#   WEIR_TEST_SERVER_PID   to stop and continue it
#   WEIR_TEST_SERVER       a folder for tests/kit/victim.h, which kills it; a
#                          server that died is started again
#   WEIR_TEST_TLS          a folder made by tests/kit/certificates.sh, whose
#                          cert.pem and key.pem the server reads again at
#                          FLUSH SSL; empty without the openssl command
# Its exit status is the command's, or 77 with a reason if there is no server
# on this machine. What is committed outlives the server's death, not the
# machine's.
set -u
if [ $# -lt 1 ]; then
    echo "usage: tests/kit/mariadb.sh COMMAND [ARGUMENTS]" >&2
    exit 2
fi

skip() {
    echo "skipped: $1; see src/db/mysql/packages/test.txt" >&2
    exit 77
}

PATH=$PATH:/usr/sbin:/usr/local/sbin
command -v mariadbd >/dev/null 2>&1 || skip "there is no mariadbd"
command -v mariadb-install-db >/dev/null 2>&1 ||
    skip "there is no mariadb-install-db"

kind=mariadb user=mysql signal=TERM
. "$(dirname "$0")/beside.sh"

tls=()
export WEIR_TEST_TLS=""
if command -v openssl >/dev/null 2>&1 &&
    "$(dirname "$0")/certificates.sh" "$dir/tls"; then
    chmod 644 "$dir/tls/"*.pem # the server is another user
    tls=(--ssl-ca="$dir/tls/ca.pem" --ssl-cert="$dir/tls/cert.pem"
        --ssl-key="$dir/tls/key.pem")
    WEIR_TEST_TLS=$dir/tls
fi

mkdir "$dir/tmp" "$dir/server"
chmod 755 "$dir"
[ "$(id -u)" -eq 0 ] && chown mysql:mysql "$dir" "$dir/tmp"
# A server that starts removes all temporary tables of its folder, those of
# others, too: each has a folder of its own from the first moment.
(as_server mariadb-install-db --no-defaults --datadir="$dir/data" \
    --tmpdir="$dir/tmp" \
    --auth-root-authentication-method=normal --skip-test-db \
    --innodb-log-file-size=8M --innodb-data-file-path=ibdata1:12M:autoextend) \
    >"$dir/install.log" 2>&1 || {
    cat "$dir/install.log" >&2
    exit 1
}

cat >"$dir/init.sql" <<END
CREATE DATABASE IF NOT EXISTS weir CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS weir@'127.0.0.1' IDENTIFIED BY '$password';
CREATE USER IF NOT EXISTS weir@localhost IDENTIFIED BY '$password';
GRANT ALL ON *.* TO weir@'127.0.0.1' WITH GRANT OPTION;
GRANT ALL ON *.* TO weir@localhost WITH GRANT OPTION;
DROP USER IF EXISTS root@localhost;
END
chmod 644 "$dir/init.sql"

start_server() {
    rm -f "$dir/log.err"
    as_server mariadbd --no-defaults --datadir="$dir/data" \
        --socket="$dir/s" --pid-file="$dir/server.pid" --port="$1" \
        --bind-address=127.0.0.1 --tmpdir="$dir/tmp" \
        --log-error="$dir/log.err" \
        --init-file="$dir/init.sql" --skip-name-resolve --skip-log-bin \
        --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=32M \
        --innodb-log-file-size=8M --performance-schema=OFF \
        --innodb-lock-wait-timeout=2 --lock-wait-timeout=4 \
        --max-connections=60 --max-allowed-packet=128M \
        --aria-pagecache-buffer-size=8M --key-buffer-size=1M "${tls[@]}" \
        </dev/null >/dev/null 2>&1 &
    server=$!
    await_ready "$dir/log.err" 'ready for connections'
}

# A port that is free now may be taken a moment later: then try another.
port=""
for _ in 1 2 3 4 5 6 7 8; do
    port=$(some_port)
    is_free "$port" || continue
    start_server "$port" && break
    grep -q 'Bind on TCP/IP port\|you already have' "$dir/log.err" || {
        cat "$dir/log.err" >&2
        exit 1
    }
    server=""
done
[ -n "$server" ] || exit 1

WEIR_TEST_URL="mysql://weir:$password@127.0.0.1:$port/weir"
export WEIR_TEST_URL="$WEIR_TEST_URL${WEIR_TEST_QUERY:-}"
export WEIR_TEST_SOCKET="$dir/s"
run_beside "$port" "$@"
status=$?
[ "$status" -eq 0 ] || tail -n 5 "$dir/log.err" >&2
exit "$status"
