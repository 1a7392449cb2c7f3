/* SPDX-License-Identifier: MIT */
/*
 * A pool that is paused and resumed, drained, and closed with a deadline.
 */
#include "pool/borrower.h"

static fake_server server;

/* Somebody else waits for the end of a pool. */
typedef struct ender {
    pthread_t thread;
    wi_pool *pool;
    bool closes;
    int64_t timeout_ns;
    weir_status status;
    weir_error error;
    bool last;
    atomic_bool done;
} ender;

static void *end_it(void *argument)
{
    ender *self = argument;
    int64_t deadline_ns = wi_now_ns() + self->timeout_ns;

    self->status =
        self->closes
            ? wi_pool_close_within(self->pool, deadline_ns, &self->last,
                                   &self->error)
            : wi_pool_drain(self->pool, deadline_ns, &self->last, &self->error);
    atomic_store(&self->done, true);
    return NULL;
}

static void begin(ender *self)
{
    assert_int_equal(pthread_create(&self->thread, NULL, end_it, self), 0);
}

/* Until who comes is refused. */
static void until_refused(wi_pool *pool)
{
    wi_request request = {.tag = "late"};
    wi_lease *lease = NULL;
    weir_error err;

    for (;;) {
        request.deadline_ns = wi_now_ns();
        if (wi_pool_acquire(pool, &request, &lease, &err) == WEIR_ERR_CLOSED)
            return;
        if (lease)
            (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
        lease = NULL;
        nap(MS / 5);
    }
}

/* ------------------------------------------------------------------- pause */

/* 52: with one idle nobody gets it, nor waits beyond his deadline; then those
 * who wait are served in their order. */
static void test_pool_52__paused_nobody_is_served_until_resumed(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower late = {.pool = pool, .timeout_ns = 30 * MS};
    borrower all[5];
    atomic_int clock = 0;

    (void)state;
    release(pool, acquire(pool));
    wi_pool_pause(pool);
    assert_null(try_acquire(pool));
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late.took_ns >= 30 * MS);
    assert_non_null(strstr(late.error.message, "the pool is paused, 1 open"));
    for (int i = 0; i < 5; i++) {
        all[i] = (borrower){
            .pool = pool, .timeout_ns = 60 * SECOND, .clock = &clock};
        start(&all[i]);
        until_waiting(pool, i + 1);
    }
    assert_counts(pool, 1, 0, 0);
    wi_pool_resume(pool);
    for (int i = 0; i < 5; i++) {
        until_done(&all[i]);
        assert_int_equal(all[i].status, WEIR_OK);
        assert_int_equal(all[i].turn, i);
        finish(&all[i]);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* What is out goes on, is lost and opened again, and comes back. */
static void test_pool_52__paused_what_is_out_goes_on(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *one = acquire(pool);
    wi_lease *other = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    wi_pool_pause(pool);
    wi_pool_pause(pool);
    start(&waiting);
    until_waiting(pool, 1);
    release(pool, one);
    wi_pool_lose(pool, other);
    assert_int_equal(wi_pool_reopen(pool, other, 0, NULL), WEIR_OK);
    release(pool, other);
    assert_counts(pool, 2, 0, 0);
    assert_int_equal(status_of(pool).waiting, 1);
    wi_pool_resume(pool);
    wi_pool_resume(pool);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    end(&server, &pool);
}

/* Nothing is open at the server in between. */
static void test_pool_52__paused_and_disposed_of_nothing_is_open(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    release(pool, acquire(pool));
    wi_pool_pause(pool);
    wi_pool_dispose(pool);
    start(&waiting);
    until_waiting(pool, 1);
    release(pool, out);
    assert_int_equal(atomic_load(&server.open_now), 0);
    assert_int_equal(status_of(pool).waiting, 1);
    wi_pool_resume(pool);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    end(&server, &pool);
}

static void test_pool_52__a_paused_one_is_closed(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    wi_pool_pause(pool);
    start(&waiting);
    until_waiting(pool, 1);
    (void)wi_pool_close(pool);
    wi_pool_resume(pool);
    wi_pool_pause(pool);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_ERR_CLOSED);
    end(&server, &pool);
}

/* ------------------------------------------------------------------- drain */

/* Who waited is served, who comes is refused, and it waits for all of it. */
static void test_pool_drain__serves_the_queue_and_then_nobody(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};
    ender drain = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    start(&waiting);
    until_waiting(pool, 1);
    begin(&drain);
    until_refused(pool);
    release(pool, out);
    until_done(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_false(atomic_load(&drain.done));
    finish(&waiting);
    pthread_join(drain.thread, NULL);
    assert_int_equal(drain.status, WEIR_OK);
    assert_false(drain.last);
    assert_int_equal(atomic_load(&server.open_now), 0);
    end(&server, &pool);
}

static void test_pool_drain__says_what_is_out(void **state)
{
    wi_pool_options options = fake_options(5);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request request = {.tag = "GET /users", .site = "api.c:41"};
    wi_lease *leases[5];
    bool last = true;
    weir_error err;

    (void)state;
    assert_int_equal(wi_pool_acquire(pool, &request, &leases[0], &err),
                     WEIR_OK);
    nap(2 * MS);
    for (int i = 1; i < 5; i++)
        leases[i] = acquire(pool);
    assert_int_equal(wi_pool_drain(pool, wi_now_ns() + 20 * MS, &last, &err),
                     WEIR_ERR_TIMEOUT);
    assert_false(last);
    assert_non_null(strstr(err.message, "5 are still out, 0 being opened or "
                                        "closed, 0 waiting: \"GET /users\""));
    assert_non_null(strstr(err.message, " and 2 more"));
    if (fake_core.core == WI_CORE_FAST)
        assert_non_null(strstr(err.message, "\"GET /users\" at api.c:41"));
    for (int i = 0; i < 5; i++)
        release(pool, leases[i]);
    assert_int_equal(wi_pool_drain(pool, wi_now_ns(), &last, &err), WEIR_OK);
    end(&server, &pool);
}

/* Resumed, it takes work again, and whoever waited for the end is told. */
static void test_pool_drain__is_called_off_by_resume(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    ender drain = {.pool = pool, .timeout_ns = 60 * SECOND};

    (void)state;
    begin(&drain);
    until_refused(pool);
    wi_pool_pause(pool);
    wi_pool_resume(pool);
    pthread_join(drain.thread, NULL);
    assert_int_equal(drain.status, WEIR_ERR_CANCELLED);
    release(pool, out);
    release(pool, acquire(pool));
    end(&server, &pool);
}

/* Two drain, and both are told; then one closes what another drains. */
static void test_pool_drain__by_several_at_once(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    ender all[3] = {{.pool = pool, .timeout_ns = 60 * SECOND},
                    {.pool = pool, .timeout_ns = 60 * SECOND},
                    {.pool = pool, .timeout_ns = 60 * SECOND, .closes = true}};
    int lasts = 0;

    (void)state;
    begin(&all[0]);
    begin(&all[1]);
    until_refused(pool);
    begin(&all[2]);
    lasts += wi_pool_release(pool, out, WEIR_FATE_KEEP);
    for (int i = 0; i < 3; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status, WEIR_OK);
        lasts += all[i].last;
    }
    assert_int_equal(lasts, 1);
    end(&server, &pool);
}

