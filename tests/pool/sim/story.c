/* SPDX-License-Identifier: MIT */
/*
 * Borrowers and the one who turns knobs.
 */
#include "story.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "memory.h"
#include "pool/view.h"
#include "server.h"
#include "settings.h"
#include "trust.h"
#include "world.h"

enum { BORROWERS_MAX = 6, ROUNDS_MAX = 12 };

typedef struct borrower {
    int number;
    int task;
    int rounds;
    bool is_acquiring;
    int unlocks;      /* of its thread when its acquire began */
    uint64_t cleared; /* all that was begun before has been invalidated */
    uint64_t doubted; /* and all that was heard of before is suspected */
    int served;       /* the same: how often it was handed something */
    int64_t began;    /* its acquire, by the clock */
    uint64_t entered; /* the same in events */
    int serial;       /* of its acquire */
    /* Who waited when this acquire began, in which of his own, and how often
     * he had been handed something: he must have had his turn, or have left,
     * when this one is served. 0: nobody. */
    int ahead[BORROWERS_MAX];
    int ahead_served[BORROWERS_MAX];
} borrower;

static struct {
    story_plan plan;
    uint64_t history;
    server server;
    wi_pool_options options;
    wi_pool *pool;
    borrower borrowers[BORROWERS_MAX];
    int borrower_count;
    bool is_watched; /* sessions have sockets */
    bool hurry;      /* a borrower is about to give back: close now */
    bool paused;     /* from its return to the next resume */
    bool is_pausing;
    bool draining; /* from its call */
    int resumes;   /* odd while somebody is about to */
    int drains;
    int enders; /* inside, waiting for the end */
    int unlocks_when_told[TASKS_MAX];
    bool refuses; /* draining holds, and is known to */
    uint64_t refused_at;
    uint64_t paused_at;  /* these in events */
    uint64_t drained_at; /* when it last was no longer draining */
    borrower drainer;
    bool closing;
    bool closed;      /* wi_pool_close() is over */
    int told;         /* how often somebody was told that nothing is out */
    uint64_t cleared; /* when the last invalidation ended, in events */
    uint64_t lent;
    uint64_t timeouts;
    bool is_sound;    /* the server has no moods */
    int left;         /* borrowers that are not done yet */
    uint64_t choices; /* in a calm story: its own dice */
} now;

/* What was seen, when, of whom. */
static void record(int number, uint64_t what, uint64_t detail)
{
    uint64_t mixed = (uint64_t)world_now() ^ ((uint64_t)number << 48) ^
                     (what << 56) ^ (detail << 40);

    now.history = (now.history ^ mixed) * UINT64_C(0x100000001b3);
    now.history ^= now.history >> 29;
}

/* ------------------------------------------------------------------- rules */

static int limit_of(const wi_pool_options *options)
{
    return options->size + options->max_overflow;
}

static void check_step(void *context)
{
    (void)context;
    server_check(&now.server);
    trust_step(now.pool, now.plan.core);
}

static int64_t hang_up_ns(void *context, int socket)
{
    (void)context;
    return server_hang_up_ns(&now.server, socket);
}

static int count_waiting(void)
{
    int count = 0;

    for (int i = 0; i < now.borrower_count; i++)
        count += now.borrowers[i].is_acquiring &&
                 world_is_waiting(now.borrowers[i].task);
    return count;
}

/* Nobody can run: whoever waits must have nothing that he could be given, and
 * somebody must be at what he needs. */
static bool nobody_is_inside(void)
{
    for (int i = 0; i < now.borrower_count; i++) {
        if (now.borrowers[i].is_acquiring)
            return false;
    }
    return true;
}

static void check_idle(void *context)
{
    wi_pool_view view = {.place_count = 0};
    weir_pool_status status;
    int waiting = count_waiting();

    (void)context;
    if (now.enders > 0 && now.server.now == 0 && waiting == 0 &&
        world_helpers() == 0 && nobody_is_inside())
        world_fail("somebody waits for an end that has come");
    if (now.closing)
        return;
    wi_pool_view_of(now.pool, &view);
    status = view.status;
    server_settled(&now.server, status.idle + status.busy + status.connecting);
    if (status.waiting != waiting)
        world_fail("%d wait, the pool says %d", waiting, status.waiting);
    if (now.is_pausing)
        return;
    if (waiting > 0 && status.idle > 0)
        world_fail("%d wait beside %d idle", waiting, status.idle);
    if (waiting > 0)
        server_check_begun(&now.server, status.connecting, world_helpers(),
                           now.options.threads ? -1 : view.retry_ns);
    else
        now.server.try_ns = 0;
    if (status.connecting == 0 && world_helpers() == 0 &&
        status.idle + status.busy < now.options.min_idle &&
        world_rests_until() == SIM_NEVER && !now.draining)
        world_fail("there are less than %d, and nobody will open another",
                   now.options.min_idle);
}

