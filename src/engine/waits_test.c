/* SPDX-License-Identifier: MIT */
/*
 * Waits that are ended by another thread, whatever they wait for.
 */
#include "engine/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "engine/services.h"

typedef struct sleeper {
    pthread_t thread;
    weir_services services;
    int fd;
    weir_status status;
    weir_error error;
} sleeper;

static void *sleep_on(void *argument)
{
    sleeper *self = argument;

    self->status = weir_services_wait(
        &self->services, self->fd, WEIR_WAIT_READ,
        wi_deadline_in_ns(60 * INT64_C(1000000000)), &self->error);
    return NULL;
}

static bool somebody_waits(wi_waits *waits)
{
    bool found;

    wi_mutex_lock(&waits->lock);
    found = wi_list_first(&waits->list) != NULL;
    wi_mutex_unlock(&waits->lock);
    return found;
}

static void until_waiting(wi_waits *waits)
{
    while (!somebody_waits(waits))
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static void test_waits_shut__wakes_who_waits_and_who_comes(void **state)
{
    sleeper one;
    wi_waits waits;
    int pair[2];
    char byte;

    (void)state;
    assert_true(wi_waits_init(&waits));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    one = (sleeper){.services = {.waits = &waits}, .fd = pair[0]};
    assert_int_equal(pthread_create(&one.thread, NULL, sleep_on, &one), 0);
    until_waiting(&waits);
    wi_waits_end(&waits);
    assert_true(weir_services_is_over(&one.services));
    assert_true(somebody_waits(&waits));
    wi_waits_shut(&waits);
    pthread_join(one.thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    assert_string_equal(one.error.message,
                        "the engine was closed and its time is over");
    assert_int_equal(read(pair[1], &byte, 1), 0); /* the server sees it, too */
    assert_false(somebody_waits(&waits));
    sleep_on(&one);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    close(pair[0]);
    close(pair[1]);
    wi_waits_clear(&waits);
}

/* A pause that looks for nothing goes on to its end: nothing spins. */
static void test_waits_shut__leaves_a_pause_alone(void **state)
{
    weir_services services;
    wi_waits waits;
    weir_error err;
    int pair[2];
    int64_t until;

    (void)state;
    assert_true(wi_waits_init(&waits));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    services = (weir_services){.waits = &waits};
    wi_waits_shut(&waits);
    until = wi_deadline_in_ns(2000000);
    assert_int_equal(weir_services_wait(&services, pair[0], 0, until, &err),
                     WEIR_ERR_TIMEOUT);
    assert_true(wi_deadline_passed(until));
    close(pair[0]);
    close(pair[1]);
    wi_waits_clear(&waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_shut__wakes_who_waits_and_who_comes),
        cmocka_unit_test(test_waits_shut__leaves_a_pause_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
