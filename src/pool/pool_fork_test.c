/* SPDX-License-Identifier: MIT */
/*
 * Scenario 59: a process with a pool forks. The child gets connections of its
 * own, and neither lives on nor ends at the expense of its parent's.
 */
#include "pool/fake_server.h"

#include <sys/wait.h>
#include <unistd.h>

static fake_server server;
static int abandoned;
static int inherited;

static void count_abandoned(void *context, void *resource)
{
    (void)context;
    (void)resource;
    abandoned++;
}

static void count_inherited(void *context, void *resource)
{
    (void)context;
    (void)resource;
    inherited++;
}

static wi_resource_kind forking_kind;

static wi_pool *forking_pool(const wi_pool_options *options)
{
    memset(&server, 0, sizeof server);
    abandoned = inherited = 0;
    forking_kind = fake_kind;
    forking_kind.abandon = count_abandoned;
    forking_kind.inherited = count_inherited;
    return wi_pool_new(&forking_kind, &server, options, NULL);
}

static void succeed(pid_t child)
{
    int status = -1;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What the child does; @return its exit status. */
static int live_in_child(wi_pool *pool)
{
    wi_lease *lease;

    if (inherited != 1 || status_of(pool).busy != 0 ||
        status_of(pool).idle != 0)
        return 1;
    lease = try_acquire(pool);
    if (!lease || wi_lease_resource(lease) != &server.sessions[2])
        return 2;
    if (abandoned != 2 || atomic_load(&server.closed) != 0)
        return 3;
    (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
    if (!wi_pool_close(pool))
        return 4;
    wi_pool_free(&pool);
    return atomic_load(&server.closed) == 1 ? 0 : 5;
}

static void test_pool_59__a_child_opens_its_own(void **state)
{
    wi_pool_options options = fake_options(3);
    wi_pool *pool = forking_pool(&options);
    wi_lease *lent = acquire(pool);
    wi_lease *idle = acquire(pool);
    pid_t child;

    (void)state;
    release(pool, idle);
    child = fork();
    if (child == 0)
        _exit(live_in_child(pool));
    succeed(child);
    /* Here nothing has happened. */
    assert_counts(pool, 1, 1, 0);
    release(pool, lent);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 2);
    end(&server, &pool);
}

static void test_pool_59__a_lost_one_goes_on_in_the_child(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = forking_pool(&options);
    wi_lease *lent = acquire(pool);
    pid_t child;

    (void)state;
    wi_pool_lose(pool, lent);
    child = fork();
    if (child == 0) {
        /* It has no session that it could disturb: it goes on. */
        if (wi_pool_reopen(pool, lent, 0, NULL) != WEIR_OK)
            _exit(1);
        (void)wi_pool_release(pool, lent, WEIR_FATE_KEEP);
        _exit(status_of(pool).idle == 1 ? 0 : 2);
    }
    succeed(child);
    release(pool, lent);
    end(&server, &pool);
}

typedef struct hammer {
    pthread_t thread;
    wi_pool *pool;
    atomic_bool stop;
} hammer;

static void *beat(void *argument)
{
    hammer *self = argument;

    while (!atomic_load(&self->stop)) {
        wi_lease *lease = try_acquire(self->pool);

        if (lease)
            (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    }
    return NULL;
}

/* Whatever lock other threads hold in this moment, the child does not hang. */
static void test_pool_59__the_child_does_not_hang(void **state)
{
    wi_pool_options options = fake_options(2);
    hammer hammers[3];
    wi_pool *pool;

    (void)state;
    options.order = WI_ORDER_FIFO; /* all under the lock */
    pool = forking_pool(&options);
    for (int i = 0; i < 3; i++) {
        hammers[i].pool = pool;
        atomic_init(&hammers[i].stop, false);
        pthread_create(&hammers[i].thread, NULL, beat, &hammers[i]);
    }
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();

        if (child == 0) {
            alarm(60);
            _exit(try_acquire(pool) ? 0 : 1);
        }
        succeed(child);
    }
    for (int i = 0; i < 3; i++) {
        atomic_store(&hammers[i].stop, true);
        pthread_join(hammers[i].thread, NULL);
    }
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_59__a_child_opens_its_own),
        cmocka_unit_test(test_pool_59__a_lost_one_goes_on_in_the_child),
        cmocka_unit_test(test_pool_59__the_child_does_not_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