static void note_who_waits(borrower *self)
{
    self->serial++;
    for (int i = 0; i < now.borrower_count; i++) {
        borrower *other = &now.borrowers[i];
        bool waits = other->is_acquiring && world_is_waiting(other->task);

        self->ahead[i] = waits && other != self ? other->serial : 0;
        self->ahead_served[i] = waits ? world_served(other->task) : 0;
    }
}

/* Who was handed something that was no good waits again where he waited: this
 * one, who came later, must not have been served when he lay there. */
static bool has_lost_his_turn(const borrower *other, const borrower *self)
{
    return other->is_acquiring && other->began < self->began &&
           world_is_waiting(other->task) &&
           world_served(other->task) > other->served &&
           world_served(self->task) > self->served &&
           world_lay_down(other->task) < world_handed(self->task);
}

static void check_order(const borrower *self)
{
    if (now.options.max_overtake_ns > 0)
        return;
    for (int i = 0; i < now.borrower_count; i++) {
        if (has_lost_his_turn(&now.borrowers[i], self))
            world_fail("%d had his turn, and waits behind %d who came later", i,
                       self->number);
    }
    for (int i = 0; i < now.borrower_count; i++) {
        const borrower *other = &now.borrowers[i];

        if (self->ahead[i] && other->is_acquiring &&
            other->serial == self->ahead[i] && world_is_waiting(other->task) &&
            world_served(other->task) == self->ahead_served[i])
            world_fail("%d was served before %d, who had come first",
                       self->number, other->number);
    }
}

static void was_told(const char *by)
{
    world_trace("is told by %s that nothing is out", by);
    if (++now.told > 1)
        world_fail("told twice that nothing is out");
    if (!now.closing)
        world_fail("told that nothing is out of an open pool");
    for (int i = 0; i < TASKS_MAX; i++)
        now.unlocks_when_told[i] = world_unlocks(i);
}

static void was_told_by_thread(void)
{
    was_told("a thread of the pool");
}

/* -------------------------------------------------------------- borrowers */

/* A timeout comes at the deadline, not before and not after it. */
static void check_timeout(const borrower *self, int64_t began_ns,
                          int64_t deadline_ns)
{
    int64_t due = deadline_ns ? deadline_ns : began_ns + now.options.timeout_ns;

    now.timeouts++;
    if (due < began_ns)
        due = began_ns;
    if (world_now() != due)
        world_fail("%d: its timeout is %lld ns %s", self->number,
                   (long long)llabs(world_now() - due),
                   world_now() < due ? "early" : "late");
}

static wi_lease *borrow(borrower *self, uint64_t *dice)
{
    wi_request request = {.deadline_ns = choose_deadline(dice, self->number),
                          .tag = "borrower"};
    int64_t began_ns = world_now();
    wi_lease *lease = NULL;
    weir_status status;

    note_who_waits(self);
    self->unlocks = world_unlocks(self->task);
    self->served = world_served(self->task);
    self->began = began_ns;
    self->entered = world_event();
    self->cleared = now.cleared;
    self->doubted = trust_since(&now.options);
    self->is_acquiring = true;
    world_trace("acquires, deadline %.6f",
                (double)(request.deadline_ns - began_ns) / 1e6);
    status = wi_pool_acquire(now.pool, &request, &lease, NULL);
    self->is_acquiring = false;
    world_trace("has status %d", (int)status);
    record(self->number, 1, (uint64_t)status);
    if (status == WEIR_ERR_POOL_TIMEOUT)
        check_timeout(self, began_ns, request.deadline_ns);
    if (status == WEIR_ERR_RESOURCE && now.options.waiters_max == 0)
        world_fail("a queue without a limit is full");
    if (status == WEIR_ERR_CLOSED && !now.closing && !now.draining &&
        now.drained_at < self->entered)
        world_fail("an open pool says that it is closed");
    if (status != WEIR_OK && request.last)
        was_told("acquire");
    if (status != WEIR_OK)
        return NULL;
    check_order(self);
    if (now.paused && now.paused_at < self->entered)
        world_fail("%d was served by a paused pool", self->number);
    if (now.refuses && now.refused_at < self->entered)
        world_fail("%d was served by a draining pool", self->number);
    now.lent++;
    return lease;
}

