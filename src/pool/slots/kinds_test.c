/* SPDX-License-Identifier: MIT */
/*
 * The kinds of pool that are no queue: what a loan is, who may join it, when
 * it ends.
 */
#include "pool/slots/kinds.h"
#include "pool/borrower.h"

static fake_server server;

static wi_pool_options options_of(wi_pool_kind kind)
{
    wi_pool_options options = fake_options(2);

    options.kind = kind;
    return options;
}

static wi_pool *pool_of(wi_pool_kind kind)
{
    wi_pool_options options = options_of(kind);

    return fake_pool(&server, &options);
}

/* What happens in another thread, from its beginning to its end. */
typedef struct errand {
    wi_pool *pool;
    wi_lease *lease; /* lent, and given back by the test */
    void *resource;
} errand;

static void *borrow_and_return(void *argument)
{
    errand *self = argument;
    wi_lease *lease = try_acquire(self->pool);

    self->resource = lease ? wi_lease_resource(lease) : NULL;
    if (lease)
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

static void *borrow_and_go(void *argument)
{
    errand *self = argument;

    self->lease = try_acquire(self->pool);
    self->resource = self->lease ? wi_lease_resource(self->lease) : NULL;
    return NULL;
}

static errand elsewhere(wi_pool *pool, void *(*what)(void *))
{
    errand done = {.pool = pool};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, what, &done), 0);
    pthread_join(thread, NULL);
    return done;
}

/* -------------------------------------------------------------------- null */

static void test_kind_null__opens_for_each_loan(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_NULL);
    wi_lease *leases[40];

    (void)state;
    for (int i = 0; i < 40; i++)
        leases[i] = acquire(pool);
    assert_counts(pool, 0, 40, 0);
    for (int i = 0; i < 40; i++) {
        release(pool, leases[i]);
        assert_int_equal(atomic_load(&server.open_now), 39 - i);
    }
    assert_counts(pool, 0, 0, 0);
    wi_pool_dispose(pool); /* there is nothing to do */
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 41);
    assert_int_equal(atomic_load(&server.cleanings), 41);
    end(&server, &pool);
}

/* ------------------------------------------------------------------ static */

static void test_kind_static__is_one_for_all(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    wi_lease *first = acquire(pool);
    wi_lease *second = acquire(pool);
    errand other = elsewhere(pool, borrow_and_go);

    (void)state;
    assert_ptr_equal(first, second);
    assert_ptr_equal(first, other.lease);
    assert_counts(pool, 0, 1, 0);
    release(pool, first);
    release(pool, other.lease);
    assert_counts(pool, 0, 1, 0);
    /* Only the last one cleans it. */
    assert_int_equal(atomic_load(&server.cleanings), 0);
    release(pool, second);
    assert_int_equal(atomic_load(&server.cleanings), 1);
    assert_counts(pool, 1, 0, 0);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 1);
    assert_int_equal(status_of(pool).acquired, 4);
    end(&server, &pool);
}

static void test_kind_static__whoever_comes_waits_until_it_is_open(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    borrower first = {.pool = pool, .timeout_ns = 30 * SECOND};
    borrower hasty = {.pool = pool, .timeout_ns = 5 * MS};
    borrower joining = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&first);
    until_opening(&server, 1);
    start(&hasty);
    until_done(&hasty);
    assert_int_equal(hasty.status, WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(hasty.error.message, "1 connecting"));
    start(&joining);
    until_waiting(pool, 1);
    atomic_store(&server.gate_shut, false);
    until_done(&joining);
    finish(&hasty);
    finish(&first);
    finish(&joining);
    assert_ptr_equal(first.lease, joining.lease);
    assert_int_equal(atomic_load(&server.open_most), 1);
    end(&server, &pool);
}

static void test_kind_static__A18_2_failed_connect_wakes(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
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
    finish(&failing);
    finish(&waiting);
    assert_int_equal(failing.status, WEIR_ERR_CONNECTION);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_true(waiting.took_ns < 15 * SECOND);
    end(&server, &pool);
}

/* SQLAlchemy replaces the record: who comes later gets another. */
static void
test_kind_static__newcomers_get_another_when_it_is_stale(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    wi_lease *old = acquire(pool);
    wi_lease *young;

    (void)state;
    wi_pool_invalidate(pool);
    young = acquire(pool);
    assert_ptr_not_equal(old, young);
    assert_ptr_equal(acquire(pool), young);
    assert_counts(pool, 0, 2, 0);
    release(pool, old);
    assert_int_equal(atomic_load(&server.closed), 1);
    release(pool, young);
    release(pool, young);
    assert_counts(pool, 1, 0, 0);
    wi_pool_dispose(pool);
    assert_counts(pool, 0, 0, 0);
    end(&server, &pool);
}

static void test_kind_static__is_recycled(void **state)
{
    wi_pool_options options = options_of(WI_KIND_STATIC);
    wi_pool *pool;
    wi_lease *old;

    (void)state;
    options.recycle_ns = 0;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    nap(MS);
    old = acquire(pool);
    assert_int_equal(atomic_load(&server.opened), 2);
    nap(MS);
    assert_ptr_not_equal(old, elsewhere(pool, borrow_and_return).resource);
    assert_int_equal(atomic_load(&server.opened), 3);
    release(pool, old);
    end(&server, &pool);
}

