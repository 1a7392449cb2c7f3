/* SPDX-License-Identifier: MIT */
/*
 * What must hold, by the book of the story: after every step, when nobody can
 * run, and of each answer of the pool.
 */
#include "rules.h"

#include <stdlib.h>

#include "pool/view.h"
#include "sound.h"
#include "trust.h"
#include "world.h"

story_book book;

/* ----------------------------------------------------------------- the book */

void book_record(int number, uint64_t what, uint64_t detail)
{
    uint64_t mixed = (uint64_t)world_now() ^ ((uint64_t)number << 48) ^
                     (what << 56) ^ (detail << 40);

    book.history = (book.history ^ mixed) * UINT64_C(0x100000001b3);
    book.history ^= book.history >> 29;
}

int book_limit(const wi_pool_options *options)
{
    return options->size + options->max_overflow;
}

void book_who_waits(borrower *self)
{
    self->serial++;
    for (int i = 0; i < book.borrower_count; i++) {
        borrower *other = &book.borrowers[i];
        bool waits = other->is_acquiring && world_is_waiting(other->task);

        self->ahead[i] = waits && other != self ? other->serial : 0;
        self->ahead_served[i] = waits ? world_served(other->task) : 0;
    }
}

/* ------------------------------------------------- all steps, and when idle */

void rules_step(void *context)
{
    (void)context;
    server_check(&book.server);
    trust_step(book.pool, book.plan.core);
    if (book.plan.core == WI_CORE_FAST && !book.closing)
        sound_step(book.pool);
}

static int count_waiting(void)
{
    int count = 0;

    for (int i = 0; i < book.borrower_count; i++)
        count += book.borrowers[i].is_acquiring &&
                 world_is_waiting(book.borrowers[i].task);
    return count;
}

static bool nobody_is_inside(void)
{
    for (int i = 0; i < book.borrower_count; i++) {
        if (book.borrowers[i].is_acquiring)
            return false;
    }
    return true;
}

/* Nobody can run: whoever waits must have nothing that he could be given, and
 * somebody must be at what he needs. */
void rules_idle(void *context)
{
    wi_pool_view view = {.place_count = 0};
    weir_pool_status status;
    int waiting = count_waiting();

    (void)context;
    if (book.enders > 0 && book.server.now == 0 && waiting == 0 &&
        world_helpers() == 0 && nobody_is_inside())
        world_fail("somebody waits for an end that has come");
    if (book.closing)
        return;
    wi_pool_view_of(book.pool, &view);
    status = view.status;
    server_settled(&book.server, status.idle + status.busy + status.connecting +
                                     status.asking + status.closing);
    if (status.waiting != waiting)
        world_fail("%d wait, the pool says %d", waiting, status.waiting);
    if (book.is_pausing)
        return;
    if (waiting > 0 && status.idle > 0)
        world_fail("%d wait beside %d idle", waiting, status.idle);
    if (waiting > 0)
        server_check_begun(&book.server, status.connecting, world_helpers(),
                           book.options.threads ? -1 : view.retry_ns);
    else
        book.server.try_ns = 0;
    if (status.connecting == 0 && world_helpers() == 0 &&
        status.idle + status.busy + status.asking + status.closing <
            book.options.min_idle &&
        world_rests_until() == SIM_NEVER && !book.draining)
        world_fail("there are less than %d, and nobody will open another",
                   book.options.min_idle);
}

/* -------------------------------------------------------------------- order */

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

void rules_order(const borrower *self)
{
    if (book.options.max_overtake_ns > 0)
        return;
    for (int i = 0; i < book.borrower_count; i++) {
        if (has_lost_his_turn(&book.borrowers[i], self))
            world_fail("%d had his turn, and waits behind %d who came later", i,
                       self->number);
    }
    for (int i = 0; i < book.borrower_count; i++) {
        const borrower *other = &book.borrowers[i];

        if (self->ahead[i] && other->is_acquiring &&
            other->serial == self->ahead[i] && world_is_waiting(other->task) &&
            world_served(other->task) == self->ahead_served[i])
            world_fail("%d was served before %d, who had come first",
                       self->number, other->number);
    }
}

/* ---------------------------------------------------------------- deadlines */

/* Not before it and not after it. */
void rules_timeout(const borrower *self, int64_t began_ns, int64_t deadline_ns)
{
    int64_t due =
        deadline_ns ? deadline_ns : began_ns + book.options.timeout_ns;

    book.timeouts++;
    if (due < began_ns)
        due = began_ns;
    if (world_now() != due)
        world_fail("%d: its timeout is %lld ns %s", self->number,
                   (long long)llabs(world_now() - due),
                   world_now() < due ? "early" : "late");
}

void rules_late(int64_t began_ns, int64_t deadline_ns)
{
    if (deadline_ns < began_ns)
        deadline_ns = began_ns;
    if (world_now() != deadline_ns)
        world_fail("it gives up %lld ns late",
                   (long long)(world_now() - deadline_ns));
}

/* ------------------------------------------------------------------ the end */

void rules_told(const char *by)
{
    world_trace("is told by %s that nothing is out", by);
    if (++book.told > 1)
        world_fail("told twice that nothing is out");
    if (!book.closing)
        world_fail("told that nothing is out of an open pool");
    for (int i = 0; i < TASKS_MAX; i++)
        book.unlocks_when_told[i] = world_unlocks(i);
}

void rules_told_by_thread(void)
{
    rules_told("a thread of the pool");
}