static void use(borrower *self, wi_lease *lease, uint64_t *dice)
{
    session *one = wi_lease_resource(lease);
    uint64_t seen = world_seen(server_number(&now.server, one));

    server_lent(one, self->number);
    if (seen != 0 && seen < self->entered)
        world_fail("%d got what was seen closed before he came", self->number);
    if (one->begun < self->cleared)
        world_fail("%d got what was invalidated before he came", self->number);
    if (one->heard_of < self->doubted)
        world_fail("%d got a suspect that was not asked", self->number);
    record(self->number, 2, (uint64_t)server_number(&now.server, one));
    world_trace("uses %d", server_number(&now.server, one));
    world_sleep_until(world_now() + some_time(dice, 6 * SIM_MS, self->number));
    if (by_chance(dice, 10))
        one->dirty = true;
    server_returned(one, self->number);
}

/* What a driver's fate makes of a connection that died while it was lent: who
 * does not use it to the end may not notice. */
static weir_fate end_of(wi_lease *lease, uint64_t *dice)
{
    if (server_is_dead(wi_lease_resource(lease)) &&
        !(now.is_watched && by_chance(dice, 50))) {
        trust_suspect(now.pool, now.plan.core, lease);
        return WEIR_FATE_DISCARD;
    }
    return by_chance(dice, 10) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
}

static void lose_and_reopen(borrower *self, wi_lease *lease, uint64_t *dice)
{
    int64_t deadline_ns = world_now() + 40 * SIM_MS;

    wi_pool_lose(now.pool, lease);
    if (wi_pool_reopen(now.pool, lease, deadline_ns, NULL) == WEIR_OK)
        use(self, lease, dice);
}

static void run_rounds(borrower *self)
{
    uint64_t dice = now.plan.seed * 31 + (uint64_t)self->number;

    self->task = world_self();
    for (int i = 0; i < self->rounds; i++) {
        wi_lease *lease;
        weir_fate fate = WEIR_FATE_DISCARD;

        world_sleep_until(world_now() +
                          some_time(&dice, 8 * SIM_MS, self->number));
        if (now.closing || !(lease = borrow(self, &dice))) {
            if (now.closing)
                return;
            continue;
        }
        use(self, lease, &dice);
        if (by_chance(&dice, 8))
            lose_and_reopen(self, lease, &dice);
        if (wi_lease_resource(lease))
            fate = end_of(lease, &dice);
        if (wi_lease_resource(lease) && fate != WEIR_FATE_KEEP)
            ((session *)wi_lease_resource(lease))->ended = true;
        world_trace("gives back, %s",
                    fate == WEIR_FATE_KEEP ? "whole" : "broken");
        if (!now.plan.is_calm && by_chance(&dice, 5))
            now.hurry = true;
        if (wi_pool_release(now.pool, lease, fate))
            was_told("release");
    }
}

static void run_borrower(void *argument)
{
    run_rounds(argument);
    now.left--;
}

/* ------------------------------------------------------------------ resize */

static void resize(uint64_t *dice)
{
    wi_pool_options options = now.options;
    int old = limit_of(&options);
    weir_status status;

    options.size = 1 + (int)choose(dice, 3);
    options.max_overflow = (int)choose(dice, 3);
    if (options.min_idle > options.size)
        options.min_idle = options.size;
    /* Which of the idle ones go when there are too many is a core's own. */
    if (now.plan.is_calm) {
        options.size = now.options.size + 1;
        options.max_overflow = now.options.max_overflow;
    }
    world_trace("sets %d + %d", options.size, options.max_overflow);
    if (limit_of(&options) > old)
        server_set_limit(&now.server, limit_of(&options));
    status = wi_pool_set(now.pool, &options);
    if (status != WEIR_OK)
        world_fail("setting fails with %d", (int)status);
    now.options = options;
    server_set_limit(&now.server, limit_of(&options));
}

static void resume(void)
{
    int drains = now.drains;

    now.resumes++;
    now.paused = now.refuses = false;
    world_trace("resumes");
    wi_pool_resume(now.pool);
    now.resumes++;
    now.drained_at = world_event();
    if (drains == now.drains && now.enders == 0)
        now.draining = false;
}

static void pause_for_a_while(uint64_t *dice)
{
    int resumes = now.resumes;

    now.is_pausing = true;
    world_trace("pauses");
    wi_pool_pause(now.pool);
    if (!now.draining && resumes == now.resumes && resumes % 2 == 0) {
        now.paused = true;
        now.paused_at = world_event();
    }
    if (by_chance(dice, 20))
        wi_pool_dispose(now.pool);
    world_sleep_until(world_now() +
                      some_time(dice, 30 * SIM_MS, BORROWERS_MAX + 2));
    if (!now.closing)
        resume();
    now.is_pausing = false;
}

