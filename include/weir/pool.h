/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Looking into an engine's pool: numbers, a dump of who holds what, text for
 * Prometheus, and advice on its size. All of it may be asked by any thread at
 * any time; borrowers are held up for moments at most.
 */
#ifndef WEIR_POOL_H
#define WEIR_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <weir/engine.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/json.h>

WEIR_BEGIN_DECLS

/** What the pool's own threads know of the database. */
typedef enum weir_pool_health {
    WEIR_POOL_UP = 0,
    /** The last attempt to connect has failed. (That the server is full,
     *  RESOURCE, is no failure in this sense, and nothing of an outage.) */
    WEIR_POOL_SUSPECT,
    /** So has the one before. One at a time is tried, after growing pauses. */
    WEIR_POOL_DOWN,
    WEIR_POOL_RECOVERING, /* it answers again, and is not hurried */
} weir_pool_health;

/** Durations: below how many seconds such a part of them stayed, to within
 *  half. All zero if there were none. */
typedef struct weir_pool_latency {
    uint64_t count;
    double p50_s;
    double p90_s;
    double p99_s;
    double p999_s;
    double p9999_s;
} weir_pool_latency;

/** The numbers of a pool since the engine was opened. */
typedef struct weir_pool_numbers {
    weir_pool_status now;
    weir_pool_health health;
    double age_s;
    uint64_t waits; /* acquires that had to wait */
    double longest_wait_s;
    weir_pool_latency wait; /* of those that had to */
    /** How long connections were held. Of loans shorter than 16 ms one in 64
     *  is timed and counts for all, so `count` is about right. */
    weir_pool_latency hold;
    weir_pool_latency connect; /* how long opening took that succeeded */
} weir_pool_numbers;

/** Fills `out`. @return WEIR_OK; MISUSE for a NULL engine or `out` */
WEIR_API weir_status weir_pool_stats(const weir_engine *engine,
                                     weir_pool_numbers *out);

/**
 * Writes how the pool is as one line for a log: its kind, and how many are
 * idle, busy, connecting and waiting.
 *
 * @return its length without the NUL, as snprintf(); 0 for a NULL engine
 */
WEIR_API size_t weir_pool_status_text(const weir_engine *engine, char *out,
                                      size_t size);

/**
 * Writes one JSON object: the numbers, every connection with its state,
 * holder's tag, thread and since when (`since_s`: lent or idle), how long ago
 * it was made (`age_s`) and last answered a question (`asked_s`), whether it
 * may be lent as it is (`trust`: current; suspect: is asked first; void: is
 * replaced), and all who wait, the one that waits longest first;
 * `write_permit`, the same for the permit to write (SQLite), or null if nobody
 * has wanted it. No secrets are in it.
 *
 * @return WEIR_OK; MISUSE; NOMEM; failures of the writer stay with the writer
 */
WEIR_API weir_status weir_pool_dump(const weir_engine *engine, weir_json *out);

/**
 * Writes text for Prometheus, with the names that OpenTelemetry has for the
 * client's side of database connections (semantic conventions, database
 * metrics) as its exporters write them: gauges, counters, and histograms of
 * how long connections were waited for, used and opened, whose sums are right
 * to within a quarter. `name` becomes the label
 * db_client_connection_pool_name, with _ for quotes, backslashes and control
 * characters; what OpenTelemetry has no name for begins
 * with weir_pool_. docs/guide/pool.md lists all.
 *
 * @return its length without the NUL, as snprintf(): text that did not fit is
 *         cut, and 0 is for a NULL engine
 */
WEIR_API size_t weir_pool_prometheus(const weir_engine *engine,
                                     const char *name, char *out, size_t size);

/** What the size should be, and why. */
typedef struct weir_pool_advice {
    /** Connections that are busy on average: loans per second times how long
     *  one lasts (Little's law). */
    double busy_mean;
    int size; /* 0: there is nothing to go by yet */
    char reason[240];
} weir_pool_advice;

/** Fills `out` from what was measured since the engine was opened.
 *  @return WEIR_OK; MISUSE for a NULL engine or `out` */
WEIR_API weir_status weir_pool_advise(const weir_engine *engine,
                                      weir_pool_advice *out);

/**
 * Nobody is lent a connection until weir_pool_resume(): who comes or waits
 * does so until his own deadline (POOL_TIMEOUT). What is out may go on, and
 * come back. With weir_engine_dispose() nothing is open then, so that a server
 * can be restarted or moved without a failed statement. Loans that begin at
 * the same moment may still be had. Nothing happens to an engine that is
 * paused already, drained, closed, or NULL. Threads: any, also in hooks.
 */
WEIR_API void weir_pool_pause(weir_engine *engine);
/** Ends weir_pool_pause() and weir_engine_drain(): those who wait are served in
 *  the order in which they came. */
WEIR_API void weir_pool_resume(weir_engine *engine);

WEIR_END_DECLS

#endif
