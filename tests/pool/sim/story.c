/* SPDX-License-Identifier: MIT */
/*
 * Borrowers, and a story from its beginning to its end.
 */
#include "story.h"

#include <string.h>

#include "chance.h"
#include "knobs.h"
#include "rules.h"
#include "settings.h"
#include "trust.h"
#include "world.h"

/* -------------------------------------------------------------- borrowers */

static wi_lease *borrow(borrower *self, uint64_t *dice)
{
    wi_request request = {.deadline_ns = choose_deadline(dice, self->number),
                          .tag = "borrower"};
    int64_t began_ns = world_now();
    wi_lease *lease = NULL;
    weir_status status;

    book_who_waits(self);
    self->unlocks = world_unlocks(self->task);
    self->served = world_served(self->task);
    self->began = began_ns;
    self->entered = world_event();
    self->cleared = book.cleared;
    self->doubted = trust_since(&book.options);
    self->is_acquiring = true;
    world_trace("acquires, deadline %.6f",
                (double)(request.deadline_ns - began_ns) / 1e6);
    status = wi_pool_acquire(book.pool, &request, &lease, NULL);
    self->is_acquiring = false;
    world_trace("has status %d", (int)status);
    book_record(self->number, 1, (uint64_t)status);
    if (status == WEIR_ERR_POOL_TIMEOUT)
        rules_timeout(self, began_ns, request.deadline_ns);
    if (status == WEIR_ERR_RESOURCE && book.options.waiters_max == 0)
        world_fail("a queue without a limit is full");
    if (status == WEIR_ERR_CLOSED && !book.closing && !book.draining &&
        book.drained_at < self->entered)
        world_fail("an open pool says that it is closed");
    if (status != WEIR_OK && request.last)
        rules_told("acquire");
    if (status != WEIR_OK)
        return NULL;
    rules_order(self);
    if (book.paused && book.paused_at < self->entered)
        world_fail("%d was served by a paused pool", self->number);
    if (book.refuses && book.refused_at < self->entered)
        world_fail("%d was served by a draining pool", self->number);
    book.lent++;
    return lease;
}

static void use(borrower *self, wi_lease *lease, uint64_t *dice)
{
    session *one = wi_lease_resource(lease);
    uint64_t seen = world_seen(server_number(&book.server, one));

    server_lent(one, self->number);
    if (seen != 0 && seen < self->entered)
        world_fail("%d got what was seen closed before he came", self->number);
    if (one->begun < self->cleared)
        world_fail("%d got what was invalidated before he came", self->number);
    if (one->heard_of < self->doubted)
        world_fail("%d got a suspect that was not asked", self->number);
    book_record(self->number, 2, (uint64_t)server_number(&book.server, one));
    world_trace("uses %d", server_number(&book.server, one));
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
        !(book.is_watched && by_chance(dice, 50))) {
        trust_suspect(book.pool, book.plan.core, lease);
        return WEIR_FATE_DISCARD;
    }
    return by_chance(dice, 10) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
}

static void lose_and_reopen(borrower *self, wi_lease *lease, uint64_t *dice)
{
    int64_t deadline_ns = world_now() + 40 * SIM_MS;

    wi_pool_lose(book.pool, lease);
    if (wi_pool_reopen(book.pool, lease, deadline_ns, NULL) == WEIR_OK)
        use(self, lease, dice);
}

static void run_rounds(borrower *self)
{
    uint64_t dice = book.plan.seed * 31 + (uint64_t)self->number;

    self->task = world_self();
    for (int i = 0; i < self->rounds; i++) {
        wi_lease *lease;
        weir_fate fate = WEIR_FATE_DISCARD;

        world_sleep_until(world_now() +
                          some_time(&dice, 8 * SIM_MS, self->number));
        if (book.closing || !(lease = borrow(self, &dice))) {
            if (book.closing)
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
        if (!book.plan.is_calm && by_chance(&dice, 5))
            book.hurry = true;
        if (wi_pool_release(book.pool, lease, fate))
            rules_told("release");
    }
}

static void run_borrower(void *argument)
{
    run_rounds(argument);
    book.left--;
}

/* ------------------------------------------------------------------- story */

static void spawn_borrowers(uint64_t *dice)
{
    static const char *const names[BORROWERS_MAX] = {
        "borrower 0", "borrower 1", "borrower 2",
        "borrower 3", "borrower 4", "borrower 5",
    };

    book.left = book.borrower_count = 2 + (int)choose(dice, BORROWERS_MAX - 1);
    for (int i = 0; i < book.borrower_count; i++) {
        book.borrowers[i] = (borrower){
            .number = i,
            .task = -1,
            .rounds = 1 + (int)choose(dice, ROUNDS_MAX),
        };
        world_spawn(names[i], run_borrower, &book.borrowers[i]);
    }
    world_spawn("keeper", knobs_keep, dice);
    if (!book.plan.is_calm && by_chance(dice, 15))
        world_spawn("drainer", knobs_drain, dice);
}

static int64_t hang_up_ns(void *context, int socket)
{
    (void)context;
    return server_hang_up_ns(&book.server, socket);
}

static void check_end(void)
{
    const server *end = &book.server;

    if (book.told != 1)
        world_fail("told %d times that nothing is out", book.told);
    wi_pool_free(&book.pool);
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
        .check = rules_step,
        .idle = rules_idle,
        .hang_up_ns = hang_up_ns,
    };
    uint64_t dice = plan->seed;
    server_moods moods;

    memset(&book, 0, sizeof book);
    book.plan = *plan;
    chance_begin(plan->is_calm);
    trust_begin();
    world_begin(&world);
    book.options = choose_options(plan, &dice, &book.is_watched);
    moods = choose_moods(book.options.threads, &dice);
    book.is_sound = server_is_sound(&moods);
    server_begin(&book.server, plan->seed, &moods, book_limit(&book.options));
    book.server.ended = rules_told_by_thread;
    book.pool =
        wi_pool_new(book.is_watched ? &server_kind_watched : &server_kind,
                    &book.server, &book.options, NULL);
    book.server.pool = book.pool;
    wi_pool_begin(book.pool);
    spawn_borrowers(&dice);
    if (world_run())
        check_end();
    *history = book.history;
    return !world_finding()[0];
}
