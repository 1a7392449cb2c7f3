/* SPDX-License-Identifier: MIT */
/*
 * Several hosts in a URL, of which one is the server; and passwords that
 * change while the program runs.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/peer.h"
#include "kit/vault.h"
#include "postgres/with_server.h"

/* Of $WEIR_TEST_URL, postgresql://weir:password@127.0.0.1:port/weir. */
static int real_port(void)
{
    return atoi(strrchr(getenv("WEIR_TEST_URL"), ':') + 1);
}

/* An engine that tries these ports of this machine in turn. */
static weir_engine *open_hosts(const int *ports, int count, const char *query)
{
    const char *url = getenv("WEIR_TEST_URL");
    int before = (int)(strchr(url, '@') - url);
    char several[600];
    weir_error err;
    weir_engine *opened;
    int size =
        snprintf(several, sizeof several, "%.*s@/weir?%s", before, url, query);

    for (int i = 0; i < count; i++)
        size += snprintf(several + size, sizeof several - (size_t)size,
                         "&host=127.0.0.1:%d", ports[i]);
    opened = weir_engine_open(several, NULL, &err);
    if (!opened)
        fail_msg("%s", err.message);
    return opened;
}

static void expect_server(weir_engine *opened)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(opened, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    assert_int_equal(get(conn, "SELECT inet_server_port()"), real_port());
}

/* A port where nobody listens: taken, but not listening. */
static int take_port(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void test_hosts__that_refuse_are_passed_by(void **state)
{
    int ports[2] = {0, real_port()};
    int taken = take_port(&ports[0]);
    WEIR_AUTO(weir_engine) opened = open_hosts(ports, 2, "connect_timeout=20");

    (void)state;
    expect_server(opened);
    close(taken);
}

/* Each host has its share of the time, those behind a silent one as well. */
static void test_hosts__that_are_silent_are_passed_by(void **state)
{
    int ports[3] = {0, 0, real_port()};
    int taken = take_port(&ports[0]), silent = kit_listen(16, &ports[1]);
    WEIR_AUTO(weir_engine) opened = open_hosts(ports, 3, "connect_timeout=6");
    double began = seconds_now();

    (void)state;
    expect_server(opened);
    assert_true(seconds_now() - began >= 2.5);
    close(silent);
    close(taken);
}

static void test_hosts__that_are_all_silent_take_the_whole_time(void **state)
{
    int ports[2];
    int one = kit_listen(16, &ports[0]), two = kit_listen(16, &ports[1]);
    WEIR_AUTO(weir_engine) opened = open_hosts(ports, 2, "connect_timeout=1");
    double began = seconds_now();
    weir_error err;

    (void)state;
    assert_null(weir_connect(opened, &err));
    assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
    assert_true(seconds_now() - began >= 1);
    close(one);
    close(two);
}

/* ------------------------------------------------------------- read-write */

static bool say_parameter(kit_peer *peer, const char *name, const char *value)
{
    char text[128];
    size_t size = (size_t)snprintf(text, sizeof text, "%s%c%s", name, 0, value);

    return kit_say_packet(peer, 'S', text, size + 1);
}

/* A standby: whoever wants to write goes on. */
static void play_standby(kit_peer *peer, void *context)
{
    kit_message heard;

    (void)context;
    if (kit_hear(peer, &heard) && kit_say_packet(peer, 'R', "\0\0\0\0", 4) &&
        say_parameter(peer, "client_encoding", "UTF8") &&
        say_parameter(peer, "server_version", "15.0") &&
        say_parameter(peer, "in_hot_standby", "on") &&
        say_parameter(peer, "default_transaction_read_only", "off") &&
        kit_say_packet(peer, 'K', "\0\0\0\1\0\0\0\2", 8) &&
        kit_say_packet(peer, 'Z', "I", 1))
        (void)kit_hear(peer, &heard);
}

static void test_hosts__that_cannot_write_are_passed_by(void **state)
{
    kit_stage *standby = kit_stage_start(KIT_POSTGRES, play_standby, NULL);
    int ports[2] = {kit_stage_port(standby), real_port()};
    WEIR_AUTO(weir_engine)
    opened = open_hosts(ports, 2,
                        "connect_timeout=20&target_session_attrs=read-write");

    (void)state;
    expect_server(opened);
    assert_true(kit_stage_accepted(standby) > 0);
    kit_stage_stop(&standby);
}

static void set_read_only(const char *how)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char sql[100];

    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    snprintf(sql, sizeof sql,
             "ALTER DATABASE weir SET default_transaction_read_only = %s", how);
    run(conn, sql);
}

static void test_hosts__of_which_none_can_write_are_told(void **state)
{
    int ports[2] = {real_port(), real_port()};
    WEIR_AUTO(weir_engine)
    opened = open_hosts(ports, 2,
                        "connect_timeout=20&target_session_attrs=read-write");
    weir_error err;
    weir_conn *conn;

    (void)state;
    set_read_only("on");
    conn = weir_connect(opened, &err);
    set_read_only("off");
    assert_null(conn);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    if (!strstr(err.message, "read-only"))
        fail_msg("\"%s\" does not say why", err.message);
    expect_server(opened);
}

/* ------------------------------------------------------------- credentials */

static void set_password(bool create, const char *password)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char sql[100];

    snprintf(sql, sizeof sql, "%s ROLE rotating LOGIN PASSWORD '%s'",
             create ? "CREATE" : "ALTER", password);
    run(conn, sql);
    commit(conn);
}

static void test_credentials__follow_a_password_that_changes(void **state)
{
    (void)state;
    kit_play_rotation(set_password, "28P01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test(test_##name_)
        TEST(hosts__that_refuse_are_passed_by),
        TEST(hosts__that_are_silent_are_passed_by),
        TEST(hosts__that_are_all_silent_take_the_whole_time),
        TEST(hosts__that_cannot_write_are_passed_by),
        TEST(hosts__of_which_none_can_write_are_told),
        TEST(credentials__follow_a_password_that_changes),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
