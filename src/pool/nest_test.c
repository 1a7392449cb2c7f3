/* SPDX-License-Identifier: MIT */
/*
 * Scenario 55: threads that hold a connection and wait for another. Who could
 * never go on is told at once, and nobody else. Over all cores with a queue.
 */
#include "pool/borrower.h"
#include "pool/fast/fast.h"
#include "pool/permit.h"

#include <weir/cancel.h>

#define LONG (30 * SECOND)
/* "At once", on a machine that is busy. */
#define SOON (15 * SECOND)

static fake_server servers[2];

static weir_status take(wi_pool *pool, const char *tag, const char *site,
                        wi_lease **out, weir_error *err)
{
    wi_request request = {
        .deadline_ns = wi_now_ns() + LONG, .tag = tag, .site = site};

    return wi_pool_acquire(pool, &request, out, err);
}

/* Takes from one pool, waits for the word, then takes from another. */
typedef struct nester {
    wi_pool *outer;
    wi_pool *inner;
    atomic_bool *go;          /* NULL: at once */
    atomic_bool *keeps_until; /* holds both until then; NULL: does not */
    weir_cancel_token *token; /* of the inner one; may be NULL */
    pthread_t thread;
    atomic_bool has_outer;
    atomic_bool done;
    weir_status status;
    weir_error error;
    int64_t took_ns;
} nester;

static void *nest(void *argument)
{
    nester *self = argument;
    wi_lease *outer = NULL;
    wi_lease *inner = NULL;
    wi_request wish = {.deadline_ns = wi_now_ns() + LONG,
                       .tag = "inner",
                       .site = "b.c:2",
                       .cancel = self->token};
    int64_t began;

    self->status = take(self->outer, "outer", "a.c:1", &outer, &self->error);
    atomic_store(&self->has_outer, true);
    while (self->go && !atomic_load(self->go))
        nap(MS / 5);
    began = wi_now_ns();
    if (self->status == WEIR_OK)
        self->status =
            wi_pool_acquire(self->inner, &wish, &inner, &self->error);
    self->took_ns = wi_now_ns() - began;
    while (self->keeps_until && !atomic_load(self->keeps_until))
        nap(MS / 5);
    if (inner)
        (void)wi_pool_release(self->inner, inner, WEIR_FATE_KEEP);
    if (outer)
        (void)wi_pool_release(self->outer, outer, WEIR_FATE_KEEP);
    atomic_store(&self->done, true);
    return NULL;
}

static void start_nester(nester *self)
{
    int failed = pthread_create(&self->thread, NULL, nest, self);

    WI_ASSERT(failed == 0);
    while (!atomic_load(&self->has_outer))
        nap(MS / 5);
}

static void test_pool_55__of_one_is_told_at_once(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&servers[0], &options);
    int64_t began = wi_now_ns();
    wi_lease *outer;
    wi_lease *inner = NULL;
    weir_error err;

    (void)state;
    assert_int_equal(take(pool, "outer", "a.c:1", &outer, &err), WEIR_OK);
    assert_int_equal(take(pool, "inner", "b.c:2", &inner, &err),
                     WEIR_ERR_POOL_DEADLOCK);
    assert_true(wi_now_ns() - began < SOON);
    assert_null(inner);
    assert_string_equal(
        err.message, "\"inner\" at b.c:2 waits for a connection that nobody is "
                     "left to give back: its own thread holds a connection as "
                     "\"outer\" at a.c:1; use that one, or give it back first");
    assert_int_equal(weir_error_is_retryable(&err), 0);
    release(pool, outer);
    assert_counts(pool, 1, 0, 0);
    end(&servers[0], &pool);
}

static void test_pool_55__the_youngest_of_many_fails(void **state)
{
    enum { MANY = 6 };
    wi_pool_options options = fake_options(MANY);
    wi_pool *pool = fake_pool(&servers[0], &options);
    nester nesters[MANY] = {0};
    atomic_bool go[MANY] = {0};
    int failed = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        nesters[i].outer = nesters[i].inner = pool;
        nesters[i].go = &go[i];
        start_nester(&nesters[i]);
    }
    for (int i = 0; i < MANY - 1; i++) {
        atomic_store(&go[i], true);
        until_waiting(pool, i + 1);
    }
    atomic_store(&go[MANY - 1], true);
    for (int i = 0; i < MANY; i++) {
        pthread_join(nesters[i].thread, NULL);
        failed += nesters[i].status != WEIR_OK;
        assert_true(nesters[i].took_ns < SOON);
    }
    assert_int_equal(nesters[MANY - 1].status, WEIR_ERR_POOL_DEADLOCK);
    assert_non_null(strstr(nesters[MANY - 1].error.message,
                           "as \"outer\" at a.c:1, and \"outer\" at a.c:1 "
                           "waits too;"));
    assert_int_equal(failed, 1);
    end(&servers[0], &pool);
}

