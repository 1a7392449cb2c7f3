/* SPDX-License-Identifier: MIT */
/*
 * Loans that last too long, on a clock that is set ahead by hand and with
 * visits of the housekeeper that are made by hand. The pool's own thread tells
 * of them, so that what was told is waited for.
 */
#include "pool/fast/leaks.h"

#include "pool/by_hand.h"
#include "pool/leak.h"

enum { NEWS_MAX = 16, LOANS_MAX = 64 };

/* Who holds a loan: a resource may be taken from him while nobody is inside. */
typedef enum whereabouts {
    OUT = 0,
    INSIDE, /* in a call, or on the way back */
    TAKEN,
} whereabouts;

static fake_server server;
static wi_leak news[NEWS_MAX];
static atomic_int news_count;
static atomic_int refusals;
/* Who holds what, in the order in which it was lent. */
static struct {
    const wi_lease *lease;
    uint64_t loan;
    atomic_int *holder;
} lent[LOANS_MAX];
static atomic_int lent_count;

static void hear(void *context, const wi_leak *leak)
{
    int index = atomic_load(&news_count);

    prove_unlocked(context);
    WI_ASSERT(index < NEWS_MAX);
    news[index] = *leak;
    atomic_store(&news_count, index + 1);
}

static atomic_int *holder_of(const wi_leak *leak)
{
    for (int i = 0; i < atomic_load(&lent_count); i++) {
        if (lent[i].lease == leak->lease && lent[i].loan == leak->loan)
            return lent[i].holder;
    }
    fail_msg("nobody was lent loan %d", (int)leak->loan);
    return NULL;
}

static uint64_t loan_to(const wi_request *request)
{
    for (int i = atomic_load(&lent_count) - 1; i >= 0; i--) {
        if (lent[i].holder == request->holder)
            return lent[i].loan;
    }
    fail_msg("it was lent nothing");
    return 0;
}

static bool take_back(void *context, const wi_leak *leak)
{
    fake_server *at = context;
    int out = OUT;

    prove_unlocked(at);
    if (!atomic_compare_exchange_strong(holder_of(leak), &out, TAKEN)) {
        atomic_fetch_add(&refusals, 1);
        return false;
    }
    if (wi_lease_resource(leak->lease))
        fake_close(at, wi_lease_resource(leak->lease));
    return true;
}

static const wi_resource_kind kind = {
    .open = fake_open,
    .check = fake_check,
    .returned = fake_returned,
    .close = fake_close,
    .ended = fake_ended,
    .leaked = hear,
    .reclaim = take_back,
};

static wi_pool *leaky_pool(int size, int64_t leak_ns, int64_t reclaim_ns)
{
    wi_pool_options options = fake_options(size);
    wi_pool *pool;

    options.threads = true;
    options.leak_ns = leak_ns;
    options.reclaim_ns = reclaim_ns;
    atomic_store(&news_count, 0);
    atomic_store(&refusals, 0);
    atomic_store(&lent_count, 0);
    pool = fake_pool_of(&kind, &server, &options);
    server.watched = pool;
    return pool;
}

static bool is_telling(wi_pool *pool)
{
    bool is;

    wi_mutex_lock(&pool->lock);
    is = pool->chores.is_telling;
    wi_mutex_unlock(&pool->lock);
    return is;
}

/* Until whoever tells has done so. */
static void settle(wi_pool *pool)
{
    while (is_telling(pool))
        nap(MS / 5);
}

static wi_request loan_of(atomic_int *holder, const char *tag)
{
    atomic_store(holder, OUT);
    return (wi_request){.tag = tag,
                        .site = "there.c:7",
                        .holder = holder,
                        .may_move = true,
                        .deadline_ns = set_ahead(NULL) + 30 * SECOND};
}

