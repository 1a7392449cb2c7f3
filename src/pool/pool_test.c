/* SPDX-License-Identifier: MIT */
/*
 * Borrowing: what is lent, in which order, up to which limit, and what those
 * are told who wait in vain. Tests named A18 show that a defect proven in
 * SQLAlchemy's pool (docs/decisions/0006) is not here.
 */
#include "pool/borrower.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static fake_server server;

static weir_status refused(wi_pool *pool, weir_error *err)
{
    wi_request request = {.deadline_ns = wi_now_ns(), .tag = "late"};
    wi_lease *lease = NULL;
    weir_status status = wi_pool_acquire(pool, &request, &lease, err);

    assert_null(lease);
    assert_int_equal(err->status, status);
    return status;
}

/* ----------------------------------------------------------------- lending */

static void test_pool_acquire__opens_lazily_and_lends_again(void **state)
{
    wi_pool_options options = fake_options(5);
    wi_pool *pool = fake_pool(&server, &options);
    void *resource;
    wi_lease *lease;

    (void)state;
    assert_int_equal(atomic_load(&server.opened), 0);
    for (int i = 0; i < 3; i++) {
        lease = acquire(pool);
        assert_counts(pool, 0, 1, 0);
        resource = wi_lease_resource(lease);
        assert_ptr_equal(resource, &server.sessions[0]);
        release(pool, lease);
        assert_counts(pool, 1, 0, 0);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    assert_int_equal(atomic_load(&server.cleanings), 3);
    assert_int_equal(status_of(pool).acquired, 3);
    end(&server, &pool);
}

static void test_pool_acquire__keeps_to_the_limit(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool;
    wi_lease *leases[3];
    weir_error err;

    (void)state;
    options.max_overflow = 1;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 3; i++)
        leases[i] = acquire(pool);
    assert_int_equal(refused(pool, &err), WEIR_ERR_POOL_TIMEOUT);
    assert_int_equal(status_of(pool).timeouts, 1);
    for (int i = 0; i < 3; i++)
        release(pool, leases[i]);
    /* The overflow is not kept. */
    assert_counts(pool, 2, 0, 0);
    assert_int_equal(status_of(pool).closed, 1);
    end(&server, &pool);
}

static void check_unlimited(const wi_pool_options *options, int kept)
{
    wi_pool *pool = fake_pool(&server, options);
    wi_lease *leases[40];

    for (int i = 0; i < 40; i++)
        leases[i] = acquire(pool);
    assert_counts(pool, 0, 40, 0);
    for (int i = 0; i < 40; i++)
        release(pool, leases[i]);
    assert_counts(pool, kept, 0, 0);
    end(&server, &pool);
}

static void test_pool_acquire__has_no_limit_without_size(void **state)
{
    wi_pool_options options = fake_options(0);

    (void)state;
    check_unlimited(&options, 40);
    options.size = 3;
    options.max_overflow = -1;
    check_unlimited(&options, 3);
}

static void check_order(wi_pool_options *options, int third_gets)
{
    wi_pool *pool = fake_pool(&server, options);
    wi_lease *leases[3];
    void *resources[3];
    wi_lease *again;

    for (int i = 0; i < 3; i++) {
        leases[i] = acquire(pool);
        resources[i] = wi_lease_resource(leases[i]);
    }
    for (int i = 0; i < 3; i++)
        release(pool, leases[i]);
    again = acquire(pool);
    assert_ptr_equal(wi_lease_resource(again), resources[third_gets]);
    release(pool, again);
    end(&server, &pool);
}

static void test_pool_acquire__takes_idle_ones_in_either_order(void **state)
{
    wi_pool_options options = fake_options(3);

    (void)state;
    options.order = WI_ORDER_FIFO;
    check_order(&options, 0);
    options.order = WI_ORDER_LIFO;
    check_order(&options, 2);
}

static void test_pool__calls_out_without_its_lock(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    server.watched = pool;
    release(pool, acquire(pool));
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 1);
    wi_pool_dispose(pool);
    assert_int_equal(atomic_load(&server.closed), 1);
    server.watched = NULL;
    end(&server, &pool);
}

static void test_pool_acquire__is_served_while_another_connects(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    borrower slow = {.pool = pool, .timeout_ns = 30 * SECOND};
    wi_lease *first = acquire(pool);

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&slow);
    until_opening(&server, 1);
    assert_counts(pool, 0, 1, 1);
    release(pool, first);
    release(pool, acquire(pool));
    atomic_store(&server.gate_shut, false);
    finish(&slow);
    assert_int_equal(slow.status, WEIR_OK);
    end(&server, &pool);
}

/* ----------------------------------------------------------------- waiting */

static void test_pool_acquire__serves_waiters_in_order(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiters[6];
    atomic_int clock = 0;

    (void)state;
    memset(waiters, 0, sizeof waiters);
    for (int i = 0; i < 6; i++) {
        waiters[i].pool = pool;
        waiters[i].clock = &clock;
        waiters[i].timeout_ns = 30 * SECOND;
        atomic_store(&waiters[i].may_return, true);
        start(&waiters[i]);
        until_waiting(pool, i + 1);
    }
    release(pool, held);
    for (int i = 0; i < 6; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].turn, i);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* Who releases and acquires again does not overtake the one who waits. */