/* ------------------------------------------------------------------- close */

/* 58 (a) and (b): who waits is told at once; it waits for what is out, and
 * says so once. */
static void test_pool_58__close_waits_for_what_is_out(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};
    ender close = {.pool = pool, .timeout_ns = 60 * SECOND, .closes = true};

    (void)state;
    start(&waiting);
    until_waiting(pool, 1);
    begin(&close);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_ERR_CLOSED);
    assert_false(waiting.last);
    assert_false(atomic_load(&close.done));
    assert_false(wi_pool_release(pool, out, WEIR_FATE_KEEP));
    pthread_join(close.thread, NULL);
    assert_int_equal(close.status, WEIR_OK);
    assert_true(close.last);
    end(&server, &pool);
}

/* 58 (b) and (c): at the deadline it goes; the last return says it is the
 * last. Closed again it changes nothing. */
static void test_pool_58__close_goes_at_its_deadline(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *out = acquire(pool);
    bool last = true;
    weir_error err;

    (void)state;
    for (int i = 0; i < 2; i++) {
        int64_t deadline_ns = wi_now_ns() + 10 * MS;

        assert_int_equal(wi_pool_close_within(pool, deadline_ns, &last, &err),
                         WEIR_ERR_TIMEOUT);
        assert_true(wi_now_ns() >= deadline_ns);
        assert_false(last);
        assert_non_null(strstr(err.message, "1 are still out"));
    }
    assert_true(wi_pool_release(pool, out, WEIR_FATE_KEEP));
    end(&server, &pool);
}

/* The kinds that are no queue do the same. */
static void test_pool_52__each_kind_pauses_and_drains(void **state)
{
    (void)state;
    for (int kind = WI_KIND_NULL; kind <= WI_KIND_ASSERTION; kind++) {
        wi_pool_options options = fake_options(1);
        borrower waiting = {.timeout_ns = 60 * SECOND};
        bool last = true;
        wi_lease *out;
        wi_pool *pool;
        weir_error err;

        options.kind = (wi_pool_kind)kind;
        pool = waiting.pool = fake_pool(&server, &options);
        release(pool, acquire(pool));
        wi_pool_pause(pool);
        assert_null(try_acquire(pool));
        start(&waiting);
        until_waiting(pool, 1);
        wi_pool_resume(pool);
        finish(&waiting);
        assert_int_equal(waiting.status, WEIR_OK);
        out = acquire(pool);
        assert_int_equal(wi_pool_drain(pool, wi_now_ns() + MS, &last, &err),
                         WEIR_ERR_TIMEOUT);
        assert_non_null(strstr(err.message, "1 are still out"));
        assert_null(try_acquire(pool));
        release(pool, out);
        assert_int_equal(wi_pool_drain(pool, wi_now_ns(), &last, &err),
                         WEIR_OK);
        assert_int_equal(atomic_load(&server.open_now), 0);
        end(&server, &pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_52__paused_nobody_is_served_until_resumed),
        cmocka_unit_test(test_pool_52__paused_what_is_out_goes_on),
        cmocka_unit_test(test_pool_52__paused_and_disposed_of_nothing_is_open),
        cmocka_unit_test(test_pool_52__a_paused_one_is_closed),
        cmocka_unit_test(test_pool_drain__serves_the_queue_and_then_nobody),
        cmocka_unit_test(test_pool_drain__says_what_is_out),
        cmocka_unit_test(test_pool_drain__is_called_off_by_resume),
        cmocka_unit_test(test_pool_drain__by_several_at_once),
        cmocka_unit_test(test_pool_52__each_kind_pauses_and_drains),
        cmocka_unit_test(test_pool_58__close_waits_for_what_is_out),
        cmocka_unit_test(test_pool_58__close_goes_at_its_deadline),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
