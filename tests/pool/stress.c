/* SPDX-License-Identifier: MIT */
/*
 * Many threads and all faults at once. WEIR_TEST_SEED=n repeats a run as far
 * as the threads' own order of wishes goes; the seed is printed first.
 *
 * What must hold at any moment: a connection has one user, and never more are
 * open than the largest limit that was set. At the end: all counters agree.
 */
#include "pool/fake_server.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    THREADS = 12,
    ROUNDS = 600,
    LIMIT_MOST = 6,
    CLOSINGS = 150,
};

/* A small generator of our own: the same numbers everywhere. */
typedef struct dice {
    uint64_t state;
} dice;

static uint64_t roll(dice *self)
{
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return self->state * UINT64_C(2685821657736338717);
}

static bool one_in(dice *self, unsigned n)
{
    return (roll(self) >> 33) % n == 0;
}

static uint64_t seed;

static dice dice_for(int thread)
{
    dice made = {seed + (uint64_t)thread * UINT64_C(0x9e3779b97f4a7c15)};

    if (made.state == 0)
        made.state = 1;
    for (int i = 0; i < 8; i++)
        roll(&made);
    return made;
}

/* ---------------------------------------------------------------- a server */

/* Sessions come and go by the thousand here, so they are memory, and under
 * the sanitizer a use after its end is seen. */
typedef struct session {
    atomic_int users;
    atomic_bool dead;
} session;

typedef struct chaos {
    wi_pool *pool;
    atomic_int open_now;
    atomic_int opened;
    atomic_int failed;
    atomic_int lends;
    atomic_int timeouts;
    atomic_int broken_rules;
    atomic_uint_fast64_t faults; /* feeds the dice of the server */
    atomic_bool end;
} chaos;

static bool fault_one_in(chaos *self, unsigned n)
{
    dice own = dice_for((int)atomic_fetch_add(&self->faults, 1) + 1000);

    return one_in(&own, n);
}

static weir_status open_session(void *context, int64_t deadline_ns, void **out,
                                weir_error *err)
{
    chaos *self = context;
    session *made;

    (void)deadline_ns;
    if (fault_one_in(self, 50))
        nap(MS / 10);
    if (fault_one_in(self, 10)) {
        atomic_fetch_add(&self->failed, 1);
        return weir_error_set(err, WEIR_ERR_CONNECTION, "refused");
    }
    made = calloc(1, sizeof *made);
    WI_ASSERT(made);
    if (atomic_fetch_add(&self->open_now, 1) + 1 > LIMIT_MOST)
        atomic_fetch_add(&self->broken_rules, 1);
    atomic_fetch_add(&self->opened, 1);
    *out = made;
    return WEIR_OK;
}

static weir_status check_session(void *context, void *resource,
                                 int64_t deadline_ns, weir_error *err)
{
    session *asked = resource;

    (void)deadline_ns;
    if (fault_one_in(context, 200))
        return weir_error_set(err, WEIR_ERR_TIMEOUT, "no answer");
    if (atomic_load(&asked->dead))
        return weir_error_set(err, WEIR_ERR_CONNECTION, "gone");
    return WEIR_OK;
}

static weir_fate clean_session(void *context, void *resource)
{
    (void)resource;
    return fault_one_in(context, 40) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
}

static void close_session(void *context, void *resource)
{
    chaos *self = context;
    session *closed = resource;

    if (atomic_load(&closed->users) != 0)
        atomic_fetch_add(&self->broken_rules, 1);
    atomic_fetch_sub(&self->open_now, 1);
    free(closed);
}

static const wi_resource_kind chaos_kind = {
    .open = open_session,
    .check = check_session,
    .returned = clean_session,
    .close = close_session,
};

/* ----------------------------------------------------------------- threads */

typedef struct worker {
    pthread_t thread;
    chaos *chaos;
    dice dice;
    bool last;
} worker;

static void use(worker *self, wi_lease *lease)
{
    chaos *all = self->chaos;
    session *mine = wi_lease_resource(lease);

    if (atomic_fetch_add(&mine->users, 1) != 0)
        atomic_fetch_add(&all->broken_rules, 1);
    if (one_in(&self->dice, 8))
        nap(MS / 20);
    if (one_in(&self->dice, 30))
        atomic_store(&mine->dead, true);
    atomic_fetch_sub(&mine->users, 1);
}

static void lose_and_reopen(worker *self, wi_lease *lease)
{
    wi_pool *pool = self->chaos->pool;

    wi_pool_lose(pool, lease);
    if (one_in(&self->dice, 2))
        wi_pool_suspect(pool, lease);
    if (one_in(&self->dice, 2) &&
        wi_pool_reopen(pool, lease, WI_NO_DEADLINE, NULL) == WEIR_OK)
        use(self, lease);
}

static int64_t some_deadline(dice *dice)
{
    int64_t now = wi_now_ns();

    if (one_in(dice, 6))
        return now; /* does not wait */
    if (one_in(dice, 3))
        return now + (int64_t)(roll(dice) >> 44); /* up to a millisecond */
    return now + 60 * SECOND;
}

