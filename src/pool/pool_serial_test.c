/* SPDX-License-Identifier: MIT */
/*
 * A loan is given back once: who comes again with it, or with it after it was
 * somebody else's, is counted, and nothing else happens. Over all cores.
 */
#include "pool/fake_server.h"

static fake_server server;

static wi_lease *lend(wi_pool *pool, uint64_t *loan)
{
    wi_lease *lease = acquire(pool);

    *loan = wi_lease_loan(lease);
    return lease;
}

static void test_pool__a_loan_is_given_back_once(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    uint64_t first;
    uint64_t second;
    wi_lease *lease = lend(pool, &first);

    (void)state;
    assert_false(wi_pool_release_loan(pool, lease, first, WEIR_FATE_KEEP));
    assert_false(wi_pool_release_loan(pool, lease, first, WEIR_FATE_KEEP));
    assert_counts(pool, 1, 0, 0);
    assert_int_equal(status_of(pool).stale_returns, 1);
    assert_ptr_equal(lend(pool, &second), lease);
    assert_int_not_equal(first, second);
    assert_false(wi_pool_release_loan(pool, lease, first, WEIR_FATE_DISCARD));
    assert_counts(pool, 0, 1, 0);
    assert_int_equal(atomic_load(&server.open_now), 1);
    assert_int_equal(status_of(pool).stale_returns, 2);
    release(pool, lease);
    end(&server, &pool);
}

static void test_pool__a_stale_return_is_not_the_last_one(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    uint64_t one;
    uint64_t other;
    wi_lease *lease = lend(pool, &one);
    wi_lease *last = lend(pool, &other);

    (void)state;
    assert_false(wi_pool_close(pool));
    assert_false(wi_pool_release_loan(pool, lease, one, WEIR_FATE_KEEP));
    assert_false(wi_pool_release_loan(pool, lease, one, WEIR_FATE_KEEP));
    assert_true(wi_pool_release_loan(pool, last, other, WEIR_FATE_KEEP));
    assert_false(wi_pool_release_loan(pool, last, other, WEIR_FATE_KEEP));
    end(&server, &pool);
}

/* A share has the serial of its loan. */
static void test_pool__shares_are_given_back_as_often_as_lent(void **state)
{
    wi_pool_options options = fake_options(1);
    uint64_t one;
    uint64_t other;
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.kind = WI_KIND_STATIC;
    options.core = WI_CORE_FAST;
    pool = fake_pool(&server, &options);
    lease = lend(pool, &one);
    assert_ptr_equal(lend(pool, &other), lease);
    assert_int_equal(one, other);
    for (int i = 0; i < 3; i++)
        assert_false(wi_pool_release_loan(pool, lease, one, WEIR_FATE_KEEP));
    assert_counts(pool, 1, 0, 0);
    assert_int_equal(status_of(pool).stale_returns, 1);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__a_loan_is_given_back_once),
        cmocka_unit_test(test_pool__a_stale_return_is_not_the_last_one),
        cmocka_unit_test(test_pool__shares_are_given_back_as_often_as_lent),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
