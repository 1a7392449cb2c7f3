/* SPDX-License-Identifier: MIT */
/* The command line, the port, and the end: signals stop the service cleanly,
 * and a request that is being answered is answered. */
#include "suite.h"

#include <signal.h>
#include <unistd.h>

static http_answer answer;

static void test_signals__end_it_with_0(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};

    (void)state;
    for (int i = 0; i < 2; i++) {
        service one;
        int idle;

        service_start(&one, service_url(NULL));
        assert_int_equal(service_ask(&one, "GET", "/users", NULL, &answer),
                         200);
        idle = http_connect(one.port); /* a client that does not ask */
        assert_int_equal(service_stop(&one, signals[i]), 0);
        assert_non_null(strstr(one.said, "users: stopping"));
        close(idle);
    }
}

/* The request waits for a lock of ours while the service is told to stop. */
static void test_requests__are_answered_before_the_end(void **state)
{
    static const http_request add = {"POST", "/users", "{\"name\": \"zoe\"}"};
    service_lock held;
    service one;
    int waiting;

    (void)state;
    service_start(&one,
                  service_url("pool_size=1&max_overflow=0&pool_timeout=0.5"));
    service_lock_take(&held, &one);
    waiting = http_begin(one.port, &add);
    /* Until it has the connection. */
    service_ask_until(&one, "/users", 503, &answer);
    kill(one.pid, SIGTERM);
    while (!strstr(one.said, "stopping"))
        assert_true(read(one.output, one.said + strlen(one.said), 256) > 0);
    service_lock_rollback(&held);
    http_receive(waiting, &answer);
    if (answer.status != 201)
        fail_msg("%s%s", answer.body, one.said);
    assert_int_equal(service_wait(&one), 0);
}

/* --------------------------------------------------------- the command line */

static void expect_line(const char *const *arguments, int status,
                        const char *part)
{
    service one;

    service_run(&one, arguments);
    assert_int_equal(service_wait(&one), status);
    if (!strstr(one.said, part))
        fail_msg("\"%s\" is not in \"%s\"", part, one.said);
    assert_true(status == 0 || !strchr(strchr(one.said, '\n') + 1, '\n'));
}

static void test_port__that_is_taken_is_one_line(void **state)
{
    char port[16];
    const char *arguments[] = {"--port", port, NULL};
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    snprintf(port, sizeof port, "%d", one.port);
    expect_line(arguments, 1, "Address already in use");
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

static void test_arguments__that_are_wrong_are_told(void **state)
{
    static const struct {
        const char *arguments[3];
        int status;
        const char *part;
    } cases[] = {
        {{"--help"}, 0, "usage: users"},
        {{"--prot", "1"}, 2, "--prot"},
        {{"--port"}, 2, "port"},
        {{"--port", "70000"}, 2, "\"70000\" is no port"},
        {{"--port", "http"}, 2, "\"http\" is no port"},
        {{"--port", "-1"}, 2, "\"-1\" is no port"},
        {{"8080"}, 2, "\"8080\" is no option"},
        {{"--host", "host.invalid"}, 1, "host.invalid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_line(cases[i].arguments, cases[i].status, cases[i].part);
}

static void test_environment__gives_the_defaults(void **state)
{
    static const char *const none[] = {NULL};

    (void)state;
    setenv("PORT", "many", 1);
    expect_line(none, 2, "\"many\" is no port");
    setenv("PORT", "0", 1);
    setenv("DATABASE_URL", "oracle://", 1);
    expect_line(none, 1, "oracle");
    unsetenv("PORT");
    unsetenv("DATABASE_URL");
}

int run_ending(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_signals__end_it_with_0),
        SERVICE_TEST(test_requests__are_answered_before_the_end),
        SERVICE_TEST(test_port__that_is_taken_is_one_line),
        SERVICE_TEST(test_arguments__that_are_wrong_are_told),
        SERVICE_TEST(test_environment__gives_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
