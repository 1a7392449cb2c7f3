/* SPDX-License-Identifier: MIT */
#include "books.h"

#include <string.h>

#include "findings.h"

#define SETTLE_S 30.0

/* Until memory has found its size; and how much more it may be then, for what
 * depends on who came when. */
enum { WARM_CHECKS = 3 };
#define ENGINE_MORE_BYTES (INT64_C(256) << 10)
#define HEAP_MORE_BYTES (INT64_C(1) << 20)
#define RESIDENT_MORE_BYTES (INT64_C(64) << 20)
enum { THREADS_MORE = 24 };

/* ---------------------------------------------------------------- counters */

static bool is_settled(const weir_pool_status *now)
{
    return now->busy == 0 && now->waiting == 0 && now->connecting == 0 &&
           now->detached == 0 && now->overdue == 0 &&
           now->opened - now->closed == (uint64_t)now->idle;
}

static weir_pool_status await_settled(ground *here, int idle_most)
{
    double until_s = clock_s() + SETTLE_S;
    weir_pool_status now;

    for (;;) {
        weir_engine_pool_status(here->tried, &now);
        if ((is_settled(&now) && now.idle <= idle_most) || clock_s() > until_s)
            return now;
        nap_s(0.005);
    }
}

static void check_same(const char *what, uint64_t pool, uint64_t borrowers)
{
    if (pool != borrowers)
        finding("%s: the pool says %llu, the borrowers %llu", what,
                (unsigned long long)pool, (unsigned long long)borrowers);
}

static void check_counters(books *all, ground *here)
{
    weir_pool_status now = await_settled(here, OPEN_MAX_EVER);
    weir_pool_numbers numbers = {.waits = 0};

    if (!is_settled(&now))
        finding("after %.0f s of calm there are %d idle, %d busy (%d "
                "detached, %d overdue), %d connecting, %d waiting; %llu "
                "opened, %llu closed",
                SETTLE_S, now.idle, now.busy, now.detached, now.overdue,
                now.connecting, now.waiting, (unsigned long long)now.opened,
                (unsigned long long)now.closed);
    check_same("acquired", now.acquired, all->crowd.acquired);
    check_same("timeouts", now.timeouts, all->crowd.timeouts);
    check_same("taken back, and given back late", now.reclaimed,
               now.stale_returns);
    (void)weir_pool_stats(here->tried, &numbers);
    check_same("waits, and those in the histogram", numbers.waits,
               numbers.wait.count);
}

/* ------------------------------------------------------------- connections */

/* A pool without threads does not watch what is idle: of its own the server
 * may have ended some. */
static void check_sessions(ground *here, int open)
{
    double until_s = clock_s() + SETTLE_S;
    int64_t there = ground_sessions(here);

    if (!here->is_server)
        return;
    while ((there > open || (here->has_threads && there != open)) &&
           clock_s() < until_s) {
        nap_s(0.01);
        there = ground_sessions(here);
    }
    if (there > open || (here->has_threads && there != open))
        finding("the server has %lld sessions, the pool %d", (long long)there,
                open);
}

static void close_all(ground *here)
{
    weir_pool_status now;

    weir_engine_dispose(here->tried);
    now = await_settled(here, 0);
    if (now.idle != 0)
        finding("%d are idle after all were disposed of", now.idle);
    check_sessions(here, 0);
    if (atomic_load(&here->connects) != atomic_load(&here->closes))
        finding("the hooks were told of %d openings and %d ends",
                atomic_load(&here->connects), atomic_load(&here->closes));
}

static void check_ledger(books *all, ground *here)
{
    weir_conn *conn = ground_watch(here, SETTLE_S);

    if (!conn || !ledger_compare(conn, &all->ledger))
        finding("the ledger could not be compared: %s",
                weir_conn_error(conn)->message);
    weir_conn_close(&conn);
}

/* --------------------------------------------------------------- footprint */

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void raise_to(footprint *most, const footprint *now)
{
    most->fds = (int)greater(most->fds, now->fds);
    most->threads = (int)greater(most->threads, now->threads);
    most->engine_bytes = greater(most->engine_bytes, now->engine_bytes);
    most->engine_blocks = greater(most->engine_blocks, now->engine_blocks);
    most->heap_bytes = greater(most->heap_bytes, now->heap_bytes);
    most->resident_bytes = greater(most->resident_bytes, now->resident_bytes);
}

/* A finding raises the mark: the next one is told when there is more still. */
static void check_growth(const char *what, int64_t now, int64_t *most,
                         int64_t more)
{
    if (now <= *most + more)
        return;
    finding("%s: %lld, and %lld at most while it warmed up", what,
            (long long)now, (long long)*most);
    *most = now;
}

/* The proxy's and the watcher's ends may take a moment. */
static footprint await_descriptors(const books *all)
{
    double until_s = clock_s() + SETTLE_S;
    footprint now = footprint_now();

    while (all->checks > 0 && now.fds > all->most.fds && clock_s() < until_s) {
        nap_s(0.01);
        now = footprint_now();
    }
    return now;
}

static void check_footprint(books *all, ground *here)
{
    footprint *now = &all->last;
    int64_t fds = all->most.fds, threads = all->most.threads;

    weir_engine_dispose(here->watcher);
    *now = await_descriptors(all);
    if (all->checks > 0) {
        check_growth("descriptors", now->fds, &fds, 0);
        check_growth("threads", now->threads, &threads, THREADS_MORE);
        all->most.fds = (int)fds;
        all->most.threads = (int)threads;
    }
    if (all->engine_checks >= WARM_CHECKS)
        check_growth("bytes of the engine", now->engine_bytes,
                     &all->engine_most.engine_bytes, ENGINE_MORE_BYTES);
    else
        raise_to(&all->engine_most, now);
    if (all->checks >= WARM_CHECKS) {
        check_growth("bytes of the heap", now->heap_bytes,
                     &all->most.heap_bytes, HEAP_MORE_BYTES);
        if (!footprint_is_sanitized())
            check_growth("resident bytes", now->resident_bytes,
                         &all->most.resident_bytes, RESIDENT_MORE_BYTES);
    } else {
        raise_to(&all->most, now);
    }
}

/* ------------------------------------------------------------------- all */

void books_new_engine(books *all)
{
    memset(&all->crowd, 0, sizeof all->crowd);
    memset(&all->engine_most, 0, sizeof all->engine_most);
    all->engine_checks = 0;
}

void books_check(books *all, ground *here, const crowd_sums *crowd)
{
    weir_pool_status now;

    all->crowd.acquired += crowd->acquired;
    all->crowd.timeouts += crowd->timeouts;
    check_counters(all, here);
    weir_engine_pool_status(here->tried, &now);
    check_sessions(here, now.idle);
    close_all(here);
    check_ledger(all, here);
    check_footprint(all, here);
    all->checks++;
    all->engine_checks++;
}
