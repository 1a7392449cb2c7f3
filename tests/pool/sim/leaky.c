/* SPDX-License-Identifier: MIT */
/*
 * Borrowers that forget. The story keeps its own book of every loan: who has
 * it, whether he is inside, and what was told of it.
 */
#include "leaky.h"

#include <string.h>

#include "pool/leak.h"
#include "server.h"
#include "world.h"

enum {
    BORROWERS_MAX = 5,
    ROUNDS_MAX = 12,
    LOANS_MAX = BORROWERS_MAX * ROUNDS_MAX,
    TICK_NS = 4000000, /* of the coarse clock, by which loans begin */
};

typedef enum whereabouts {
    OUT = 0, /* lent, and nobody is inside */
    INSIDE,
    TAKEN,
    BACK,
} whereabouts;

typedef struct loan {
    wi_lease *lease;
    uint64_t serial;
    int borrower;
    whereabouts where;
    bool is_detached;
    int64_t began_ns;
    int found; /* how often it was told */
    int returned;
    int reclaimed;
    int in_use;
} loan;

typedef struct borrower {
    int number;
    int rounds;
} borrower;

static struct {
    server server;
    wi_pool_options options;
    wi_pool *pool;
    borrower borrowers[BORROWERS_MAX];
    int running;
    int entering; /* about to be inside the pool */
    int forgetting;
    loan loans[LOANS_MAX];
    int loan_count;
    int late; /* releases of what was over */
    int told; /* that nothing is out */
    bool closing;
} now;
static uint64_t taken;

static bool by_chance(uint64_t percent)
{
    return world_random(100) < percent;
}

static int64_t some_time(int64_t most_ns)
{
    return world_now() + (int64_t)world_random((uint64_t)most_ns);
}

/* ----------------------------------------------------------------- the book */

static loan *find(const wi_leak *leak)
{
    for (int i = now.loan_count - 1; i >= 0; i--) {
        loan *one = &now.loans[i];

        if (one->lease == leak->lease && one->serial == leak->loan)
            return one;
    }
    return NULL;
}

static void check_age(const loan *one, int64_t limit_ns)
{
    if (world_now() - one->began_ns < limit_ns - TICK_NS)
        world_fail("%d is called late after %lld ns", one->borrower,
                   (long long)(world_now() - one->began_ns));
}

static void hear(void *context, const wi_leak *leak)
{
    loan *one = find(leak);

    (void)context;
    world_point();
    if (!one) {
        world_fail("a loan is told of that nobody has");
        return;
    }
    world_trace("hears news %d of %d", (int)leak->news, one->borrower);
    one->found += leak->news == WI_LEAK_FOUND;
    one->returned += leak->news == WI_LEAK_RETURNED;
    one->reclaimed += leak->news == WI_LEAK_RECLAIMED;
    one->in_use += leak->news == WI_LEAK_IN_USE;
    if (one->found > 1 || one->in_use > 1 || one->returned + one->reclaimed > 1)
        world_fail("%d is told of again", one->borrower);
    if (one->is_detached)
        world_fail("%d has detached it, and is told of", one->borrower);
    if (leak->news == WI_LEAK_FOUND)
        check_age(one, now.options.leak_ns);
    if (leak->news == WI_LEAK_RECLAIMED && one->where != TAKEN)
        world_fail("%d has it, and it is told to be taken", one->borrower);
    if (leak->news == WI_LEAK_RETURNED && one->where != BACK)
        world_fail("%d is told to be back", one->borrower);
}

static void take_a_while(void)
{
    if (by_chance(30))
        world_sleep_until(some_time(3 * SIM_MS));
    else
        world_point();
}

/* Between two calls nobody is inside. Before and after that is decided other
 * things may happen. */
static bool take_back(void *context, const wi_leak *leak)
{
    loan *one = find(leak);
    session *its;

    take_a_while();
    if (!one || one->where != OUT)
        return false;
    check_age(one, now.options.reclaim_ns);
    one->where = TAKEN;
    its = wi_lease_resource(leak->lease);
    world_trace("takes back what %d has", one->borrower);
    taken++;
    if (its) {
        server_returned(its, one->borrower);
        server_kind.close(context, its);
    }
    take_a_while();
    return true;
}

/* ---------------------------------------------------------------- borrowers */

