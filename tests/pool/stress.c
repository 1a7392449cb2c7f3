/* SPDX-License-Identifier: MIT */
/*
 * Scenario 3 and all that can happen at once: 64 threads borrow with deadlines
 * of all kinds, lose what they have, give it back broken; sessions die, others
 * resize, invalidate, dispose and look. Nothing is lent to two, the limit is
 * never exceeded, and at the end everything adds up. For both cores; label
 * race, so ThreadSanitizer sees it, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "pool/pool.h"
#include "pool/view.h"

enum {
    THREADS = 64,
    ROUNDS = 150,
    KNOBS = 60,
    SIZE_MAX_EVER = 12, /* of all sizes that are set, overflow included */
};

#define MS INT64_C(1000000)

typedef struct session {
    atomic_int holder; /* 0: nobody */
    bool mortal;
} session;

/* What happens in one run. */
typedef struct stage {
    wi_pool *pool;
    wi_pool_options options;
    atomic_int now; /* sessions, those that are being opened included */
    atomic_int most;
    atomic_int attempts;
    atomic_int opened;
    atomic_int closed;
    atomic_int refused;
    atomic_int collisions;
    atomic_int lent;
    atomic_int timeouts;
    atomic_int odd; /* statuses that should not be */
    atomic_bool over;
    atomic_bool ended; /* said by a thread of the pool */
} stage;

/* --------------------------------------------------------------- sessions */

static uint64_t roll(uint64_t *dice)
{
    *dice = *dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *dice >> 33;
}

static void nap(int64_t ns)
{
    struct timespec time = {ns / 1000000000, ns % 1000000000};

    nanosleep(&time, NULL);
}

static weir_status open_session(void *context, int64_t deadline_ns, void **out,
                                weir_error *err)
{
    stage *all = context;
    uint64_t dice = 977u * (uint64_t)atomic_fetch_add(&all->attempts, 1);
    int now = atomic_fetch_add(&all->now, 1) + 1;
    int most = atomic_load(&all->most);
    session *made;

    (void)deadline_ns;
    while (now > most && !atomic_compare_exchange_weak(&all->most, &most, now))
        ;
    if (roll(&dice) % 10 == 0) {
        atomic_fetch_sub(&all->now, 1);
        atomic_fetch_add(&all->refused, 1);
        return weir_error_set(err, WEIR_ERR_CONNECTION, "refused");
    }
    made = calloc(1, sizeof *made);
    WI_ASSERT(made);
    made->mortal = roll(&dice) % 4 == 0;
    atomic_fetch_add(&all->opened, 1);
    *out = made;
    return WEIR_OK;
}

static weir_status check_session(void *context, void *resource,
                                 int64_t deadline_ns, weir_error *err)
{
    const session *asked = resource;

    (void)context;
    (void)deadline_ns;
    return asked->mortal ? weir_error_set(err, WEIR_ERR_CONNECTION, "gone")
                         : WEIR_OK;
}

static weir_fate clean_session(void *context, void *resource)
{
    (void)context;
    (void)resource;
    sched_yield();
    return WEIR_FATE_KEEP;
}

static void close_session(void *context, void *resource)
{
    stage *all = context;
    session *ended = resource;

    if (atomic_load(&ended->holder) != 0)
        atomic_fetch_add(&all->collisions, 1);
    free(ended);
    atomic_fetch_add(&all->closed, 1);
    atomic_fetch_sub(&all->now, 1);
}

static void note_end(void *context)
{
    stage *all = context;

    atomic_store(&all->ended, true);
}

static const wi_resource_kind kind = {
    .open = open_session,
    .check = check_session,
    .returned = clean_session,
    .close = close_session,
    .ended = note_end,
};

/* -------------------------------------------------------------- borrowers */

typedef struct borrower {
    stage *all;
    pthread_t thread;
    int number; /* from 1 */
    uint64_t dice;
} borrower;

static void use(borrower *self, wi_lease *lease)
{
    session *mine = wi_lease_resource(lease);
    int nobody = 0;

    if (!atomic_compare_exchange_strong(&mine->holder, &nobody, self->number))
        atomic_fetch_add(&self->all->collisions, 1);
    if (roll(&self->dice) % 4 == 0)
        nap((int64_t)(roll(&self->dice) % 300000));
    if (atomic_exchange(&mine->holder, 0) != self->number)
        atomic_fetch_add(&self->all->collisions, 1);
}

static void lose_and_reopen(borrower *self, wi_lease *lease)
{
    stage *all = self->all;

    wi_pool_suspect(all->pool, lease);
    wi_pool_lose(all->pool, lease);
    if (wi_pool_reopen(all->pool, lease, wi_deadline_in_ns(MS), NULL) ==
        WEIR_OK)
        use(self, lease);
}

static void borrow(borrower *self)
{
    stage *all = self->all;
    wi_request request = {.tag = "stress"};
    wi_lease *lease = NULL;
    weir_status status;

    request.deadline_ns =
        wi_deadline_in_ns((int64_t)(roll(&self->dice) % 4) * MS);
    status = wi_pool_acquire(all->pool, &request, &lease, NULL);
    if (status == WEIR_ERR_POOL_TIMEOUT) {
        atomic_fetch_add(&all->timeouts, 1);
        if (wi_now_ns() < request.deadline_ns)
            atomic_fetch_add(&all->odd, 1);
    } else if (status != WEIR_OK && status != WEIR_ERR_CONNECTION) {
        atomic_fetch_add(&all->odd, 1);
    }
    if (status != WEIR_OK)
        return;
    atomic_fetch_add(&all->lent, 1);
    use(self, lease);
    if (roll(&self->dice) % 16 == 0)
        lose_and_reopen(self, lease);
    (void)wi_pool_release(all->pool, lease,
                          roll(&self->dice) % 16 == 0 ? WEIR_FATE_DISCARD
                                                      : WEIR_FATE_KEEP);
}