static void test_pool_acquire__does_not_overtake(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiter = {.pool = pool, .timeout_ns = 30 * SECOND};
    weir_error err;

    (void)state;
    start(&waiter);
    until_waiting(pool, 1);
    release(pool, held);
    assert_int_equal(refused(pool, &err), WEIR_ERR_POOL_TIMEOUT);
    finish(&waiter);
    assert_int_equal(waiter.status, WEIR_OK);
    end(&server, &pool);
}

static void test_pool_acquire__times_out_when_it_said(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;
    wi_request request = {.tag = "late"};
    wi_lease *held;
    wi_lease *lease = NULL;
    int64_t began;

    (void)state;
    options.timeout_ns = 50 * MS;
    pool = fake_pool(&server, &options);
    held = acquire(pool);
    began = wi_now_ns();
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                     WEIR_ERR_POOL_TIMEOUT);
    assert_true(wi_now_ns() - began >= 50 * MS);
    assert_true(wi_now_ns() - began < 10 * SECOND);
    assert_int_equal(status_of(pool).waiting, 0);
    release(pool, held);
    release(pool, acquire(pool));
    end(&server, &pool);
}

static void test_pool_acquire__says_who_has_them_all(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request request = {.tag = "report"};
    wi_lease *longest;
    wi_lease *other;
    weir_error err;

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    assert_null(try_acquire(pool));
    assert_int_equal(wi_pool_acquire(pool, &request, &longest, NULL), WEIR_OK);
    nap(20 * MS);
    other = acquire(pool);
    assert_int_equal(refused(pool, &err), WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(
        err.message, "no connection became free within 0.00 s: 2 open, 2 busy, "
                     "0 idle, 0 connecting, 0 waiting; longest holder "
                     "\"report\" since 0."));
    assert_non_null(strstr(err.message, " s; last connect error 0."));
    assert_non_null(strstr(err.message, " s ago: the server is down"));
    assert_int_equal(status_of(pool).connect_failures, 1);
    release(pool, other);
    release(pool, longest);
    end(&server, &pool);
}

/* -------------------------------------------------------------- hand-over */

static void test_pool_acquire__A18_2_failed_connect_wakes(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower failing = {.pool = pool, .timeout_ns = 30 * SECOND};
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    atomic_store(&server.gate_shut, true);
    start(&failing);
    until_opening(&server, 1);
    start(&waiting);
    until_waiting(pool, 1);
    atomic_store(&server.gate_shut, false);
    until_done(&waiting);
    finish(&failing);
    finish(&waiting);
    assert_int_equal(failing.status, WEIR_ERR_CONNECTION);
    assert_string_equal(failing.error.message, "the server is down");
    assert_int_equal(waiting.status, WEIR_OK);
    assert_true(waiting.took_ns < 15 * SECOND);
    end(&server, &pool);
}

static void check_closed_return_wakes(weir_fate fate, bool dirty)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    atomic_store(&server.sessions[0].dirty, dirty);
    start(&waiting);
    until_waiting(pool, 1);
    assert_false(wi_pool_release(pool, held, fate));
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 2);
    assert_int_equal(atomic_load(&server.open_most), 1);
    end(&server, &pool);
}

static void test_pool_release__of_a_broken_one_wakes(void **state)
{
    (void)state;
    check_closed_return_wakes(WEIR_FATE_DISCARD, false);
    check_closed_return_wakes(WEIR_FATE_RETRY, false);
    check_closed_return_wakes(WEIR_FATE_KEEP, true);
}

static void test_pool_acquire__tries_once_at_timeout_0(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease;
    weir_error err;

    (void)state;
    lease = acquire(pool); /* opens: there is room */
    assert_int_equal(refused(pool, &err), WEIR_ERR_POOL_TIMEOUT);
    release(pool, lease);
    release(pool, acquire(pool)); /* takes the idle one */
    end(&server, &pool);
}

/* Whether giving back twice ends the process. */
static void test_pool_release__twice_is_caught(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    int status = 0;
    pid_t child;

    (void)state;
    release(pool, lease);
    child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGILL, SIG_DFL); /* cmocka would go on with the tests */
        signal(SIGTRAP, SIG_DFL);
        (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
        _exit(0);
    }
    waitpid(child, &status, 0);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_acquire__opens_lazily_and_lends_again),
        cmocka_unit_test(test_pool_acquire__keeps_to_the_limit),
        cmocka_unit_test(test_pool_acquire__has_no_limit_without_size),
        cmocka_unit_test(test_pool_acquire__takes_idle_ones_in_either_order),
        cmocka_unit_test(test_pool__calls_out_without_its_lock),
        cmocka_unit_test(test_pool_acquire__is_served_while_another_connects),
        cmocka_unit_test(test_pool_acquire__serves_waiters_in_order),
        cmocka_unit_test(test_pool_acquire__does_not_overtake),
        cmocka_unit_test(test_pool_acquire__times_out_when_it_said),
        cmocka_unit_test(test_pool_acquire__says_who_has_them_all),
        cmocka_unit_test(test_pool_acquire__A18_2_failed_connect_wakes),
        cmocka_unit_test(test_pool_release__of_a_broken_one_wakes),
        cmocka_unit_test(test_pool_acquire__tries_once_at_timeout_0),
        cmocka_unit_test(test_pool_release__twice_is_caught),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