/* A thread has the one and wants the other, and a second the reverse. */
static void close_a_circle(wi_pool *a, wi_pool *b)
{
    atomic_bool go[2] = {0};
    nester nesters[2] = {
        {.outer = a, .inner = b, .go = &go[0]},
        {.outer = b, .inner = a, .go = &go[1]},
    };

    for (int i = 0; i < 2; i++)
        start_nester(&nesters[i]);
    atomic_store(&go[0], true);
    until_waiting(b, 1);
    atomic_store(&go[1], true);
    for (int i = 0; i < 2; i++) {
        pthread_join(nesters[i].thread, NULL);
        assert_true(nesters[i].took_ns < SOON);
    }
    assert_int_equal(nesters[0].status, WEIR_OK);
    assert_int_equal(nesters[1].status, WEIR_ERR_POOL_DEADLOCK);
}

static void test_pool_55__a_circle_over_two_pools(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *a = fake_pool(&servers[0], &options);
    wi_pool *b = fake_pool(&servers[1], &options);

    (void)state;
    close_a_circle(a, b);
    end(&servers[0], &a);
    end(&servers[1], &b);
}

/* Which pools a thread has used is not forgotten for those in between. */
static void test_pool_55__a_circle_over_two_of_many_pools(void **state)
{
    enum { BETWEEN = 63 };
    wi_pool_options options = fake_options(1);
    wi_pool *a = fake_pool(&servers[0], &options);
    wi_pool *b;

    (void)state;
    for (int i = 0; i < BETWEEN; i++)
        (void)wi_pool_serial_take();
    b = fake_pool(&servers[1], &options);
    close_a_circle(a, b);
    end(&servers[0], &a);
    end(&servers[1], &b);
}

/* Whichever closes it. */
static void test_pool_55__a_circle_over_two_cores(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *a = fake_pool(&servers[0], &options);
    wi_pool *b;

    (void)state;
    options.core = options.core == WI_CORE_FAST ? WI_CORE_MUTEX : WI_CORE_FAST;
    b = fake_pool(&servers[1], &options);
    close_a_circle(a, b);
    end(&servers[0], &a);
    end(&servers[1], &b);
}

static void test_pool_55__passes_while_there_is_room(void **state)
{
    wi_pool_options options = fake_options(3);
    wi_pool *pool = fake_pool(&servers[0], &options);
    wi_lease *held[3];
    weir_error err;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(take(pool, "deep", "a.c:1", &held[i], &err), WEIR_OK);
    for (int i = 0; i < 3; i++)
        release(pool, held[i]);
    end(&servers[0], &pool);
}

/* Somebody runs who may give back: waiting is right. */
static void test_pool_55__waits_for_one_that_runs(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&servers[0], &options);
    nester self = {.outer = pool, .inner = pool};
    borrower runs = {.pool = pool, .tag = "runs", .timeout_ns = LONG};

    (void)state;
    start(&runs);
    until_done(&runs);
    start_nester(&self);
    until_waiting(pool, 1);
    finish(&runs);
    pthread_join(self.thread, NULL);
    assert_int_equal(self.status, WEIR_OK);
    end(&servers[0], &pool);
}

typedef struct hander {
    wi_pool *pool;
    wi_lease *lease;
} hander;

static void *use_then_return(void *argument)
{
    hander *self = argument;

    wi_pool_hold(self->pool, self->lease);
    until_waiting(self->pool, 1);
    (void)wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

/* The thread that uses it is the holder, whoever borrowed it. */
static void test_pool_55__who_uses_it_is_the_holder(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&servers[0], &options);
    hander handed = {.pool = pool};
    wi_lease *next = NULL;
    pthread_t user;
    weir_error err;

    (void)state;
    assert_int_equal(take(pool, "lent", "a.c:1", &handed.lease, &err), WEIR_OK);
    /* This thread has used it, and so it is its holder again. */
    wi_pool_hold(pool, handed.lease);
    assert_int_equal(take(pool, "more", "a.c:2", &next, &err),
                     WEIR_ERR_POOL_DEADLOCK);
    assert_int_equal(pthread_create(&user, NULL, use_then_return, &handed), 0);
    while (take(pool, "more", "a.c:3", &next, &err) != WEIR_OK)
        nap(MS); /* it has not begun yet */
    pthread_join(user, NULL);
    release(pool, next);
    end(&servers[0], &pool);
}

