/* SPDX-License-Identifier: MIT */
/*
 * Outages of a pool without threads. Scenario numbers are those of the pool's
 * test plan; pool_threads_test.c has the same with threads.
 */
#include "pool/fast/callers.h"

#include "pool/borrower.h"
#include "pool/view.h"

enum { CROWD = 12, FOR_EVER = 1000000, DOUBLINGS = 20 };

static fake_server server;
static atomic_bool has_no_time; /* an opening takes all that it is given */

static weir_status open_or_hang(void *context, int64_t deadline_ns, void **out,
                                weir_error *err)
{
    if (!atomic_load(&has_no_time))
        return fake_open(context, deadline_ns, out, err);
    while (wi_now_ns() < deadline_ns)
        nap(MS / 5);
    return weir_error_set(err, WEIR_ERR_TIMEOUT, "no answer");
}

/* Pauses are drawn from this. */
static wi_port port;
static const wi_port *real_port;
static _Atomic uint64_t drawn;

static uint64_t draw(void *context)
{
    (void)context;
    return atomic_load(&drawn);
}

/* The first step of a return happens just before the next sleep: its second,
 * to tell those who wait, is far away. */
static wi_lease *half_returned;

static uint32_t park(void *context, wi_parker *parker, uint32_t seen,
                     int64_t deadline_ns)
{
    if (half_returned)
        atomic_store(&half_returned->state, WI_PLACE_IDLE);
    half_returned = NULL;
    return real_port->park(context, parker, seen, deadline_ns);
}

static const wi_resource_kind kind = {
    .open = open_or_hang,
    .check = fake_check,
    .returned = fake_returned,
    .close = fake_close,
};

static wi_pool *callers_pool(int size)
{
    wi_pool_options options = fake_options(size);

    options.backoff_ns = 3600 * SECOND;
    atomic_store(&drawn, 0);
    atomic_store(&has_no_time, false);
    return fake_pool_of(&kind, &server, &options);
}

static weir_status try_one(wi_pool *pool, weir_error *err)
{
    wi_request request = {.deadline_ns = wi_now_ns() + 60 * SECOND};
    wi_lease *lease = NULL;
    weir_status status = wi_pool_acquire(pool, &request, &lease, err);

    if (status == WEIR_OK)
        release(pool, lease);
    return status;
}

/* It is down, and is not tried again for so long. */
static void go_down(wi_pool *pool, int64_t pause_ns)
{
    atomic_store(&server.failures_to_come, FOR_EVER);
    atomic_store(&drawn, 0);
    for (int i = 0; i <= DOUBLINGS; i++) {
        wi_request request = {.deadline_ns = wi_now_ns() + 60 * SECOND};
        wi_lease *lease = NULL;

        if (i == DOUBLINGS)
            atomic_store(&drawn, (uint64_t)pause_ns);
        assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                         WEIR_ERR_CONNECTION);
    }
    assert_int_equal(status_of(pool).connect_failures, DOUBLINGS + 1);
}

/* 29: many come while it is down: few attempts, one after the other, and all
 * are told soon. */
static void test_pool_29__one_tries_and_all_are_told(void **state)
{
    wi_pool *pool = callers_pool(CROWD);
    borrower crowd[CROWD];

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    assert_int_equal(try_one(pool, NULL), WEIR_ERR_CONNECTION);
    atomic_store(&server.failures_to_come, FOR_EVER);
    atomic_store(&server.gate_shut, true);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    until_opening(&server, 1);
    until_waiting(pool, CROWD - 1);
    atomic_store(&server.gate_shut, false);
    finish_all(crowd, CROWD, WEIR_ERR_CONNECTION);
    for (int i = 0; i < CROWD; i++)
        assert_true(crowd[i].took_ns < 30 * SECOND);
    assert_int_equal(atomic_load(&server.opening_most), 1);
    assert_int_equal(status_of(pool).connect_failures, 2);
    end(&server, &pool);
}

