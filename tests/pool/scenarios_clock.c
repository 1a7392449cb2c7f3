/* SPDX-License-Identifier: MIT */
/*
 * Scenario 13: somebody sets the clock. Here the wall clock of the whole
 * program jumps by an hour, back and forth, each time that it is asked; waits,
 * ages and idle times go on as if nothing were. And the machine is suspended:
 * then the time since it was started is ahead of the time that it ran.
 */
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/borrower.h"

static fake_server server;
static atomic_int asked; /* how often for the wall clock */
static atomic_long suspended_s;

static time_t jump(void)
{
    return atomic_fetch_add(&asked, 1) % 2 ? 3600 : -3600;
}

/* In place of the system's, also for the library. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, out);

    if (failed == 0 &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += jump();
#ifdef CLOCK_BOOTTIME
    if (failed == 0 && clock == CLOCK_BOOTTIME)
        out->tv_sec += atomic_load(&suspended_s);
#endif
    return failed;
}

time_t time(time_t *out)
{
    struct timespec now;
    time_t seconds;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    seconds = now.tv_sec;
    if (out)
        *out = seconds;
    return seconds;
}

static void test_clock__jumps(void **state)
{
    time_t one = time(NULL);
    time_t other = time(NULL);

    (void)state;
    assert_true(one - other > 3600 || other - one > 3600);
}

static void test_pool_13__a_jump_of_the_clock_changes_nothing(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.recycle_ns = 1800 * SECOND; /* less than a jump */
    pool = fake_pool(&server, &options);
    lease = acquire(pool);
    for (int i = 0; i < 10; i++) {
        borrower late = {.pool = pool, .timeout_ns = 10 * MS};

        (void)time(NULL);
        start(&late);
        finish(&late);
        assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
        assert_true(late.took_ns >= 10 * MS);
        assert_true(late.took_ns < 15 * SECOND);
        release(pool, lease);
        lease = acquire(pool);
    }
    release(pool, lease);
    /* Nothing was too old, and nothing asked what time it is. */
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

static void test_pool_13__nobody_asks_the_wall_clock(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    borrower waiting = {.pool = pool, .timeout_ns = 10 * MS};
    wi_lease *leases[2];
    int before = atomic_load(&asked);

    (void)state;
    leases[0] = acquire(pool);
    leases[1] = acquire(pool);
    start(&waiting);
    finish(&waiting);
    wi_pool_invalidate(pool);
    release(pool, leases[0]);
    release(pool, leases[1]);
    (void)status_of(pool);
    end(&server, &pool);
    assert_int_equal(atomic_load(&asked), before);
}

#ifdef CLOCK_BOOTTIME

/* Until the clock that costs nothing has gone on. */
static void wait_for_a_tick(void)
{
    int64_t now = wi_coarse_ns();

    while (wi_coarse_ns() == now)
        nap(MS);
}

/* Over the machine's own port: what is idle is asked before it is lent, once,
 * and stays. (Of the two cores this is the fast one's; in order, since it looks
 * at each loan then.) */
static void test_pool_13__a_suspended_machine_is_noticed(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;

    (void)state;
    if (options.core != WI_CORE_FAST)
        skip();
    options.order = WI_ORDER_FIFO;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    for (int i = 1; i <= 3; i++) {
        wait_for_a_tick();
        release(pool, acquire(pool));
        assert_int_equal(atomic_load(&server.checks), i - 1);
        atomic_fetch_add(&suspended_s, 3600);
        wait_for_a_tick();
        release(pool, acquire(pool));
        assert_int_equal(atomic_load(&server.checks), i);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef CLOCK_BOOTTIME
        cmocka_unit_test(test_pool_13__a_suspended_machine_is_noticed),
#endif
        cmocka_unit_test(test_clock__jumps),
        cmocka_unit_test(test_pool_13__a_jump_of_the_clock_changes_nothing),
        cmocka_unit_test(test_pool_13__nobody_asks_the_wall_clock),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
