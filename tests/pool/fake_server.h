/* SPDX-License-Identifier: MIT */
/*
 * A server that does what a test tells it, for a pool to be tested against:
 * it counts, fails, dies and hangs on command. Its sessions are a fixed array,
 * so that it needs no memory and can always be looked at.
 */
#ifndef WEIR_TESTS_POOL_FAKE_SERVER_H
#define WEIR_TESTS_POOL_FAKE_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/pool.h"
#include "pool/port.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define SESSIONS_MAX 4096

typedef struct fake_session {
    atomic_bool open;
    atomic_bool dead;  /* a check answers CONNECTION */
    atomic_bool dirty; /* it cannot be cleaned */
} fake_session;

typedef struct fake_server {
    fake_session sessions[SESSIONS_MAX];
    atomic_int opened;
    atomic_int closed;
    atomic_int open_now;
    atomic_int open_most; /* the most that ever were open at once */
    atomic_int opening;   /* inside open at this moment */
    atomic_int opening_most;
    atomic_int asking; /* inside check at this moment */
    atomic_int asking_most;
    atomic_int checks;
    atomic_int cleanings;
    atomic_int ended; /* told that the pool may be freed */

    atomic_int failures_to_come;      /* so many opens will fail */
    atomic_bool gate_shut;            /* open hangs until it is not */
    atomic_bool check_gate_shut;      /* check hangs until it is not */
    atomic_bool close_gate_shut;      /* close hangs until it is not */
    atomic_bool is_full;              /* opens answer RESOURCE */
    atomic_bool refuses;              /* opens answer AUTH */
    atomic_bool check_is_slow;        /* a check answers TIMEOUT */
    _Atomic int64_t open_deadline_ns; /* what open was given last */
    _Atomic int64_t check_deadline_ns;
    _Atomic int64_t check_takes_ns;
    wi_pool *watched; /* asked for its status from inside; may be NULL */
} fake_server;

static inline void nap(int64_t ns)
{
    struct timespec time = {(time_t)(ns / SECOND), (long)(ns % SECOND)};

    nanosleep(&time, NULL);
}

/* Would hang if the pool called us with its lock held. */
static inline void prove_unlocked(fake_server *server)
{
    weir_pool_status status;

    if (server->watched)
        wi_pool_status(server->watched, &status);
}

static inline void count_up(atomic_int *count, atomic_int *highest)
{
    int now = atomic_fetch_add(count, 1) + 1;
    int most = atomic_load(highest);

    while (now > most && !atomic_compare_exchange_weak(highest, &most, now))
        ;
}

static inline weir_status fake_open(void *context, int64_t deadline_ns,
                                    void **out, weir_error *err)
{
    fake_server *server = context;
    int number;

    prove_unlocked(server);
    atomic_store(&server->open_deadline_ns, deadline_ns);
    count_up(&server->opening, &server->opening_most);
    while (atomic_load(&server->gate_shut))
        nap(MS / 5);
    atomic_fetch_sub(&server->opening, 1);
    if (atomic_load(&server->failures_to_come) > 0) {
        atomic_fetch_sub(&server->failures_to_come, 1);
        return weir_error_set(err, WEIR_ERR_CONNECTION, "the server is down");
    }
    if (atomic_load(&server->is_full))
        return weir_error_set(err, WEIR_ERR_RESOURCE, "too many connections");
    if (atomic_load(&server->refuses))
        return weir_error_set(err, WEIR_ERR_AUTH, "wrong password");
    number = atomic_fetch_add(&server->opened, 1);
    WI_ASSERT(number < SESSIONS_MAX);
    count_up(&server->open_now, &server->open_most);
    atomic_store(&server->sessions[number].open, true);
    *out = &server->sessions[number];
    return WEIR_OK;
}

static inline weir_status fake_check(void *context, void *resource,
                                     int64_t deadline_ns, weir_error *err)
{
    fake_server *server = context;
    fake_session *session = resource;

    prove_unlocked(server);
    count_up(&server->asking, &server->asking_most);
    while (atomic_load(&server->check_gate_shut))
        nap(MS / 5);
    if (atomic_load(&server->check_takes_ns) > 0)
        nap(server->check_takes_ns);
    atomic_fetch_sub(&server->asking, 1);
    atomic_fetch_add(&server->checks, 1);
    atomic_store(&server->check_deadline_ns, deadline_ns);
    if (atomic_load(&server->check_is_slow))
        return weir_error_set(err, WEIR_ERR_TIMEOUT, "no answer in time");
    if (atomic_load(&session->dead))
        return weir_error_set(err, WEIR_ERR_CONNECTION, "it is gone");
    return WEIR_OK;
}

