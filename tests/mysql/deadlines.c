/* SPDX-License-Identifier: MIT */
/*
 * How late a deadline is beside a bare poll() that waits as long: when the
 * server hangs, when the network is silent, when a server never answers. The
 * medians are printed; a test fails only far above what is promised.
 */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "kit/peer.h"
#include "kit/proxy.h"
#include "kit/victim.h"
#include "mysql/played.h"
#include "mysql/with_server.h"

#define WAIT_S 0.1
#define LATE_S 0.25
enum { TRIALS = 9 };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, TRIALS, sizeof *values, by_size);
    return values[TRIALS / 2];
}

static double poll_late(void)
{
    double began = seconds_now();

    (void)poll(NULL, 0, (int)(WAIT_S * 1000));
    return seconds_now() - began - WAIT_S;
}

static weir_engine *open_port(int port, const char *query)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *colon = strrchr(url, ':');
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *opened;
    weir_error err;
    char changed[512];

    options.connect_timeout_s = WAIT_S;
    snprintf(changed, sizeof changed, "%.*s:%d%s%s", (int)(colon - url), url,
             port, strchr(colon, '/'), query);
    opened = weir_engine_open(changed, &options, &err);
    assert_non_null(opened);
    return opened;
}

/* ------------------------------------------------------------ what is late */

static double connect_late(weir_engine *own)
{
    double began = seconds_now(), took;
    weir_error err;

    assert_null(weir_connect(own, &err));
    took = seconds_now() - began;
    assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
    return took - WAIT_S;
}

static double statement_late(weir_conn *conn)
{
    double began, took;

    assert_int_equal(weir_set_timeout(conn, WAIT_S), WEIR_OK);
    began = seconds_now();
    assert_int_equal(try(conn, "SELECT 1"), WEIR_ERR_TIMEOUT);
    took = seconds_now() - began;
    return took - WAIT_S;
}

/* A connection that works; the machine may be busy. */
static weir_conn *connect_at_last(weir_engine *own)
{
    weir_conn *conn = NULL;
    weir_error err;

    for (int i = 0; i < 50 && !conn; i++)
        conn = weir_connect(own, &err);
    assert_non_null(conn);
    assert_int_equal(get(conn, "SELECT 1"), 1);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    return conn;
}

static double under_silence(void)
{
    static played silent = {.place = PLAYED_GREETING, .silent = true};
    kit_stage *stage = kit_stage_start(KIT_MYSQL, played_server, &silent);
    weir_engine *own = open_port(kit_stage_port(stage), "");
    double late = connect_late(own);

    weir_engine_close(&own);
    kit_stage_stop(&stage);
    return late;
}

static double under_tls_silence(void)
{
    static played silent = {.place = PLAYED_GREETING, .silent = true};
    kit_stage *stage = kit_stage_start(KIT_MYSQL, played_server, &silent);
    weir_engine *own = open_port(kit_stage_port(stage), "?tls=verify-full");
    double late = connect_late(own);

    weir_engine_close(&own);
    kit_stage_stop(&stage);
    return late;
}

static double under_sigstop(void)
{
    weir_conn *conn = connect_at_last(engine);
    double late;

    assert_true(kit_victim_signal(SIGSTOP));
    late = statement_late(conn);
    assert_true(kit_victim_signal(SIGCONT));
    weir_conn_close(&conn);
    return late;
}

static double under_proxy(void)
{
    const char *colon = strrchr(getenv("WEIR_TEST_URL"), ':');
    kit_proxy *proxy = kit_proxy_start(atoi(colon + 1), KIT_MYSQL);
    weir_engine *own = open_port(kit_proxy_port(proxy), "");
    weir_conn *conn = connect_at_last(own);
    double late;

    kit_proxy_strike(proxy, KIT_STALL);
    late = statement_late(conn);
    kit_proxy_heal(proxy);
    weir_conn_close(&conn);
    weir_engine_close(&own);
    kit_proxy_stop(&proxy);
    return late;
}

static void compare(const char *name, double (*trial)(void))
{
    double bare[TRIALS], ours[TRIALS];

    for (int i = 0; i < TRIALS; i++) {
        bare[i] = poll_late();
        ours[i] = trial();
        assert_true(ours[i] >= 0); /* never early */
    }
    printf("%s: late by %.1f ms, a bare poll by %.1f ms (medians of %d)\n",
           name, median(ours) * 1e3, median(bare) * 1e3, (int)TRIALS);
    assert_true(median(ours) < LATE_S);
}

static void test_deadlines__are_never_early_and_hardly_late(void **state)
{
    (void)state;
    compare("a server that hangs", under_sigstop);
    compare("a network that is silent", under_proxy);
    compare("a server that does not greet", under_silence);
    compare("the same, with TLS", under_tls_silence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines__are_never_early_and_hardly_late),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
