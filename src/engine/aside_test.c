/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/services.h"

static const weir_services plain;

#define MS INT64_C(1000000)

static _Atomic int dropped;

typedef struct chore {
    pthread_t doer;
    _Atomic bool may_end;
    int fd; /* of a server that is met first; -1: of none */
    _Atomic bool met;
} chore;

static chore *new_chore(int fd)
{
    chore *made = calloc(1, sizeof *made);

    assert_non_null(made);
    made->fd = fd;
    return made;
}

static void nap(void)
{
    const struct timespec time = {.tv_nsec = MS / 5};

    nanosleep(&time, NULL);
}

static void do_it(void *work)
{
    chore *it = work;

    it->doer = pthread_self();
    if (it->fd >= 0 && weir_aside_reached(it->fd) == WEIR_OK)
        atomic_store(&it->met, true);
    while (!atomic_load(&it->may_end))
        nap();
}

static void drop(void *work)
{
    free(work);
    atomic_fetch_add(&dropped, 1);
}

static const weir_aside aside = {.run = do_it, .drop = drop};

static void until_dropped(int count)
{
    while (atomic_load(&dropped) != count)
        nap();
}

static void test_aside__is_done_by_another_thread(void **state)
{
    chore *it = new_chore(-1);
    weir_error err;

    (void)state;
    atomic_store(&it->may_end, true);
    assert_int_equal(
        weir_services_aside(&plain, &aside, it, WEIR_NO_DEADLINE, &err),
        WEIR_OK);
    assert_false(pthread_equal(it->doer, pthread_self()));
    free(it);
    assert_int_equal(atomic_load(&dropped), 0);
}

static void test_deadline__leaves_the_work_to_the_thread(void **state)
{
    chore *it = new_chore(-1);
    int64_t deadline = weir_services_now(&plain) + 20 * MS;
    weir_error err;

    (void)state;
    atomic_store(&dropped, 0);
    assert_int_equal(weir_services_aside(&plain, &aside, it, deadline, &err),
                     WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&plain) >= deadline);
    assert_int_equal(atomic_load(&dropped), 0);
    atomic_store(&it->may_end, true);
    until_dropped(1);
}

static bool is_off(const void *context)
{
    return weir_services_now(&plain) >= *(const int64_t *)context;
}

static void test_called_off__work_is_left_to_the_thread(void **state)
{
    chore *it = new_chore(-1);
    int64_t off_at = weir_services_now(&plain) + 20 * MS;
    weir_services *own = weir_services_until(&plain, is_off, &off_at);
    weir_error err;

    (void)state;
    assert_non_null(own);
    atomic_store(&dropped, 0);
    assert_int_equal(
        weir_services_aside(own, &aside, it, WEIR_NO_DEADLINE, &err),
        WEIR_ERR_CANCELLED);
    assert_int_equal(atomic_load(&dropped), 0);
    weir_services_free(&plain, own);
    atomic_store(&it->may_end, true);
    until_dropped(1);
}

/* It may be over in the very moment of the deadline. */
static void test_deadline__may_meet_the_end_of_the_work(void **state)
{
    weir_error err;

    (void)state;
    atomic_store(&dropped, 0);
    for (int i = 0; i < 200; i++) {
        chore *it = new_chore(-1);
        int64_t deadline = weir_services_now(&plain) + i % 20 * MS / 100;

        atomic_store(&it->may_end, true);
        if (weir_services_aside(&plain, &aside, it, deadline, &err) == WEIR_OK)
            drop(it);
        else
            assert_true(weir_services_now(&plain) >= deadline);
    }
    until_dropped(200);
}

/* Answers once what it waits for has met its server. */
static weir_status cancel_when_met(void *context, int fd, unsigned events,
                                   int64_t deadline)
{
    chore *it = context;

    (void)fd;
    (void)events;
    (void)deadline;
    while (!atomic_load(&it->met))
        nap();
    return WEIR_ERR_CANCELLED;
}

/* The socket itself is shut down, and the work is told. */
static void test_abandoned__work_loses_its_socket(void **state)
{
    int ends[2];
    char byte;
    chore *it;
    weir_error err;

    (void)state;
    atomic_store(&dropped, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    it = new_chore(ends[0]);
    {
        const weir_services hooked = {.wait = cancel_when_met,
                                      .wait_context = it};

        assert_int_equal(
            weir_services_aside(&hooked, &aside, it, WEIR_NO_DEADLINE, &err),
            WEIR_ERR_CANCELLED);
    }
    assert_int_equal(recv(ends[1], &byte, 1, 0), 0);
    atomic_store(&it->may_end, true);
    until_dropped(1);
    close(ends[0]);
    close(ends[1]);
}

static _Atomic int told = -1;

static void meet_late(void *work)
{
    chore *it = work;

    while (!atomic_load(&it->may_end))
        nap();
    atomic_store(&told, (int)weir_aside_reached(it->fd));
}

static void test_abandoned__work_is_told_when_it_meets_the_server(void **state)
{
    static const weir_aside late = {.run = meet_late, .drop = drop};
    chore *it = new_chore(STDIN_FILENO);
    weir_error err;

    (void)state;
    atomic_store(&dropped, 0);
    assert_int_equal(weir_services_aside(&plain, &late, it, 0, &err),
                     WEIR_ERR_TIMEOUT);
    atomic_store(&it->may_end, true);
    until_dropped(1);
    assert_int_equal(atomic_load(&told), WEIR_ERR_CANCELLED);
}

static void test_reached__is_nothing_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(weir_aside_reached(STDIN_FILENO), WEIR_OK);
}

/* Without a descriptor nobody could be told that it is done. */
static void test_aside__that_cannot_begin_is_dropped(void **state)
{
    int held[1024];
    int count = 0;
    weir_error err;
    weir_status status;

    (void)state;
    atomic_store(&dropped, 0);
    while (count < 1024 && (held[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    status = weir_services_aside(&plain, &aside, new_chore(-1), 0, &err);
    while (count > 0)
        close(held[--count]);
    assert_int_equal(status, WEIR_ERR_RESOURCE);
    assert_non_null(strstr(err.message, "descriptor"));
    assert_int_equal(atomic_load(&dropped), 1);
}

/* So that it does not take long to use them up. */
static int few_descriptors(void **state)
{
    struct rlimit few;

    (void)state;
    /* The hard limit stays: valgrind does not let it be changed. */
    if (getrlimit(RLIMIT_NOFILE, &few) != 0)
        return -1;
    few.rlim_cur = 256;
    return setrlimit(RLIMIT_NOFILE, &few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aside__is_done_by_another_thread),
        cmocka_unit_test(test_deadline__leaves_the_work_to_the_thread),
        cmocka_unit_test(test_called_off__work_is_left_to_the_thread),
        cmocka_unit_test(test_deadline__may_meet_the_end_of_the_work),
        cmocka_unit_test(test_abandoned__work_loses_its_socket),
        cmocka_unit_test(test_abandoned__work_is_told_when_it_meets_the_server),
        cmocka_unit_test(test_reached__is_nothing_elsewhere),
        cmocka_unit_test(test_aside__that_cannot_begin_is_dropped),
    };

    return cmocka_run_group_tests(tests, few_descriptors, NULL);
}
