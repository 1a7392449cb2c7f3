/* SPDX-License-Identifier: MIT */
/**
 * @file
 * An engine: a database named by a URL, and the pool of connections to it.
 */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/log.h>
#include <weir/memory.h>

WEIR_BEGIN_DECLS

/** What is done to a connection when it returns. */
typedef enum weir_reset_mode {
    WEIR_RESET_ROLLBACK = 0, /* an open transaction is rolled back */
    WEIR_RESET_COMMIT,       /* an open transaction is committed */
    /** An open transaction is rolled back, but changed settings, temporary
     *  tables and the like stay for the next borrower. */
    WEIR_RESET_NONE,
} weir_reset_mode;

/** Which of the idle connections is lent next. */
typedef enum weir_pool_order {
    /** The one that the thread used last, else any: caches stay warm. */
    WEIR_POOL_AFFINITY = 0,
    WEIR_POOL_FIFO, /* the one that is idle longest: all are kept warm */
    WEIR_POOL_LIFO, /* the one that came back last: the others may end */
} weir_pool_order;

/** How the pool is built inside. */
typedef enum weir_pool_core {
    WEIR_POOL_FAST = 0,
    /** One mutex, and none of the options that say so: to compare with. */
    WEIR_POOL_MUTEX,
} weir_pool_core;

/** Whether the pool opens and closes connections on threads of its own. */
typedef enum weir_pool_threads {
    /** For servers, unless the engine has a wait hook: that one waits in the
     *  program's way, on its threads. Files are opened by who needs them, but
     *  the pool has threads as soon as an option is set that needs them, also
     *  by weir_engine_set(). */
    WEIR_POOL_THREADS_AUTO = 0,
    WEIR_POOL_THREADS_OFF,
    WEIR_POOL_THREADS_ON,
} weir_pool_threads;

/** What borrowing means: docs/guide/pool.md, "Kinds of pool". */
typedef enum weir_pool_kind {
    /** Connections are kept and lent to one at a time; who finds none waits
     *  for his turn. All that is not said of another kind is of this one. */
    WEIR_POOL_QUEUE = 0,
    WEIR_POOL_NULL,   /* one for each loan, closed at its end; no limit */
    WEIR_POOL_STATIC, /* a single one, shared by all who borrow */
    /** One for each thread, shared by its loans, closed at its end. pool_size
     *  are kept while they are not in use. */
    WEIR_POOL_PER_THREAD,
    /** A single one, lent to one at a time; a second loan is MISUSE. */
    WEIR_POOL_ASSERTION,
} weir_pool_kind;

/** What opening an engine does. */
typedef enum weir_pool_start {
    WEIR_POOL_LAZY = 0, /* nothing: the first borrower finds out */
    /** Opens a connection and asks the server, within pool_timeout; if that
     *  fails, weir_engine_open() fails with the cause. */
    WEIR_POOL_FAIL_FAST,
} weir_pool_start;

/** What a credentials hook fills; the strings are borrowed until the
 *  connection attempt has ended. */
typedef struct weir_credentials {
    const char *user;
    const char *password;
} weir_credentials;

/**
 * Asked before each new connection, so that passwords can rotate. `attempt`
 * is 1, and 2 if the first pair was refused. Threads: whoever opens, also
 * those of the library, several at once.
 *
 * @return WEIR_OK, or the failure that the connection attempt is to have
 */
typedef weir_status (*weir_credentials_hook)(void *context, int attempt,
                                             weir_credentials *out,
                                             weir_error *err);

/**
 * Waits in the program's own way (an event loop, a coroutine) until `fd` is
 * ready. @return as weir_services_wait() of <weir/sys/services.h>
 */
typedef weir_status (*weir_wait_hook)(void *context, int fd, unsigned events,
                                      int64_t deadline_ns);

/**
 * How an engine is to work. Start from WEIR_ENGINE_OPTIONS; one that is all
 * zero is refused. Those marked (url) may also stand in the URL's query, where
 * they are named without their unit (`?pool_timeout=5`); the URL wins.
 */
