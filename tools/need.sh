#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/need.sh run|test|check|bench|bench-pool-peers|build
#
# Installs the Debian packages that are missing for one of the Makefile's
# targets: those of tools/packages/build.txt and tools/packages/<group>.txt, and
# of the same two files in src/*/*/packages/, where a database or a web
# framework says what it needs. Says what it installs first. Where it cannot
# install (no root, no apt) it prints the list and succeeds: the build goes on
# with what is there.
set -u
cd "$(dirname "$0")/.." || exit 1

group=${1:-}
if [ $# -ne 1 ] || [ ! -f "tools/packages/$group.txt" ]; then
    echo "usage: tools/need.sh run|test|check|bench|bench-pool-peers|build" >&2
    exit 2
fi

wanted() {
    cat tools/packages/build.txt "tools/packages/$group.txt" \
        src/*/*/packages/build.txt "src"/*/*/packages/"$group.txt" \
        2>/dev/null | sed 's/#.*//' | tr -s ' \t' '\n' | sed '/^$/d' | sort -u
}

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    have=" $(dpkg-query -W -f='${db:Status-Abbrev} ${Package} ${Provides}\n' \
        2>/dev/null | sed -n 's/^ii *//p' | tr ',\n' '  ') "
    # A name may also be provided by another package (pkg-config by pkgconf).
    for package in $(wanted); do
        case "$have" in
        *" $package "*) ;;
        *) missing="$missing $package" ;;
        esac
    done
else
    missing=" $(wanted | paste -sd ' ')"
fi
[ -n "$missing" ] || exit 0

cannot() {
    echo "need: cannot install ($1); going on with what is there." >&2
    echo "need: please install these, or what your system calls them:" >&2
    echo "need:$missing" >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || cannot "there is no apt-get"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || cannot "not root and no sudo"
    sudo -n true 2>/dev/null || cannot "not root, and sudo asks a password"
    as_root="sudo -n"
fi

# Another apt may be at work: wait for it rather than give up.
apt() {
    local try
    for try in 1 2 3 4 5; do
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get \
            -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -q "$@" \
            </dev/null && return 0
        [ "$try" = 5 ] || sleep "${WEIR_APT_PAUSE_S:-3}"
    done
    return 1
}

echo "need: installing for 'make $group':$missing"
apt update || cannot "apt-get update failed"
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing ||
    cannot "apt-get install failed"
