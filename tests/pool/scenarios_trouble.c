/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of what the system does to a pool, by number: signals, threads and
 * descriptors that are not to be had.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/short.h>
#include <weir/weir.h>

#include "pool/borrower.h"

static fake_server server;

/* ------------------------------------------------------------------ signals */

/* A clock that is asked under the pool's lock, too, and interrupted when it is
 * asked so often. */
static int until_interrupt;
static wi_pool *interrupted;

static int64_t now_and_then(void *context)
{
    (void)context;
    if (until_interrupt > 0 && --until_interrupt == 0)
        raise(SIGUSR1);
    return wi_now_ns();
}

static void acquire_in_handler(int number)
{
    wi_request request = {.deadline_ns = 1};
    wi_lease *lease;

    (void)number;
    (void)wi_pool_acquire(interrupted, &request, &lease, NULL);
}

/* Does not come back. */
static void be_interrupted_inside(void)
{
    wi_port port = wi_port_native;
    wi_pool_options options = fake_options(1);
    wi_request request = {.deadline_ns = 1};
    wi_lease *lease;

    alarm(60); /* if it hangs after all */
    port.now_ns = now_and_then;
    options.port = &port;
    interrupted = fake_pool(&server, &options);
    lease = acquire(interrupted);
    signal(SIGUSR1, acquire_in_handler);
    signal(SIGILL, SIG_DFL);
    for (int i = 1; lease && i < 10; i++) {
        until_interrupt = i;
        (void)wi_pool_acquire(interrupted, &request, &lease, NULL);
    }
    _exit(0);
}

/* 61: the pool is not for signal handlers. In a debug build a handler that
 * comes while its thread is inside is caught, where it would hang. */
static void test_pool_61__a_signal_handler_is_caught(void **state)
{
    struct rlimit none = {0, 0};
    pid_t child;
    int status = 0;

    (void)state;
#ifdef NDEBUG
    skip();
#endif
    fflush(NULL);
    child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        be_interrupted_inside();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_false(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

/* ------------------------------------------------------------------ threads */

static bool start_none(void *context, const char *name,
                       void (*run)(void *argument), void *argument)
{
    (void)context;
    (void)name;
    (void)run;
    (void)argument;
    return false;
}

/* 62: no thread can be had: who waits opens and closes himself. */
static void test_pool_62__goes_on_without_threads(void **state)
{
    wi_port port = wi_port_native;
    wi_pool_options options = fake_options(2);
    wi_lease *held[2];
    wi_pool *pool;

    (void)state;
    port.start = start_none;
    port.house = NULL;
    port.watch = NULL;
    options.port = &port;
    options.threads = true;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 2; i++) {
        wi_request request = {.deadline_ns = wi_now_ns() + 30 * SECOND};

        assert_int_equal(wi_pool_acquire(pool, &request, &held[i], NULL),
                         WEIR_OK);
    }
    assert_false(wi_pool_release(pool, held[0], WEIR_FATE_DISCARD));
    release(pool, held[1]);
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

/* -------------------------------------------------------------- descriptors */

/* The lowest that is free, and no more than it. */
static struct rlimit leave_no_descriptors(void)
{
    struct rlimit before;
    struct rlimit none;
    int lowest = open("/dev/null", O_RDONLY);

    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

/* 62: no descriptor is left: that is said, what is open goes on, and when
 * there are some again, so does the rest. */
static void test_pool_62__goes_on_without_descriptors(void **state)
{
    struct rlimit before;
    weir_engine *engine;
    weir_conn *first;
    weir_conn *second;
    weir_error err;

    (void)state;
    unlink("trouble-test.db");
    engine = weir_engine_open("sqlite:///trouble-test.db", NULL, &err);
    assert_non_null(engine);
    first = weir_connect(engine, &err);
    assert_non_null(first);
    assert_int_equal(weir_exec(first, "CREATE TABLE t (x)", NOARGS), WEIR_OK);
    assert_int_equal(weir_commit(first), WEIR_OK);
    before = leave_no_descriptors();
    second = weir_connect(engine, &err);
    assert_int_equal(weir_exec(first, "INSERT INTO t VALUES (1)", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_rollback(first), WEIR_OK);
    weir_conn_close(&first);
    first = weir_connect(engine, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(second);
    assert_non_null(first);
    second = weir_connect(engine, &err);
    assert_non_null(second);
    weir_conn_close(&first);
    weir_conn_close(&second);
    weir_engine_close(&engine);
    unlink("trouble-test.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_61__a_signal_handler_is_caught),
        cmocka_unit_test(test_pool_62__goes_on_without_threads),
        cmocka_unit_test(test_pool_62__goes_on_without_descriptors),
    };

    fake_use("fast", WI_CORE_FAST, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