typedef struct heir {
    wi_pool *has;
    wi_pool *wants;
    wi_lease *lease; /* that another thread has borrowed from `has` */
    weir_status status;
} heir;

static void *use_then_want(void *argument)
{
    heir *self = argument;
    wi_lease *more = NULL;
    weir_error err;

    wi_pool_hold(self->has, self->lease);
    self->status = take(self->wants, "heir", "h.c:1", &more, &err);
    if (more)
        (void)wi_pool_release(self->wants, more, WEIR_FATE_KEEP);
    (void)wi_pool_release(self->has, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

/* A thread has what it never borrowed, and is in a circle with it. */
static void test_pool_55__who_was_handed_one_is_in_a_circle(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *a = fake_pool(&servers[0], &options);
    wi_pool *b = fake_pool(&servers[1], &options);
    heir other = {.has = a, .wants = b};
    wi_lease *mine = NULL;
    wi_lease *next = NULL;
    pthread_t thread;
    weir_error err;

    (void)state;
    assert_int_equal(take(a, "lent", "a.c:1", &other.lease, &err), WEIR_OK);
    assert_int_equal(take(b, "mine", "a.c:2", &mine, &err), WEIR_OK);
    assert_int_equal(pthread_create(&thread, NULL, use_then_want, &other), 0);
    until_waiting(b, 1);
    assert_int_equal(take(a, "more", "a.c:3", &next, &err),
                     WEIR_ERR_POOL_DEADLOCK);
    release(b, mine);
    pthread_join(thread, NULL);
    assert_int_equal(other.status, WEIR_OK);
    end(&servers[0], &a);
    end(&servers[1], &b);
}

static void *return_later(void *argument)
{
    hander *self = argument;

    until_waiting(self->pool, 1);
    (void)wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

/* Who hands his loans on and says so may wait for more. */
static void test_pool_55__who_hands_on_is_no_holder(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&servers[0], &options);
    hander handed = {.pool = pool, .lease = acquire(pool)}; /* may move */
    wi_lease *next = NULL;
    pthread_t user;
    weir_error err;

    (void)state;
    assert_int_equal(pthread_create(&user, NULL, return_later, &handed), 0);
    assert_int_equal(take(pool, "more", "a.c:2", &next, &err), WEIR_OK);
    pthread_join(user, NULL);
    release(pool, next);
    end(&servers[0], &pool);
}

/* Who takes it next is seen to have it before he has signed: he must not be
 * taken for the one before. */
static void test_pool_55__what_is_idle_has_no_holder(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_lease *one = NULL;
    wi_pool *pool;
    weir_error err;

    (void)state;
    if (fake_core.core != WI_CORE_FAST)
        return; /* its leases are others: slots/slot_test.c */
    pool = fake_pool(&servers[0], &options);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(pool, "one", "a.c:1", &one, &err), WEIR_OK);
        assert_int_not_equal(atomic_load(&one->thread), 0);
        release(pool, one);
        assert_int_equal(atomic_load(&one->thread), 0);
        options.order = WI_ORDER_FIFO; /* not by the fast way */
        assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    }
    end(&servers[0], &pool);
}

/* The circle is closed by somebody who makes the pool smaller. */
static void test_pool_55__a_smaller_pool_closes_the_circle(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&servers[0], &options);
    wi_lease *other = acquire(pool); /* may move */
    nester self = {.outer = pool, .inner = pool};

    (void)state;
    start_nester(&self);
    until_waiting(pool, 1);
    options.size = 1;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    assert_false(atomic_load(&self.done));
    release(pool, other); /* closed: there is no room for it */
    pthread_join(self.thread, NULL);
    assert_int_equal(self.status, WEIR_ERR_POOL_DEADLOCK);
    assert_true(self.took_ns < SOON);
    end(&servers[0], &pool);
}

/* Who is told to stop does not wait any more: nobody else is in a circle. */
static void test_pool_55__a_cancelled_wait_is_in_no_circle(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *a = fake_pool(&servers[0], &options);
    wi_pool *b = fake_pool(&servers[1], &options);
    weir_cancel_token *token = weir_cancel_token_new(NULL);
    nester self = {.outer = a, .inner = b, .token = token};
    wi_lease *mine = NULL;
    wi_lease *next = NULL;
    weir_error err;

    (void)state;
    assert_int_equal(take(b, "mine", "c.c:3", &mine, &err), WEIR_OK);
    start_nester(&self);
    until_waiting(b, 1);
    weir_cancel_token_cancel(token);
    assert_int_equal(take(a, "next", "c.c:4", &next, &err), WEIR_OK);
    pthread_join(self.thread, NULL);
    assert_int_equal(self.status, WEIR_ERR_CANCELLED);
    release(a, next);
    release(b, mine);
    weir_cancel_token_free(&token);
    end(&servers[0], &a);
    end(&servers[1], &b);
}