typedef struct weir_engine_options {
    size_t size; /* set by the initialiser */

    /** (url) Connections that are kept; 0: no limit. */
    int pool_size;
    /** (url) How many more may be open for a while; 0: none, -1: any. */
    int max_overflow;
    /** (url) Seconds to wait for a connection, connecting included; 0: as
     *  timeout_s of weir_connect_options. */
    double pool_timeout_s;
    /** (url) Seconds after which a connection is replaced when it is next
     *  borrowed; negative: never. */
    double pool_recycle_s;
    /** (url) Ask the server before a connection is lent. */
    bool pool_pre_ping;
    /** (url) SQLAlchemy's way to say pool_order = WEIR_POOL_LIFO. */
    bool pool_use_lifo;
    /** (url, as pool_reset_on_return: rollback, commit, none) */
    weir_reset_mode pool_reset;

    /** (url, as isolation_level) Of all connections. */
    weir_isolation isolation;
    /** (url) Seconds that a statement may take; 0: no limit. */
    double statement_timeout_s;
    /** (url, as connect_timeout) Seconds that opening a connection may take,
     *  within pool_timeout_s; 0: only pool_timeout_s limits it. */
    double connect_timeout_s;
    /** (url) Prepared statements kept per connection, least recently used
     *  first out; 0: none. */
    int statement_cache_size;
    /** (url) Rows of a weir_query() may take so many bytes where they have to
     *  be kept in memory; 0: no limit. */
    int64_t max_result_bytes;
    /** (url) What the server is told of this program, or NULL. */
    const char *application_name;

    weir_log_hook log;
    void *log_context;
    unsigned log_kinds; /* weir_log_kind bits that the hook wants */
    weir_log_parameters log_parameters;

    weir_credentials_hook credentials;
    void *credentials_context;
    weir_wait_hook wait;
    void *wait_context;
    /** NULL: malloc. Must outlive the engine and its last connection. */
    const weir_allocator *allocator;

    /** (url) Threads that run go first until the one that waits longest has
     *  waited for so many seconds; 0: strictly first come, first served. For
     *  loans of microseconds; docs/guide/pool.md. */
    double max_overtake_s;
    /** (url) pool_pre_ping does not ask a connection that was in use less than
     *  so many seconds ago. */
    double pool_ping_bypass_s;
    /** (url) The longest pause, in seconds, between attempts to reach a
     *  database that is down; 0: 5. */
    double connect_backoff_s;
    /** (url) A connection is closed when it was lent so often; 0: never. */
    int pool_max_uses;
    /** (url) Threads that may wait; one more is told RESOURCE; 0: any. */
    int max_waiters;
    /** (url) Connections that the pool's threads open at the same time. */
    int max_connecting;
    /** (url) affinity, fifo, lifo */
    weir_pool_order pool_order;
    /** (url) fast, mutex */
    weir_pool_core pool_core;
    /** (url) auto, off, on */
    weir_pool_threads pool_threads;
    /** (url, also as poolclass) queue, null, static, thread, assertion; or
     *  SQLAlchemy's names: QueuePool, NullPool, StaticPool,
     *  SingletonThreadPool, AssertionPool. */
    weir_pool_kind pool_kind;
    /** Hooks that are there before the first connection is opened, in their
     *  order; copied. <weir/events.h> */
    const struct weir_hook *hooks;
    size_t hook_count;
    /** (url) NULL, or statements, separated by `;`, that run on each connection
     *  before it is lent, and again when it was reset. Within the time for
     *  connecting; one that fails ends the opening and is named (CONFIG). */
    const char *on_connect;
    /** (url) lazy, fail-fast */
    weir_pool_start pool_start;

    /* What follows needs threads: pool_threads=auto gives them, and with `off`,
     * or `auto` beside a wait hook, it is refused. */

    /** (url) So many connections stay open, whether lent or not; at most
     *  pool_size. What ends is replaced in the background. */
    int pool_min_idle;
    /** (url) Opens pool_size connections, or pool_min_idle if pool_size is 0,
     *  as soon as the engine is opened; nobody waits for it. */
    bool pool_prefill;
    /** (url, as pool_idle_timeout) Connections beyond pool_min_idle that were
     *  not needed for so many seconds are closed; 0: they stay. */
    double pool_idle_timeout_s;
    /** (url, as pool_keepalive) The server is asked on a connection that is
     *  idle, once in so many seconds; 0: never. */
    double pool_keepalive_s;
    /** (url, as pool_leak_threshold) The log hook is told once (WARNING) of a
     *  connection that is lent for so many seconds: to which tag, by which
     *  thread, from where, for how long; and when it comes back after all. 0:
     *  never. To within some milliseconds. */
    double pool_leak_threshold_s;
    /** (url, as pool_reclaim_after) A connection that is lent for so many
     *  seconds is taken from its borrower: what he runs is aborted, the session
     *  ends, its place is free for others. All that he does with the handle
     *  then is CONNECTION, but weir_conn_close(), which he still owes. 0:
     *  never. Not below pool_leak_threshold. Who needs one for long detaches
     *  it: weir_conn_detach(). */
    double pool_reclaim_after_s;
} weir_engine_options;

