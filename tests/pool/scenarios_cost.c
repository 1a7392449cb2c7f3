/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of what things cost and of what must not hold others up, by
 * number: the fast core with the machine under it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/threaded.h"

enum {
    LOANS = 20000,
    SPIKE = 50,
    POOLS = 1000,
    SHORT_THREADS = 2000,
    WAITERS = 50,
};

/* ------------------------------------------------------- 2: no system call */

/* From here on the kernel kills the process for anything but its end. (Not by
 * the strict mode: that takes the processor's clock away, too.) */
static bool forbid_system_calls(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static _Noreturn void borrow_without_kernel(void)
{
    static fake_server server;
    wi_pool_options options = fake_options(5);
    wi_pool *pool;

    options.recycle_ns = 1800 * SECOND;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 10; i++)
        (void)wi_pool_release(pool, try_acquire(pool), WEIR_FATE_KEEP);
    if (!forbid_system_calls())
        syscall(SYS_exit, 77);
    for (int i = 0; i < LOANS; i++) {
        wi_request request = {.tag = "silent"};
        wi_lease *lease = NULL;

        if (wi_pool_acquire(pool, &request, &lease, NULL) != WEIR_OK)
            syscall(SYS_exit, 1);
        (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
    }
    syscall(SYS_exit, 0);
    for (;;)
        ;
}

/* 2: nothing is asked of the kernel between acquire and release. */
static void test_pool_2__no_system_call_while_one_is_free(void **state)
{
    pid_t child;
    int status;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        borrow_without_kernel();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status)); /* else it was killed for a call */
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ------------------------------------------------- 23: a spike is no storm */

static weir_status slow_open(void *context, int64_t deadline_ns, void **out,
                             weir_error *err)
{
    fake_server *server = context;

    if (atomic_load(&server->opened) >= 5)
        nap(150 * MS);
    return fake_open(context, deadline_ns, out, err);
}

static const wi_resource_kind slow_kind = {
    .open = slow_open,
    .check = fake_check,
    .returned = fake_returned,
    .close = fake_close,
    .ended = fake_ended,
};

static void *hold_two_ms(void *argument)
{
    borrower *self = argument;
    wi_request request = {.tag = "spike"};

    self->status = wi_pool_acquire(self->pool, &request, &self->lease, NULL);
    if (self->status != WEIR_OK)
        return NULL;
    nap(2 * MS);
    (void)wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

/* Five idle ones, with all of them used once. */
static wi_pool *pool_of_five(fake_server *server, int max_overflow)
{
    wi_pool_options options = fake_options(5);
    wi_pool *pool;

    options.max_overflow = max_overflow;
    options.threads = true;
    pool = fake_pool_of(&slow_kind, server, &options);
    use_some(pool, 5);
    return pool;
}

/* 23: fifty at once on five, where connecting takes long: they are served by
 * what comes back, and no more than two are opened for them. */
static void test_pool_23__a_spike_opens_two_at_most(void **state)
{
    static fake_server server;
    static borrower all[SPIKE];
    wi_pool *pool = pool_of_five(&server, 45);
    int opened = atomic_load(&server.opened);

    (void)state;
    for (int i = 0; i < SPIKE; i++) {
        all[i] = (borrower){.pool = pool};
        assert_int_equal(
            pthread_create(&all[i].thread, NULL, hold_two_ms, &all[i]), 0);
    }
    for (int i = 0; i < SPIKE; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status, WEIR_OK);
    }
    end_threaded(&server, &pool);
    assert_true(atomic_load(&server.opened) - opened <= 2);
}

/* ------------------------------------------------------------------ health */

/* 39: a broken return serves who waits, long before his deadline. */
static void test_pool_39__a_broken_return_wakes_who_waits(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower one = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    start(&one);
    until_waiting(pool, 1);
    (void)wi_pool_release(pool, lease, WEIR_FATE_DISCARD);
    until_done(&one);
    finish(&one);
    assert_int_equal(one.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 2);
    end(&server, &pool);
}

/* 41: what is lent is not ended for its age, but when it is back. */
static void test_pool_41__the_age_is_looked_at_when_it_is_back(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.recycle_ns = 10 * MS;
    pool = fake_pool(&server, &options);
    lease = acquire(pool);
    nap(25 * MS);
    assert_int_equal(atomic_load(&server.closed), 0);
    release(pool, lease);
    nap(10 * MS); /* the coarse clock has gone on, too */
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.closed), 1);
    end(&server, &pool);
}

/* 43: what was used a moment ago is not asked; what was idle longer is. */
static void test_pool_43__no_ping_within_the_window(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    options.ping_bypass_ns = 60 * SECOND;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 1000; i++)
        release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 0);
    options.ping_bypass_ns = MS;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    release(pool, acquire(pool));
    nap(20 * MS);
    release(pool, acquire(pool));
    assert_in_range(atomic_load(&server.checks), 1, 2);
    end(&server, &pool);
}

