/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of what happens by itself, by number: the housekeeper of the fast
 * core, over sockets that a test can hang up.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool/threaded.h"

static fake_server server;
static int ours[SESSIONS_MAX];
static int theirs[SESSIONS_MAX];
static atomic_int glances;

/* ----------------------------------------------------------------- sockets */

static int number_of(const void *session)
{
    return (int)((const fake_session *)session - server.sessions);
}

static weir_status open_with_socket(void *context, int64_t deadline_ns,
                                    void **out, weir_error *err)
{
    weir_status status = fake_open(context, deadline_ns, out, err);
    int pair[2];

    if (status != WEIR_OK)
        return status;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        pair[0] = pair[1] = -1;
    ours[number_of(*out)] = pair[0];
    theirs[number_of(*out)] = pair[1];
    return WEIR_OK;
}

static void close_with_socket(void *context, void *resource)
{
    int number = number_of(resource);

    close(ours[number]);
    fake_close(context, resource);
}

static bool glance(void *context, void *resource)
{
    char byte;

    (void)context;
    atomic_fetch_add(&glances, 1);
    return recv(ours[number_of(resource)], &byte, 1, MSG_PEEK | MSG_DONTWAIT) <
           0;
}

static int socket_of(void *context, void *resource)
{
    (void)context;
    return ours[number_of(resource)];
}

/* As a server does it: with a last word, and without. */
static void hang_up(void *session, const char *word)
{
    fake_session *dead = session;
    int number = number_of(session);

    atomic_store(&dead->dead, true);
    if (word)
        (void)!write(theirs[number], word, strlen(word));
    close(theirs[number]);
    theirs[number] = -1;
}

static const wi_resource_kind kind = {
    .open = open_with_socket,
    .check = fake_check,
    .returned = fake_returned,
    .close = close_with_socket,
    .peek = glance,
    .socket = socket_of,
    .ended = fake_ended,
};

/* ------------------------------------------------------------------- pools */

static wi_pool_options kept_options(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    return options;
}

static wi_pool *kept_pool(const wi_pool_options *options)
{
    wi_pool *pool = fake_pool_of(&kind, &server, options);

    memset(theirs, -1, sizeof theirs);
    atomic_store(&glances, 0);
    wi_pool_begin(pool);
    return pool;
}

static void end_kept(wi_pool **pool)
{
    end_threaded(&server, pool);
    for (int i = 0; i < SESSIONS_MAX; i++) {
        if (theirs[i] >= 0)
            close(theirs[i]);
    }
}

static void until_open(int count)
{
    while (atomic_load(&server.open_now) != count)
        nap(MS / 5);
}

/* ----------------------------------------------------------------- watcher */

/* 47: what the server closed leaves the pool before anybody borrows it, by
 * itself, also if it said something first; the others stay. */
static void test_pool_47__a_hang_up_is_noticed_while_idle(void **state)
{
    wi_pool_options options = kept_options(3);
    wi_pool *pool = kept_pool(&options);

    (void)state;
    use_some(pool, 3);
    hang_up(&server.sessions[0], NULL);
    until_open(2);
    hang_up(&server.sessions[2], "terminating connection");
    until_open(1);
    until_idle(pool, 1);
    assert_true(atomic_load(&server.sessions[1].open));
    assert_int_equal(status_of(pool).acquired, 3);
    end_kept(&pool);
}

/* A borrower may have it when it happens: who comes next does not get it. The
 * other one, hung up later, is told later. */
static void test_pool_47__one_that_is_lent_is_looked_at_next(void **state)
{
    wi_pool_options options = kept_options(2);
    wi_pool *pool = kept_pool(&options);
    wi_lease *lease;

    (void)state;
    use_some(pool, 2);
    lease = wait_for_one(pool);
    hang_up(wi_lease_resource(lease), NULL);
    hang_up(&server.sessions[1 - number_of(wi_lease_resource(lease))], NULL);
    until_open(1);
    release(pool, lease);
    lease = wait_for_one(pool);
    assert_int_equal(number_of(wi_lease_resource(lease)), 2);
    /* A glance at the other one; who hears of the first only now has asked it
     * in the meantime, or does so beside the opening of the third. */
    while (atomic_load(&glances) + atomic_load(&server.checks) < 2)
        nap(MS / 5);
    assert_int_equal(atomic_load(&glances) + atomic_load(&server.checks), 2);
    release(pool, lease);
    end_kept(&pool);
}

/* What is watched is not looked at, however long it was idle. */
static void test_pool_47__what_is_watched_costs_no_glance(void **state)
{
    wi_pool_options options = kept_options(1);
    wi_pool *pool = kept_pool(&options);

    (void)state;
    use_some(pool, 1);
    for (int i = 0; i < 5; i++) {
        nap(20 * MS);
        release(pool, wait_for_one(pool));
    }
    assert_int_equal(atomic_load(&glances), 0);
    end_kept(&pool);
}

/* 32: those that did not hang up are asked at once, and stay if they answer:
 * one is dead and its socket does not tell. */
static void test_pool_32__a_hang_up_has_the_others_asked(void **state)
{
    wi_pool_options options = kept_options(4);
    wi_pool *pool = kept_pool(&options);

    (void)state;
    use_some(pool, 4);
    atomic_store(&server.sessions[2].dead, true);
    hang_up(&server.sessions[0], NULL);
    until_open(2);
    until_idle(pool, 2);
    assert_true(atomic_load(&server.sessions[1].open));
    assert_true(atomic_load(&server.sessions[3].open));
    assert_int_equal(atomic_load(&server.checks), 3);
    assert_int_equal(status_of(pool).acquired, 4);
    end_kept(&pool);
}