/* Whoever waits for the end is the last in the pool, or was not waited for. */
static void end_ending(void)
{
    int self = world_self();

    now.enders--;
    if (now.told > 0 && world_unlocks(self) > now.unlocks_when_told[self])
        world_fail("the pool has ended under who waited for its end");
}

static void check_late(int64_t began_ns, int64_t deadline_ns)
{
    if (deadline_ns < began_ns)
        deadline_ns = began_ns;
    if (world_now() != deadline_ns)
        world_fail("it gives up %lld ns late",
                   (long long)(world_now() - deadline_ns));
}

/* Drained, nothing is open or on its way, and stays so. */
static void drain(uint64_t *dice)
{
    int64_t began_ns = world_now();
    int64_t deadline_ns =
        began_ns + some_time(dice, 60 * SIM_MS, BORROWERS_MAX + 3);
    int resumes = now.resumes;
    bool is_resumed = resumes % 2 != 0; /* by somebody who has begun to */
    bool last = false;
    weir_status status;

    now.paused = false;
    now.draining = true;
    now.drains++;
    world_trace("drains");
    now.enders++;
    status = wi_pool_drain(now.pool, deadline_ns, &last, NULL);
    end_ending();
    is_resumed = is_resumed || resumes != now.resumes;
    if (!is_resumed) {
        now.refuses = true;
        now.refused_at = world_event();
    }
    world_trace("drained with status %d", (int)status);
    record(BORROWERS_MAX, 3, (uint64_t)status);
    if (last)
        was_told("drain");
    if (status == WEIR_OK && !is_resumed && now.server.now > 0)
        world_fail("drained, and %d sessions are open", now.server.now);
    if (status == WEIR_ERR_TIMEOUT)
        check_late(began_ns, deadline_ns);
    if (status == WEIR_ERR_CANCELLED && !is_resumed)
        world_fail("nobody has called it off");
    if (status == WEIR_ERR_CANCELLED && now.enders == 0)
        now.draining = false;
    world_sleep_until(world_now() +
                      some_time(dice, 10 * SIM_MS, BORROWERS_MAX + 3));
    if (!now.closing && by_chance(dice, 80))
        resume();
}

static void run_drainer(void *argument)
{
    borrower *self = &now.drainer;
    uint64_t *dice = argument;

    self->task = world_self();
    world_sleep_until(world_now() +
                      some_time(dice, 60 * SIM_MS, BORROWERS_MAX));
    if (now.closing)
        return;
    self->unlocks = world_unlocks(self->task);
    self->is_acquiring = true;
    drain(dice);
    self->is_acquiring = false;
}

/* -------------------------------------------------------------------- knobs */

static void turn_a_knob(uint64_t *dice)
{
    uint64_t cleared = world_event();

    if (!now.plan.is_calm && by_chance(dice, 15)) {
        trust_suspend();
        return;
    }
    switch (choose(dice, 7)) {
    case 0:
        world_trace("invalidates");
        wi_pool_invalidate(now.pool);
        now.cleared = cleared;
        break;
    case 1:
        world_trace("disposes");
        wi_pool_dispose(now.pool);
        now.cleared = cleared;
        break;
    case 2:
        pause_for_a_while(dice);
        break;
    case 3:
        drain(dice);
        break;
    default:
        resize(dice);
    }
}

/* Closing must not begin while somebody is about to enter: in a program he
 * would have to know that the engine is still there. */
static bool is_entering(const borrower *one)
{
    return one->is_acquiring && !world_is_waiting(one->task) &&
           world_unlocks(one->task) == one->unlocks;
}

static bool somebody_enters(void)
{
    for (int i = 0; i < now.borrower_count; i++) {
        if (is_entering(&now.borrowers[i]))
            return true;
    }
    return is_entering(&now.drainer);
}

/* Waits for what is out, until a deadline. */
static bool close_within(int64_t ns)
{
    int64_t began_ns = world_now();
    bool last = false;
    weir_status status;

    now.enders++;
    status = wi_pool_close_within(now.pool, began_ns + ns, &last, NULL);
    end_ending();
    record(BORROWERS_MAX, 4, (uint64_t)status);
    if (status == WEIR_OK && now.server.now > 0)
        world_fail("closed, and %d sessions are open", now.server.now);
    if (status != WEIR_OK)
        check_late(began_ns, began_ns + ns);
    return last;
}

