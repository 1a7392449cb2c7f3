# SPDX-License-Identifier: MIT
"""Peer: SQLAlchemy's QueuePool over a stub of a DBAPI connection.

Speaks the lines of bench/pool/workload.h.
"""
import resource
import sys
import threading
import time

from sqlalchemy.pool import QueuePool

TIMED_ONE_IN = 64
BUSY_HOLD_MOST_US = 100


class Stub:
    def rollback(self):
        pass

    def commit(self):
        pass

    def close(self):
        pass


class Worker(threading.Thread):
    def __init__(self, pool, hold_us, phase):
        super().__init__(daemon=True)
        self.pool = pool
        self.hold_us = hold_us
        self.phase = phase
        self.ops = 0
        self.waited = []

    def hold(self):
        if self.hold_us > BUSY_HOLD_MOST_US:
            time.sleep(self.hold_us / 1e6)
            return
        end = time.perf_counter_ns() + self.hold_us * 1000
        while time.perf_counter_ns() < end:
            pass

    def run(self):
        while self.phase[0] == 0:
            time.sleep(0.0002)
        clock = time.perf_counter_ns
        while self.phase[0] == 1:
            if self.hold_us or self.ops % TIMED_ONE_IN == 0:
                began = clock()
                conn = self.pool.connect()
                self.waited.append(clock() - began)
            else:
                conn = self.pool.connect()
            if self.hold_us:
                self.hold()
            conn.close()
            self.ops += 1


def switches():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_nvcsw + used.ru_nivcsw


def percentile(waited, share):
    if not waited:
        return 0.0
    return waited[min(int(share * len(waited)), len(waited) - 1)] / 1e3


def run(threads, size, hold_us, run_ms):
    pool = QueuePool(Stub, pool_size=size, max_overflow=0, timeout=30,
                     recycle=1800)
    phase = [0]
    workers = [Worker(pool, hold_us, phase) for _ in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(0.02)
    switched = switches()
    began = time.perf_counter_ns()
    phase[0] = 1
    time.sleep(run_ms / 1e3)
    phase[0] = 2
    took = time.perf_counter_ns() - began
    switched = switches() - switched
    for worker in workers:
        worker.join()
    pool.dispose()
    ops = [worker.ops for worker in workers]
    total = max(sum(ops), 1)
    waited = sorted(ns for worker in workers for ns in worker.waited)
    print("%.2f %d %d %.3f %.3f %.3f %.3f %.5f" % (
        took / total, min(ops), max(ops), percentile(waited, 0.5),
        percentile(waited, 0.99), percentile(waited, 0.999),
        waited[-1] / 1e3 if waited else 0, switched / total), flush=True)


for line in sys.stdin:
    run(*map(int, line.split()))
