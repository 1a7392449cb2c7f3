#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/need_test.sh
# Runs tools/need.sh against programs that only pretend: what it would install,
# and what it does where it cannot.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
failures=0

# pretend NAME: a program of that name with the script on standard input.
pretend() {
    { echo "#!/bin/bash" && cat; } >"$top/bin/$1"
    chmod +x "$top/bin/$1"
}

# A tree of its own, where "one" and "two" are wanted and "one" is there.
fresh() {
    rm -rf "${top:?}/bin" "$top/tree" "$top/log"
    mkdir -p "$top/bin" "$top/tree/tools/packages" \
        "$top/tree/src/db/x/packages"
    cp "$here/need.sh" "$top/tree/tools/"
    echo "one # always" >"$top/tree/tools/packages/build.txt"
    echo "one" >"$top/tree/tools/packages/run.txt"
    echo "two" >"$top/tree/src/db/x/packages/run.txt"
    echo "three" >"$top/tree/src/db/x/packages/test.txt"
    for tool in bash env cat sed tr sort dirname sleep paste; do
        ln -s "$(command -v $tool)" "$top/bin/$tool"
    done
    pretend dpkg-query <<<"echo 'ii  one '; echo 'rc  two '"
    pretend id <<<"echo 0"
    pretend apt-get <<<"echo apt-get \"\$@\" >>'$top/log'; exit 0"
}

need() {
    (cd / && PATH=$top/bin WEIR_APT_PAUSE_S=0 "$top/tree/tools/need.sh" "$@") \
        >"$top/out" 2>&1
}

# expect WHAT STATUS TEXT
expect() {
    local status=$4
    if [ "$status" -ne "$2" ] || { [ -n "$3" ] &&
        ! grep -qe "$3" "$top/out" "$top/log" 2>/dev/null; }; then
        echo "FAILED: $1 (status $status)"
        cat "$top/out" "$top/log" 2>/dev/null | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

fresh
need run
expect "installs what is missing" 0 "recommends two\$" $?
expect "says so first" 0 "need: installing for 'make run': two\$" 0
expect "updates before" 0 "apt-get .* update" 0

fresh
pretend dpkg-query <<<"echo 'ii  one '; echo 'ii  new two, four'"
need run
expect "a provided package is there" 0 "" $?
[ ! -s "$top/log" ] || expect "nothing is installed then" 0 "impossible" 0

fresh
rm "$top/bin/apt-get"
need run
expect "no apt-get" 0 "no apt-get" $?
expect "prints the list" 0 "^need: two\$" 0

fresh
pretend id <<<"echo 1000"
need run
expect "no root, no sudo" 0 "no sudo" $?

fresh
pretend id <<<"echo 1000"
pretend sudo <<<"exit 1"
need run
expect "sudo with a password" 0 "asks a password" $?

fresh
pretend id <<<"echo 1000"
pretend sudo <<<'shift; [ "$1" = true ] || exec "$@"'
need run
expect "sudo without one" 0 "apt-get .*recommends two\$" $?

fresh
pretend apt-get <<<"echo apt-get \"\$@\" >>'$top/log'; exit 100"
need run
expect "a lock that stays" 0 "^need: two\$" $?
[ "$(grep -c update "$top/log")" = 5 ] || expect "five tries" 0 "impossible" 0

fresh
rm "$top/bin/dpkg-query"
rm "$top/bin/apt-get"
need run
expect "no Debian" 0 "^need: one two\$" $?

fresh
need nonsense
expect "an unknown group" 2 "^usage: " $?
need
expect "no group" 2 "^usage: " $?

[ "$failures" -eq 0 ]