static void close_pool(uint64_t *dice)
{
    bool last;

    while (somebody_enters())
        world_sleep_until(world_now() + 1000);
    now.closing = true;
    world_trace("closes the pool");
    if (by_chance(dice, 30))
        last = close_within(some_time(dice, 40 * SIM_MS, BORROWERS_MAX + 4));
    else
        last = wi_pool_close(now.pool);
    if (last)
        was_told("close");
    now.closed = true;
    /* Its threads may have to end what they are at. */
    while (now.told == 0 && now.options.threads)
        world_sleep_until(world_now() + 1000 * SIM_MS);
}

/* Nobody has been here for long: there is what has to be kept, and with an
 * idle time nothing else. */
static void check_quiet(void)
{
    const wi_pool_options *options = &now.options;
    weir_pool_status status;

    while (now.left > 0)
        world_sleep_until(world_now() + 10 * SIM_MS);
    world_sleep_until(world_now() + 5000 * SIM_MS);
    wi_pool_status(now.pool, &status);
    if (world_rests_until() == 0 || now.draining || now.paused)
        return;
    /* Nobody has one: a busy one is being asked, and its answer hangs. */
    if (status.idle + status.busy < options->min_idle)
        world_fail("%d are idle, and %d have to be", status.idle,
                   options->min_idle);
    if (options->idle_ns > 0 && status.idle > options->min_idle)
        world_fail("%d are idle, and %d are enough", status.idle,
                   options->min_idle);
}

/* Often until the very moment of a return. */
static void wait_before_closing(uint64_t *dice)
{
    int64_t end = world_now() + some_time(dice, 60 * SIM_MS, BORROWERS_MAX + 1);

    while (!now.plan.is_calm && world_now() + SIM_MS < end && !now.hurry)
        world_sleep_until(world_now() / SIM_MS * SIM_MS + SIM_MS);
    if (!now.hurry)
        world_sleep_until(end);
}

static void run_keeper(void *argument)
{
    uint64_t *dice = argument;
    int knobs = (int)choose(dice, 4);

    for (int i = 0; i < knobs; i++) {
        world_sleep_until(world_now() +
                          some_time(dice, 20 * SIM_MS, BORROWERS_MAX));
        turn_a_knob(dice);
    }
    if (now.options.threads && now.is_sound && now.options.recycle_ns < 0 &&
        by_chance(dice, 20))
        check_quiet();
    else
        wait_before_closing(dice);
    close_pool(dice);
}

/* ------------------------------------------------------------------- story */

static void spawn_borrowers(uint64_t *dice)
{
    static const char *const names[BORROWERS_MAX] = {
        "borrower 0", "borrower 1", "borrower 2",
        "borrower 3", "borrower 4", "borrower 5",
    };

    now.left = now.borrower_count = 2 + (int)choose(dice, BORROWERS_MAX - 1);
    for (int i = 0; i < now.borrower_count; i++) {
        now.borrowers[i] = (borrower){
            .number = i,
            .task = -1,
            .rounds = 1 + (int)choose(dice, ROUNDS_MAX),
        };
        world_spawn(names[i], run_borrower, &now.borrowers[i]);
    }
    world_spawn("keeper", run_keeper, dice);
    if (!now.plan.is_calm && by_chance(dice, 15))
        world_spawn("drainer", run_drainer, dice);
}

static void check_end(void)
{
    const server *end = &now.server;

    if (now.told != 1)
        world_fail("told %d times that nothing is out", now.told);
    wi_pool_free(&now.pool);
    if (end->now != 0 || end->opened != end->closed)
        world_fail("%d sessions are left, %d opened, %d closed", end->now,
                   end->opened, end->closed);
}

bool story_run(const story_plan *plan, uint64_t *history)
{
    world_plan world = {
        .seed = plan->seed,
        .interrupts = !plan->is_calm,
        .trace = plan->trace,
        .check = check_step,
        .idle = check_idle,
        .hang_up_ns = hang_up_ns,
    };
    uint64_t dice = plan->seed;
    server_moods moods;

    memset(&now, 0, sizeof now);
    now.plan = *plan;
    chance_begin(plan->is_calm);
    trust_begin();
    world_begin(&world);
    now.options = choose_options(plan, &dice, &now.is_watched);
    moods = choose_moods(now.options.threads, &dice);
    now.is_sound = server_is_sound(&moods);
    server_begin(&now.server, plan->seed, &moods, limit_of(&now.options));
    now.server.ended = was_told_by_thread;
    now.pool = wi_pool_new(now.is_watched ? &server_kind_watched : &server_kind,
                           &now.server, &now.options, NULL);
    now.server.pool = now.pool;
    wi_pool_begin(now.pool);
    spawn_borrowers(&dice);
    if (world_run())
        check_end();
    *history = now.history;
    return !world_finding()[0];
}
