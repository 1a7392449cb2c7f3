/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the permit, by the book: after every step, when nobody can
 * run, and of each of its answers.
 */
#include "permit_rules.h"

#include <weir/cancel.h>

#include "pool/view.h"

permit_scene scene;

/* What the permit has answered, in all runs. */
enum {
    AT_ONCE = 0,
    IN_TURN,
    TIMED_OUT,
    IN_CIRCLE,
    CANCELLED,
    ENDED,
    NO_MEMORY,
    ANSWERS,
};

static uint64_t answers[ANSWERS];

uint64_t permit_least(void)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < ANSWERS; i++) {
        if (answers[i] < least)
            least = answers[i];
    }
    return least;
}

/* ----------------------------------------------------------------- the book */

bool permit_waits(const writer *one, thing wish)
{
    return one->wish == wish && world_is_waiting(one->task);
}

static bool is_waiting(const writer *one, const writer *also)
{
    return one == also || (one->wish != NOTHING && world_is_waiting(one->task));
}

static bool has_permit(const writer *one)
{
    return scene.holder != NOBODY && scene.signer == one->number;
}

/* Nobody who waits is needed for it to become free. `also` is taken for one
 * who waits. */
static bool is_alive(thing what, const writer *also)
{
    int most = scene.options.size + scene.options.max_overflow;
    weir_pool_status status;
    int known = 0;

    if (what == PERMIT)
        return scene.holder == NOBODY || scene.signer < 0 ||
               scene.signer == RECEIVER ||
               !is_waiting(&scene.writers[scene.signer], also);
    wi_pool_status(scene.pool, &status);
    for (int i = 0; i < scene.writer_count; i++) {
        const writer *one = &scene.writers[i];

        known += one->conn_count;
        if (one->conn_count > 0 && !is_waiting(one, also))
            return true;
    }
    return status.idle > 0 || status.connecting > 0 || status.busy > known ||
           status.busy < most;
}

/* What is only held by those who wait for such things. */
static void find_stuck(bool stuck[THINGS], const writer *also)
{
    for (int i = 0; i < THINGS; i++)
        stuck[i] = !is_alive((thing)i, also);
    for (int round = 0; round < THINGS; round++) {
        for (int i = 0; i < scene.writer_count; i++) {
            const writer *one = &scene.writers[i];

            if (!is_waiting(one, also) || stuck[one->wish])
                continue;
            stuck[CONN] &= one->conn_count == 0;
            stuck[PERMIT] &= !has_permit(one);
        }
    }
}

static bool is_in_circle(const writer *one, const bool stuck[THINGS])
{
    return stuck[one->wish] && ((stuck[CONN] && one->conn_count > 0) ||
                                (stuck[PERMIT] && has_permit(one)));
}

/* -------------------------------------------------------------------- rules */

void permit_step(void *context)
{
    (void)context;
    server_check(&scene.server);
}

static void check_view(void)
{
    wi_pool_view view = {.place_count = 0};
    int waiting = 0;

    if (!wi_permit_view(&scene.permit, &view))
        return;
    for (int i = 0; i < scene.writer_count; i++)
        waiting += permit_waits(&scene.writers[i], PERMIT);
    if (view.status.waiting != waiting)
        world_fail("%d wait, the permit says %d", waiting, view.status.waiting);
    if (view.status.busy != (scene.holder != NOBODY))
        world_fail("%d has it, the permit says %d", scene.holder,
                   view.status.busy);
}

/* Nobody can run. */
void permit_idle(void *context)
{
    bool stuck[THINGS];

    (void)context;
    check_view();
    find_stuck(stuck, NULL);
    for (int i = 0; i < scene.writer_count; i++) {
        const writer *one = &scene.writers[i];

        if (is_waiting(one, NULL) && is_in_circle(one, stuck))
            world_fail("%d sleeps in a circle", i);
        if (!permit_waits(one, PERMIT))
            continue;
        if (scene.holder == NOBODY)
            world_fail("%d waits, and nobody has it", i);
        if (scene.over)
            world_fail("%d waits for what is over", i);
        if (weir_cancel_token_is_cancelled(one->token))
            world_fail("%d is cancelled and sleeps", i);
    }
}

/* Whether somebody else is about to leave a queue. */
static bool anybody_leaves(const writer *self)
{
    for (int i = 0; i < scene.writer_count; i++) {
        const writer *one = &scene.writers[i];

        if (one != self && one->wish != NOTHING && !world_is_waiting(one->task))
            return true;
    }
    return false;
}