static wi_lease *lend(wi_pool *pool, wi_request *request)
{
    wi_lease *lease = NULL;
    int index = atomic_load(&lent_count);

    assert_in_range(index, 0, LOANS_MAX - 1);
    assert_int_equal(wi_pool_acquire(pool, request, &lease, NULL), WEIR_OK);
    lent[index].lease = lease;
    lent[index].loan = wi_lease_loan(lease);
    lent[index].holder = request->holder;
    atomic_store(&lent_count, index + 1);
    return lease;
}

static void give_back(wi_pool *pool, wi_lease *lease, const wi_request *request)
{
    int out = OUT;

    if (atomic_compare_exchange_strong((atomic_int *)request->holder, &out,
                                       INSIDE))
        assert_false(wi_pool_release_loan(pool, lease, loan_to(request),
                                          WEIR_FATE_KEEP));
}

static void end_leaky(wi_pool **pool)
{
    settle(*pool);
    end_threaded(&server, pool);
}

/* ----------------------------------------------------------------- telling */

static void test_pool_54__a_loan_that_lasts_too_long_is_told_once(void **state)
{
    wi_pool *pool = leaky_pool(2, 10 * SECOND, 0);
    atomic_int holder;
    wi_request request = loan_of(&holder, "GET /users");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    visit(pool, 9 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 0);
    visit(pool, SECOND);
    settle(pool);
    visit(pool, 100 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 1);
    assert_int_equal(news[0].news, WI_LEAK_FOUND);
    assert_string_equal(news[0].tag, "GET /users");
    assert_string_equal(news[0].site, "there.c:7");
    assert_int_equal(news[0].thread, (uint64_t)(uintptr_t)pthread_self());
    assert_true(news[0].age_ns >= 10 * SECOND && news[0].age_ns < 100 * SECOND);
    assert_int_equal(news[0].limit_ns, 10 * SECOND);
    assert_int_equal(status_of(pool).overdue, 1);
    give_back(pool, lease, &request);
    assert_int_equal(atomic_load(&news_count), 2);
    assert_int_equal(news[1].news, WI_LEAK_RETURNED);
    assert_string_equal(news[1].tag, "GET /users");
    assert_true(news[1].age_ns >= 110 * SECOND);
    assert_int_equal(status_of(pool).leaks, 1);
    assert_int_equal(status_of(pool).overdue, 0);
    assert_counts(pool, 1, 0, 0);
    end_leaky(&pool);
}

static void test_pool_54__a_short_loan_is_none(void **state)
{
    wi_pool *pool = leaky_pool(2, 10 * SECOND, 20 * SECOND);
    atomic_int holder;

    (void)state;
    for (int i = 0; i < 20; i++) {
        wi_request request = loan_of(&holder, "short");
        wi_lease *lease = lend(pool, &request);

        visit(pool, 3 * SECOND);
        settle(pool);
        give_back(pool, lease, &request);
        visit(pool, 50 * SECOND); /* idle is not lent */
        settle(pool);
    }
    assert_int_equal(atomic_load(&news_count), 0);
    assert_int_equal(status_of(pool).leaks, 0);
    end_leaky(&pool);
}

/* The loan that comes after one that was told of is another. */
static void test_pool_54__each_loan_is_told_of_for_itself(void **state)
{
    wi_pool *pool = leaky_pool(1, 10 * SECOND, 0);
    atomic_int holder;

    (void)state;
    for (int i = 0; i < 3; i++) {
        wi_request request = loan_of(&holder, "again");
        wi_lease *lease = lend(pool, &request);

        visit(pool, 10 * SECOND);
        settle(pool);
        give_back(pool, lease, &request);
        assert_int_equal(atomic_load(&news_count), 2 * (i + 1));
    }
    assert_int_equal(status_of(pool).leaks, 3);
    end_leaky(&pool);
}