/* 29: who comes in a pause is told at once what is known. */
static void test_pool_29__a_pause_is_told_of(void **state)
{
    wi_pool *pool = callers_pool(2);
    weir_error err;
    uint64_t attempts;

    (void)state;
    go_down(pool, 1000 * SECOND);
    attempts = status_of(pool).connect_failures;
    assert_int_equal(try_one(pool, &err), WEIR_ERR_CONNECTION);
    assert_int_equal(status_of(pool).connect_failures, attempts);
    assert_non_null(strstr(err.message, "the server is down ("));
    assert_non_null(strstr(err.message, "in a row; the next attempt is in"));
    end(&server, &pool);
}

/* 31: who waits for what is out tries again by himself when it is time. */
static void test_pool_31__who_waits_tries_again(void **state)
{
    wi_pool *pool = callers_pool(3);
    wi_lease *held = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    go_down(pool, 30 * MS);
    atomic_store(&server.failures_to_come, 0);
    start(&waiting);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 2);
    release(pool, held);
    end(&server, &pool);
}

/* The next one does it if the oldest is gone before the pause is over. */
static void test_pool_31__the_next_tries_if_the_first_left(void **state)
{
    wi_pool *pool = callers_pool(3);
    wi_lease *held = acquire(pool);
    borrower first = {.pool = pool, .timeout_ns = 5 * MS};
    borrower next = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    go_down(pool, 100 * MS);
    atomic_store(&server.failures_to_come, 0);
    start(&first);
    start(&next);
    finish(&first);
    finish(&next);
    assert_int_equal(next.status, WEIR_OK);
    release(pool, held);
    end(&server, &pool);
}

/* 31: after the first success one at a time, then two, then all. */
static void test_pool_31__recovers_slowly(void **state)
{
    wi_pool *pool = callers_pool(CROWD);
    borrower crowd[CROWD];

    (void)state;
    atomic_store(&server.failures_to_come, 3);
    while (try_one(pool, NULL) != WEIR_OK)
        nap(MS / 5);
    wi_pool_dispose(pool);
    atomic_store(&server.opening_most, 0);
    atomic_store(&server.gate_shut, true);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    until_waiting(pool, CROWD - 1);
    assert_int_equal(atomic_load(&server.opening), 1);
    atomic_store(&server.gate_shut, false);
    finish_all(crowd, CROWD, WEIR_OK);
    end(&server, &pool);
}

/* Who is told when to try again finds what is just being given back: he tells
 * himself to look, and does not sleep on that. */
static void test_who_tells_himself_to_look__hears_it(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_request request = {.deadline_ns = 0};
    wi_lease *lease = NULL;
    wi_lease *held;
    wi_pool *pool;

    (void)state;
    options.backoff_ns = 3600 * SECOND;
    options.max_overtake_ns = 3600 * SECOND;
    pool = fake_pool_of(&kind, &server, &options);
    held = acquire(pool);
    go_down(pool, 1000 * SECOND);
    half_returned = held;
    request.deadline_ns = wi_now_ns() + 5 * SECOND;
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_ptr_equal(lease, held);
    release(pool, lease);
    end(&server, &pool);
}

