/* SPDX-License-Identifier: MIT */
/*
 * Scenario 60: a server hangs up while a program writes to it. The program
 * hears of it by an error and by nothing else: its handler of SIGPIPE is not
 * called, and its signal mask stays.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

#include "kit/peer.h"
#include "postgres/greeting.h"

static volatile sig_atomic_t pipes_broken;

static void note(int number)
{
    (void)number;
    pipes_broken++;
}

static atomic_bool is_lent; /* the connection that is there */
static atomic_bool is_gone;

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Says that all is well, and is gone as soon as somebody has it. */
static void greet_and_go(kit_peer *peer, void *context)
{
    kit_message heard;

    (void)context;
    if (!kit_hear(peer, &heard) || !greet_postgres(peer))
        return;
    while (!atomic_load(&is_lent))
        nap();
    kit_refuse(peer);
    atomic_store(&is_gone, true);
}

/* More than the system would take without a peer. */
static char *long_statement(void)
{
    enum { SIZE = 1 << 16 };
    char *sql = malloc(SIZE);

    assert_non_null(sql);
    memset(sql, ' ', SIZE);
    memcpy(sql, "SELECT 1", 8);
    sql[SIZE - 1] = '\0';
    return sql;
}

static void write_into_nothing(weir_engine *engine, const char *sql)
{
    weir_error err;
    weir_conn *conn;

    atomic_store(&is_lent, false);
    atomic_store(&is_gone, false);
    conn = weir_connect(engine, &err);
    assert_non_null(conn);
    atomic_store(&is_lent, true);
    while (!atomic_load(&is_gone))
        nap();
    assert_int_not_equal(weir_exec(conn, sql, NOARGS), WEIR_OK);
    (void)weir_rollback(conn);
    weir_conn_close(&conn);
}

static void test_pool_60__no_signal_when_a_server_hangs_up(void **state)
{
    kit_stage *stage = kit_stage_start(KIT_POSTGRES, greet_and_go, NULL);
    struct sigaction mine = {.sa_handler = note};
    struct sigaction now;
    weir_engine *engine;
    weir_error err = {0};
    sigset_t before;
    sigset_t after;
    char url[128];
    char *sql = long_statement();

    (void)state;
    snprintf(url, sizeof url,
             "postgresql://weir:x@127.0.0.1:%d/weir?isolation_level=AUTOCOMMIT",
             kit_stage_port(stage));
    assert_int_equal(sigaction(SIGPIPE, &mine, NULL), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    engine = weir_engine_open(url, NULL, &err);
    assert_non_null(engine);
    for (int i = 0; i < 20; i++)
        write_into_nothing(engine, sql);
    weir_engine_close(&engine);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&before, number),
                         sigismember(&after, number));
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == note);
    assert_int_equal(pipes_broken, 0);
    kit_stage_stop(&stage);
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_60__no_signal_when_a_server_hangs_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