static void *run_borrower(void *argument)
{
    borrower *self = argument;

    for (int i = 0; i < ROUNDS; i++)
        borrow(self);
    return NULL;
}

/* ------------------------------------------------------------------- knobs */

/* Also into each place, as a dump does. */
static void look(stage *all)
{
    wi_place_view places[SIZE_MAX_EVER];
    wi_waiter_view waiters[THREADS];
    wi_pool_view view = {.place_count = SIZE_MAX_EVER,
                         .waiter_count = THREADS,
                         .places = places,
                         .waiters = waiters};

    wi_pool_view_of(all->pool, &view);
    if (view.status.idle < 0 || view.status.busy < 0 ||
        view.status.waiting < 0 || view.status.waiting > THREADS)
        atomic_fetch_add(&all->odd, 1);
}

static void turn_a_knob(stage *all, uint64_t *dice)
{
    wi_pool_options options = all->options;

    switch (roll(dice) % 3) {
    case 0:
        wi_pool_invalidate(all->pool);
        break;
    case 1:
        wi_pool_dispose(all->pool);
        break;
    default:
        options.size = 1 + (int)(roll(dice) % 8);
        options.max_overflow = (int)(roll(dice) % 5);
        if (wi_pool_set(all->pool, &options) != WEIR_OK)
            atomic_fetch_add(&all->odd, 1);
        break;
    }
}

static void *run_knobs(void *argument)
{
    stage *all = argument;
    uint64_t dice = 7;

    for (int i = 0; i < KNOBS && !atomic_load(&all->over); i++) {
        turn_a_knob(all, &dice);
        nap(MS);
        look(all);
        nap(MS);
    }
    return NULL;
}

/* ------------------------------------------------------------------- tests */

static void check_sums(stage *all)
{
    weir_pool_status status;

    assert_int_equal(atomic_load(&all->collisions), 0);
    assert_int_equal(atomic_load(&all->odd), 0);
    assert_true(atomic_load(&all->most) <= SIZE_MAX_EVER);
    wi_pool_status(all->pool, &status);
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.waiting, 0);
    assert_int_equal(status.acquired, atomic_load(&all->lent));
    assert_int_equal(status.timeouts, atomic_load(&all->timeouts));
}

static void run(stage *all)
{
    static borrower borrowers[THREADS];
    pthread_t knobs;
    bool last;

    all->pool = wi_pool_new(&kind, all, &all->options, NULL);
    assert_non_null(all->pool);
    for (int i = 0; i < THREADS; i++) {
        borrowers[i] = (borrower){
            .all = all, .number = i + 1, .dice = (uint64_t)i * 977 + 1};
        assert_int_equal(pthread_create(&borrowers[i].thread, NULL,
                                        run_borrower, &borrowers[i]),
                         0);
    }
    assert_int_equal(pthread_create(&knobs, NULL, run_knobs, all), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(borrowers[i].thread, NULL);
    atomic_store(&all->over, true);
    pthread_join(knobs, NULL);
    check_sums(all);
    last = wi_pool_close(all->pool);
    assert_true(last || all->options.threads);
    while (!last && !atomic_load(&all->ended))
        nap(MS); /* its threads end what they are at; the test has a limit */
    wi_pool_free(&all->pool);
    assert_int_equal(atomic_load(&all->now), 0);
    assert_int_equal(atomic_load(&all->opened), atomic_load(&all->closed));
    print_message("%d lent, %d timeouts, %d opened, %d refused\n",
                  atomic_load(&all->lent), atomic_load(&all->timeouts),
                  atomic_load(&all->opened), atomic_load(&all->refused));
}

static wi_pool_options options_for(wi_core_choice core)
{
    return (wi_pool_options){
        .core = core,
        .size = 4,
        .max_overflow = 4,
        .timeout_ns = 1000 * MS,
        .recycle_ns = 20 * MS,
        .pre_ping = true,
        .order = WI_ORDER_FIFO,
    };
}

static void test_stress__mutex_core(void **state)
{
    stage all = {.options = options_for(WI_CORE_MUTEX)};

    (void)state;
    run(&all);
}

static void test_stress__fast_core(void **state)
{
    stage all = {.options = options_for(WI_CORE_FAST)};

    (void)state;
    run(&all);
}

static void test_stress__fast_core_by_affinity(void **state)
{
    stage all = {.options = options_for(WI_CORE_FAST)};

    (void)state;
    all.options.order = WI_ORDER_AFFINITY;
    run(&all);
}

static void test_stress__fast_core_with_overtaking(void **state)
{
    stage all = {.options = options_for(WI_CORE_FAST)};

    (void)state;
    all.options.order = WI_ORDER_AFFINITY;
    all.options.max_overtake_ns = MS;
    run(&all);
}

static void test_stress__fast_core_with_threads(void **state)
{
    stage all = {.options = options_for(WI_CORE_FAST)};

    (void)state;
    all.options.order = WI_ORDER_AFFINITY;
    all.options.threads = true;
    run(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress__mutex_core),
        cmocka_unit_test(test_stress__fast_core),
        cmocka_unit_test(test_stress__fast_core_by_affinity),
        cmocka_unit_test(test_stress__fast_core_with_overtaking),
        cmocka_unit_test(test_stress__fast_core_with_threads),
    };

    return cmocka_run_group_tests_name("pool.stress", tests, NULL, NULL);
}