/* The circle is closed by somebody who makes the pool smaller: what was being
 * opened for the waiter is closed again. */
static void test_pool_55__less_room_closes_the_circle(void **state)
{
    wi_pool_options options = fake_options(1);
    nester self = {0};
    wi_pool *pool;
    atomic_bool go;

    (void)state;
    if (fake_core.core != WI_CORE_FAST)
        return; /* the mutex core opens on the borrower's own thread */
    options.max_overflow = 1;
    options.threads = true;
    pool = fake_pool(&servers[0], &options);
    self.outer = self.inner = pool;
    atomic_init(&go, false);
    self.go = &go;
    start_nester(&self);
    atomic_store(&servers[0].gate_shut, true);
    atomic_store(self.go, true);
    until_opening(&servers[0], 1);
    options.max_overflow = 0;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    atomic_store(&servers[0].gate_shut, false);
    pthread_join(self.thread, NULL);
    assert_int_equal(self.status, WEIR_ERR_POOL_DEADLOCK);
    assert_true(self.took_ns < SOON);
    end(&servers[0], &pool);
}

static wi_permit permit;

typedef struct reader {
    wi_pool *pool;
    pthread_t thread;
    weir_status status;
} reader;

/* Holds the only connection, and wants to write. */
static void *read_then_write(void *argument)
{
    reader *self = argument;
    wi_request wish = {.deadline_ns = wi_now_ns() + LONG, .tag = "reader"};
    wi_lease *lease = NULL;
    weir_error err;

    self->status = take(self->pool, "reader", "r.c:1", &lease, &err);
    if (self->status != WEIR_OK)
        return NULL;
    self->status = wi_permit_acquire(&permit, &wish, &err);
    if (self->status == WEIR_OK)
        wi_permit_release(&permit);
    (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

static int permit_waiters(void)
{
    wi_pool_view view = {.place_count = 0};

    return wi_permit_view(&permit, &view) ? view.status.waiting : 0;
}

static void test_pool_55__a_circle_over_pool_and_permit(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&servers[0], &options);
    wi_request wish = {.deadline_ns = wi_now_ns() + LONG, .tag = "writer"};
    reader other = {.pool = pool};
    wi_lease *lease = NULL;
    weir_error err;

    (void)state;
    wi_permit_init(&permit, "the permit to write", NULL);
    assert_int_equal(wi_permit_acquire(&permit, &wish, &err), WEIR_OK);
    assert_int_equal(
        pthread_create(&other.thread, NULL, read_then_write, &other), 0);
    while (permit_waiters() != 1)
        nap(MS / 5);
    assert_int_equal(take(pool, "writer", "w.c:2", &lease, &err),
                     WEIR_ERR_POOL_DEADLOCK);
    assert_non_null(strstr(err.message, "holds the permit to write as "
                                        "\"writer\""));
    wi_permit_release(&permit);
    pthread_join(other.thread, NULL);
    assert_int_equal(other.status, WEIR_OK);
    wi_permit_clear(&permit);
    end(&servers[0], &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_55__of_one_is_told_at_once),
        cmocka_unit_test(test_pool_55__the_youngest_of_many_fails),
        cmocka_unit_test(test_pool_55__a_circle_over_two_pools),
        cmocka_unit_test(test_pool_55__a_circle_over_two_of_many_pools),
        cmocka_unit_test(test_pool_55__a_circle_over_two_cores),
        cmocka_unit_test(test_pool_55__a_cancelled_wait_is_in_no_circle),
        cmocka_unit_test(test_pool_55__a_smaller_pool_closes_the_circle),
        cmocka_unit_test(test_pool_55__passes_while_there_is_room),
        cmocka_unit_test(test_pool_55__waits_for_one_that_runs),
        cmocka_unit_test(test_pool_55__who_hands_on_is_no_holder),
        cmocka_unit_test(test_pool_55__who_uses_it_is_the_holder),
        cmocka_unit_test(test_pool_55__who_was_handed_one_is_in_a_circle),
        cmocka_unit_test(test_pool_55__what_is_idle_has_no_holder),
        cmocka_unit_test(test_pool_55__less_room_closes_the_circle),
        cmocka_unit_test(test_pool_55__a_circle_over_pool_and_permit),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
