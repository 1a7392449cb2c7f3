/* SPDX-License-Identifier: MIT */
/*
 * Threads that nest. The story keeps its own book of who holds what and waits
 * for what, and judges by that what the pools say.
 */
#include "nested.h"

#include <string.h>

#include <weir/cancel.h>

#include "server.h"
#include "world.h"

enum {
    POOLS_MAX = 3,
    NESTERS_MAX = 6,
    LOANS_MAX = 3,
    HANDED_MAX = 8,
    ROUNDS_MAX = 20,
    TOKENS_MAX = NESTERS_MAX * (ROUNDS_MAX + 2),
};

typedef struct loan {
    int pool;
    wi_lease *lease;
} loan;

typedef struct nester {
    int number;
    int task;
    int rounds;
    int wish;         /* the pool that it asks; -1: none */
    int served;       /* how often it had been handed something before */
    uint64_t entered; /* when it asked, in events */
    weir_cancel_token *token;
    int64_t quit_ns; /* when it was cancelled */
    loan loans[LOANS_MAX];
    int count;
} nester;

static struct {
    server servers[POOLS_MAX];
    wi_pool_options options[POOLS_MAX];
    wi_pool *pools[POOLS_MAX];
    int pool_count;
    nester nesters[NESTERS_MAX];
    int nester_count;
    int running;
    loan handed[HANDED_MAX]; /* on the way to who gives them back */
    int handed_count;
    int handing; /* loans under way that will be handed on */
    int returning;
    weir_cancel_token *tokens[TOKENS_MAX]; /* all that there ever were */
    int token_count;
    int64_t told_ns;    /* when somebody was told of a circle last */
    int64_t changed_ns; /* when a deadline passed or a knob was turned */
    uint64_t changed;   /* the same in events */
    bool turning;       /* a knob */
    bool ending;
} now;
static uint64_t told;

static bool by_chance(uint64_t percent)
{
    return world_random(100) < percent;
}

static int64_t some_ms(uint64_t most)
{
    return world_now() + (int64_t)world_random(most) * SIM_MS;
}

/* ----------------------------------------------------------------- the book */

static void note_change(void)
{
    now.changed_ns = world_now();
    now.changed = world_event();
}

static bool is_waiting(const nester *one, const nester *also)
{
    return one == also || (one->wish >= 0 && world_is_waiting(one->task));
}

/* Whether a thread that goes on, or nobody in particular, has some of a pool,
 * or some is to be had. */
static bool is_alive(int pool, const nester *also)
{
    const wi_pool_options *options = &now.options[pool];
    weir_pool_status status;
    int known = 0;

    wi_pool_status(now.pools[pool], &status);
    for (int i = 0; i < now.nester_count; i++) {
        const nester *one = &now.nesters[i];

        for (int j = 0; j < one->count; j++) {
            if (one->loans[j].pool != pool)
                continue;
            known++;
            if (!is_waiting(one, also))
                return true;
        }
    }
    return status.idle > 0 || status.connecting > 0 || status.busy > known ||
           status.asking + status.closing > 0 ||
           status.busy < options->size + options->max_overflow;
}

/* Pools that are only held by those who wait for such pools. `also` is taken
 * for one who waits. */
static void find_stuck(bool stuck[POOLS_MAX], const nester *also)
{
    bool changed = true;

    for (int pool = 0; pool < now.pool_count; pool++)
        stuck[pool] = !is_alive(pool, also);
    while (changed) {
        changed = false;
        for (int i = 0; i < now.nester_count; i++) {
            const nester *one = &now.nesters[i];

            if (!is_waiting(one, also) || stuck[one->wish])
                continue;
            for (int j = 0; j < one->count; j++) {
                changed |= stuck[one->loans[j].pool];
                stuck[one->loans[j].pool] = false;
            }
        }
    }
}

/* Nobody can run. */
static void check_idle(void *context)
{
    bool stuck[POOLS_MAX];

    (void)context;
    if (now.ending)
        return;
    find_stuck(stuck, NULL);
    for (int i = 0; i < now.nester_count; i++) {
        const nester *one = &now.nesters[i];

        if (is_waiting(one, NULL) && weir_cancel_token_is_cancelled(one->token))
            world_fail("%d is cancelled and sleeps", i);
        for (int j = 0; j < one->count && is_waiting(one, NULL); j++) {
            if (stuck[one->wish] && stuck[one->loans[j].pool])
                world_fail("%d sleeps in a circle", i);
        }
    }
}

/* Whether somebody else is about to lie down in a queue, or leaves it by
 * himself. Who was told to leave is seen to wait no more. */
static bool anybody_moves(const nester *self)
{
    for (int i = 0; i < now.nester_count; i++) {
        const nester *one = &now.nesters[i];

        if (one != self && one->wish >= 0 && !world_is_waiting(one->task) &&
            world_served(one->task) == one->served)
            return true;
    }
    return false;
}

