#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/check.sh [step ...]
# Everything that judges the code without asking what it does. All steps run,
# also after a failure; the last lines say which failed. A step whose program
# is not installed is left out, and that is said.
set -u
cd "$(dirname "$0")/.." || exit 1

all="gcc style format clang tidy cppcheck models tsan valgrind"
steps=${*:-$all}
jobs=$(nproc 2>/dev/null || echo 2)
tsan_tests="^(race)$"
failed=""
left_out=""

sources() {
    find src include tests examples bench tools -name '*.[ch]' \
        2>/dev/null | sort
}

library_sources() {
    find src -name '*.c' | grep -v '_test\.c$' | sort
}

# Only what the build compiles: a database that was left out has no headers.
compiled_sources() {
    sed -n 's/^ *"file": "\(.*\)",*$/\1/p' build/clang/compile_commands.json |
        grep "^$PWD/src/" | grep -v '_test\.c$' | sort -u
}

# A thread sanitizer needs a fixed layout of memory on some kernels.
fixed_layout() {
    if setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

step_gcc() { tools/build.sh gcc; }

step_style() { tools/build.sh gcc && tools/ctest.sh gcc -L "^style$"; }

step_format() {
    local file bad=0
    while read -r file; do
        clang-format "$file" | cmp -s - "$file" && continue
        echo "$file: not as clang-format has it; run clang-format -i $file"
        bad=1
    done < <(sources)
    return $bad
}

step_clang() { tools/build.sh clang; }

step_tidy() {
    [ -f build/clang/compile_commands.json ] || tools/build.sh clang || return
    compiled_sources |
        xargs -r -n 4 -P "$jobs" clang-tidy -p build/clang --quiet \
            2> >(grep -v "warnings generated" >&2)
}

step_cppcheck() {
    # shellcheck disable=SC2046
    cppcheck --quiet --std=c11 --language=c -j "$jobs" -I include -I src \
        --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tools/cppcheck.txt --error-exitcode=1 \
        $(library_sources)
}

step_models() { tools/models/check.sh; }

step_tsan() {
    tools/build.sh tsan || return
    if ! ctest --test-dir build/tsan -N -L "$tsan_tests" |
        grep -q 'Total Tests: [1-9]'; then
        echo "no test has the label race yet"
        return 0
    fi
    fixed_layout tools/ctest.sh tsan -L "$tsan_tests"
}

# The gcc preset runs its test programs under valgrind.
step_valgrind() {
    tools/build.sh gcc && tools/ctest.sh gcc -j"$jobs" -L "^unit$" -LE race
}

needs() {
    case $1 in
    gcc) echo gcc ;;
    format) echo clang-format ;;
    clang) echo clang ;;
    tidy) echo clang-tidy ;;
    cppcheck) echo cppcheck ;;
    models) echo spin ;;
    valgrind) echo valgrind ;;
    esac
}

for step in $steps; do
    case " $all " in
    *" $step "*) ;;
    *)
        echo "check: no step \"$step\"; there are: $all" >&2
        exit 2
        ;;
    esac
    program=$(needs "$step")
    if [ -n "$program" ] && ! command -v "$program" >/dev/null 2>&1; then
        echo "check: $step is left out: there is no $program" >&2
        left_out="$left_out $step"
        continue
    fi
    echo "check: $step"
    if "step_$step"; then
        continue
    fi
    echo "check: $step failed" >&2
    failed="$failed $step"
done

[ -z "$left_out" ] || echo "check: left out:$left_out"
if [ -n "$failed" ]; then
    echo "check: failed:$failed"
    exit 1
fi
echo "check: all is well"
