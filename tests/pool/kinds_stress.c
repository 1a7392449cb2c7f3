/* SPDX-License-Identifier: MIT */
/*
 * The kinds of pool that are no queue under many threads, which come and go,
 * nest, lose what they have, give it back broken; others invalidate, dispose
 * and look. What a kind promises of who shares a connection is checked at each
 * use, and nothing is closed while it is used. Label race.
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

enum {
    THREADS = 24,
    LIVES = 6, /* each thread ends and comes back so often */
    ROUNDS = 25,
    KNOBS = 80,
    KEPT = 5,
};

#define MS INT64_C(1000000)

typedef struct session {
    atomic_int users;
    atomic_int owner; /* of the kind thread: who uses it; 0: nobody yet */
    atomic_int uses;
    bool mortal;
} session;

/* What happens in one run. */
typedef struct stage {
    wi_pool *pool;
    wi_pool_kind kind;
    atomic_int now; /* sessions */
    atomic_int opened;
    atomic_int closed;
    atomic_int wrong;   /* what the kind forbids */
    atomic_int refused; /* MISUSE */
    atomic_int lent;
    atomic_int odd; /* statuses that should not be */
    atomic_int names;
    atomic_bool over;
    atomic_int lasts; /* how often somebody was told that nothing is out */
} stage;

static uint64_t roll(uint64_t *dice)
{
    *dice = *dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *dice >> 33;
}

static void nap(int64_t ns)
{
    nanosleep(&(struct timespec){0, ns}, NULL);
}

/* --------------------------------------------------------------- sessions */

