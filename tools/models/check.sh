#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/models/check.sh [model ...]
# Runs Spin over the models of the pool. In the head of a model RUN has the
# sizes for which all must hold, and FAULT has what must be noticed: each is
# seeded on its own, and one that no size notices fails the check, because a
# model that cannot fail shows nothing. A run takes less than a minute on an
# idle machine; on a busy one it gets five.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds=${WEIR_MODEL_SECONDS:-300}
failures=0

for program in spin gcc; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "models: left out: there is no $program" >&2
        exit 77
    fi
done

# usage: run MODEL -D...; 0: all holds, 1: something was found, 2: no verdict
run() {
    local model=$1 defines
    shift
    defines=$*
    rm -rf "$work/run"
    mkdir "$work/run"
    cd "$work/run" || return 2
    cp "$here"/*.pml "$here"/*.inc .
    # shellcheck disable=SC2086
    spin $defines -a "$model.pml" >spin.out 2>&1 &&
        gcc -w -O2 -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=1500 \
            -o pan pan.c >>spin.out 2>&1 || { cat spin.out; return 2; }
    timeout "$seconds" ./pan -m200000 -w24 >pan.out 2>&1
    if grep -q 'errors: [1-9]' pan.out; then
        return 1
    elif grep -q 'errors: 0' pan.out &&
        ! grep -q 'not completed\|too small\|pan: reached' pan.out; then
        return 0
    fi
    tail -n 20 pan.out
    return 2
}

states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.out; }

sizes_of() { sed -n 's/^ \* RUN //p' "$here/$1.pml"; }
faults_of() { sed -n 's/^ \* FAULT \([A-Z_]*\).*/\1/p' "$here/$1.pml"; }

check_sizes() {
    local size began
    while read -r size; do
        began=$SECONDS
        if run "$1" "$size"; then
            echo "models: $1 $size: holds," \
                "$(states) states, $((SECONDS - began)) s"
        else
            echo "models: $1 $size: FAILED"
            grep -h 'error\|assert\|invalid' pan.out spin.out | head -n 5
            failures=$((failures + 1))
        fi
    done < <(sizes_of "$1")
}

is_noticed() {
    local size
    while read -r size; do
        run "$1" "$size -DFAULT_$2" >/dev/null
        [ $? = 1 ] && return 0
    done < <(sizes_of "$1")
    return 1
}

check_faults() {
    local fault
    for fault in $(faults_of "$1"); do
        if is_noticed "$1" "$fault"; then
            echo "models: $1: $fault is noticed: $(sed -n \
                's/^pan:1: \(.*\) (at depth.*/\1/p' pan.out)"
        else
            echo "models: $1: $fault is NOT NOTICED"
            failures=$((failures + 1))
        fi
    done
}

models=${*:-$(cd "$here" && ls ./*.pml | sed 's/.*\///; s/\.pml//')}
for model in $models; do
    check_sizes "$model"
    check_faults "$model"
done
[ "$failures" = 0 ] || echo "models: $failures failed"
[ "$failures" = 0 ]
