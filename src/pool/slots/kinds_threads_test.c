/* SPDX-License-Identifier: MIT */
/*
 * What is left of a thread that ends, and of a process that forks.
 */
#include "pool/borrower.h"
#include "pool/slots/kinds.h"

#include <sys/wait.h>
#include <unistd.h>

static fake_server server;
static wi_resource_kind watched_kind;
static atomic_int abandoned;
static atomic_int inherited;

static void count_abandoned(void *context, void *resource)
{
    (void)context;
    (void)resource;
    atomic_fetch_add(&abandoned, 1);
}

static void count_inherited(void *context, void *resource)
{
    (void)context;
    (void)resource;
    atomic_fetch_add(&inherited, 1);
}

static wi_pool *pool_of(wi_pool_kind kind)
{
    wi_pool_options options = fake_options(4);

    atomic_store(&abandoned, 0);
    atomic_store(&inherited, 0);
    options.kind = kind;
    watched_kind = fake_kind;
    watched_kind.abandon = count_abandoned;
    watched_kind.inherited = count_inherited;
    return fake_pool_of(&watched_kind, &server, &options);
}

/* ------------------------------------------------------------ thread's ends */

static void *borrow_and_return(void *argument)
{
    borrower *self = argument;

    self->lease = try_acquire(self->pool);
    (void)wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

static void *borrow_and_go(void *argument)
{
    borrower *self = argument;

    self->lease = try_acquire(self->pool);
    return NULL;
}

static void run(borrower *self, void *(*what)(void *))
{
    assert_int_equal(pthread_create(&self->thread, NULL, what, self), 0);
}

static void test_thread__ends_with_its_idle_connection(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    borrower self = {.pool = pool};

    (void)state;
    for (int i = 1; i <= 20; i++) {
        run(&self, borrow_and_return);
        pthread_join(self.thread, NULL);
        assert_int_equal(atomic_load(&server.closed), i);
        assert_counts(pool, 0, 0, 0);
    }
    end(&server, &pool);
}

static void test_thread__leaves_what_is_lent_to_its_holder(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    borrower self = {.pool = pool};

    (void)state;
    run(&self, borrow_and_go);
    pthread_join(self.thread, NULL);
    assert_counts(pool, 0, 1, 0);
    assert_int_equal(atomic_load(&server.closed), 0);
    release(pool, self.lease); /* whose nobody is to have it again */
    assert_int_equal(atomic_load(&server.closed), 1);
    assert_counts(pool, 0, 0, 0);
    end(&server, &pool);
}

/* A pool that is closed meanwhile is ended by the thread that leaves it. */
static void test_thread__may_be_the_last_in_a_closed_pool(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    borrower self = {.pool = pool};

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    run(&self, borrow_and_return);
    while (atomic_load(&server.opened) == 0 || status_of(pool).idle != 0 ||
           status_of(pool).closing != 1 || status_of(pool).acquired != 1 ||
           atomic_load(&server.cleanings) == 0)
        nap(MS / 5);
    /* It is in its end, closing. */
    assert_false(wi_pool_close(pool));
    assert_int_equal(atomic_load(&server.ended), 0);
    atomic_store(&server.close_gate_shut, false);
    pthread_join(self.thread, NULL);
    assert_int_equal(atomic_load(&server.ended), 1);
    end(&server, &pool);
}

static void test_thread__outlives_a_pool(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    borrower self = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    start(&self);
    until_done(&self);
    assert_false(wi_pool_close(pool));
    finish(&self);
    assert_true(self.last);
    end(&server, &pool);
}

/* Several pools, and numbers that no other thread ever gets. */
static void test_thread__is_never_taken_for_another(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_THREAD);
    wi_pool_options options = fake_options(1);
    uint64_t mine = wi_kinds_thread();
    borrower self = {.pool = pool};
    wi_pool *other;

    (void)state;
    options.kind = WI_KIND_THREAD;
    other = wi_pool_new(&watched_kind, &server, &options, NULL);
    assert_non_null(other);
    for (int i = 0; i < 5; i++) {
        self.pool = i % 2 ? pool : other;
        run(&self, borrow_and_go);
        pthread_join(self.thread, NULL);
        assert_int_not_equal(self.lease->label.thread, 0);
        assert_null((void *)(uintptr_t)self.lease->owner);
        release(self.pool, self.lease);
    }
    assert_int_equal(wi_kinds_thread(), mine);
    wi_pool_free(&other);
    end(&server, &pool);
}

