/* SPDX-License-Identifier: MIT */
/*
 * Resizing, pausing, draining, invalidating and the end.
 */
#include "knobs.h"

#include "chance.h"
#include "rules.h"
#include "settings.h"
#include "trust.h"
#include "world.h"

/* ------------------------------------------------------------------ resize */

/* A pool without threads is given some, and keeps them. */
static void give_threads(wi_pool_options *options, uint64_t *dice)
{
    if (book.plan.is_calm || book.plan.core != WI_CORE_FAST ||
        options->threads || !by_chance(dice, 50))
        return;
    world_trace("gives it threads");
    book.was_given = true;
    use_threads(options, dice);
    if (by_chance(dice, 30))
        options->leak_ns = 6 * SIM_MS + some_time(dice, 8 * SIM_MS, 0);
}

/* What was given to it stays, whatever is said later. */
static weir_status set(const wi_pool_options *options, uint64_t *dice)
{
    wi_pool_options wanted = *options;

    if (book.options.threads && by_chance(dice, 20))
        wanted.threads = false;
    return wi_pool_set(book.pool, &wanted);
}

static void resize(uint64_t *dice)
{
    wi_pool_options options = book.options;
    int old = book_limit(&options);
    weir_status status;

    options.size = 1 + (int)choose(dice, 3);
    options.max_overflow = (int)choose(dice, 3);
    if (options.min_idle > options.size)
        options.min_idle = options.size;
    /* Which of the idle ones go when there are too many is a core's own. */
    if (book.plan.is_calm) {
        options.size = book.options.size + 1;
        options.max_overflow = book.options.max_overflow;
        /* And which of several a thread likes best (settings.c). */
        if (options.order == WI_ORDER_AFFINITY)
            options.order = WI_ORDER_FIFO;
    }
    give_threads(&options, dice);
    world_trace("sets %d + %d", options.size, options.max_overflow);
    if (book_limit(&options) > old)
        server_set_limit(&book.server, book_limit(&options));
    status = set(&options, dice);
    if (status != WEIR_OK)
        world_fail("setting fails with %d", (int)status);
    book.options = options;
    server_set_limit(&book.server, book_limit(&options));
}

static void resume(void)
{
    int drains = book.drains;

    book.resumes++;
    book.paused = book.refuses = false;
    world_trace("resumes");
    wi_pool_resume(book.pool);
    book.resumes++;
    book.drained_at = world_event();
    if (drains == book.drains && book.enders == 0)
        book.draining = false;
}

static void pause_for_a_while(uint64_t *dice)
{
    int resumes = book.resumes;

    book.is_pausing = true;
    world_trace("pauses");
    wi_pool_pause(book.pool);
    if (!book.draining && resumes == book.resumes && resumes % 2 == 0) {
        book.paused = true;
        book.paused_at = world_event();
    }
    if (by_chance(dice, 20))
        wi_pool_dispose(book.pool);
    world_sleep_until(world_now() +
                      some_time(dice, 30 * SIM_MS, BORROWERS_MAX + 2));
    if (!book.closing)
        resume();
    book.is_pausing = false;
}

/* Whoever waits for the end is the last in the pool, or was not waited for. */
static void end_ending(void)
{
    int self = world_self();

    book.enders--;
    if (book.told > 0 && world_unlocks(self) > book.unlocks_when_told[self])
        world_fail("the pool has ended under who waited for its end");
}

/* Drained, nothing is open or on its way, and stays so. */
static void drain(uint64_t *dice)
{
    int64_t began_ns = world_now();
    int64_t deadline_ns =
        began_ns + some_time(dice, 60 * SIM_MS, BORROWERS_MAX + 3);
    int resumes = book.resumes;
    bool is_resumed = resumes % 2 != 0; /* by somebody who has begun to */
    bool last = false;
    weir_status status;

    book.paused = false;
    book.draining = true;
    book.drains++;
    world_trace("drains");
    book.enders++;
    status = wi_pool_drain(book.pool, deadline_ns, &last, NULL);
    end_ending();
    is_resumed = is_resumed || resumes != book.resumes;
    if (!is_resumed) {
        book.refuses = true;
        book.refused_at = world_event();
    }
    world_trace("drained with status %d", (int)status);
    book_record(BORROWERS_MAX, 3, (uint64_t)status);
    if (last)
        rules_told("drain");
    if (status == WEIR_OK && !is_resumed && book.server.now > 0)
        world_fail("drained, and %d sessions are open", book.server.now);
    if (status == WEIR_ERR_TIMEOUT)
        rules_late(began_ns, deadline_ns);
    if (status == WEIR_ERR_CANCELLED && !is_resumed)
        world_fail("nobody has called it off");
    if (status == WEIR_ERR_CANCELLED && book.enders == 0)
        book.draining = false;
    world_sleep_until(world_now() +
                      some_time(dice, 10 * SIM_MS, BORROWERS_MAX + 3));
    if (!book.closing && by_chance(dice, 80))
        resume();
}

