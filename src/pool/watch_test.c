/* SPDX-License-Identifier: MIT */
#include "pool/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define MS INT64_C(1000000)
#define LONG_NS (INT64_C(60000) * MS)

static int pair[2];

static int make_pair(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

/* What comes until a socket has something to tell, or the time is over. */
static int rest_for_news(uint64_t *keys, int most, int64_t ns)
{
    int64_t until_ns = wi_deadline_in_ns(ns);
    int count = 0;

    while (count == 0 && !wi_deadline_passed(until_ns))
        count = wi_watch_rest(until_ns, keys, most);
    return count;
}

static void test_rest__ends_at_its_time(void **state)
{
    int64_t until_ns = wi_deadline_in_ns(5 * MS);
    uint64_t key;

    (void)state;
    assert_int_equal(rest_for_news(&key, 1, 5 * MS), 0);
    assert_true(wi_deadline_passed(until_ns));
}

/* A ring before the rest is not lost. */
static void test_ring__wakes(void **state)
{
    int64_t until_ns = wi_deadline_in_ns(LONG_NS);
    uint64_t key;

    (void)state;
    wi_watch_ring();
    assert_int_equal(wi_watch_rest(until_ns, &key, 1), 0);
    assert_false(wi_deadline_passed(until_ns));
}

static void test_add__tells_who_hung_up(void **state)
{
    uint64_t keys[4];

    (void)state;
    if (!wi_watch_add(pair[0], 4711))
        skip(); /* a system without epoll: there is nothing to watch with */
    close(pair[1]);
    assert_int_equal(rest_for_news(keys, 4, LONG_NS), 1);
    assert_int_equal(keys[0], 4711);
    assert_int_equal(rest_for_news(keys, 4, 5 * MS), 0);
}

/* What is said on a connection that is in use is of no interest. */
static void test_add__does_not_hear_what_is_said(void **state)
{
    uint64_t keys[4];

    (void)state;
    if (!wi_watch_add(pair[0], 4711))
        skip(); /* a system without epoll */
    assert_int_equal(write(pair[1], "hello", 5), 5);
    assert_int_equal(rest_for_news(keys, 4, 5 * MS), 0);
}

static void test_add__refuses_what_is_no_socket(void **state)
{
    (void)state;
    assert_false(wi_watch_add(-1, 4711));
    assert_false(wi_watch_add(pair[0], 0));
    assert_false(wi_watch_add(pair[0], 1));
}

#ifdef __linux__

/* A descriptor of this process that waits for the wall clock to be set: its
 * number, or -1. 03: until a time of the clock, cancelled when that is set. */
static int find_clock(void)
{
    for (int fd = 3; fd < 64; fd++) {
        char path[64];
        char text[512] = "";
        FILE *info;

        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        info = fopen(path, "r");
        if (!info)
            continue;
        (void)!fread(text, 1, sizeof text - 1, info);
        fclose(info);
        if (strstr(text, "clockid: 0") && strstr(text, "settime flags: 03"))
            return fd;
    }
    return -1;
}

/* Nobody can suspend a machine in a test, nor set its clock. */
static void test_rest__waits_for_the_wall_clock_to_be_set(void **state)
{
    uint64_t key;
    int fd;

    (void)state;
    (void)wi_watch_rest(wi_now_ns(), &key, 1);
    fd = find_clock();
    if (fd < 0 && !wi_watch_add(pair[0], 4711))
        skip(); /* a system without epoll */
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &key, sizeof key), -1);
    assert_int_equal(errno, EAGAIN); /* it never comes by itself */
}

#endif

static void test_bell__is_heard_after_it_rang(void **state)
{
    wi_bell bell = WI_BELL_INIT;
    int64_t until_ns = wi_deadline_in_ns(LONG_NS);

    (void)state;
    wi_bell_ring(&bell);
    wi_bell_rest(&bell, until_ns);
    assert_false(wi_deadline_passed(until_ns));
    until_ns = wi_deadline_in_ns(2 * MS);
    while (!wi_deadline_passed(until_ns))
        wi_bell_rest(&bell, until_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest__ends_at_its_time),
        cmocka_unit_test(test_ring__wakes),
        cmocka_unit_test_setup_teardown(test_add__tells_who_hung_up, make_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(test_add__does_not_hear_what_is_said,
                                        make_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_add__refuses_what_is_no_socket,
                                        make_pair, close_pair),
#ifdef __linux__
        cmocka_unit_test_setup_teardown(
            test_rest__waits_for_the_wall_clock_to_be_set, make_pair,
            close_pair),
#endif
        cmocka_unit_test(test_bell__is_heard_after_it_rang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
