/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of the pool that need a real server: one that does not answer, one
 * that is full, and a process that forks.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/proxy.h"
#include "kit/victim.h"
#include "postgres/with_server.h"

enum { ASKERS = 6, SESSIONS = 60 };

typedef struct asker {
    pthread_t thread;
    weir_engine *engine;
    weir_status status;
    double took;
} asker;

static void *ask(void *argument)
{
    asker *self = argument;
    double began = seconds_now();
    weir_error err = {0};
    weir_conn *conn = weir_connect(self->engine, &err);

    self->status = err.status;
    self->took = seconds_now() - began;
    weir_conn_close(&conn);
    return NULL;
}

static void ask_all(asker *all, weir_engine *of)
{
    for (int i = 0; i < ASKERS; i++) {
        all[i] = (asker){.engine = of};
        assert_int_equal(pthread_create(&all[i].thread, NULL, ask, &all[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++)
        pthread_join(all[i].thread, NULL);
}

static weir_engine *open_at(const char *url, double timeout_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *opened;

    options.pool_size = 4;
    options.max_overflow = 0;
    options.pool_timeout_s = timeout_s;
    options.connect_timeout_s = 1;
    options.pool_pre_ping = true;
    opened = weir_engine_open(url, &options, &err);
    if (!opened)
        fail_msg("%s", err.message);
    return opened;
}

static weir_pool_status status_of(weir_engine *of)
{
    weir_pool_status status;

    weir_engine_pool_status(of, &status);
    return status;
}

/* ---------------------------------------------------------- 30: black holes */

/* Nobody is held beyond his deadline, whoever connects. */
static void assert_held_in_time(weir_engine *of, double timeout_s)
{
    asker all[ASKERS];

    ask_all(all, of);
    for (int i = 0; i < ASKERS; i++) {
        assert_true(all[i].status == WEIR_ERR_POOL_TIMEOUT ||
                    all[i].status == WEIR_ERR_TIMEOUT ||
                    all[i].status == WEIR_ERR_CONNECTION);
        assert_true(all[i].took < timeout_s + 10);
    }
}

/* 30: a listener whose queue is full swallows what is sent to it. The pool is
 * not stuck with connects that hang, and can be closed. */
static void test_pool_30__nothing_answers_a_connect(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int port = 0, listener = kit_listen(0, &port), waiting[8];
    weir_engine *hole;
    char url[128];

    (void)state;
    address.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 8; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(url, sizeof url, "postgresql://weir:x@127.0.0.1:%d/weir", port);
    hole = open_at(url, 0.2);
    assert_held_in_time(hole, 0.2);
    while (status_of(hole).connecting > 0)
        usleep(1000);
    assert_int_equal(status_of(hole).busy, 0);
    assert_int_equal(weir_engine_close_within(&hole, 30, NULL), WEIR_OK);
    for (int i = 0; i < 8; i++)
        close(waiting[i]);
    close(listener);
}

/* 30: the server stops with sessions established. Asking them is limited, and
 * when it goes on the pool does, too. */
static void test_pool_30__sessions_fall_silent(void **state)
{
    weir_engine *own = open_at(getenv("WEIR_TEST_URL"), 0.3);
    weir_conn *all[4];
    weir_conn *conn;
    weir_error err;

    (void)state;
    for (int i = 0; i < 4; i++) {
        all[i] = weir_connect(own, &err);
        assert_non_null(all[i]);
    }
    for (int i = 0; i < 4; i++)
        weir_conn_close(&all[i]);
    assert_int_equal(kit_signal_server(kit_victim_pid(), SIGSTOP), 0);
    usleep(20000);
    assert_held_in_time(own, 0.3);
    assert_int_equal(kit_signal_server(kit_victim_pid(), SIGCONT), 0);
    for (int i = 0; !(conn = weir_connect(own, &err)); i++) {
        assert_true(i < 300);
        usleep(50000);
    }
    assert_int_equal(try(conn, "SELECT 1"), WEIR_OK);
    weir_conn_close(&conn);
    assert_true(status_of(own).idle + status_of(own).connecting <= 4);
    weir_engine_close(&own);
}

/* -------------------------------------------------------- 33: a full server */

/* Takes what is free at the server. @return how many */
static int fill_up(weir_engine *by, weir_conn **all)
{
    weir_error err = {0};
    int count = 0;

    while (count < SESSIONS && (all[count] = weir_connect(by, &err)))
        count++;
    assert_int_equal(err.status, WEIR_ERR_RESOURCE);
    assert_string_equal(err.sqlstate, "53300");
    return count;
}

/* 33: who waits is served by what comes back, and the server is not stormed
 * meanwhile; nothing of it is taken for an outage that is told to him. */
static void test_pool_33__a_full_server_is_waited_for(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own = open_at(getenv("WEIR_TEST_URL"), 60);
    weir_conn *held = weir_connect(own, NULL);
    asker one = {.engine = own, .status = WEIR_ERR_POOL_TIMEOUT};
    weir_conn *all[SESSIONS + 1];
    weir_pool_numbers numbers;
    weir_engine *crowd;
    int count;

    (void)state;
    options.pool_size = SESSIONS + 1;
    options.pool_threads = WEIR_POOL_THREADS_OFF;
    crowd = weir_engine_open(getenv("WEIR_TEST_URL"), &options, NULL);
    count = fill_up(crowd, all);
    assert_int_equal(pthread_create(&one.thread, NULL, ask, &one), 0);
    while (status_of(own).waiting == 0 || status_of(own).connect_failures == 0)
        usleep(1000);
    while (status_of(own).connect_failures < 3)
        usleep(1000);
    assert_int_equal(status_of(own).waiting, 1);
    assert_int_equal(weir_pool_stats(own, &numbers), WEIR_OK);
    assert_int_equal(numbers.health, WEIR_POOL_UP);
    assert_true(status_of(own).connect_failures < 20);
    weir_conn_close(&held);
    pthread_join(one.thread, NULL);
    assert_int_equal(one.status, WEIR_OK);
    for (int i = 0; i < count; i++)
        weir_conn_close(&all[i]);
    weir_engine_close(&crowd);
    weir_engine_close(&own);
}

/* ----------------------------------------------------------------- 9: tries */

/* 9: who has no time does not connect; a connection is begun for him that a
 * later try finds, and nothing is taken for a failure. */
static void test_pool_9__a_try_finds_what_an_earlier_one_began(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_error err;
    weir_conn *conn;

    (void)state;
    options.pool_timeout_s = 0;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    assert_null(conn);
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_null(strstr(err.message, "last connect error"));
    while (!(conn = weir_connect(own, &err)))
        usleep(1000);
    assert_int_equal(try(conn, "SELECT 1"), WEIR_OK);
    weir_conn_close(&conn);
    assert_int_equal(status_of(own).opened, 1);
    assert_int_equal(status_of(own).connect_failures, 0);
    weir_engine_close(&own);
}

/* ----------------------------------------------------------------- 59: fork */

/* What a child inherits of the parent's sessions it leaves alone, memory and
 * all: the leak checker is not asked there. */
static bool is_child;
int __lsan_is_turned_off(void) __attribute__((visibility("default")));

int __lsan_is_turned_off(void)
{
    return is_child;
}

/* @return the exit status: 0 if a connection of its own worked */
static int live_in_child(weir_engine *of, int64_t parents)
{
    weir_error err;
    weir_conn *conn = weir_connect(of, &err);

    is_child = true;
    if (!conn)
        return 1;
    if (get(conn, "SELECT pg_backend_pid()") == parents)
        return 2;
    weir_conn_close(&conn);
    weir_engine_close(&of);
    return 0;
}

/* 59: the child ends as a process does, with its handlers; the server has seen
 * nothing of the parent's sessions, the idle one and the lent one. */
static void test_pool_59__the_parents_sessions_are_untouched(void **state)
{
    weir_engine *own = open_at(getenv("WEIR_TEST_URL"), 30);
    weir_conn *lent = weir_connect(own, NULL);
    weir_conn *idle = weir_connect(own, NULL);
    int64_t pid = get(lent, "SELECT pg_backend_pid()");
    int64_t idle_pid = get(idle, "SELECT pg_backend_pid()");
    int status = -1;
    pid_t child;

    (void)state;
    weir_conn_close(&idle);
    run(lent, "CREATE TEMPORARY TABLE mine (n int)");
    child = fork();
    if (child == 0)
        exit(live_in_child(own, pid));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    run(lent, "INSERT INTO mine VALUES (1)");
    assert_int_equal(get(lent, "SELECT pg_backend_pid()"), pid);
    idle = weir_connect(own, NULL);
    assert_int_equal(get(idle, "SELECT pg_backend_pid()"), idle_pid);
    weir_conn_close(&idle);
    weir_conn_close(&lent);
    assert_int_equal(status_of(own).opened, 2);
    weir_engine_close(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_30__nothing_answers_a_connect),
        cmocka_unit_test(test_pool_30__sessions_fall_silent),
        cmocka_unit_test(test_pool_9__a_try_finds_what_an_earlier_one_began),
        cmocka_unit_test(test_pool_33__a_full_server_is_waited_for),
        cmocka_unit_test(test_pool_59__the_parents_sessions_are_untouched),
    };

    return kit_victim_await() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