static bool anybody_was_handed(uint64_t since)
{
    for (int i = 0; i < now.nester_count; i++) {
        int task = now.nesters[i].task;

        if (task >= 0 && world_handed(task) > since)
            return true;
    }
    return false;
}

/* Whether something has changed since it was looked at for him: by himself when
 * he came, or by others while he slept. */
static bool has_changed(const nester *self)
{
    if (now.turning)
        return true;
    if (world_served(self->task) > self->served)
        return now.changed_ns == world_now();
    return now.changed > self->entered || anybody_was_handed(self->entered);
}

/* He has not gone on since, but other things may have changed. */
static void check_told(const nester *self)
{
    bool stuck[POOLS_MAX];
    bool holds = false;
    uint64_t before = ++told;

    /* Circles that hang together may be told of in one moment, each to one. */
    if (now.told_ns == world_now())
        return;
    now.told_ns = world_now();
    find_stuck(stuck, self);
    for (int j = 0; j < self->count; j++)
        holds |= stuck[self->loans[j].pool];
    /* Looking took a while, and the next one may have been told in it. */
    if ((!stuck[self->wish] || !holds) && !has_changed(self) &&
        told == before && !anybody_moves(self))
        world_fail("%d is told of a circle that is none", self->number);
}

static void check_step(void *context)
{
    (void)context;
    for (int i = 0; i < now.pool_count; i++)
        server_check(&now.servers[i]);
}

/* -------------------------------------------------------------- who nests */

static int number_of(const loan *one)
{
    return server_number(&now.servers[one->pool],
                         wi_lease_resource(one->lease));
}

static void give_back(loan *one, int holder)
{
    server_returned(wi_lease_resource(one->lease), holder);
    (void)wi_pool_release(now.pools[one->pool], one->lease,
                          by_chance(10) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP);
}

static void give_back_one(nester *self)
{
    int which = (int)world_random((uint64_t)self->count);
    loan one = self->loans[which];

    /* Out of the book first: a return may let others run. */
    self->loans[which] = self->loans[--self->count];
    world_trace("gives back %d of %d", number_of(&one), one.pool);
    give_back(&one, self->number);
}

static void renew_token(nester *self)
{
    if (self->token && !weir_cancel_token_is_cancelled(self->token))
        return;
    self->token = weir_cancel_token_new(NULL);
    now.tokens[now.token_count++] = self->token;
}

/* Somebody's wait ends, if it is one. */
static void cancel_somebody(void)
{
    nester *one = &now.nesters[world_random((uint64_t)now.nester_count)];

    if (one->wish < 0)
        return;
    world_trace("cancels %d", one->number);
    now.changed_ns = one->quit_ns = world_now();
    weir_cancel_token_cancel(one->token);
}

static void check_cancelled(const nester *self)
{
    if (!weir_cancel_token_is_cancelled(self->token))
        world_fail("%d was cancelled by nobody", self->number);
    if (self->quit_ns != world_now())
        world_fail("%d was cancelled and slept on", self->number);
    note_change();
}

static void borrow(nester *self)
{
    int pool = (int)world_random((uint64_t)now.pool_count);
    wi_request request = {
        .deadline_ns = by_chance(20) ? some_ms(40) : 0,
        .tag = "nester",
        .site = "nested.c:1",
        .may_move =
            now.handed_count + now.handing < HANDED_MAX && by_chance(20),
    };
    wi_lease *lease = NULL;
    weir_status status;
    weir_error err;

    renew_token(self);
    request.cancel = self->token;
    self->served = world_served(self->task);
    self->entered = world_event();
    self->wish = pool;
    now.handing += request.may_move;
    world_trace("asks %d, has %d", pool, self->count);
    status = wi_pool_acquire(now.pools[pool], &request, &lease, &err);
    world_trace("has status %d", (int)status);
    if (status == WEIR_OK)
        world_trace("has %d of %d",
                    number_of(&(loan){.pool = pool, .lease = lease}), pool);
    if (status == WEIR_ERR_POOL_TIMEOUT)
        note_change();
    if (status == WEIR_ERR_CANCELLED)
        check_cancelled(self);
    if (status == WEIR_ERR_POOL_DEADLOCK)
        check_told(self);
    self->wish = -1;
    now.handing -= request.may_move;
    if (status != WEIR_OK)
        return;
    server_lent(wi_lease_resource(lease), self->number);
    if (request.may_move) {
        server_returned(wi_lease_resource(lease), self->number);
        server_lent(wi_lease_resource(lease), NESTERS_MAX);
        world_trace("hands on of %d", pool);
        now.handed[now.handed_count++] = (loan){pool, lease};
        return;
    }
    if (by_chance(30))
        wi_pool_hold(now.pools[pool], lease);
    self->loans[self->count++] = (loan){pool, lease};
}

