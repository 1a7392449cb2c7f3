# SPDX-License-Identifier: MIT
# What the scripts that start a private server share; sourced by them. Before,
# they set
#   kind     mariadb, postgres, …: in the name of the server's folder
#   user     whom the server runs as when we are root, which it refuses to be
#   signal   what makes it end soon
# It makes $dir, a folder that goes away at the end as the server $server and
# the command $test do, and $password.
# shellcheck shell=bash disable=SC2154

dir=$(mktemp -d "/tmp/weir-$kind.XXXXXX") || exit 1
server=""
test=""
password=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')

# The server may be stopped by a signal, or gone; its children go with it.
stop_server() {
    [ -n "$server" ] || return
    kill -CONT "$server" 2>/dev/null
    kill "-$signal" "$server" 2>/dev/null
    for _ in $(seq 100); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=""
}

clean_up() {
    [ -z "$test" ] || kill -KILL "$test" 2>/dev/null
    stop_server
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Becomes the server, which dies with this script in any case: for use in a
# subshell. (Another user is another process to the kernel, so the wish to die
# is said after the change.)
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        exec setpriv --reuid="$user" --regid="$user" --clear-groups -- \
            setpriv --pdeathsig KILL -- "$@"
    else
        exec setpriv --pdeathsig KILL -- "$@"
    fi
}

# Whether nobody listens there now.
is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

some_port() {
    echo $((20000 + RANDOM % 12000))
}

# Until the server's log says so; then its number is in $dir/server/pid.
await_ready() {
    for _ in $(seq 1500); do
        kill -0 "$server" 2>/dev/null || return 1
        grep -q "$2" "$1" 2>/dev/null && {
            echo "$server" >"$dir/server/new"
            mv "$dir/server/new" "$dir/server/pid"
            return 0
        }
        sleep 0.02
    done
    return 1
}

# Children of a killed server may be there for a moment: then it is refused.
start_again() {
    for _ in $(seq 100); do
        start_server "$1" && return 0
        sleep 0.1
    done
    return 1
}

# run_beside PORT COMMAND [ARGUMENTS]: the command, while a server that has
# died is started again on its port, unless there is a file "hold" (victim.h).
# Its status is the command's.
run_beside() {
    local port=$1
    shift
    export WEIR_TEST_SERVER="$dir/server"
    export WEIR_TEST_SERVER_PID="$server"
    "$@" &
    test=$!
    while wait -n "$test" "$server" 2>/dev/null || true; do
        kill -0 "$test" 2>/dev/null || break
        kill -0 "$server" 2>/dev/null && continue
        rm -f "$dir/server/pid"
        while [ -e "$dir/server/hold" ] && kill -0 "$test" 2>/dev/null; do
            sleep 0.02
        done
        start_again "$port" || break
    done
    wait "$test"
    local status=$?
    test=""
    return "$status"
}
