/* SPDX-License-Identifier: MIT */
/*
 * A pool changed while it runs, disposed of, closed, and short of memory.
 */
#include "pool/borrower.h"

#include "base/alloc.h"

static fake_server server;

/* ------------------------------------------------------------------ memory */

/* Counts, and fails at the n-th allocation. */
typedef struct meter {
    atomic_int in_use;
    atomic_int taken;
    int fail_at; /* 0: never */
} meter;

static void *metered_alloc(void *context, size_t size)
{
    meter *self = context;
    int number = atomic_fetch_add(&self->taken, 1) + 1;

    if (number == self->fail_at)
        return NULL;
    atomic_fetch_add(&self->in_use, 1);
    return wi_alloc(NULL, size);
}

static void *metered_resize(void *context, void *old, size_t size)
{
    (void)context;
    return wi_resize(NULL, old, size);
}

static void metered_free(void *context, void *memory)
{
    meter *self = context;

    if (memory)
        atomic_fetch_sub(&self->in_use, 1);
    wi_free(NULL, memory);
}

static weir_allocator metered(meter *counter)
{
    return (weir_allocator){metered_alloc, metered_resize, metered_free,
                            counter};
}

static void test_pool_acquire__allocates_nothing_once_idle(void **state)
{
    meter counter = {.fail_at = 0};
    weir_allocator allocator = metered(&counter);
    wi_pool_options options = fake_options(2);
    wi_pool *pool;
    int before;

    (void)state;
    options.allocator = &allocator;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    before = atomic_load(&counter.taken);
    for (int i = 0; i < 100; i++)
        release(pool, acquire(pool));
    /* A place is used again for another connection. */
    assert_false(wi_pool_release(pool, acquire(pool), WEIR_FATE_DISCARD));
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&counter.taken), before);
    end(&server, &pool);
    assert_int_equal(atomic_load(&counter.in_use), 0);
}

/* A life that goes through all that allocates. @return whether it was short
 * of memory somewhere */
static bool live_with(const weir_allocator *allocator)
{
    wi_pool_options options = fake_options(1);
    borrower waiting = {.timeout_ns = 30 * SECOND};
    bool short_of_memory = false;
    wi_lease *lease = NULL;
    wi_request request = {.tag = NULL};
    weir_error err;
    wi_pool *pool;

    memset(&server, 0, sizeof server);
    options.allocator = allocator;
    pool = wi_pool_new(&fake_kind, &server, &options, &err);
    if (!pool) {
        assert_int_equal(err.status, WEIR_ERR_NOMEM);
        return true;
    }
    while (wi_pool_acquire(pool, &request, &lease, &err) != WEIR_OK) {
        assert_int_equal(err.status, WEIR_ERR_NOMEM);
        assert_counts(pool, 0, 0, 0);
        short_of_memory = true;
    }
    waiting.pool = pool;
    start(&waiting);
    until_waiting(pool, 1);
    options.size = 2;
    while (wi_pool_set(pool, &options) != WEIR_OK) {
        assert_int_equal(status_of(pool).size, 1);
        assert_int_equal(status_of(pool).waiting, 1);
        short_of_memory = true;
    }
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    release(pool, lease);
    end(&server, &pool);
    return short_of_memory;
}

static void test_pool__survives_each_failing_allocation(void **state)
{
    int n = 1;

    (void)state;
    for (;; n++) {
        meter counter = {.fail_at = n};
        weir_allocator allocator = metered(&counter);
        bool failed = live_with(&allocator);

        assert_int_equal(atomic_load(&counter.in_use), 0);
        if (!failed)
            break;
    }
    /* The pool and two places, or one block of places. */
    assert_int_equal(n, fake_core.core == WI_CORE_MUTEX ? 4 : 2);
}

/* --------------------------------------------------------------------- set */

static void test_pool_set__serves_waiters_with_the_new_room(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiting[3];

    (void)state;
    memset(waiting, 0, sizeof waiting);
    for (int i = 0; i < 3; i++) {
        waiting[i].pool = pool;
        waiting[i].timeout_ns = 30 * SECOND;
        start(&waiting[i]);
        until_waiting(pool, i + 1);
    }
    options.size = 2;
    options.max_overflow = 1;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    until_done(&waiting[0]);
    until_done(&waiting[1]);
    assert_counts(pool, 0, 3, 0);
    assert_int_equal(status_of(pool).waiting, 1);
    options.size = 0;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    until_done(&waiting[2]);
    release(pool, held);
    for (int i = 0; i < 3; i++) {
        finish(&waiting[i]);
        assert_int_equal(waiting[i].status, WEIR_OK);
    }
    assert_int_equal(atomic_load(&server.open_most), 4);
    end(&server, &pool);
}