static void run_nester(void *argument)
{
    nester *self = argument;

    self->task = world_self();
    for (int i = 0; i < self->rounds; i++) {
        world_sleep_until(some_ms(6));
        if (self->count < LOANS_MAX && by_chance(60))
            borrow(self);
        else if (self->count > 0)
            give_back_one(self);
    }
    while (self->count > 0)
        give_back_one(self);
    now.running--;
}

/* Gives back what others have handed on, later. */
static void run_receiver(void *argument)
{
    (void)argument;
    while (now.running > 0 || now.handed_count > 0) {
        world_sleep_until(some_ms(20) + SIM_MS);
        if (now.handed_count > 0) {
            loan one = now.handed[now.handed_count - 1];

            now.returning++;
            now.handed_count--;
            give_back(&one, NESTERS_MAX);
            now.returning--;
        }
    }
}

/* Makes pools smaller and larger. */
static void turn_a_knob(void)
{
    int pool = (int)world_random((uint64_t)now.pool_count);
    wi_pool_options options = now.options[pool];
    int most = options.size + options.max_overflow;

    options.size = 1 + (int)world_random(2);
    options.max_overflow = (int)world_random(2);
    world_trace("sets %d to %d + %d", pool, options.size, options.max_overflow);
    if (options.size + options.max_overflow > most)
        server_set_limit(&now.servers[pool],
                         options.size + options.max_overflow);
    now.options[pool] = options;
    now.turning = true;
    (void)wi_pool_set(now.pools[pool], &options);
    now.turning = false;
    note_change();
    server_set_limit(&now.servers[pool], options.size + options.max_overflow);
}

static void run_keeper(void *argument)
{
    (void)argument;
    while (now.running > 0 || now.handed_count + now.returning > 0) {
        world_sleep_until(some_ms(20) + SIM_MS);
        if (by_chance(20))
            turn_a_knob();
        if (by_chance(40))
            cancel_somebody();
    }
    now.ending = true;
    for (int i = 0; i < now.pool_count; i++)
        (void)wi_pool_close(now.pools[i]);
    while (world_helpers() > 0)
        world_sleep_until(world_now() + SIM_MS);
}

/* -------------------------------------------------------------------- story */

static void ended(void)
{
    world_trace("a pool has ended");
}

static void make_pool(int number, uint64_t seed)
{
    static const server_moods calm = {.slow = 30};
    wi_pool_options options = {
        .core = by_chance(30) ? WI_CORE_MUTEX : WI_CORE_FAST,
        .port = &world_port,
        .size = 1 + (int)world_random(2),
        .max_overflow = (int)world_random(2),
        .timeout_ns = 100000 * SIM_MS,
        .recycle_ns = -1,
        .order = by_chance(30) ? WI_ORDER_FIFO : WI_ORDER_AFFINITY,
        .threads = by_chance(50),
        .max_overtake_ns = by_chance(25) ? 2 * SIM_MS : 0,
    };

    now.options[number] = options;
    server_begin(&now.servers[number], seed + (uint64_t)number, &calm,
                 options.size + options.max_overflow);
    now.servers[number].ended = ended;
    now.pools[number] =
        wi_pool_new(&server_kind, &now.servers[number], &options, NULL);
}

static void spawn_all(void)
{
    static const char *const names[NESTERS_MAX] = {
        "nester 0", "nester 1", "nester 2", "nester 3", "nester 4", "nester 5",
    };

    now.nester_count = now.running = 1 + (int)world_random(NESTERS_MAX);
    for (int i = 0; i < now.nester_count; i++) {
        now.nesters[i] = (nester){.number = i,
                                  .task = -1,
                                  .wish = -1,
                                  .rounds = 2 + (int)world_random(ROUNDS_MAX)};
        world_spawn(names[i], run_nester, &now.nesters[i]);
    }
    world_spawn("receiver", run_receiver, NULL);
    world_spawn("keeper", run_keeper, NULL);
}

bool nested_run(uint64_t seed, bool trace)
{
    world_plan world = {
        .seed = seed,
        .interrupts = true,
        .trace = trace,
        .check = check_step,
        .idle = check_idle,
    };

    memset(&now, 0, sizeof now);
    now.changed_ns = -1;
    world_begin(&world);
    now.pool_count = 1 + (int)world_random(POOLS_MAX);
    for (int i = 0; i < now.pool_count; i++)
        make_pool(i, seed);
    spawn_all();
    if (!world_run())
        return false;
    for (int i = 0; i < now.pool_count; i++)
        wi_pool_free(&now.pools[i]);
    for (int i = 0; i < now.token_count; i++)
        weir_cancel_token_free(&now.tokens[i]);
    return !world_finding()[0];
}

uint64_t nested_told(void)
{
    return told;
}