static weir_status open_session(void *context, int64_t deadline_ns, void **out,
                                weir_error *err)
{
    stage *all = context;
    session *made;

    (void)deadline_ns;
    sched_yield();
    if (atomic_fetch_add(&all->names, 1) % 13 == 7)
        return weir_error_set(err, WEIR_ERR_CONNECTION, "refused");
    made = calloc(1, sizeof *made);
    WI_ASSERT(made);
    made->mortal = atomic_load(&all->names) % 5 == 0;
    atomic_fetch_add(&all->opened, 1);
    atomic_fetch_add(&all->now, 1);
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

/* Only at the end of a loan: nobody is inside. */
static weir_fate clean_session(void *context, void *resource)
{
    stage *all = context;
    const session *cleaned = resource;

    if (atomic_load(&cleaned->users) != 0)
        atomic_fetch_add(&all->wrong, 1);
    sched_yield();
    return WEIR_FATE_KEEP;
}

static void close_session(void *context, void *resource)
{
    stage *all = context;
    session *ended = resource;

    if (atomic_load(&ended->users) != 0)
        atomic_fetch_add(&all->wrong, 1);
    free(ended);
    atomic_fetch_add(&all->closed, 1);
    atomic_fetch_sub(&all->now, 1);
}

static void note_end(void *context)
{
    stage *all = context;

    atomic_fetch_add(&all->lasts, 1);
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
    int name; /* of this life, from 1 */
    uint64_t dice;
} borrower;

static void use(borrower *self, session *mine)
{
    stage *all = self->all;
    int users = atomic_fetch_add(&mine->users, 1) + 1;
    int uses = atomic_fetch_add(&mine->uses, 1) + 1;
    int owner = 0;
    bool is_right = true;

    if (all->kind == WI_KIND_NULL)
        is_right = uses == 1;
    else if (all->kind == WI_KIND_ASSERTION)
        is_right = users == 1;
    else if (all->kind == WI_KIND_THREAD)
        is_right =
            atomic_compare_exchange_strong(&mine->owner, &owner, self->name) ||
            owner == self->name;
    if (!is_right)
        atomic_fetch_add(&all->wrong, 1);
    if (roll(&self->dice) % 4 == 0)
        nap((int64_t)(roll(&self->dice) % 200000));
    atomic_fetch_sub(&mine->users, 1);
}

static wi_lease *acquire(borrower *self)
{
    stage *all = self->all;
    wi_request request = {.tag = "stress",
                          .deadline_ns = wi_deadline_in_ns(2000 * MS)};
    wi_lease *lease = NULL;
    weir_status status = wi_pool_acquire(all->pool, &request, &lease, NULL);

    if (status == WEIR_ERR_MISUSE && all->kind == WI_KIND_ASSERTION)
        atomic_fetch_add(&all->refused, 1);
    else if (status != WEIR_OK && status != WEIR_ERR_CONNECTION)
        atomic_fetch_add(&all->odd, 1);
    if (status == WEIR_OK)
        atomic_fetch_add(&all->lent, 1);
    else if (request.last)
        atomic_fetch_add(&all->lasts, 1);
    return lease;
}

/* A loan that others share may be lost only by who is alone with it: above the
 * pool that is what entering a handle is for. */
static void lose_and_reopen(borrower *self, wi_lease *lease)
{
    stage *all = self->all;

    wi_pool_suspect(all->pool, lease);
    wi_pool_lose(all->pool, lease);
    if (wi_pool_reopen(all->pool, lease, 0, NULL) == WEIR_OK)
        use(self, wi_lease_resource(lease));
}

static void release(borrower *self, wi_lease *lease)
{
    weir_fate fate =
        roll(&self->dice) % 16 == 0 ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;

    if (wi_pool_release(self->all->pool, lease, fate))
        atomic_fetch_add(&self->all->lasts, 1);
}

static void borrow(borrower *self)
{
    stage *all = self->all;
    wi_lease *outer = acquire(self);
    wi_lease *inner;

    if (!outer)
        return;
    if (all->kind != WI_KIND_NULL || wi_lease_resource(outer))
        use(self, wi_lease_resource(outer));
    if (all->kind == WI_KIND_THREAD || all->kind == WI_KIND_STATIC) {
        inner = acquire(self);
        if (inner) {
            use(self, wi_lease_resource(inner));
            release(self, inner);
        }
    }
    if (all->kind != WI_KIND_STATIC && all->kind != WI_KIND_NULL &&
        roll(&self->dice) % 16 == 0)
        lose_and_reopen(self, outer);
    release(self, outer);
}

static void *live(void *argument)
{
    borrower *self = argument;

    for (int i = 0; i < ROUNDS; i++)
        borrow(self);
    return NULL;
}

/* Lives one after the other, each in a thread of its own. */
static void *live_again(void *argument)
{
    borrower *self = argument;

    for (int i = 0; i < LIVES; i++) {
        pthread_t life;

        self->name += THREADS;
        if (pthread_create(&life, NULL, live, self) == 0)
            pthread_join(life, NULL);
        else
            atomic_fetch_add(&self->all->odd, 1);
    }
    return NULL;
}

static void *turn_knobs(void *argument)
{
    stage *all = argument;
    uint64_t dice = 7;
    weir_pool_status status;

    for (int i = 0; i < KNOBS && !atomic_load(&all->over); i++) {
        uint64_t knob = roll(&dice) % 4;

        if (knob == 0)
            wi_pool_invalidate(all->pool);
        else if (knob == 1)
            wi_pool_dispose(all->pool);
        wi_pool_status(all->pool, &status);
        if (status.idle < 0 || status.busy < 0 || status.waiting < 0)
            atomic_fetch_add(&all->odd, 1);
        nap(2 * MS);
    }
    return NULL;
}

/* ------------------------------------------------------------------- tests */

static void check_sums(stage *all)
{
    weir_pool_status status;

    wi_pool_status(all->pool, &status);
    assert_int_equal(atomic_load(&all->wrong), 0);
    assert_int_equal(atomic_load(&all->odd), 0);
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.waiting, 0);
    assert_int_equal(status.acquired, atomic_load(&all->lent));
    assert_int_equal(status.opened, atomic_load(&all->opened));
    assert_int_equal(status.closed, atomic_load(&all->closed));
    assert_int_equal(status.idle, atomic_load(&all->now));
    /* All threads that had one of their own have ended. */
    if (all->kind == WI_KIND_THREAD || all->kind == WI_KIND_NULL)
        assert_int_equal(status.idle, 0);
    assert_true(status.idle <= 1);
}