/** The defaults of a weir_engine_options. */
WEIR_API weir_engine_options weir_engine_options_default(void);

/** The same as an initialiser. */
#define WEIR_ENGINE_OPTIONS                                                    \
    {                                                                          \
        sizeof(weir_engine_options), 5, 10, 30.0, -1.0, false, false,          \
            WEIR_RESET_ROLLBACK, WEIR_ISOLATION_DEFAULT, 0.0, 0.0, 256, 0,     \
            NULL, NULL, NULL, WEIR_LOG_ALL, WEIR_LOG_PARAMETERS_REDACTED,      \
            NULL, NULL, NULL, NULL, NULL, 0.0, 0.0, 5.0, 0, 0, 2,              \
            WEIR_POOL_AFFINITY, WEIR_POOL_FAST, WEIR_POOL_THREADS_AUTO,        \
            WEIR_POOL_QUEUE, NULL, 0, NULL, WEIR_POOL_LAZY, 0, false, 0.0,     \
            0.0, 0.0, 0.0                                                      \
    }

/**
 * Opens an engine. Does not connect yet, unless pool_start says so.
 *
 * Threads: any; an engine may be used by any number of threads.
 * @param url     docs/guide/urls.md; borrowed for the call
 * @param options borrowed for the call; NULL: the defaults
 * @param err     filled on failure: CONFIG for a malformed URL, an unknown
 *                scheme or option, a contradiction; NOMEM; …
 * @return [owned] end it with weir_engine_close(); NULL on failure
 */
WEIR_API weir_engine *weir_engine_open(const char *url,
                                       const weir_engine_options *options,
                                       weir_error *err) WEIR_MUST_USE;

/**
 * Closes an engine and sets `*engine` to NULL. Connections that are out may
 * still be used and given back; the engine takes no new work (CLOSED), tells
 * its log hook how many are out, does not wait for them, and the last one
 * given back frees the engine. NULL is allowed.
 *
 * Threads: any, but no other may begin to use the engine any more.
 */
WEIR_API void weir_engine_close(weir_engine **engine);

/**
 * Closes an engine, sets `*engine` to NULL, and waits up to `timeout_s`
 * seconds until all that is out has come back. What is still out then is
 * aborted: a call that waits for the server, for a lock or for the permit to
 * write, and every later one, ends with CONNECTION. Its handle stays good for
 * weir_conn_close(), and the last one closed frees the engine.
 *
 * A wait hook is woken by its socket, which is shut. A thread that waits for
 * its own connection waits until `timeout_s` is over.
 *
 * Threads: any, also from inside a hook. NULL is allowed.
 * @param err may be NULL; on TIMEOUT it says what is out, with tags
 * @return WEIR_OK: all came back; TIMEOUT: the rest was aborted; MISUSE: no
 *         timeout at all, and nothing was closed; CLOSED: somebody else did
 */
