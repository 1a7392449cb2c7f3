/* SPDX-License-Identifier: MIT */
/*
 * Who wants the permit, who has it, and who ends it.
 */
#include "permit.h"

#include <string.h>

#include <weir/cancel.h>

#include "memory.h"
#include "permit_rules.h"
#include "pool/nest.h"
#include "pool/view.h"

enum { POOLS_BETWEEN = 63 }; /* a thread once knew the pools by 64 bits */

static bool by_chance(uint64_t percent)
{
    return world_random(100) < percent;
}

static int64_t some_ms(uint64_t most)
{
    return world_now() + (int64_t)world_random(most) * SIM_MS;
}

/* ------------------------------------------------------------------- memory */

/* It takes a while, in which others come, and there may be none. */
static void *give(void *context, size_t size)
{
    (void)context;
    world_sleep_until(some_ms(3));
    scene.given_ns[world_self()] = world_now();
    if (by_chance(4)) {
        scene.refusals++;
        return NULL;
    }
    scene.blocks++;
    return sim_memory.alloc(NULL, size);
}

static void *give_more(void *context, void *old, size_t size)
{
    (void)context;
    scene.blocks += !old;
    return sim_memory.resize(NULL, old, size);
}

static void take_back(void *context, void *block)
{
    (void)context;
    scene.blocks -= block != NULL;
    sim_memory.free(NULL, block);
}

static const weir_allocator memory = {
    .alloc = give,
    .resize = give_more,
    .free = take_back,
};

/* --------------------------------------------------------------- the permit */

static void renew_token(writer *self)
{
    if (self->token && !weir_cancel_token_is_cancelled(self->token))
        return;
    self->token = weir_cancel_token_new(NULL);
    scene.tokens[scene.token_count++] = self->token;
}

/* 0 is a time, too. */
static int64_t choose_deadline(void)
{
    switch (world_random(6)) {
    case 0:
        return 0;
    case 1:
        return world_now() - (int64_t)world_random(SIM_MS);
    case 2:
        return world_now() + (int64_t)world_random(4 * SIM_MS);
    case 3:
        return some_ms(20);
    default:
        return world_now() + 100000 * SIM_MS;
    }
}

static void begin_to_ask(writer *self, int64_t deadline_ns)
{
    renew_token(self);
    self->deadline_ns = deadline_ns;
    self->began_ns = world_now();
    self->entered = world_event();
    self->serial = ++scene.wishes;
    self->wishes = scene.wishes;
    self->served = world_served(self->task);
    self->was_free = scene.holder == NOBODY && scene.returning == 0;
    self->refusals = scene.refusals;
    for (int i = 0; i < scene.writer_count; i++) {
        const writer *other = &scene.writers[i];

        self->ahead[i] = permit_waits(other, PERMIT) ? other->serial : 0;
        self->was_free &= other->wish != PERMIT;
    }
    self->wish = PERMIT;
}

static void ask(writer *self)
{
    wi_request wish = {
        .deadline_ns = choose_deadline(),
        .tag = "writer",
        .site = "permit.c:1",
        .may_move = by_chance(20),
    };
    bool has_it = scene.holder == self->number && scene.signer == self->number;
    weir_error err;
    weir_status status;

    begin_to_ask(self, wish.deadline_ns);
    wish.cancel = self->token;
    world_trace("asks, %d connections", self->conn_count);
    status =
        wi_permit_acquire(&scene.permit, &wish, by_chance(50) ? &err : NULL);
    permit_judge(self, status);
    permit_own(self, status, has_it);
    self->wish = NOTHING;
    if (status != WEIR_OK)
        return;
    scene.holder = self->number;
    scene.signer = wish.may_move ? NOBODY : self->number;
}

static void give_permit_back(void)
{
    world_trace("gives the permit back");
    if (scene.holder != scene.signer)
        scene.changed_ns = world_now();
    scene.holder = scene.signer = NOBODY;
    scene.returning++;
    wi_permit_release(&scene.permit);
    scene.returning--;
}

static void leave_permit(void)
{
    if (by_chance(70)) {
        give_permit_back();
        return;
    }
    world_trace("hands the permit on");
    scene.holder = RECEIVER;
}

/* Gives back what others have handed on, later. */
static void run_receiver(void *argument)
{
    (void)argument;
    while (scene.running > 0 || scene.holder == RECEIVER) {
        world_sleep_until(some_ms(6) + SIM_MS);
        if (scene.holder != RECEIVER)
            continue;
        if (scene.signer != NOBODY && by_chance(60)) {
            scene.changed_ns = world_now();
            wi_permit_hold(&scene.permit);
            scene.signer = RECEIVER;
            world_sleep_until(some_ms(6));
        }
        give_permit_back();
    }
}

static void run_ender(void *argument)
{
    bool was_given;

    (void)argument;
    world_sleep_until(some_ms(scene.is_brief ? 4 : 60));
    world_trace("ends the permit");
    scene.enders++;
    wi_permit_end(&scene.permit);
    was_given = wi_permit_view(&scene.permit, &(wi_pool_view){0});
    if (scene.over)
        return;
    world_trace("the permit is over");
    scene.is_unwanted = !was_given;
    scene.over = world_event();
}

/* -------------------------------------------------------------- connections */

static void borrow(writer *self)
{
    wi_request request = {
        .deadline_ns = by_chance(20) ? some_ms(30) : 0,
        .tag = "writer",
        .site = "permit.c:2",
    };
    wi_lease *lease = NULL;
    weir_status status;

    self->wish = CONN;
    world_trace("asks for a connection, has %d", self->conn_count);
    status = wi_pool_acquire(scene.pool, &request, &lease, NULL);
    world_trace("has status %d", (int)status);
    if (status == WEIR_ERR_POOL_TIMEOUT)
        scene.changed_ns = world_now();
    if (status == WEIR_ERR_POOL_DEADLOCK)
        permit_told(self);
    self->wish = NOTHING;
    if (status != WEIR_OK)
        return;
    server_lent(wi_lease_resource(lease), self->number);
    wi_pool_hold(scene.pool, lease);
    self->conns[self->conn_count++] = lease;
}