static void run(wi_pool_kind tried, bool pre_ping)
{
    static borrower borrowers[THREADS];
    stage all = {.kind = tried};
    wi_pool_options options = {.kind = tried,
                               .size = KEPT,
                               .timeout_ns = 1000 * MS,
                               .recycle_ns = 20 * MS,
                               .pre_ping = pre_ping};
    pthread_t knobs;

    all.pool = wi_pool_new(&kind, &all, &options, NULL);
    assert_non_null(all.pool);
    for (int i = 0; i < THREADS; i++) {
        borrowers[i] = (borrower){
            .all = &all, .name = i + 1, .dice = (uint64_t)i * 977 + 1};
        assert_int_equal(pthread_create(&borrowers[i].thread, NULL, live_again,
                                        &borrowers[i]),
                         0);
    }
    assert_int_equal(pthread_create(&knobs, NULL, turn_knobs, &all), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(borrowers[i].thread, NULL);
    atomic_store(&all.over, true);
    pthread_join(knobs, NULL);
    check_sums(&all);
    assert_true(wi_pool_close(all.pool));
    wi_pool_free(&all.pool);
    assert_int_equal(atomic_load(&all.now), 0);
    print_message("%d lent, %d refused, %d opened\n", atomic_load(&all.lent),
                  atomic_load(&all.refused), atomic_load(&all.opened));
}

static void test_stress__null(void **state)
{
    (void)state;
    run(WI_KIND_NULL, false);
}

static void test_stress__static(void **state)
{
    (void)state;
    run(WI_KIND_STATIC, true);
}

static void test_stress__thread(void **state)
{
    (void)state;
    run(WI_KIND_THREAD, true);
}

static void test_stress__assertion(void **state)
{
    (void)state;
    run(WI_KIND_ASSERTION, true);
}

/* Closing while many are inside: exactly one is told that it was the last. */
static void test_stress__closing_is_told_once(void **state)
{
    static borrower borrowers[THREADS];
    static const wi_pool_kind kinds[] = {WI_KIND_NULL, WI_KIND_STATIC,
                                         WI_KIND_THREAD};

    (void)state;
    for (int round = 0; round < 60; round++) {
        stage all = {.kind = kinds[round % 3]};
        wi_pool_options options = {
            .kind = all.kind, .timeout_ns = 1000 * MS, .recycle_ns = -1};

        all.pool = wi_pool_new(&kind, &all, &options, NULL);
        assert_non_null(all.pool);
        for (int i = 0; i < 4; i++) {
            borrowers[i] = (borrower){
                .all = &all, .name = i + 1, .dice = (uint64_t)(i + round)};
            WI_ASSERT(pthread_create(&borrowers[i].thread, NULL, live,
                                     &borrowers[i]) == 0);
        }
        nap((int64_t)round * 20000);
        atomic_fetch_add(&all.lasts, wi_pool_close(all.pool));
        for (int i = 0; i < 4; i++)
            pthread_join(borrowers[i].thread, NULL);
        assert_int_equal(atomic_load(&all.wrong), 0);
        assert_int_equal(atomic_load(&all.lasts), 1);
        wi_pool_free(&all.pool);
        assert_int_equal(atomic_load(&all.now), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress__null),
        cmocka_unit_test(test_stress__static),
        cmocka_unit_test(test_stress__thread),
        cmocka_unit_test(test_stress__assertion),
        cmocka_unit_test(test_stress__closing_is_told_once),
    };

    return cmocka_run_group_tests_name("pool.kinds_stress", tests, NULL, NULL);
}