static inline weir_fate fake_returned(void *context, void *resource)
{
    fake_server *server = context;
    fake_session *session = resource;

    prove_unlocked(server);
    atomic_fetch_add(&server->cleanings, 1);
    return atomic_load(&session->dirty) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
}

static inline void fake_close(void *context, void *resource)
{
    fake_server *server = context;
    fake_session *session = resource;
    bool was_open = atomic_exchange(&session->open, false);

    prove_unlocked(server);
    while (atomic_load(&server->close_gate_shut))
        nap(MS / 5);
    WI_ASSERT(was_open);
    atomic_fetch_add(&server->closed, 1);
    atomic_fetch_sub(&server->open_now, 1);
}

static inline void fake_ended(void *context)
{
    fake_server *server = context;

    atomic_fetch_add(&server->ended, 1);
}

static const wi_resource_kind fake_kind = {
    .open = fake_open,
    .check = fake_check,
    .returned = fake_returned,
    .close = fake_close,
    .ended = fake_ended,
};

/* The core that the tests run on at the moment; each test runs on all. */
static struct {
    const char *name;
    wi_core_choice core;
    const wi_port *port;
} fake_core;

#define FAKE_RUN_OVER_CORES(tests_)                                            \
    (fake_use("mutex", WI_CORE_MUTEX, NULL),                                   \
     cmocka_run_group_tests_name("mutex", tests_, NULL, NULL)) +               \
        (fake_use("fast", WI_CORE_FAST, &wi_port_native),                      \
         cmocka_run_group_tests_name("fast", tests_, NULL, NULL)) +            \
        (fake_use("portable", WI_CORE_FAST, &wi_port_portable),                \
         cmocka_run_group_tests_name("portable", tests_, NULL, NULL))

static inline void fake_use(const char *name, wi_core_choice core,
                            const wi_port *port)
{
    fake_core.name = name;
    fake_core.core = core;
    fake_core.port = port;
}

/* A pool of `size` and no more. */
static inline wi_pool_options fake_options(int size)
{
    return (wi_pool_options){
        .core = fake_core.core,
        .port = fake_core.port,
        .size = size,
        .timeout_ns = 30 * SECOND,
        .recycle_ns = -1,
    };
}

/* Over the server as it is in the beginning, by functions of its own. */
static inline wi_pool *fake_pool_of(const wi_resource_kind *kind,
                                    fake_server *server,
                                    const wi_pool_options *options)
{
    wi_pool *pool;

    memset(server, 0, sizeof *server);
    pool = wi_pool_new(kind, server, options, NULL);
    WI_ASSERT(pool);
    return pool;
}

static inline wi_pool *fake_pool(fake_server *server,
                                 const wi_pool_options *options)
{
    return fake_pool_of(&fake_kind, server, options);
}

static inline weir_pool_status status_of(wi_pool *pool)
{
    weir_pool_status status;

    wi_pool_status(pool, &status);
    return status;
}

/* Acquires without waiting; NULL if it cannot be had. */
static inline wi_lease *try_acquire(wi_pool *pool)
{
    wi_request request = {
        .deadline_ns = wi_now_ns(), .tag = "main", .may_move = true};
    wi_lease *lease = NULL;

    (void)wi_pool_acquire(pool, &request, &lease, NULL);
    return lease;
}

static inline wi_lease *acquire(wi_pool *pool)
{
    wi_lease *lease = try_acquire(pool);

    assert_non_null(lease);
    return lease;
}

static inline void release(wi_pool *pool, wi_lease *lease)
{
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_KEEP));
}

static inline void assert_counts(wi_pool *pool, int idle, int busy,
                                 int connecting)
{
    weir_pool_status now = status_of(pool);

    assert_int_equal(now.idle, idle);
    assert_int_equal(now.busy, busy);
    assert_int_equal(now.connecting, connecting);
}

/* Those that are there or on their way, and not idle. */
static inline int at_something(wi_pool *pool)
{
    weir_pool_status now = status_of(pool);

    return now.busy + now.connecting + now.asking + now.closing;
}

/* Whatever happened, nothing is left at the server. */
static inline void end(fake_server *server, wi_pool **pool)
{
    wi_pool_free(pool);
    assert_null(*pool);
    assert_int_equal(atomic_load(&server->open_now), 0);
    assert_int_equal(atomic_load(&server->opened),
                     atomic_load(&server->closed));
}

#endif