static void was_told(void)
{
    world_trace("nothing is out");
    if (++now.told > 1)
        world_fail("told twice that nothing is out");
}

static loan *borrow(const borrower *self)
{
    wi_request request = {.deadline_ns = some_time(60 * SIM_MS),
                          .tag = "borrower"};
    wi_lease *lease = NULL;
    weir_status status;
    loan *one;

    now.entering++;
    world_trace("%d acquires", self->number);
    status = wi_pool_acquire(now.pool, &request, &lease, NULL);
    now.entering--;
    if (status != WEIR_OK && request.last)
        was_told();
    if (status != WEIR_OK)
        return NULL;
    one = &now.loans[now.loan_count++];
    *one = (loan){.lease = lease,
                  .serial = wi_lease_loan(lease),
                  .borrower = self->number,
                  .where = INSIDE,
                  .began_ns = world_now()};
    world_trace("%d has %d", self->number,
                server_number(&now.server, wi_lease_resource(lease)));
    server_lent(wi_lease_resource(lease), self->number);
    if (by_chance(10)) {
        one->is_detached = true;
        wi_pool_detach(now.pool, lease);
    }
    one->where = OUT;
    return one;
}

static bool enter(loan *one)
{
    world_point();
    if (one->where != OUT)
        return false;
    one->where = INSIDE;
    return true;
}

/* A call, in which the session may be lost and another opened. */
static void call(loan *one)
{
    if (!enter(one))
        return;
    world_sleep_until(some_time(6 * SIM_MS));
    if (by_chance(15) && wi_lease_resource(one->lease) && !one->is_detached) {
        server_returned(wi_lease_resource(one->lease), one->borrower);
        wi_pool_lose(now.pool, one->lease);
        if (by_chance(70) &&
            wi_pool_reopen(now.pool, one->lease, some_time(20 * SIM_MS),
                           NULL) == WEIR_OK)
            server_lent(wi_lease_resource(one->lease), one->borrower);
    }
    world_point();
    one->where = OUT;
}

static void release(const loan *one, weir_fate fate)
{
    world_trace("releases loan %d of %p", (int)one->serial,
                (const void *)one->lease);
    if (wi_pool_release_loan(now.pool, one->lease, one->serial, fate))
        was_told();
}

/* What was taken is given back all the same, and what was given back again. */
static void give_back(loan *one)
{
    session *its;

    if (!enter(one)) {
        now.late++;
        release(one, WEIR_FATE_DISCARD);
        return;
    }
    its = wi_lease_resource(one->lease);
    if (its)
        server_returned(its, one->borrower);
    one->where = BACK;
    world_trace("gives back");
    release(one, its && !one->is_detached && by_chance(80) ? WEIR_FATE_KEEP
                                                           : WEIR_FATE_DISCARD);
    if (by_chance(15)) {
        now.late++;
        release(one, WEIR_FATE_DISCARD);
    }
}

/* Nobody was inside for so long: it has been seen to. */
static void forget(const loan *one)
{
    if (now.closing)
        return;
    now.forgetting++;
    world_sleep_until(world_now() + 5000 * SIM_MS);
    now.forgetting--;
    if (one->is_detached || world_rests_until() == 0)
        return;
    if (now.options.leak_ns > 0 && one->found == 0)
        world_fail("%d has forgotten it, and nobody says so", one->borrower);
    if (now.options.reclaim_ns > 0 && one->where != TAKEN)
        world_fail("%d has forgotten it, and has it still", one->borrower);
}

static void run_borrower(void *argument)
{
    const borrower *self = argument;

    for (int i = 0; i < self->rounds && !now.closing; i++) {
        loan *one;

        world_sleep_until(some_time(8 * SIM_MS));
        if (now.closing || !(one = borrow(self)))
            continue;
        for (int calls = (int)world_random(4); calls > 0; calls--) {
            world_sleep_until(some_time(12 * SIM_MS));
            call(one);
        }
        if (by_chance(8))
            forget(one);
        give_back(one);
    }
    now.running--;
}

/* -------------------------------------------------------------------- story */