static void test_pool_54__a_return_serves_the_waiter_and_says_so(void **state)
{
    wi_pool *pool = leaky_pool(1, 10 * SECOND, 0);
    atomic_int holder;
    wi_request request = loan_of(&holder, "first");
    wi_lease *lease = lend(pool, &request);
    borrower second = {
        .pool = pool, .tag = "second", .timeout_ns = 3600 * SECOND};

    (void)state;
    start(&second);
    until_waiting(pool, 1);
    visit(pool, 10 * SECOND);
    settle(pool);
    give_back(pool, lease, &request);
    assert_int_equal(news[1].news, WI_LEAK_RETURNED);
    assert_string_equal(news[1].tag, "first");
    until_done(&second);
    assert_int_equal(second.status, WEIR_OK);
    assert_int_equal(status_of(pool).overdue, 0);
    finish(&second);
    end_leaky(&pool);
}

static void test_pool_54__who_detached_keeps_it(void **state)
{
    wi_pool *pool = leaky_pool(2, 10 * SECOND, 20 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "mine");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    wi_pool_detach(pool, lease);
    visit(pool, 100 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 0);
    assert_false(wi_pool_release_loan(pool, lease, loan_to(&request),
                                      WEIR_FATE_DISCARD));
    end_leaky(&pool);
}

/* -------------------------------------------------------------- taking back */

static void test_pool_54__what_is_taken_back_serves_who_waits(void **state)
{
    wi_pool *pool = leaky_pool(1, 10 * SECOND, 60 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "leaked");
    wi_lease *lease = lend(pool, &request);
    borrower second = {
        .pool = pool, .tag = "second", .timeout_ns = 3600 * SECOND};

    (void)state;
    start(&second);
    until_waiting(pool, 1);
    visit(pool, 10 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 1);
    visit(pool, 50 * SECOND);
    until_done(&second);
    settle(pool);
    assert_int_equal(second.status, WEIR_OK);
    assert_int_equal(atomic_load(&holder), TAKEN);
    assert_int_equal(atomic_load(&server.open_most), 1);
    assert_int_equal(atomic_load(&news_count), 2);
    assert_int_equal(news[1].news, WI_LEAK_RECLAIMED);
    assert_string_equal(news[1].tag, "leaked");
    assert_true(news[1].age_ns >= 60 * SECOND);
    assert_int_equal(news[1].limit_ns, 60 * SECOND);
    assert_int_equal(status_of(pool).reclaimed, 1);

    /* The late return finds another's loan, and leaves it alone. */
    assert_false(
        wi_pool_release_loan(pool, lease, loan_to(&request), WEIR_FATE_KEEP));
    assert_int_equal(status_of(pool).stale_returns, 1);
    assert_counts(pool, 0, 1, 0);
    finish(&second);
    assert_false(
        wi_pool_release_loan(pool, lease, loan_to(&request), WEIR_FATE_KEEP));
    assert_int_equal(status_of(pool).stale_returns, 2);
    end_leaky(&pool);
}

static void test_pool_54__reclaiming_needs_no_threshold_of_reports(void **state)
{
    wi_pool *pool = leaky_pool(1, 0, 60 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "leaked");

    (void)state;
    (void)lend(pool, &request);
    visit(pool, 60 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 1);
    assert_int_equal(news[0].news, WI_LEAK_RECLAIMED);
    assert_counts(pool, 0, 0, 0);
    assert_int_equal(atomic_load(&server.open_now), 0);
    end_leaky(&pool);
}

static void test_pool_54__what_is_in_use_is_tried_again(void **state)
{
    wi_pool *pool = leaky_pool(1, 0, 60 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "busy");

    (void)state;
    (void)lend(pool, &request);
    atomic_store(&holder, INSIDE);
    for (int i = 0; i < 5; i++) {
        visit(pool, 60 * SECOND);
        settle(pool);
    }
    assert_int_equal(atomic_load(&refusals), 5);
    assert_int_equal(atomic_load(&news_count), 1); /* once, not five times */
    assert_int_equal(news[0].news, WI_LEAK_IN_USE);
    assert_int_equal(status_of(pool).reclaimed, 0);
    atomic_store(&holder, OUT);
    visit(pool, 60 * SECOND);
    settle(pool);
    assert_int_equal(news[1].news, WI_LEAK_RECLAIMED);
    assert_int_equal(status_of(pool).reclaimed, 1);
    end_leaky(&pool);
}