/* Nobody watches for a pool that has no threads: it is looked at. */
static void test_pool_47__without_threads_it_is_looked_at(void **state)
{
    wi_pool_options options = kept_options(1);
    wi_pool *pool;

    (void)state;
    options.threads = false;
    pool = kept_pool(&options);
    use_some(pool, 1);
    hang_up(&server.sessions[0], NULL);
    nap(20 * MS);
    release(pool, wait_for_one(pool));
    assert_true(atomic_load(&glances) > 0);
    assert_int_equal(atomic_load(&server.opened), 2);
    end_kept(&pool);
}

/* ------------------------------------------------------------- by itself */

/* A reserve is there without anybody asking, and again when the server ends
 * it. */
static void test_pool_32__the_reserve_is_opened_again(void **state)
{
    wi_pool_options options = kept_options(4);
    wi_pool *pool;

    (void)state;
    options.min_idle = 3;
    pool = kept_pool(&options);
    until_idle(pool, 3);
    for (int i = 0; i < 3; i++)
        hang_up(&server.sessions[i], "shutting down");
    /* There may be four for a moment: a new one before the last is gone. */
    while (atomic_load(&server.opened) < 6 || atomic_load(&server.closed) < 3)
        nap(MS / 5);
    until_idle(pool, 3);
    for (int i = 0; i < 3; i++)
        assert_false(atomic_load(&server.sessions[i].open));
    end_kept(&pool);
}

/* 42 and 46, on a clock of the world: what nobody needs is asked, and goes. */
static void test_pool_42_46__time_does_its_work(void **state)
{
    wi_pool_options options = kept_options(4);
    wi_pool *pool;

    (void)state;
    options.prefill = true;
    options.min_idle = 1;
    options.idle_ns = 100 * MS;
    options.keepalive_ns = 10 * MS;
    pool = kept_pool(&options);
    while (atomic_load(&server.opened) < 4)
        nap(MS / 5);
    until_open(1);
    while (atomic_load(&server.checks) < 20)
        nap(MS / 5);
    assert_int_equal(atomic_load(&server.opened), 4);
    assert_int_equal(status_of(pool).acquired, 0);
    end_kept(&pool);
}

/* Options that change while it sleeps wake the housekeeper. */
static void test_set__is_heard_by_who_sleeps(void **state)
{
    wi_pool_options options = kept_options(4);
    wi_pool *pool = kept_pool(&options);

    (void)state;
    use_some(pool, 4);
    options.idle_ns = MS;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    until_open(0);
    options.min_idle = 2;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    until_idle(pool, 2);
    end_kept(&pool);
}

/* --------------------------------------------------------- 64: many pools */

enum { POOLS = 1000 };

/* Of all threads of that name: how many there are, and how often they went to
 * sleep. */
static int count_threads(const char *name, long *sleeps)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;

    *sleeps = 0;
    assert_non_null(tasks);
    while ((task = readdir(tasks))) {
        char path[300];
        char line[128];
        FILE *status;
        bool is_it = false;

        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        status = fopen(path, "r");
        while (status && fgets(line, sizeof line, status)) {
            if (strncmp(line, "Name:\t", 6) == 0)
                is_it = strncmp(line + 6, name, strlen(name)) == 0;
            if (is_it && strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                *sleeps += strtol(line + 24, NULL, 10);
        }
        if (status)
            fclose(status);
        count += is_it;
    }
    closedir(tasks);
    return count;
}

/* A thousand pools that have something to do in an hour: one thread, which
 * does not wake up meanwhile. */
static void test_pool_64__a_thousand_pools_one_housekeeper(void **state)
{
    static wi_pool *pools[POOLS];
    wi_pool_options options = kept_options(1);
    long before = -1;
    long after = 0;

    (void)state;
    options.keepalive_ns = 3600 * SECOND;
    memset(&server, 0, sizeof server);
    for (int i = 0; i < POOLS; i++) {
        pools[i] = wi_pool_new(&fake_kind, &server, &options, NULL);
        assert_non_null(pools[i]);
        release(pools[i], wait_for_one(pools[i]));
    }
    /* A pause in which it never woke up. */
    while (before != after) {
        assert_int_equal(count_threads("weir-house", &before), 1);
        nap(300 * MS);
        assert_int_equal(count_threads("weir-house", &after), 1);
    }
    for (int i = 0; i < POOLS; i++) {
        if (wi_pool_close(pools[i]))
            fake_ended(&server);
    }
    while (atomic_load(&server.ended) < POOLS)
        nap(MS / 5);
    for (int i = 0; i < POOLS; i++)
        wi_pool_free(&pools[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_47__a_hang_up_is_noticed_while_idle),
        cmocka_unit_test(test_pool_47__one_that_is_lent_is_looked_at_next),
        cmocka_unit_test(test_pool_47__what_is_watched_costs_no_glance),
        cmocka_unit_test(test_pool_47__without_threads_it_is_looked_at),
        cmocka_unit_test(test_pool_32__a_hang_up_has_the_others_asked),
        cmocka_unit_test(test_pool_32__the_reserve_is_opened_again),
        cmocka_unit_test(test_pool_42_46__time_does_its_work),
        cmocka_unit_test(test_set__is_heard_by_who_sleeps),
        cmocka_unit_test(test_pool_64__a_thousand_pools_one_housekeeper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