void knobs_drain(void *argument)
{
    borrower *self = &book.drainer;
    uint64_t *dice = argument;

    self->task = world_self();
    world_sleep_until(world_now() +
                      some_time(dice, 60 * SIM_MS, BORROWERS_MAX));
    if (book.closing)
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

    if (!book.plan.is_calm && by_chance(dice, 15)) {
        trust_suspend();
        return;
    }
    switch (choose(dice, 7)) {
    case 0:
        world_trace("invalidates");
        wi_pool_invalidate(book.pool);
        book.cleared = cleared;
        break;
    case 1:
        world_trace("disposes");
        wi_pool_dispose(book.pool);
        book.cleared = cleared;
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
    for (int i = 0; i < book.borrower_count; i++) {
        if (is_entering(&book.borrowers[i]))
            return true;
    }
    return is_entering(&book.drainer);
}

/* Waits for what is out, until a deadline. */
static bool close_within(int64_t ns)
{
    int64_t began_ns = world_now();
    bool last = false;
    weir_status status;

    book.enders++;
    status = wi_pool_close_within(book.pool, began_ns + ns, &last, NULL);
    end_ending();
    book_record(BORROWERS_MAX, 4, (uint64_t)status);
    if (status == WEIR_OK && book.server.now > 0)
        world_fail("closed, and %d sessions are open", book.server.now);
    if (status != WEIR_OK)
        rules_late(began_ns, began_ns + ns);
    return last;
}

static void close_pool(uint64_t *dice)
{
    bool last;

    while (somebody_enters())
        world_sleep_until(world_now() + 1000);
    book.closing = true;
    world_trace("closes the pool");
    if (by_chance(dice, 30))
        last = close_within(some_time(dice, 40 * SIM_MS, BORROWERS_MAX + 4));
    else
        last = wi_pool_close(book.pool);
    if (last)
        rules_told("close");
    book.closed = true;
    /* Its threads may have to end what they are at. */
    while (book.told == 0 && book.options.threads)
        world_sleep_until(world_now() + 1000 * SIM_MS);
}

/* Nobody has been here for long: there is what has to be kept, and with an
 * idle time nothing else. */
static void check_quiet(void)
{
    const wi_pool_options *options = &book.options;
    weir_pool_status status;

    while (book.left > 0)
        world_sleep_until(world_now() + 10 * SIM_MS);
    world_sleep_until(world_now() + 5000 * SIM_MS);
    wi_pool_status(book.pool, &status);
    if ((world_rests_until() == 0 && world_has_refused()) || book.draining ||
        book.paused)
        return;
    /* The answer of one that is asked may hang. */
    if (status.idle + status.busy + status.asking + status.closing <
        options->min_idle)
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

    while (!book.plan.is_calm && world_now() + SIM_MS < end && !book.hurry)
        world_sleep_until(world_now() / SIM_MS * SIM_MS + SIM_MS);
    if (!book.hurry)
        world_sleep_until(end);
}

void knobs_keep(void *argument)
{
    uint64_t *dice = argument;
    int knobs = (int)choose(dice, 4);

    for (int i = 0; i < knobs; i++) {
        world_sleep_until(world_now() +
                          some_time(dice, 20 * SIM_MS, BORROWERS_MAX));
        turn_a_knob(dice);
    }
    if (book.options.threads && book.is_sound && book.options.recycle_ns < 0 &&
        by_chance(dice, book.was_given ? 70 : 20))
        check_quiet();
    else
        wait_before_closing(dice);
    close_pool(dice);
}