static void give_conn_back(writer *self)
{
    wi_lease *lease = self->conns[--self->conn_count];

    world_trace("gives a connection back");
    server_returned(wi_lease_resource(lease), self->number);
    (void)wi_pool_release(scene.pool, lease,
                          by_chance(10) ? WEIR_FATE_DISCARD : WEIR_FATE_KEEP);
}

/* ------------------------------------------------------------------ writers */

static void do_something(writer *self)
{
    bool has_it = scene.holder == self->number;

    if (self->conn_count < CONNS_MAX && by_chance(25))
        borrow(self);
    else if (has_it && by_chance(80))
        leave_permit();
    else if (!has_it && self->conn_count > 0 && by_chance(30))
        give_conn_back(self);
    else
        ask(self);
}

static void run_writer(void *argument)
{
    writer *self = argument;

    self->task = world_self();
    if (scene.is_brief) {
        world_sleep_until(some_ms(2));
        ask(self);
    }
    for (int i = 0; i < self->rounds; i++) {
        world_sleep_until(some_ms(6));
        do_something(self);
    }
    if (scene.holder == self->number)
        give_permit_back();
    while (self->conn_count > 0)
        give_conn_back(self);
    scene.running--;
}

static void cancel_somebody(void)
{
    writer *one = &scene.writers[world_random((uint64_t)scene.writer_count)];

    if (one->wish != PERMIT)
        return;
    world_trace("cancels %d", one->number);
    scene.changed_ns = one->quit_ns = world_now();
    weir_cancel_token_cancel(one->token);
}

static void run_keeper(void *argument)
{
    (void)argument;
    while (scene.running > 0) {
        world_sleep_until(some_ms(12) + SIM_MS);
        if (by_chance(40))
            cancel_somebody();
    }
    (void)wi_pool_close(scene.pool);
    while (world_helpers() > 0)
        world_sleep_until(world_now() + SIM_MS);
}

/* -------------------------------------------------------------------- story */

static void ended(void)
{
    world_trace("the pool has ended");
}

static void make_pool(uint64_t seed)
{
    static const server_moods calm = {.slow = 30};
    wi_pool_options options = {
        .core = by_chance(25) ? WI_CORE_MUTEX : WI_CORE_FAST,
        .port = &world_port,
        .size = 1 + (int)world_random(2),
        .max_overflow = (int)world_random(2),
        .timeout_ns = 100000 * SIM_MS,
        .recycle_ns = -1,
        .threads = by_chance(50),
    };
    bool is_alike = by_chance(10);

    scene.options = options;
    server_begin(&scene.server, seed, &calm,
                 options.size + options.max_overflow);
    scene.server.ended = ended;
    scene.pool = wi_pool_new(&server_kind, &scene.server, &options, NULL);
    /* By those the permit's would be the same. */
    for (int i = 0; is_alike && i < POOLS_BETWEEN; i++)
        (void)wi_pool_serial_take();
}

/* Pools that have ended leave their heads to others. The permit makes its own
 * inside the world, which must not be seen to go on in another way when it has
 * to make a head. */
static void stock_heads(void)
{
    const wi_pool_options options = {.port = &world_port, .size = 1};
    wi_pool *pools[WRITERS_MAX + 1];

    for (int i = 0; i <= WRITERS_MAX; i++)
        pools[i] = wi_pool_new(&server_kind, NULL, &options, NULL);
    for (int i = 0; i <= WRITERS_MAX; i++)
        wi_pool_free(&pools[i]);
}

static void spawn_all(void)
{
    static const char *const names[WRITERS_MAX] = {
        "writer 0", "writer 1", "writer 2", "writer 3", "writer 4",
    };

    scene.is_brief = by_chance(40);
    scene.writer_count = scene.running = 1 + (int)world_random(WRITERS_MAX);
    for (int i = 0; i < scene.writer_count; i++) {
        scene.writers[i] =
            (writer){.number = i,
                     .task = -1,
                     .wish = NOTHING,
                     .rounds = 2 + (int)world_random(ROUNDS_MAX)};
        world_spawn(names[i], run_writer, &scene.writers[i]);
    }
    world_spawn("receiver", run_receiver, NULL);
    world_spawn("keeper", run_keeper, NULL);
    if (scene.is_brief || by_chance(50))
        world_spawn("ender", run_ender, NULL);
    if (by_chance(10))
        world_spawn("ender 2", run_ender, NULL);
}

static void clear_all(void)
{
    wi_permit_clear(&scene.permit);
    if (scene.blocks != 0)
        world_fail("%d blocks of memory are left", scene.blocks);
    wi_pool_free(&scene.pool);
    for (int i = 0; i < scene.token_count; i++)
        weir_cancel_token_free(&scene.tokens[i]);
}

bool permit_run(uint64_t seed, bool trace)
{
    world_plan world = {
        .seed = seed,
        .interrupts = true,
        .trace = trace,
        .check = permit_step,
        .idle = permit_idle,
    };

    memset(&scene, 0, sizeof scene);
    scene.changed_ns = scene.told_ns = -1;
    scene.holder = scene.signer = NOBODY;
    world_begin(&world);
    stock_heads();
    make_pool(seed);
    wi_permit_init(&scene.permit, "the permit to write", &memory);
    wi_permit_set_port(&scene.permit, &world_port);
    spawn_all();
    if (world_run())
        clear_all();
    return !world_finding()[0];
}
