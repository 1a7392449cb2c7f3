#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/ctest.sh PRESET [ctest arguments]
# Runs the tests of a built preset. Leaves the counts where .ci/run finds them:
# build/<preset>/junit-<time>.xml.
set -u
cd "$(dirname "$0")/.." || exit 1

preset=${1:-}
if [ -z "$preset" ]; then
    echo "usage: tools/ctest.sh PRESET [ctest arguments]" >&2
    exit 2
fi
shift
exec ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    --output-junit "junit-$(date +%s%N).xml" "$@" </dev/null
