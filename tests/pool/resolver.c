/* SPDX-License-Identifier: MIT */
/*
 * Engines whose host's name nobody resolves, with the drivers and servers that
 * the test plays: the resolver's hanging is nobody's but of the openings that
 * wait for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weir/weir.h>

#include "base/clock.h"
#include "kit/late.h"
#include "kit/peer.h"
#include "kit/resolver.h"
#include "mysql/played.h"
#include "postgres/greeting.h"

enum { BORROWERS = 5, MAX_CONNECTING = 2 };

#define MS INT64_C(1000000)

typedef struct kind {
    const char *scheme;
    kit_framing framing;
    kit_play play;
} kind;

/* ----------------------------------------------------------------- servers */

/* A PostgreSQL server that lets everybody in, and no more. */
static void let_in(kit_peer *peer, void *ignored)
{
    kit_message heard;

    (void)ignored;
    if (kit_hear(peer, &heard) && greet_postgres(peer))
        kit_be_silent(peer);
}

static const kind postgres = {"postgresql", KIT_POSTGRES, let_in};
static const kind mysql = {"mysql", KIT_MYSQL, played_server};

/* ---------------------------------------------------------------- borrowers */

typedef struct borrower {
    weir_engine *engine;
    pthread_t thread;
    weir_status status;
    weir_error err;
} borrower;

static atomic_int served;
static atomic_bool may_return;

static void nap(void)
{
    const struct timespec time = {.tv_nsec = MS / 5};

    nanosleep(&time, NULL);
}

static void *borrow(void *memory)
{
    borrower *self = memory;
    weir_conn *conn = weir_connect(self->engine, &self->err);

    self->status = conn ? WEIR_OK : self->err.status;
    atomic_fetch_add(&served, 1);
    while (!atomic_load(&may_return))
        nap();
    weir_conn_close(&conn);
    return NULL;
}

static kit_stage *stage;
static weir_engine *engine;
static played anybody;

static int begin(void **state)
{
    const kind *it = *state;
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    char url[128];

    memset(&anybody, 0, sizeof anybody);
    stage = kit_stage_start(it->framing, it->play, &anybody);
    snprintf(url, sizeof url, "%s://weir:secret@db.example:%d/x?tls=disable",
             it->scheme, kit_stage_port(stage));
    options.pool_size = 3 * BORROWERS;
    options.max_connecting = MAX_CONNECTING;
    options.pool_timeout_s = 120;
    engine = weir_engine_open(url, &options, &err);
    atomic_store(&served, 0);
    atomic_store(&may_return, false);
    return engine ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    weir_engine_close(&engine);
    kit_resolver_let_go();
    kit_stage_stop(&stage);
    return 0;
}

/* The first lookups hang as long as the test lasts, and all are served. */
static void test_stuck__resolver_uses_no_limit_up(void **state)
{
    borrower all[BORROWERS] = {{0}};

    (void)state;
    kit_resolver_hang(BORROWERS);
    for (int i = 0; i < BORROWERS; i++) {
        all[i].engine = engine;
        assert_int_equal(pthread_create(&all[i].thread, NULL, borrow, &all[i]),
                         0);
    }
    while (atomic_load(&served) < BORROWERS)
        nap();
    atomic_store(&may_return, true);
    for (int i = 0; i < BORROWERS; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status, WEIR_OK);
    }
    assert_int_equal(kit_resolver_hanging(), BORROWERS);
}

static void test_stuck__resolver_holds_no_borrower_up(void **state)
{
    weir_connect_options loan = WEIR_CONNECT_OPTIONS;
    int64_t deadline, late;
    weir_error err;

    (void)state;
    kit_resolver_hang(1000);
    loan.timeout_s = 0.6; /* long enough for openings to be let out */
    deadline = wi_now_ns() + 600 * MS;
    assert_null(weir_connect_with(engine, &loan, &err));
    late = wi_now_ns() - deadline;
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late >= 0 && (double)late / 1e9 < kit_late_s());
    assert_true(kit_resolver_hanging() > 0);
}

#define A_TEST(name_, kind_)                                                   \
    {                                                                          \
#name_ ": " #kind_, name_, begin, end, (void *)(uintptr_t)&kind_       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_stuck__resolver_uses_no_limit_up, postgres),
        A_TEST(test_stuck__resolver_uses_no_limit_up, mysql),
        A_TEST(test_stuck__resolver_holds_no_borrower_up, postgres),
        A_TEST(test_stuck__resolver_holds_no_borrower_up, mysql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