/* 44: while one is being asked, others are lent and given back. */
static void test_pool_44__a_slow_ping_holds_up_nobody_else(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(2);
    borrower slow = {.timeout_ns = 60 * SECOND};
    wi_lease *lease;
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    slow.pool = pool;
    atomic_store(&server.check_gate_shut, true);
    start(&slow);
    while (status_of(pool).busy == 0)
        nap(MS / 5);
    lease = acquire(pool); /* a new one, which is not asked */
    release(pool, lease);
    assert_false(atomic_load(&slow.done));
    atomic_store(&server.check_gate_shut, false);
    finish(&slow);
    end(&server, &pool);
}

/* 51: after a clear idle ones are closed at once if that was asked for, lent
 * ones at their return. */
static void test_pool_51__a_clear_reaches_what_is_idle_and_lent(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lent = acquire(pool);

    (void)state;
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 2);
    wi_pool_dispose(pool);
    assert_int_equal(atomic_load(&server.closed), 1);
    release(pool, lent);
    assert_int_equal(atomic_load(&server.closed), 2);
    end(&server, &pool);
}

/* ------------------------------------------------------- many, and nothing */

static void *borrow_once(void *argument)
{
    wi_pool *pool = argument;
    wi_request request = {.tag = "short"};
    wi_lease *lease = NULL;

    if (wi_pool_acquire(pool, &request, &lease, NULL) == WEIR_OK)
        (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

/* 63: threads that come and go leave nothing. */
static void test_pool_63__threads_come_and_go(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);

    (void)state;
    for (int i = 0; i < SHORT_THREADS; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, borrow_once, pool), 0);
        pthread_join(thread, NULL);
    }
    assert_int_equal(status_of(pool).acquired, SHORT_THREADS);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* 64: a thousand pools, each used, in an order that mixes them up. */
static void test_pool_64__a_thousand_pools(void **state)
{
    static fake_server server;
    static wi_pool *pools[POOLS];
    wi_pool_options options = fake_options(1);

    (void)state;
    pools[0] = fake_pool(&server, &options);
    for (int i = 1; i < POOLS; i++) {
        pools[i] = wi_pool_new(&fake_kind, &server, &options, NULL);
        assert_non_null(pools[i]);
    }
    for (int i = 0; i < 4 * POOLS; i++) {
        wi_pool *pool = pools[i * 7 % POOLS];

        release(pool, acquire(pool));
    }
    assert_int_equal(atomic_load(&server.opened), POOLS);
    for (int i = 1; i < POOLS; i++)
        wi_pool_free(&pools[i]);
    end(&server, &pools[0]);
}

static int64_t cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * SECOND + used.tv_nsec;
}

/* 65: who waits costs nothing (`make bench-pool` measures a minute). */
static void test_pool_65__waiting_costs_nothing(void **state)
{
    static fake_server server;
    static borrower all[WAITERS];
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    int64_t used;

    (void)state;
    for (int i = 0; i < WAITERS; i++) {
        all[i] = (borrower){
            .pool = pool, .timeout_ns = 60 * SECOND, .may_return = true};
        start(&all[i]);
    }
    until_waiting(pool, WAITERS);
    used = cpu_ns();
    nap(SECOND);
    used = cpu_ns() - used;
    release(pool, lease);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(all[i].thread, NULL);
    assert_true(used < 20 * MS); /* a loop of any kind takes all of it */
    end(&server, &pool);
}

/* 67: what was lent has come back or is out, what was opened is closed or
 * there. */
static void test_pool_67__counters_add_up(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    weir_pool_status now;
    wi_lease *lease;

    (void)state;
    for (int i = 0; i < 10; i++)
        release(pool, acquire(pool));
    lease = acquire(pool);
    (void)wi_pool_release(pool, acquire(pool), WEIR_FATE_DISCARD);
    atomic_store(&server.failures_to_come, 1);
    assert_null(try_acquire(pool));
    now = status_of(pool);
    assert_int_equal(now.acquired, 12);
    assert_int_equal(now.opened, now.closed + 1);
    assert_int_equal(now.connect_failures, 1);
    assert_int_equal(now.busy, 1);
    release(pool, lease);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_2__no_system_call_while_one_is_free),
        cmocka_unit_test(test_pool_23__a_spike_opens_two_at_most),
        cmocka_unit_test(test_pool_39__a_broken_return_wakes_who_waits),
        cmocka_unit_test(test_pool_41__the_age_is_looked_at_when_it_is_back),
        cmocka_unit_test(test_pool_43__no_ping_within_the_window),
        cmocka_unit_test(test_pool_44__a_slow_ping_holds_up_nobody_else),
        cmocka_unit_test(test_pool_51__a_clear_reaches_what_is_idle_and_lent),
        cmocka_unit_test(test_pool_63__threads_come_and_go),
        cmocka_unit_test(test_pool_64__a_thousand_pools),
        cmocka_unit_test(test_pool_65__waiting_costs_nothing),
        cmocka_unit_test(test_pool_67__counters_add_up),
    };

    fake_use("fast", WI_CORE_FAST, &wi_port_native);
    return cmocka_run_group_tests_name("fast", tests, NULL, NULL);
}