void permit_told(const writer *self)
{
    bool stuck[THINGS];
    uint64_t before = ++answers[IN_CIRCLE];

    /* Circles that hang together may be told of in one moment, each to one. */
    if (scene.told_ns == world_now())
        return;
    scene.told_ns = world_now();
    find_stuck(stuck, self);
    /* Looking took a while, and the next one may have been told in it. */
    if (!is_in_circle(self, stuck) && scene.changed_ns != world_now() &&
        answers[IN_CIRCLE] == before && !anybody_leaves(self))
        world_fail("%d is told of a circle that is none", self->number);
}

static void check_granted(const writer *self)
{
    if (scene.holder != NOBODY)
        world_fail("%d gets it while %d has it", self->number, scene.holder);
    for (int i = 0; i < scene.writer_count; i++) {
        const writer *other = &scene.writers[i];

        if (self->ahead[i] == other->serial && permit_waits(other, PERMIT))
            world_fail("%d gets it before %d, who had come first", self->number,
                       i);
    }
    answers[world_served(self->task) > self->served ? IN_TURN : AT_ONCE]++;
}

/* When he leaves who has to at that time: nobody does while he comes, or gets
 * memory. */
static int64_t leaves_ns(const writer *self, int64_t time_ns)
{
    int64_t ready_ns = scene.given_ns[self->task];

    if (ready_ns < self->began_ns)
        ready_ns = self->began_ns;
    return time_ns < ready_ns ? ready_ns : time_ns;
}

static void check_timeout(const writer *self)
{
    int64_t due_ns = leaves_ns(self, self->deadline_ns);

    if (world_now() != due_ns)
        world_fail("%d: its timeout is %lld ns off", self->number,
                   (long long)(world_now() - due_ns));
    if (self->was_free && scene.wishes == self->wishes)
        world_fail("%d times out, and nobody has it", self->number);
    scene.changed_ns = world_now();
    answers[TIMED_OUT]++;
}

static void check_cancelled(const writer *self)
{
    if (!weir_cancel_token_is_cancelled(self->token))
        world_fail("%d was cancelled by nobody", self->number);
    if (world_now() != leaves_ns(self, self->quit_ns))
        world_fail("%d was cancelled and slept on", self->number);
    scene.changed_ns = world_now();
    answers[CANCELLED]++;
}

static void check_ended(const writer *self)
{
    if (scene.enders == 0)
        world_fail("%d is told of an end that has not begun", self->number);
    scene.changed_ns = world_now();
    answers[ENDED]++;
}

static void check_refused(const writer *self)
{
    if (scene.refusals == self->refusals)
        world_fail("%d: there was memory", self->number);
    answers[NO_MEMORY]++;
}

/* Who comes to what is over is told so, and nothing else. */
static void check_end(const writer *self, weir_status status)
{
    if (!scene.over || status == WEIR_ERR_CONNECTION)
        return;
    if (self->entered > scene.over)
        world_fail("%d came when it was over, and has status %d", self->number,
                   (int)status);
    if (scene.is_unwanted && status == WEIR_OK)
        world_fail("%d gets it, and when it was over nobody had had it",
                   self->number);
}

void permit_own(const writer *self, weir_status status, bool has_it)
{
    if (!has_it || scene.enders > 0 || self->deadline_ns <= self->began_ns ||
        weir_cancel_token_is_cancelled(self->token))
        return;
    if (status != WEIR_ERR_POOL_DEADLOCK || world_now() != self->began_ns)
        world_fail("%d waits for himself, and has status %d", self->number,
                   (int)status);
}

void permit_judge(const writer *self, weir_status status)
{
    world_trace("has status %d", (int)status);
    check_end(self, status);
    switch (status) {
    case WEIR_OK:
        check_granted(self);
        break;
    case WEIR_ERR_TIMEOUT:
        check_timeout(self);
        break;
    case WEIR_ERR_POOL_DEADLOCK:
        permit_told(self);
        break;
    case WEIR_ERR_CANCELLED:
        check_cancelled(self);
        break;
    case WEIR_ERR_CONNECTION:
        check_ended(self);
        break;
    case WEIR_ERR_NOMEM:
        check_refused(self);
        break;
    default:
        world_fail("%d has status %d", self->number, (int)status);
    }
}