static void run_keeper(void *argument)
{
    (void)argument;
    while (now.running > 0 && (now.forgetting > 0 || by_chance(95))) {
        world_sleep_until(some_time(40 * SIM_MS));
        if (by_chance(5))
            wi_pool_dispose(now.pool);
    }
    /* Who is about to enter would have to know that it is there. */
    now.closing = true;
    while (now.entering > 0)
        world_sleep_until(world_now() + SIM_MS);
    if (wi_pool_close(now.pool))
        was_told();
    while (now.told == 0)
        world_sleep_until(world_now() + 1000 * SIM_MS);
}

static void check_step(void *context)
{
    (void)context;
    server_check(&now.server);
}

static void check_idle(void *context)
{
    (void)context;
}

static wi_pool_options choose_options(void)
{
    wi_pool_options options = {
        .core = WI_CORE_FAST,
        .port = &world_port,
        .size = 1 + (int)world_random(2),
        .max_overflow = (int)world_random(2),
        .timeout_ns = 60 * SIM_MS,
        .recycle_ns = -1,
        .order = by_chance(30) ? WI_ORDER_FIFO : WI_ORDER_AFFINITY,
        .threads = true,
        .max_overtake_ns = by_chance(25) ? 2 * SIM_MS : 0,
    };

    if (by_chance(80))
        options.leak_ns = 6 * SIM_MS + (int64_t)world_random(8 * SIM_MS);
    if (options.leak_ns == 0 || by_chance(70))
        options.reclaim_ns =
            options.leak_ns + 6 * SIM_MS + (int64_t)world_random(10 * SIM_MS);
    return options;
}

static void spawn_all(void)
{
    static const char *const names[BORROWERS_MAX] = {
        "borrower 0", "borrower 1", "borrower 2", "borrower 3", "borrower 4",
    };
    int count = 1 + (int)world_random(BORROWERS_MAX);

    now.running = count;
    for (int i = 0; i < count; i++) {
        now.borrowers[i] = (borrower){
            .number = i, .rounds = 1 + (int)world_random(ROUNDS_MAX)};
        world_spawn(names[i], run_borrower, &now.borrowers[i]);
    }
    world_spawn("keeper", run_keeper, NULL);
}

/* Each ended once, and what the pool has counted adds up. */
static void check_end(void)
{
    weir_pool_status end;
    unsigned leaks = 0;
    unsigned reclaimed = 0;

    wi_pool_status(now.pool, &end);
    for (int i = 0; i < now.loan_count; i++) {
        const loan *one = &now.loans[i];

        leaks += one->found > 0 || (now.options.leak_ns == 0 &&
                                    one->returned + one->reclaimed > 0);
        reclaimed += one->where == TAKEN;
        if (one->found && one->returned + one->reclaimed != 1)
            world_fail("%d was told of, and what became of it was not",
                       one->borrower);
        if (one->reclaimed != (one->where == TAKEN))
            world_fail("what %d had was taken, and not told", one->borrower);
    }
    if (end.reclaimed != reclaimed || end.leaks != leaks)
        world_fail("%u and %u leaks, %u and %u reclaimed", (unsigned)end.leaks,
                   leaks, (unsigned)end.reclaimed, reclaimed);
    if (end.stale_returns != (unsigned)now.late)
        world_fail("%d came late, %u are counted", now.late,
                   (unsigned)end.stale_returns);
    if (end.overdue != 0 || now.told != 1)
        world_fail("%d are overdue, told %d times", end.overdue, now.told);
    wi_pool_free(&now.pool);
    if (now.server.now != 0 || now.server.opened != now.server.closed)
        world_fail("%d sessions are left", now.server.now);
}

bool leaky_run(uint64_t seed, bool trace)
{
    static const server_moods calm = {.slow = 20};
    static wi_resource_kind kind;
    world_plan world = {
        .seed = seed,
        .interrupts = true,
        .trace = trace,
        .check = check_step,
        .idle = check_idle,
    };

    memset(&now, 0, sizeof now);
    kind = server_kind;
    kind.leaked = hear;
    kind.reclaim = take_back;
    world_begin(&world);
    now.options = choose_options();
    server_begin(&now.server, seed, &calm,
                 now.options.size + now.options.max_overflow);
    now.server.ended = was_told;
    now.pool = wi_pool_new(&kind, &now.server, &now.options, NULL);
    now.server.pool = now.pool;
    wi_pool_begin(now.pool);
    spawn_all();
    if (world_run())
        check_end();
    return !world_finding()[0];
}

uint64_t leaky_taken(void)
{
    return taken;
}
