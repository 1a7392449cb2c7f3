/* SPDX-License-Identifier: MIT */
/* The proxy breaks exactly where it was told to, and only there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "kit/peer.h"
#include "kit/proxy.h"

static kit_stage *stage;
static kit_proxy *proxy;

/* Says each message again. */
static void echo(kit_peer *peer, void *context)
{
    kit_message message;

    (void)context;
    while (kit_hear(peer, &message))
        (void)kit_say_packet(peer, message.sequence, message.data,
                             message.size);
}

static int set_up(void **state)
{
    (void)state;
    stage = kit_stage_start(KIT_MYSQL, echo, NULL);
    proxy = kit_proxy_start(kit_stage_port(stage), KIT_MYSQL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_proxy_stop(&proxy);
    kit_stage_stop(&stage);
    return 0;
}

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port =
                                      htons((uint16_t)kit_proxy_port(proxy)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    return fd;
}

static void say(int fd)
{
    (void)!send(fd, "\5\0\0\0hello", 9, MSG_NOSIGNAL);
}

/* What comes until `size` bytes, the end, or silence of `ms`. */
static size_t hear(int fd, char *out, size_t size, int ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    size_t got = 0;
    ssize_t more = 1;

    while (got < size && more > 0 && poll(&wait, 1, ms) > 0) {
        more = recv(fd, out + got, size - got, 0);
        got += more > 0 ? (size_t)more : 0;
    }
    return got;
}

static void test_undisturbed__it_counts_bytes_and_packets(void **state)
{
    int fd = dial();
    size_t marks[4];
    char text[32];

    (void)state;
    say(fd);
    say(fd);
    assert_int_equal(hear(fd, text, 18, 30000), 18);
    assert_memory_equal(text + 4, "hello", 5);
    assert_int_equal(kit_proxy_count(proxy, KIT_TO_SERVER), 18);
    assert_int_equal(kit_proxy_marks(proxy, KIT_TO_CLIENT, marks, 4), 2);
    assert_int_equal(marks[0], 9);
    assert_int_equal(marks[1], 18);
    assert_int_equal(kit_proxy_accepted(proxy), 1);
    assert_true(kit_stage_has_heard(stage, "hello"));
    close(fd);
}

static void test_cut__is_at_that_byte(void **state)
{
    static const kit_fault faults[] = {KIT_CLOSE, KIT_RESET, KIT_DOWN};
    char text[32];

    (void)state;
    for (size_t after = 0; after < 9; after++) {
        int fd = dial();

        kit_proxy_arm(proxy, KIT_TO_CLIENT, after, KIT_CLOSE);
        say(fd);
        assert_int_equal(hear(fd, text, 9, 30000), after);
        assert_true(kit_proxy_has_fired(proxy));
        close(fd);
    }
    for (size_t i = 0; i < 3; i++) {
        int fd = dial();

        kit_proxy_arm(proxy, KIT_TO_SERVER, 4, faults[i]);
        say(fd);
        assert_int_equal(hear(fd, text, 9, 30000), 0);
        assert_int_equal(kit_proxy_count(proxy, KIT_TO_SERVER), 4);
        close(fd);
    }
}

static void test_stall__ends_when_healed(void **state)
{
    int fd = dial(), second;
    char text[32];

    (void)state;
    kit_proxy_arm(proxy, KIT_TO_CLIENT, 3, KIT_STALL);
    say(fd);
    assert_int_equal(hear(fd, text, 3, 30000), 3);
    assert_int_equal(hear(fd, text, 6, 50), 0);
    second = dial();
    say(second);
    assert_int_equal(hear(second, text, 9, 20), 0);
    kit_proxy_heal(proxy);
    assert_int_equal(hear(fd, text, 6, 30000), 6);
    assert_int_equal(hear(second, text, 9, 30000), 9);
    close(fd);
    close(second);
}

static void test_garble__changes_one_byte(void **state)
{
    int fd = dial();
    char text[32];

    (void)state;
    kit_proxy_arm(proxy, KIT_TO_CLIENT, 5, KIT_GARBLE);
    say(fd);
    assert_int_equal(hear(fd, text, 9, 30000), 9);
    assert_memory_equal(text + 4, "h\x9Allo", 5);
    close(fd);
}

static void test_down__lets_nobody_in(void **state)
{
    int fd = dial(), second;
    char text[32];

    (void)state;
    say(fd);
    assert_int_equal(hear(fd, text, 9, 30000), 9);
    kit_proxy_strike(proxy, KIT_DOWN);
    second = dial();
    assert_int_equal(recv(second, text, 9, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(recv(fd, text, 9, 0), -1);
    close(fd);
    close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, tear_down)
        TEST(undisturbed__it_counts_bytes_and_packets),
        TEST(cut__is_at_that_byte),
        TEST(stall__ends_when_healed),
        TEST(garble__changes_one_byte),
        TEST(down__lets_nobody_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