/* A share that says so ends the loan for newcomers; the rest goes on. */
static void test_kind_static__a_share_may_doom_it(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    wi_lease *lease = acquire(pool);

    (void)state;
    assert_ptr_equal(acquire(pool), lease);
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    assert_int_equal(atomic_load(&server.closed), 0);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.closed), 1);
    assert_counts(pool, 0, 0, 0);
    end(&server, &pool);
}

static void begin_slowly(wi_request *request, wi_lease *lease)
{
    atomic_int *begun = request->holder;

    (void)lease;
    nap(5 * MS);
    atomic_store(begun, 1);
}

static void *join_and_look(void *argument)
{
    errand *self = argument;
    wi_request request = {.deadline_ns = wi_now_ns() + 30 * SECOND};

    (void)wi_pool_acquire(self->pool, &request, &self->lease, NULL);
    self->resource = request.holder;
    return NULL;
}

static void test_kind_static__nobody_joins_before_it_has_begun(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    atomic_int begun = 0;
    wi_request request = {.deadline_ns = wi_now_ns() + 30 * SECOND,
                          .holder = &begun,
                          .begin = begin_slowly};
    errand guest = {.pool = pool};
    wi_lease *lease = NULL;
    pthread_t thread;

    (void)state;
    atomic_store(&server.gate_shut, true);
    assert_int_equal(pthread_create(&thread, NULL, join_and_look, &guest), 0);
    until_opening(&server, 1); /* it is first, and has nothing to begin */
    atomic_store(&server.gate_shut, false);
    pthread_join(thread, NULL);
    assert_null(guest.resource);
    assert_false(wi_pool_release(pool, guest.lease, WEIR_FATE_DISCARD));
    assert_int_equal(pthread_create(&thread, NULL, join_and_look, &guest), 0);
    pthread_join(thread, NULL);
    assert_false(wi_pool_release(pool, guest.lease, WEIR_FATE_DISCARD));
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_int_equal(atomic_load(&begun), 1);
    guest = elsewhere(pool, join_and_look);
    assert_ptr_equal(guest.resource, &begun);
    release(pool, lease);
    release(pool, guest.lease);
    end(&server, &pool);
}

static wi_pool *borrowed_again;
static weir_error again;

static void borrow_again(wi_request *request, wi_lease *lease)
{
    wi_request another = {.deadline_ns = wi_now_ns() + 60 * SECOND};
    wi_lease *none = NULL;

    (void)request;
    (void)lease;
    (void)wi_pool_acquire(borrowed_again, &another, &none, &again);
    assert_null(none);
}

/* 56: whoever is told that a loan begins would wait for that if he asked for
 * it; he is told so at once. */
static void test_pool_56__a_beginning_is_not_waited_for_inside(void **state)
{
    const wi_pool_kind kinds[] = {WI_KIND_STATIC, WI_KIND_THREAD,
                                  WI_KIND_ASSERTION};

    (void)state;
    for (int i = 0; i < 3; i++) {
        wi_pool *pool = pool_of(kinds[i]);
        wi_request request = {.deadline_ns = wi_now_ns() + 60 * SECOND,
                              .begin = borrow_again};
        int64_t began = wi_now_ns();
        wi_lease *lease = NULL;

        borrowed_again = pool;
        assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                         WEIR_OK);
        assert_int_equal(again.status, WEIR_ERR_MISUSE);
        assert_true(wi_now_ns() - began < 30 * SECOND);
        release(pool, lease);
        release(pool, acquire(pool));
        end(&server, &pool);
    }
}

static void test_pool_leave__ends_a_loan_for_good(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};
    wi_lease *lease = acquire(pool);

    (void)state;
    assert_ptr_equal(acquire(pool), lease);
    assert_true(wi_pool_leave(pool, lease, true));
    assert_false(wi_pool_leave(pool, lease, false));
    assert_ptr_equal(acquire(pool), lease); /* nobody has said it ends */
    assert_true(wi_pool_leave(pool, lease, true));
    assert_false(wi_pool_leave(pool, lease, true));
    start(&waiting);
    until_waiting(pool, 1);
    release(pool, lease);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.cleanings), 2);
    end(&server, &pool);
}

/* ------------------------------------------------------------------ thread */

static void test_kind_thread__nested_loans_share(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    wi_lease *outer = acquire(pool);
    wi_lease *inner = acquire(pool);
    errand other = elsewhere(pool, borrow_and_return);

    (void)state;
    assert_ptr_equal(outer, inner);
    assert_non_null(other.resource);
    assert_ptr_not_equal(other.resource, wi_lease_resource(outer));
    release(pool, inner);
    assert_int_equal(atomic_load(&server.cleanings), 1); /* the other's */
    release(pool, outer);
    assert_int_equal(atomic_load(&server.cleanings), 2);
    assert_ptr_equal(wi_lease_resource(acquire(pool)), &server.sessions[0]);
    /* Nested, it is the same even if it is not trusted any more. */
    wi_pool_invalidate(pool);
    assert_ptr_equal(acquire(pool), outer);
    release(pool, outer);
    release(pool, outer);
    assert_int_equal(atomic_load(&server.open_now), 0);
    end(&server, &pool);
}