/* It has no session any more, and is lent all the same. */
static void test_pool_54__what_is_lost_is_taken_back_too(void **state)
{
    wi_pool *pool = leaky_pool(1, 10 * SECOND, 60 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "lost");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    wi_pool_lose(pool, lease);
    visit(pool, 10 * SECOND);
    settle(pool);
    assert_int_equal(news[0].news, WI_LEAK_FOUND);
    visit(pool, 50 * SECOND);
    settle(pool);
    assert_int_equal(news[1].news, WI_LEAK_RECLAIMED);
    assert_counts(pool, 0, 0, 0);
    end_leaky(&pool);
}

static void
test_pool_54__what_was_told_of_can_be_lost_and_reopened(void **state)
{
    wi_pool *pool = leaky_pool(1, 10 * SECOND, 0);
    atomic_int holder;
    wi_request request = loan_of(&holder, "reopened");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    visit(pool, 10 * SECOND);
    settle(pool);
    wi_pool_lose(pool, lease);
    assert_int_equal(
        wi_pool_reopen(pool, lease, set_ahead(NULL) + SECOND, NULL), WEIR_OK);
    assert_int_equal(status_of(pool).overdue, 1);
    give_back(pool, lease, &request);
    assert_int_equal(atomic_load(&news_count), 2);
    assert_int_equal(news[1].news, WI_LEAK_RETURNED);
    end_leaky(&pool);
}

/* The last loan of a closed pool is not taken: nobody waits for it. */
static void test_pool_54__a_closed_pool_takes_nothing_back(void **state)
{
    wi_pool *pool = leaky_pool(1, 0, 60 * SECOND);
    atomic_int holder;
    wi_request request = loan_of(&holder, "last");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    assert_false(wi_pool_close(pool));
    visit(pool, 100 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&holder), OUT);
    assert_true(
        wi_pool_release_loan(pool, lease, loan_to(&request), WEIR_FATE_KEEP));
    server.watched = NULL;
    end(&server, &pool);
}

static void test_set__changes_when_a_loan_is_too_long(void **state)
{
    wi_pool *pool = leaky_pool(1, 0, 0);
    wi_pool_options options = pool->options;
    atomic_int holder;
    wi_request request = loan_of(&holder, "x");
    wi_lease *lease = lend(pool, &request);

    (void)state;
    visit(pool, 100 * SECOND);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 0);
    options.leak_ns = 10 * SECOND;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    visit(pool, 0);
    settle(pool);
    assert_int_equal(atomic_load(&news_count), 1);
    options.leak_ns = 0;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    give_back(pool, lease, &request);
    assert_int_equal(news[1].news, WI_LEAK_RETURNED);
    end_leaky(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_54__a_loan_that_lasts_too_long_is_told_once),
        cmocka_unit_test(test_pool_54__a_short_loan_is_none),
        cmocka_unit_test(test_pool_54__each_loan_is_told_of_for_itself),
        cmocka_unit_test(test_pool_54__a_return_serves_the_waiter_and_says_so),
        cmocka_unit_test(test_pool_54__who_detached_keeps_it),
        cmocka_unit_test(test_pool_54__what_is_taken_back_serves_who_waits),
        cmocka_unit_test(
            test_pool_54__reclaiming_needs_no_threshold_of_reports),
        cmocka_unit_test(test_pool_54__what_is_in_use_is_tried_again),
        cmocka_unit_test(test_pool_54__what_is_lost_is_taken_back_too),
        cmocka_unit_test(
            test_pool_54__what_was_told_of_can_be_lost_and_reopened),
        cmocka_unit_test(test_pool_54__a_closed_pool_takes_nothing_back),
        cmocka_unit_test(test_set__changes_when_a_loan_is_too_long),
    };

    go_by_hand();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