WEIR_API weir_status weir_engine_close_within(weir_engine **engine,
                                              double timeout_s,
                                              weir_error *err);

/**
 * Lets the work in hand end: from now on who comes is refused (CLOSED), who
 * waits already is served, and what comes back is closed, until nothing is
 * open. It stays so afterwards, also on failure: close the engine then, or
 * have it take work again with weir_pool_resume() of <weir/pool.h>.
 *
 * Threads: any, also from inside a hook and several at once. A thread that
 * waits for its own connection waits until `timeout_s` is over.
 * @param err may be NULL
 * @return WEIR_OK: nothing is open; TIMEOUT: `err` says what is out, with
 *         tags; CANCELLED: it was resumed; MISUSE; NOMEM
 */
WEIR_API weir_status weir_engine_drain(weir_engine *engine, double timeout_s,
                                       weir_error *err);

/** Borrows a connection, which is opened if none is idle, asks the server and
 *  gives it back: whether the database can be reached and the credentials are
 *  right. Takes pool_timeout_s at most. Threads: any.
 *  @return WEIR_OK, or as weir_connect(), CONNECTION and TIMEOUT */
WEIR_API weir_status weir_engine_ping(weir_engine *engine, weir_error *err);

/**
 * Changes an option while the engine runs: statement_timeout, connect_timeout,
 * and all that concern the pool but pool_prefill, pool_start, pool_core,
 * pool_threads, pool_kind and on_connect, written as in a URL.
 * Waiters are served at once if there is more room now; connections that are
 * too many are closed, those that are lent when they come back and idle ones
 * as by weir_engine_dispose().
 *
 * Threads: any, also from inside a hook.
 * @param err may be NULL
 * @return WEIR_OK; CONFIG for an unknown name, a bad value or a contradiction;
 *         MISUSE for NULL; NOMEM. On failure nothing has changed.
 */
WEIR_API weir_status weir_engine_set(weir_engine *engine, const char *name,
                                     const char *value, weir_error *err);

/** Closes all idle connections; those that are out are closed when they come
 *  back. The engine goes on. A pool with threads (pool_threads) has them closed
 *  by those, soon after; without, they are closed when the call returns. None
 *  of them is lent again in either case. Threads: any, also from inside a
 *  hook. */
WEIR_API void weir_engine_dispose(weir_engine *engine);

/** The URL with its secrets masked. @return [borrowed] never NULL */
WEIR_API const char *weir_engine_url(const weir_engine *engine);
/** "sqlite", "postgres", …. @return [borrowed] never NULL */
WEIR_API const char *weir_engine_backend(const weir_engine *engine);
/** weir_capability bits of <weir/sys/driver.h>. */
WEIR_API uint32_t weir_engine_capabilities(const weir_engine *engine);

/** A picture of the pool at one moment. */
typedef struct weir_pool_status {
    int size; /* pool_size; 0: no limit */
    int max_overflow;
    int idle;
    int busy;        /* lent */
    int connecting;  /* being opened */
    int waiting;     /* threads in the queue */
    uint64_t opened; /* all since the engine was opened */
    uint64_t closed;
    uint64_t acquired;
    uint64_t timeouts;
    uint64_t connect_failures;
    int detached;       /* of the busy ones; weir_conn_detach() */
    int overdue;        /* of them, those that were told of as leaks */
    uint64_t leaks;     /* loans that lasted longer than pool_leak_threshold,
                           or pool_reclaim_after */
    uint64_t reclaimed; /* of them, those that were taken back, or given back
                           since their calls were ended for it */
    /** Loans that were given back when they were over: twice, or after they
     *  were taken back. Harmless, and a mistake of the program. */
    uint64_t stale_returns;
    int asking;  /* asked by the pool itself whether the server is there */
    int closing; /* not lent any more, and not closed yet */
} weir_pool_status;

/** Fills `out`. Threads: any. For a NULL engine all is zero. */
WEIR_API void weir_engine_pool_status(const weir_engine *engine,
                                      weir_pool_status *out);

WEIR_END_DECLS

#endif
