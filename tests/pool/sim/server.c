/* SPDX-License-Identifier: MIT */
/*
 * The scripted server.
 */
#include "server.h"

#include <string.h>

#include "world.h"

enum { NOBODY = -1 };

/* The same for the same seed, connect and question. */
static uint64_t fate_of(const server *self, int connect, uint64_t question)
{
    uint64_t mixed = self->seed ^ ((uint64_t)connect << 20) ^ (question << 50);

    mixed = (mixed ^ (mixed >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    mixed = (mixed ^ (mixed >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return mixed ^ (mixed >> 33);
}

static bool happens(const server *self, int connect, uint64_t question,
                    int percent)
{
    return fate_of(self, connect, question) % 100 < (uint64_t)percent;
}

void server_begin(server *self, uint64_t seed, const server_moods *moods,
                  int limit)
{
    memset(self, 0, sizeof *self);
    self->seed = seed;
    self->moods = *moods;
    self->limit = self->ceiling = limit;
}

void server_set_limit(server *self, int limit)
{
    self->limit = limit;
    if (self->ceiling < limit)
        self->ceiling = limit;
}

void server_settled(server *self, int places)
{
    if (places <= self->limit && self->now <= self->limit)
        self->ceiling = self->limit;
}

void server_check(server *self)
{
    if (self->now > self->ceiling)
        world_fail("%d sessions, %d are allowed", self->now, self->ceiling);
}

void server_check_begun(server *self, int connecting, int threads,
                        int64_t retry_ns)
{
    bool is_known = self->try_ns != 0 && self->tried == self->connects;

    if (self->now >= self->limit || connecting != self->stuck ||
        threads != self->stuck) {
        self->try_ns = 0;
    } else if (is_known && world_now() > self->try_ns) {
        world_fail("it is time to connect again, and nobody does");
    } else if (retry_ns >= 0 && !is_known) {
        self->try_ns = world_now() + retry_ns;
        self->tried = self->connects;
    } else if (!is_known) {
        world_fail("%d of %d are open, %d are stuck, and nobody connects",
                   self->now, self->limit, self->stuck);
    }
}

int server_number(const server *self, const void *resource)
{
    const session *one = resource;

    return (int)(one - self->sessions);
}

bool server_is_dead(const void *resource)
{
    const session *one = resource;

    return one->dies_ns <= world_now();
}

int64_t server_hang_up_ns(const server *self, int number)
{
    const session *one = &self->sessions[number];

    return one->open ? one->dies_ns : SIM_NEVER;
}

void server_lent(void *resource, int holder)
{
    session *one = resource;

    if (!one || !one->open)
        world_fail("what is lent is not open");
    else if (one->holder != NOBODY)
        world_fail("one session is lent to two");
    else if (one->ended)
        world_fail("what was given back as broken is lent again");
    else
        one->holder = holder;
}

void server_returned(void *resource, int holder)
{
    session *one = resource;

    if (one->holder != holder)
        world_fail("a session has changed hands while it was lent");
    one->holder = NOBODY;
}

/* ----------------------------------------------------------------- driver */

/* Sleeps as long as it takes, but not beyond the deadline. */
static bool takes(int64_t ns, int64_t deadline_ns)
{
    int64_t end = world_now() + ns;

    world_sleep_until(end < deadline_ns ? end : deadline_ns);
    return end <= deadline_ns;
}

static int64_t connect_time(const server *self, int connect)
{
    uint64_t dice = fate_of(self, connect, 1);

    if (happens(self, connect, 2, self->moods.hanging))
        return 3600 * 1000 * SIM_MS;
    if (happens(self, connect, 3, self->moods.slow))
        return (int64_t)(dice % 50) * SIM_MS;
    return dice % 2 ? (int64_t)(dice % 3) * SIM_MS : (int64_t)(dice % 1000000);
}

static void begin_session(server *self, session *one, int connect)
{
    one->open = true;
    one->holder = NOBODY;
    one->dirty = false;
    one->ended = false;
    one->dies_ns = SIM_NEVER;
    if (happens(self, connect, 4, self->moods.mortal))
        one->dies_ns =
            world_now() + (int64_t)(fate_of(self, connect, 5) % 30) * SIM_MS;
    self->opened++;
}

/* The pool is told when the resolver takes longer than usual. */
static bool resolves(server *self, int connect, int64_t deadline_ns)
{
    int64_t ns = (int64_t)(fate_of(self, connect, 8) % 100) * SIM_MS;
    bool is_out, in_time;

    if (!happens(self, connect, 7, self->moods.stuck))
        return true;
    if (!takes(3 * SIM_MS, deadline_ns))
        return false;
    is_out = wi_pool_hangs(self->pool);
    self->stuck += is_out;
    world_trace("connect %d is stuck%s", connect,
                is_out ? ", and let out" : "");
    in_time = takes(ns, deadline_ns);
    self->stuck -= is_out;
    if (is_out && in_time)
        wi_pool_goes_on(self->pool);
    return in_time;
}

static weir_status server_open(void *context, int64_t deadline_ns, void **out,
                               weir_error *err)
{
    server *self = context;
    int connect = self->connects++;
    bool in_time;

    if (connect == SESSIONS_MAX) {
        world_fail("it connects for ever");
        return weir_error_set(err, WEIR_ERR_CONNECTION, "that was too much");
    }
    self->now++;
    self->opening++;
    self->sessions[connect].begun = world_event();
    self->sessions[connect].heard_of = self->sessions[connect].begun;
    world_trace("connect %d", connect);
    in_time = resolves(self, connect, deadline_ns) &&
              takes(connect_time(self, connect), deadline_ns);
    self->opening--;
    if (in_time && !happens(self, connect, 6, self->moods.refused)) {
        begin_session(self, &self->sessions[connect], connect);
        *out = &self->sessions[connect];
        world_trace("connect %d is open", connect);
        return WEIR_OK;
    }
    self->now--;
    self->refused++;
    world_trace("connect %d %s", connect, in_time ? "is refused" : "hangs");
    return in_time ? weir_error_set(err, WEIR_ERR_CONNECTION, "refused")
                   : weir_error_set(err, WEIR_ERR_TIMEOUT, "no answer");
}

static weir_status server_ping(void *context, void *resource,
                               int64_t deadline_ns, weir_error *err)
{
    session *one = resource;
    uint64_t asked = world_event();

    (void)context;
    if (!one->open || one->holder != NOBODY)
        world_fail("asked for what is %s", one->open ? "lent" : "closed");
    if (!takes(100000, deadline_ns))
        return weir_error_set(err, WEIR_ERR_TIMEOUT, "no answer");
    if (server_is_dead(one))
        return weir_error_set(err, WEIR_ERR_CONNECTION, "it is gone");
    one->heard_of = asked;
    return WEIR_OK;
}

static weir_fate server_clean(void *context, void *resource)
{
    session *one = resource;

    (void)context;
    if (!one->open || one->holder != NOBODY)
        world_fail("cleans what is %s", one->open ? "lent" : "closed");
    world_point();
    one->ended = one->dirty;
    return one->dirty ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP;
}

static void server_close(void *context, void *resource)
{
    server *self = context;
    session *one = resource;

    if (!one->open || one->holder != NOBODY)
        world_fail("closes what is %s", one->open ? "lent" : "closed");
    one->open = false;
    world_trace("closes %d", server_number(self, one));
    if (self->moods.slow_closes)
        world_sleep_until(world_now() + 3 * SIM_MS);
    else
        world_point();
    self->closed++;
    self->now--;
}

static void server_ended(void *context)
{
    server *self = context;

    self->ended();
}

const wi_resource_kind server_kind = {
    .open = server_open,
    .check = server_ping,
    .returned = server_clean,
    .close = server_close,
    .ended = server_ended,
};

static bool server_peek(void *context, void *resource)
{
    const session *one = resource;

    (void)context;
    if (!one->open)
        world_fail("looks at what is closed");
    return !server_is_dead(one);
}

static int server_socket(void *context, void *resource)
{
    return server_number(context, resource);
}

const wi_resource_kind server_kind_watched = {
    .open = server_open,
    .check = server_ping,
    .returned = server_clean,
    .close = server_close,
    .peek = server_peek,
    .socket = server_socket,
    .ended = server_ended,
};
