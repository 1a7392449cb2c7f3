/* SPDX-License-Identifier: MIT */
/*
 * Scenario 7 and A18-1: 200 threads share 8 connections, each held for a
 * millisecond. In SQLAlchemy's pool most of them starve; here everybody gets
 * his share. Seconds do not matter: the least is compared with the mean.
 */
#include "pool/fake_server.h"

enum {
    THREADS = 200,
    CONNECTIONS = 8,
    RUN_MS = 1200,
};

typedef struct eater {
    pthread_t thread;
    wi_pool *pool;
    atomic_int *state; /* 0: all wait, 1: run, 2: stop */
    int count;
    int failures;
} eater;

static void *eat(void *argument)
{
    eater *self = argument;

    while (atomic_load(self->state) == 0)
        nap(MS);
    while (atomic_load(self->state) == 1) {
        wi_request request = {.tag = "eater"};
        wi_lease *lease = NULL;

        if (wi_pool_acquire(self->pool, &request, &lease, NULL) != WEIR_OK) {
            self->failures++;
            continue;
        }
        nap(MS);
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
        self->count++;
    }
    return NULL;
}

static void test_pool_7__A18_1_nobody_starves(void **state)
{
    static fake_server server;
    static eater eaters[THREADS];
    wi_pool_options options = fake_options(CONNECTIONS);
    wi_pool *pool = fake_pool(&server, &options);
    atomic_int run = 0;
    int least = INT32_MAX;
    int total = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        eaters[i] = (eater){.pool = pool, .state = &run};
        assert_int_equal(
            pthread_create(&eaters[i].thread, NULL, eat, &eaters[i]), 0);
    }
    atomic_store(&run, 1);
    nap(RUN_MS * MS);
    atomic_store(&run, 2);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(eaters[i].thread, NULL);
        assert_int_equal(eaters[i].failures, 0);
        total += eaters[i].count;
        if (eaters[i].count < least)
            least = eaters[i].count;
    }
    assert_int_equal(atomic_load(&server.open_most), CONNECTIONS);
    print_message("mean %.1f, least %d\n", (double)total / THREADS, least);
    /* The first and the last round of a thread may be cut off. */
    assert_true((least + 2) * THREADS >= 0.8 * total);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_7__A18_1_nobody_starves),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