/* -------------------------------------------------------------------- forks */

static void succeed(pid_t child)
{
    int status = -1;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a child does; @return its exit status. */
static int live_in_child(wi_pool *pool, int lent)
{
    wi_lease *lease;

    if (atomic_load(&inherited) != lent || status_of(pool).busy != 0 ||
        status_of(pool).idle != 0)
        return 1;
    lease = try_acquire(pool);
    if (!lease || wi_lease_resource(lease) != &server.sessions[1])
        return 2;
    if (atomic_load(&abandoned) != 1 || atomic_load(&server.closed) != 0)
        return 3;
    (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
    if (!wi_pool_close(pool))
        return 4;
    wi_pool_free(&pool);
    return atomic_load(&server.closed) == 1 ? 0 : 5;
}

static const wi_pool_kind kinds[] = {WI_KIND_NULL, WI_KIND_STATIC,
                                     WI_KIND_THREAD, WI_KIND_ASSERTION};

static void test_pool_59__a_child_of_any_kind_opens_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        wi_pool *pool = pool_of(kinds[i]);
        wi_lease *lent = acquire(pool);
        pid_t child = fork();

        if (child == 0)
            _exit(live_in_child(pool, 1));
        succeed(child);
        assert_counts(pool, 0, 1, 0);
        release(pool, lent);
        if (kinds[i] != WI_KIND_NULL) {
            child = fork();
            if (child == 0)
                _exit(live_in_child(pool, 0));
            succeed(child);
            assert_counts(pool, 1, 0, 0);
        }
        end(&server, &pool);
    }
}

static void test_pool_59__a_lost_one_of_any_kind_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        wi_pool *pool = pool_of(kinds[i]);
        wi_lease *lent = acquire(pool);
        pid_t child;

        wi_pool_lose(pool, lent);
        child = fork();
        if (child == 0) {
            if (wi_pool_reopen(pool, lent, 0, NULL) != WEIR_OK)
                _exit(1);
            (void)wi_pool_release(pool, lent, WEIR_FATE_KEEP);
            _exit(status_of(pool).busy);
        }
        succeed(child);
        release(pool, lent);
        end(&server, &pool);
    }
}

/* A thread is inside the pool, connecting, while another forks. */
static void test_pool_59__a_child_is_not_held_up_by_a_connect(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    borrower opening = {.pool = pool, .timeout_ns = 30 * SECOND};
    pid_t child;

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&opening);
    until_opening(&server, 1);
    child = fork();
    if (child == 0) {
        wi_lease *lease;

        atomic_store(&server.gate_shut, false);
        lease = try_acquire(pool);
        if (!lease)
            _exit(1);
        (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
        _exit(wi_pool_close(pool) ? 0 : 2);
    }
    succeed(child);
    atomic_store(&server.gate_shut, false);
    finish(&opening);
    assert_int_equal(opening.status, WEIR_OK);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread__ends_with_its_idle_connection),
        cmocka_unit_test(test_thread__leaves_what_is_lent_to_its_holder),
        cmocka_unit_test(test_thread__may_be_the_last_in_a_closed_pool),
        cmocka_unit_test(test_thread__outlives_a_pool),
        cmocka_unit_test(test_thread__is_never_taken_for_another),
        cmocka_unit_test(test_pool_59__a_child_of_any_kind_opens_its_own),
        cmocka_unit_test(test_pool_59__a_lost_one_of_any_kind_goes_on),
        cmocka_unit_test(test_pool_59__a_child_is_not_held_up_by_a_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
