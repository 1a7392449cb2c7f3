# SPDX-License-Identifier: MIT
# The house's front door. Everything is built below build/<preset>; CMake and
# its presets may be used directly just as well.
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
ARGS ?=
SOAK_SECONDS ?= 86400
SOAK_PRESET ?= release

SERVICE = build/release/examples/users/users

export CTEST_OUTPUT_ON_FAILURE = 1

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-pool bench-pool-peers torture soak \
	install clean

help:
	@echo 'make run      install what is missing, build, start the users'
	@echo '              service at http://127.0.0.1:8080/users'
	@echo '              (DATABASE_URL chooses another database)'
	@echo 'make test     install what is missing, build, run all tests under'
	@echo '              the address and undefined behaviour sanitizers'
	@echo 'make check    style, static analysis, two compilers, threads'
	@echo 'make bench    measure; results in build/bench/results.jsonl'
	@echo 'make bench-pool        the pool: build/bench/pool.jsonl'
	@echo 'make bench-pool-peers  the same beside the pools of others'
	@echo 'make torture  the long tests: every allocation, every driver call'
	@echo 'make soak     a day of trouble for the pool, or SOAK_SECONDS=...;'
	@echo '              ARGS=sqlite, mariadb, postgres: not all of them'
	@echo 'make install  PREFIX=/usr/local, DESTDIR='
	@echo 'make clean    remove build/'

run:
	@tools/need.sh run
	@tools/build.sh release -DWEIR_TESTS=OFF -DWEIR_EXAMPLES=ON
	@test -x $(SERVICE) || { echo 'run: there is no $(SERVICE)' >&2; exit 1; }
	@exec $(SERVICE) $(ARGS)

test:
	@tools/need.sh test
	@tools/build.sh asan
	@tools/ctest.sh asan -j$(JOBS) $(ARGS)

check:
	@tools/need.sh check
	@tools/check.sh

bench:
	@tools/need.sh bench
	@tools/build.sh release
	@test -x build/release/bench/bench || \
	    { echo 'bench: there is no build/release/bench/bench' >&2; exit 1; }
	@mkdir -p build/bench
	@WEIR_BENCH_OUT=build/bench/results.jsonl \
	    bench/run.sh build/release/bench/bench $(ARGS)

# What else the bars ask for comes after the table; see
# docs/guide/pool-proof.md.
bench-pool bench-pool-peers:
	@tools/need.sh $(if $(findstring peers,$@),bench-pool-peers,build)
	@tools/build.sh release
	@bench/pool/run.sh $(if $(findstring peers,$@),--peers) $(ARGS)

torture:
	@tools/need.sh test
	@tools/build.sh asan
	@WEIR_TORTURE=full tools/ctest.sh asan -L torture $(ARGS)

# See docs/guide/pool-proof.md. Under a sanitizer: SOAK_PRESET=asan.
soak:
	@tools/need.sh test
	@tools/build.sh $(SOAK_PRESET)
	@SOAK_SECONDS='$(SOAK_SECONDS)' tests/pool/soak/run.sh $(SOAK_PRESET) \
	    $(ARGS)

install:
	@tools/need.sh build
	@tools/build.sh release -DCMAKE_INSTALL_PREFIX='$(PREFIX)' \
	    -DWEIR_TESTS=OFF \
	    -DWEIR_EXAMPLES=OFF
	@DESTDIR='$(DESTDIR)' cmake --install build/release
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig || true; fi

clean:
	rm -rf build
