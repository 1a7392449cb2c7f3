/* SPDX-License-Identifier: MIT */
/*
 * What a pool shows: who holds what, who waits, how long it takes.
 */
#include "pool/borrower.h"
#include "pool/view.h"

#include <stdio.h>

static fake_server server;

static wi_pool_view view_of(wi_pool *pool, wi_place_view *places,
                            wi_waiter_view *waiters)
{
    wi_pool_view view = {
        .place_count = places ? 8 : 0,
        .waiter_count = waiters ? 8 : 0,
        .places = places,
        .waiters = waiters,
    };

    wi_pool_view_of(pool, &view);
    return view;
}

static void test_pool_view__names_holders_and_waiters(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_place_view places[8];
    wi_waiter_view waiters[8];
    borrower waiting = {
        .pool = pool, .tag = "GET /users", .timeout_ns = 30 * SECOND};
    char tag[80];
    wi_request request = {.tag = tag, .site = "here:1"};
    wi_lease *held = NULL;
    wi_pool_view view;

    (void)state;
    snprintf(tag, sizeof tag, "%060d", 7);
    assert_int_equal(wi_pool_acquire(pool, &request, &held, NULL), WEIR_OK);
    if (fake_core.core == WI_CORE_FAST)
        tag[0] = 'x'; /* it has a copy, of what fits */
    start(&waiting);
    until_waiting(pool, 1);
    view = view_of(pool, places, waiters);
    assert_int_equal(view.place_count, 1);
    assert_string_equal(places[0].state, "busy");
    assert_int_equal(strlen(places[0].tag), WI_TAG_SIZE - 1);
    assert_int_equal(places[0].tag[0], '0');
    assert_string_equal(places[0].site, "here:1");
    assert_int_equal(places[0].loans, 1);
    assert_int_equal(view.waiter_count, 1);
    assert_string_equal(waiters[0].tag, "GET /users");
    release(pool, held);
    finish(&waiting);
    view = view_of(pool, places, NULL);
    assert_string_equal(places[0].state, "idle");
    assert_string_equal(places[0].tag, "");
    assert_int_equal(places[0].loans, 2);
    end(&server, &pool);
}

/* Each is older than when it was asked, and that than what it is at now. */
static void test_pool_view__knows_how_old_things_are(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_place_view places[8];
    wi_lease *lease;
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool)); /* what is new is not asked */
    (void)view_of(pool, places, NULL);
    assert_true(places[0].made_ns >= 0);
    assert_true(places[0].asked_ns < 0);
    assert_string_equal(places[0].trust, "current");
    nap(20 * MS);
    lease = acquire(pool);
    nap(20 * MS);
    (void)view_of(pool, places, NULL);
    assert_true(places[0].made_ns >= 40 * MS);
    assert_in_range(places[0].asked_ns, 20 * MS, places[0].made_ns - 20 * MS);
    assert_true(places[0].since_ns < places[0].made_ns);
    wi_pool_invalidate(pool);
    (void)view_of(pool, places, NULL);
    assert_string_equal(places[0].trust, "void");
    wi_pool_lose(pool, lease);
    (void)view_of(pool, places, NULL);
    assert_true(places[0].made_ns < 0 && places[0].asked_ns < 0);
    assert_null(places[0].trust);
    release(pool, lease);
    end(&server, &pool);
}

static void test_pool_view__knows_what_is_suspected(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_place_view places[8];
    wi_lease *lease = acquire(pool);

    (void)state;
    wi_pool_suspect(pool, lease);
    (void)view_of(pool, places, NULL);
    assert_string_equal(places[0].trust, "suspect");
    release(pool, lease);
    release(pool, acquire(pool)); /* it was asked, and answered */
    (void)view_of(pool, places, NULL);
    assert_string_equal(places[0].trust, "current");
    assert_true(places[0].asked_ns >= 0);
    end(&server, &pool);
}

static void test_pool_view__measures_waits_and_holds(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};
    wi_lease *held = acquire(pool);
    wi_pool_view view;

    (void)state;
    start(&waiting);
    until_waiting(pool, 1);
    nap(20 * MS);
    release(pool, held);
    finish(&waiting);
    view = view_of(pool, NULL, NULL);
    assert_int_equal(view.waits, 1);
    assert_int_equal(view.wait.total, 1);
    assert_true(view.wait_most_ns >= 20 * MS);
    assert_true(wi_histogram_quantile(&view.wait, 0.99) >= 20 * MS);
    assert_true(wi_histogram_quantile(&view.hold, 1.0) >= 15 * MS);
    /* Those too short for the coarse clock are sampled. */
    for (int i = 0; i < 1600; i++)
        release(pool, acquire(pool));
    view = view_of(pool, NULL, NULL);
    assert_in_range(view.hold.total, 800, 2600);
    end(&server, &pool);
}

static void test_pool_view__knows_the_last_failure(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_pool_view view = view_of(pool, NULL, NULL);

    (void)state;
    assert_true(view.failure_age_ns < 0);
    assert_int_equal(view.health, WI_HEALTH_UP);
    atomic_store(&server.failures_to_come, 1);
    assert_null(try_acquire(pool));
    view = view_of(pool, NULL, NULL);
    assert_true(view.failure_age_ns >= 0);
    assert_string_equal(view.last_failure.message, "the server is down");
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_view__names_holders_and_waiters),
        cmocka_unit_test(test_pool_view__knows_how_old_things_are),
        cmocka_unit_test(test_pool_view__knows_what_is_suspected),
        cmocka_unit_test(test_pool_view__measures_waits_and_holds),
        cmocka_unit_test(test_pool_view__knows_the_last_failure),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