enum { CROWD = 10 };

/* SQLAlchemy's may close one that is in use; here only idle ones are. */
static void test_kind_thread__surplus_in_use_is_not_closed(void **state)
{
    wi_pool_options options = options_of(WI_KIND_THREAD);
    borrower crowd[CROWD];
    wi_pool *pool;

    (void)state;
    options.size = 3;
    pool = fake_pool(&server, &options);
    memset(crowd, 0, sizeof crowd);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].pool = pool;
        crowd[i].timeout_ns = 30 * SECOND;
        start(&crowd[i]);
        until_done(&crowd[i]);
    }
    assert_counts(pool, 0, CROWD, 0);
    assert_int_equal(atomic_load(&server.closed), 0);
    /* Ours comes back while the others are out: it is one too many. */
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.closed), 1);
    for (int i = 0; i < CROWD; i++)
        finish(&crowd[i]);
    /* And their threads have ended. */
    assert_int_equal(atomic_load(&server.open_now), 0);
    end(&server, &pool);
}

static void *borrow_and_stay(void *argument)
{
    borrower *self = argument;
    wi_lease *lease = try_acquire(self->pool);

    (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    atomic_store(&self->done, true);
    while (!atomic_load(&self->may_return))
        nap(MS / 5);
    return NULL;
}

static void test_kind_thread__keeps_size_idle_ones(void **state)
{
    wi_pool_options options = options_of(WI_KIND_THREAD);
    borrower crowd[CROWD];
    wi_pool *pool;

    (void)state;
    options.size = 3;
    pool = fake_pool(&server, &options);
    memset(crowd, 0, sizeof crowd);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].pool = pool;
        assert_int_equal(
            pthread_create(&crowd[i].thread, NULL, borrow_and_stay, &crowd[i]),
            0);
        until_done(&crowd[i]);
    }
    assert_counts(pool, 3, 0, 0);
    assert_int_equal(atomic_load(&server.open_most), 3);
    options.size = 1;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    assert_counts(pool, 1, 0, 0);
    for (int i = 0; i < CROWD; i++)
        finish(&crowd[i]);
    assert_counts(pool, 0, 0, 0);
    end(&server, &pool);
}

/* --------------------------------------------------------------- assertion */

static void test_kind_assertion__names_the_first_loan(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_ASSERTION);
    wi_request request = {.tag = "GET /users", .site = "users.c:7"};
    wi_lease *lease = NULL;
    wi_lease *another = NULL;
    weir_error err;

    (void)state;
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_int_equal(wi_pool_acquire(pool, &request, &another, &err),
                     WEIR_ERR_MISUSE);
    assert_null(another);
    assert_non_null(strstr(err.message, "\"GET /users\" at users.c:7 has it "
                                        "since 0.0"));
    release(pool, lease);
    assert_ptr_equal(acquire(pool), lease);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* Also if the first one is still being opened; and one that failed leaves
 * nothing. */
static void test_kind_assertion__counts_what_is_on_its_way(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_ASSERTION);
    borrower first = {.pool = pool, .timeout_ns = 30 * SECOND};
    wi_request request = {.deadline_ns = 0};
    wi_lease *lease = NULL;

    (void)state;
    atomic_store(&server.gate_shut, true);
    atomic_store(&server.failures_to_come, 1);
    start(&first);
    until_opening(&server, 1);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                     WEIR_ERR_MISUSE);
    atomic_store(&server.gate_shut, false);
    finish(&first);
    assert_int_equal(first.status, WEIR_ERR_CONNECTION);
    release(pool, acquire(pool));
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind_null__opens_for_each_loan),
        cmocka_unit_test(test_kind_static__is_one_for_all),
        cmocka_unit_test(
            test_kind_static__whoever_comes_waits_until_it_is_open),
        cmocka_unit_test(test_kind_static__A18_2_failed_connect_wakes),
        cmocka_unit_test(
            test_kind_static__newcomers_get_another_when_it_is_stale),
        cmocka_unit_test(test_kind_static__is_recycled),
        cmocka_unit_test(test_kind_static__a_share_may_doom_it),
        cmocka_unit_test(test_kind_static__nobody_joins_before_it_has_begun),
        cmocka_unit_test(test_pool_56__a_beginning_is_not_waited_for_inside),
        cmocka_unit_test(test_pool_leave__ends_a_loan_for_good),
        cmocka_unit_test(test_kind_thread__nested_loans_share),
        cmocka_unit_test(test_kind_thread__surplus_in_use_is_not_closed),
        cmocka_unit_test(test_kind_thread__keeps_size_idle_ones),
        cmocka_unit_test(test_kind_assertion__names_the_first_loan),
        cmocka_unit_test(test_kind_assertion__counts_what_is_on_its_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