static void test_pool_set__shrinks_now_and_at_return(void **state)
{
    wi_pool_options options = fake_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *leases[4];
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    for (int i = 0; i < 4; i++)
        leases[i] = acquire(pool);
    release(pool, leases[3]);
    options.size = 1;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    assert_counts(pool, 0, 3, 0);
    start(&waiting);
    until_waiting(pool, 1);
    release(pool, leases[2]); /* too many, though somebody waits */
    release(pool, leases[1]);
    assert_counts(pool, 0, 1, 0);
    assert_int_equal(status_of(pool).waiting, 1);
    release(pool, leases[0]);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

/* ----------------------------------------------------------------- dispose */

static void test_pool_dispose__A18_3_counts_what_is_out(void **state)
{
    wi_pool_options options = fake_options(3);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *leases[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        leases[i] = acquire(pool);
    release(pool, leases[0]);
    wi_pool_dispose(pool);
    assert_counts(pool, 0, 2, 0);
    leases[0] = acquire(pool);
    assert_null(try_acquire(pool)); /* the limit is what it was */
    assert_int_equal(atomic_load(&server.open_most), 3);
    for (int i = 0; i < 3; i++)
        release(pool, leases[i]);
    /* Those of before were closed when they came back. */
    assert_counts(pool, 1, 0, 0);
    assert_int_equal(atomic_load(&server.closed), 3);
    end(&server, &pool);
}

static void test_pool_dispose__A18_2_wakes_who_waits(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    start(&waiting);
    until_waiting(pool, 1);
    wi_pool_dispose(pool);
    release(pool, held);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_ptr_equal(waiting.lease, held); /* the place, a new connection */
    assert_int_equal(atomic_load(&server.opened), 2);
    end(&server, &pool);
}

/* ------------------------------------------------------------------- close */

static void test_pool_close__says_at_once_if_nothing_is_out(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request request = {.tag = NULL};
    wi_lease *lease = NULL;

    (void)state;
    release(pool, acquire(pool));
    assert_true(wi_pool_close(pool));
    assert_int_equal(atomic_load(&server.open_now), 0);
    assert_false(wi_pool_close(pool)); /* said once */
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                     WEIR_ERR_CLOSED);
    assert_false(request.last);
    end(&server, &pool);
}

static void test_pool_close__lets_the_last_return_say_it(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *first = acquire(pool);
    wi_lease *second = acquire(pool);

    (void)state;
    assert_false(wi_pool_close(pool));
    wi_pool_lose(pool, second); /* what is out may be used to its end */
    assert_int_equal(wi_pool_reopen(pool, second, 0, NULL), WEIR_OK);
    assert_false(wi_pool_release(pool, second, WEIR_FATE_KEEP));
    assert_true(wi_pool_release(pool, first, WEIR_FATE_KEEP));
    assert_int_equal(atomic_load(&server.open_now), 0);
    end(&server, &pool);
}

static void test_pool_close__wakes_who_waits(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    borrower waiting[3];

    (void)state;
    memset(waiting, 0, sizeof waiting);
    for (int i = 0; i < 3; i++) {
        waiting[i].pool = pool;
        waiting[i].timeout_ns = 30 * SECOND;
        start(&waiting[i]);
    }
    until_waiting(pool, 3);
    assert_false(wi_pool_close(pool));
    for (int i = 0; i < 3; i++) {
        finish(&waiting[i]);
        assert_int_equal(waiting[i].status, WEIR_ERR_CLOSED);
        assert_true(waiting[i].took_ns < 15 * SECOND);
        assert_false(waiting[i].last); /* one is out */
    }
    assert_true(wi_pool_release(pool, held, WEIR_FATE_KEEP));
    end(&server, &pool);
}

/* The connection whose opening fails is the last thing in the pool. */
static void test_pool_close__lets_a_failing_acquire_say_it(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower slow = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    atomic_store(&server.gate_shut, true);
    start(&slow);
    until_opening(&server, 1);
    assert_false(wi_pool_close(pool));
    atomic_store(&server.gate_shut, false);
    finish(&slow);
    assert_int_equal(slow.status, WEIR_ERR_CONNECTION);
    assert_true(slow.last);
    end(&server, &pool);
}

static void test_pool_free__accepts_null(void **state)
{
    wi_pool *pool = NULL;

    (void)state;
    wi_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_acquire__allocates_nothing_once_idle),
        cmocka_unit_test(test_pool__survives_each_failing_allocation),
        cmocka_unit_test(test_pool_set__serves_waiters_with_the_new_room),
        cmocka_unit_test(test_pool_set__shrinks_now_and_at_return),
        cmocka_unit_test(test_pool_dispose__A18_3_counts_what_is_out),
        cmocka_unit_test(test_pool_dispose__A18_2_wakes_who_waits),
        cmocka_unit_test(test_pool_close__says_at_once_if_nothing_is_out),
        cmocka_unit_test(test_pool_close__lets_the_last_return_say_it),
        cmocka_unit_test(test_pool_close__wakes_who_waits),
        cmocka_unit_test(test_pool_close__lets_a_failing_acquire_say_it),
        cmocka_unit_test(test_pool_free__accepts_null),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
