/* SPDX-License-Identifier: MIT */
/*
 * Scenarios 14 and 15: a wait is ended from outside, and nothing is lost by
 * it. Over all cores that have a queue; the kinds that have none are in
 * kinds_life_test.c.
 */
#include "pool/borrower.h"
#include "pool/cancel.h"

#define LONG (60 * SECOND)

static fake_server server;

typedef struct quitter {
    wi_pool *pool;
    weir_cancel_token *token;
    atomic_int *clock;
    pthread_t thread;
    atomic_bool done;
    weir_status status;
    weir_error error;
    int turn;
} quitter;

static void *borrow_or_quit(void *argument)
{
    quitter *self = argument;
    wi_request request = {.deadline_ns = wi_now_ns() + LONG,
                          .cancel = self->token};
    wi_lease *lease = NULL;

    self->status = wi_pool_acquire(self->pool, &request, &lease, &self->error);
    if (self->clock)
        self->turn = atomic_fetch_add(self->clock, 1);
    atomic_store(&self->done, true);
    if (lease)
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

static void start_quitter(quitter *self)
{
    int failed = pthread_create(&self->thread, NULL, borrow_or_quit, self);

    WI_ASSERT(failed == 0);
}

static weir_cancel_token *new_token(void)
{
    weir_cancel_token *token = weir_cancel_token_new(NULL);

    assert_non_null(token);
    return token;
}

static void test_token__is_cancelled_for_ever(void **state)
{
    weir_cancel_token *token = new_token();

    (void)state;
    assert_false(weir_cancel_token_is_cancelled(token));
    weir_cancel_token_cancel(token);
    weir_cancel_token_cancel(token);
    assert_true(weir_cancel_token_is_cancelled(token));
    weir_cancel_token_free(&token);
    assert_null(token);
    weir_cancel_token_free(&token);
    weir_cancel_token_free(NULL);
    weir_cancel_token_cancel(NULL);
    assert_false(weir_cancel_token_is_cancelled(NULL));
}

static void
test_pool_14__a_cancelled_wait_ends_and_others_keep_order(void **state)
{
    enum { MANY = 5, QUITS = 2 };
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    quitter all[MANY] = {0};
    atomic_int clock = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        all[i] = (quitter){.pool = pool, .token = new_token(), .clock = &clock};
        start_quitter(&all[i]);
        until_waiting(pool, i + 1);
    }
    weir_cancel_token_cancel(all[QUITS].token);
    pthread_join(all[QUITS].thread, NULL);
    assert_int_equal(all[QUITS].status, WEIR_ERR_CANCELLED);
    assert_non_null(strstr(all[QUITS].error.message, "cancelled"));
    assert_int_equal(status_of(pool).waiting, MANY - 1);
    release(pool, held);
    for (int i = 0; i < MANY; i++) {
        if (i != QUITS)
            pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status,
                         i == QUITS ? WEIR_ERR_CANCELLED : WEIR_OK);
        assert_int_equal(all[i].turn, i == QUITS ? 0 : i < QUITS ? i + 1 : i);
        weir_cancel_token_free(&all[i].token);
    }
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

/* One token for many, and who comes later is told at once. */
static void test_pool_14__one_token_ends_all_waits(void **state)
{
    enum { MANY = 20 };
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = acquire(pool);
    weir_cancel_token *token = new_token();
    quitter all[MANY + 1] = {0};

    (void)state;
    for (int i = 0; i < MANY; i++) {
        all[i] = (quitter){.pool = pool, .token = token};
        start_quitter(&all[i]);
    }
    until_waiting(pool, MANY);
    weir_cancel_token_cancel(token);
    all[MANY] = (quitter){.pool = pool, .token = token};
    start_quitter(&all[MANY]);
    for (int i = 0; i <= MANY; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].status, WEIR_ERR_CANCELLED);
    }
    assert_int_equal(status_of(pool).waiting, 0);
    release(pool, held);
    weir_cancel_token_free(&token);
    end(&server, &pool);
}

/* Given and cancelled in the same moment: the one or the other, nothing is
 * lost and nobody waits any longer. */
static void test_pool_14__a_grant_that_races_is_not_lost(void **state)
{
    enum { RACES = 300 };
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    int cancelled = 0;

    (void)state;
    for (int i = 0; i < RACES; i++) {
        wi_lease *held = acquire(pool);
        quitter one = {.pool = pool, .token = new_token()};

        start_quitter(&one);
        until_waiting(pool, 1);
        if (i % 2) {
            release(pool, held);
            weir_cancel_token_cancel(one.token);
        } else {
            weir_cancel_token_cancel(one.token);
            release(pool, held);
        }
        pthread_join(one.thread, NULL);
        assert_true(one.status == WEIR_OK || one.status == WEIR_ERR_CANCELLED);
        cancelled += one.status != WEIR_OK;
        weir_cancel_token_free(&one.token);
        assert_counts(pool, 1, 0, 0);
    }
    assert_true(cancelled >= RACES / 2);
    end(&server, &pool);
}

/* Nothing is out, and nobody would ever wake him. */
static void test_pool_14__a_paused_wait_ends(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    quitter one = {.pool = pool, .token = new_token()};

    (void)state;
    wi_pool_pause(pool);
    start_quitter(&one);
    until_waiting(pool, 1);
    weir_cancel_token_cancel(one.token);
    pthread_join(one.thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_CANCELLED);
    wi_pool_resume(pool);
    weir_cancel_token_free(&one.token);
    assert_counts(pool, 0, 0, 0);
    end(&server, &pool);
}

/* What is being opened for him becomes idle, and is opened once. The mutex core
 * opens on the borrower's own thread. */
static void test_pool_15__an_opening_is_kept_for_others(void **state)
{
    wi_pool_options options = fake_options(3);
    quitter one = {.token = new_token()};
    wi_pool *pool;

    (void)state;
    if (fake_core.core == WI_CORE_MUTEX) {
        weir_cancel_token_free(&one.token);
        return;
    }
    options.threads = true;
    pool = fake_pool(&server, &options);
    one.pool = pool;
    atomic_store(&server.gate_shut, true);
    start_quitter(&one);
    until_opening(&server, 1);
    weir_cancel_token_cancel(one.token);
    pthread_join(one.thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_CANCELLED);
    assert_counts(pool, 0, 0, 1);
    atomic_store(&server.gate_shut, false);
    while (status_of(pool).idle != 1)
        nap(MS / 5);
    assert_int_equal(atomic_load(&server.opened), 1);
    weir_cancel_token_free(&one.token);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token__is_cancelled_for_ever),
        cmocka_unit_test(
            test_pool_14__a_cancelled_wait_ends_and_others_keep_order),
        cmocka_unit_test(test_pool_14__one_token_ends_all_waits),
        cmocka_unit_test(test_pool_14__a_grant_that_races_is_not_lost),
        cmocka_unit_test(test_pool_14__a_paused_wait_ends),
        cmocka_unit_test(test_pool_15__an_opening_is_kept_for_others),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