/* 35: what is open is lent as before, and given to who waits. */
static void test_pool_35__serves_from_what_is_open(void **state)
{
    wi_pool *pool = callers_pool(4);
    wi_lease *held = acquire(pool);
    borrower crowd[4];

    (void)state;
    go_down(pool, 1000 * SECOND);
    start_all(crowd, 4, pool, 60 * SECOND);
    until_waiting(pool, 4);
    let_all_return(crowd, 4);
    release(pool, held);
    finish_all(crowd, 4, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* 34: a password that is refused is told to all who wait. */
static void test_pool_34__a_refused_password_is_told_to_all(void **state)
{
    wi_pool *pool = callers_pool(CROWD);
    borrower crowd[CROWD];

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    assert_int_equal(try_one(pool, NULL), WEIR_ERR_CONNECTION);
    atomic_store(&server.refuses, true);
    atomic_store(&server.gate_shut, true);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    until_waiting(pool, CROWD - 1);
    atomic_store(&server.gate_shut, false);
    finish_all(crowd, CROWD, WEIR_ERR_AUTH);
    assert_int_equal(status_of(pool).connect_failures, 2);
    end(&server, &pool);
}

/* 33: a server that lets no more in is up; it is tried again after the same
 * pauses, and an outage begins anew after it. */
static void test_pool_33__a_full_server_is_not_down(void **state)
{
    wi_pool *pool = callers_pool(2);
    wi_pool_view view = {.place_count = 0};
    uint64_t attempts;
    weir_error err;

    (void)state;
    go_down(pool, 0);
    atomic_store(&server.failures_to_come, 0);
    atomic_store(&server.is_full, true);
    atomic_store(&drawn, 1000 * SECOND);
    assert_int_equal(try_one(pool, &err), WEIR_ERR_RESOURCE);
    assert_non_null(strstr(err.message, "too many connections; fewer"));
    attempts = status_of(pool).connect_failures;
    assert_int_equal(try_one(pool, &err), WEIR_ERR_RESOURCE);
    assert_int_equal(status_of(pool).connect_failures, attempts);
    assert_null(strstr(err.message, "in a row"));
    assert_non_null(strstr(err.message, "the next attempt is in"));
    wi_pool_view_of(pool, &view);
    assert_int_equal(view.health, WI_HEALTH_UP);
    end(&server, &pool);
}

/* Those who had no time say nothing of the database. */
static void test_hasty_ones__make_no_outage(void **state)
{
    wi_pool *pool = callers_pool(2);

    (void)state;
    atomic_store(&has_no_time, true);
    for (int i = 0; i < 5; i++) {
        borrower hasty = {.pool = pool, .timeout_ns = 2 * MS};

        start(&hasty);
        finish(&hasty);
        assert_int_equal(hasty.status, WEIR_ERR_TIMEOUT);
    }
    atomic_store(&has_no_time, false);
    assert_int_equal(try_one(pool, NULL), WEIR_OK);
    end(&server, &pool);
}

/* A dead one is not replaced by each who finds one. */
static void test_pool_29__dead_ones_are_not_replaced_in_a_pause(void **state)
{
    wi_pool *pool = callers_pool(2);
    wi_lease *lease = acquire(pool);
    uint64_t attempts;

    (void)state;
    go_down(pool, 1000 * SECOND);
    release(pool, lease);
    wi_pool_invalidate(pool);
    attempts = status_of(pool).connect_failures;
    assert_int_equal(try_one(pool, NULL), WEIR_ERR_CONNECTION);
    assert_int_equal(status_of(pool).connect_failures, attempts);
    assert_int_equal(atomic_load(&server.closed), 1);
    end(&server, &pool);
}

/* Whoever lost his connection tries for himself, and ends it for all. */
static void test_pool_31__a_reopened_one_ends_the_outage(void **state)
{
    wi_pool *pool = callers_pool(3);
    wi_lease *held = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    go_down(pool, 1000 * SECOND);
    wi_pool_lose(pool, held);
    start(&waiting);
    until_waiting(pool, 1);
    atomic_store(&server.failures_to_come, 0);
    assert_int_equal(wi_pool_reopen(pool, held, 0, NULL), WEIR_OK);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    release(pool, held);
    end(&server, &pool);
}

static const wi_port *use(const wi_port *real)
{
    real_port = real;
    port = *real;
    port.random = draw;
    port.park = park;
    return &port;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_29__one_tries_and_all_are_told),
        cmocka_unit_test(test_pool_29__a_pause_is_told_of),
        cmocka_unit_test(test_pool_31__who_waits_tries_again),
        cmocka_unit_test(test_pool_31__the_next_tries_if_the_first_left),
        cmocka_unit_test(test_pool_31__recovers_slowly),
        cmocka_unit_test(test_who_tells_himself_to_look__hears_it),
        cmocka_unit_test(test_pool_35__serves_from_what_is_open),
        cmocka_unit_test(test_pool_34__a_refused_password_is_told_to_all),
        cmocka_unit_test(test_pool_33__a_full_server_is_not_down),
        cmocka_unit_test(test_hasty_ones__make_no_outage),
        cmocka_unit_test(test_pool_29__dead_ones_are_not_replaced_in_a_pause),
        cmocka_unit_test(test_pool_31__a_reopened_one_ends_the_outage),
    };

    fake_use("fast", WI_CORE_FAST, use(&wi_port_native));
    if (cmocka_run_group_tests_name("fast", tests, NULL, NULL) != 0)
        return 1;
    fake_use("portable", WI_CORE_FAST, use(&wi_port_portable));
    return cmocka_run_group_tests_name("portable", tests, NULL, NULL);
}