static void work_once(worker *self)
{
    chaos *all = self->chaos;
    wi_request request = {.deadline_ns = some_deadline(&self->dice),
                          .tag = "stress"};
    weir_fate fate =
        one_in(&self->dice, 20) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
    wi_lease *lease = NULL;
    weir_status status = wi_pool_acquire(all->pool, &request, &lease, NULL);

    if (status == WEIR_ERR_POOL_TIMEOUT)
        atomic_fetch_add(&all->timeouts, 1);
    if (status != WEIR_OK)
        return;
    atomic_fetch_add(&all->lends, 1);
    use(self, lease);
    if (one_in(&self->dice, 25))
        lose_and_reopen(self, lease);
    (void)wi_pool_release(all->pool, lease, fate);
}

static void *work(void *argument)
{
    worker *self = argument;

    for (int i = 0; i < ROUNDS; i++)
        work_once(self);
    return NULL;
}

static wi_pool_options some_options(dice *dice)
{
    wi_pool_options options = fake_options(1 + (int)((roll(dice) >> 40) % 4));

    options.max_overflow =
        (int)((roll(dice) >> 40) % (unsigned)(LIMIT_MOST - options.size + 1));
    options.lifo = one_in(dice, 2);
    options.pre_ping = one_in(dice, 2);
    options.recycle_ns = one_in(dice, 2) ? -1 : MS;
    return options;
}

static void *disturb(void *argument)
{
    worker *self = argument;
    wi_pool *pool = self->chaos->pool;

    while (!atomic_load(&self->chaos->end)) {
        wi_pool_options options = some_options(&self->dice);
        weir_pool_status now;

        (void)wi_pool_set(pool, &options);
        if (one_in(&self->dice, 4))
            wi_pool_dispose(pool);
        if (one_in(&self->dice, 4))
            wi_pool_invalidate(pool);
        wi_pool_status(pool, &now);
        if (now.idle + now.busy + now.connecting > LIMIT_MOST)
            atomic_fetch_add(&self->chaos->broken_rules, 1);
        nap(MS / 10);
    }
    return NULL;
}

static void launch(worker *self, chaos *all, int number,
                   void *(*run)(void *argument))
{
    int failed;

    *self = (worker){.chaos = all, .dice = dice_for(number)};
    failed = pthread_create(&self->thread, NULL, run, self);
    WI_ASSERT(failed == 0);
}

static void test_pool__counts_agree_after_chaos(void **state)
{
    wi_pool_options options = fake_options(3);
    static worker workers[THREADS];
    worker disturber;
    chaos all = {.end = false};
    weir_pool_status now;

    (void)state;
    all.pool = wi_pool_new(&chaos_kind, &all, &options, NULL);
    assert_non_null(all.pool);
    launch(&disturber, &all, 99, disturb);
    for (int i = 0; i < THREADS; i++)
        launch(&workers[i], &all, i, work);
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    atomic_store(&all.end, true);
    pthread_join(disturber.thread, NULL);

    wi_pool_status(all.pool, &now);
    assert_int_equal(atomic_load(&all.broken_rules), 0);
    assert_int_equal(now.busy + now.connecting + now.waiting, 0);
    assert_int_equal(now.idle, atomic_load(&all.open_now));
    assert_int_equal(now.opened, atomic_load(&all.opened));
    assert_int_equal(now.opened - now.closed, now.idle);
    assert_int_equal(now.acquired, atomic_load(&all.lends));
    assert_int_equal(now.timeouts, atomic_load(&all.timeouts));
    assert_int_equal(now.connect_failures, atomic_load(&all.failed));
    assert_true(now.acquired > THREADS * ROUNDS / 4);
    wi_pool_free(&all.pool);
    assert_int_equal(atomic_load(&all.open_now), 0);
}

/* ----------------------------------------------------------------- closing */

static void *work_until_closed(void *argument)
{
    worker *self = argument;
    chaos *all = self->chaos;

    for (;;) {
        wi_request request = {.tag = "closing"};
        wi_lease *lease = NULL;
        weir_status status = wi_pool_acquire(all->pool, &request, &lease, NULL);

        if (status == WEIR_OK)
            self->last = wi_pool_release(all->pool, lease, WEIR_FATE_KEEP);
        else
            self->last = request.last;
        if (self->last || status == WEIR_ERR_CLOSED)
            return NULL;
    }
}

/* Exactly one of all who are inside when a pool closes is told to end it. The
 * program must not call again after its last word, so workers stop then. */
static void close_while_in_use(int round)
{
    wi_pool_options options = fake_options(2);
    worker workers[4];
    chaos all = {.faults = (uint_fast64_t)round * 100};
    int told;

    all.pool = wi_pool_new(&chaos_kind, &all, &options, NULL);
    assert_non_null(all.pool);
    for (int i = 0; i < 4; i++)
        launch(&workers[i], &all, i, work_until_closed);
    if (round % 2)
        nap(MS / 10);
    told = wi_pool_close(all.pool);
    for (int i = 0; i < 4; i++) {
        pthread_join(workers[i].thread, NULL);
        told += workers[i].last;
    }
    assert_int_equal(told, 1);
    assert_int_equal(status_of(all.pool).waiting, 0);
    wi_pool_free(&all.pool);
    assert_int_equal(atomic_load(&all.open_now), 0);
}

static void test_pool_close__is_told_to_exactly_one(void **state)
{
    (void)state;
    for (int i = 0; i < CLOSINGS; i++)
        close_while_in_use(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__counts_agree_after_chaos),
        cmocka_unit_test(test_pool_close__is_told_to_exactly_one),
    };
    const char *wish = getenv("WEIR_TEST_SEED");

    seed = wish ? strtoull(wish, NULL, 10) : (uint64_t)wi_now_ns();
    fprintf(stderr, "WEIR_TEST_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
