/* SPDX-License-Identifier: MIT */
/*
 * The text for Prometheus: its names are an interface, which dashboards and
 * alerts are written for.
 */
#include <weir/pool.h>
#include <weir/weir.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POOL "{db_client_connection_pool_name=\"main\""

static char text[16000];

static weir_engine *open_engine(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *engine;
    weir_error err;

    options.pool_size = 2;
    options.max_overflow = 1;
    engine = weir_engine_open("sqlite://", &options, &err);
    assert_non_null(engine);
    return engine;
}

static void write_down(const weir_engine *engine)
{
    size_t size = weir_pool_prometheus(engine, "main", text, sizeof text);

    assert_in_range(size, 1, sizeof text - 1);
    assert_int_equal(strlen(text), size);
}

static void must_say(const char *line)
{
    char wanted[200];

    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    if (!strstr(text, wanted))
        fail_msg("\"%s\" is not in:\n%s", line, text);
}

/* Of a counter or a gauge of this pool. */
static void must_be(const char *metric, const char *labels, const char *value)
{
    char line[160];

    snprintf(line, sizeof line, "%s" POOL "%s} %s", metric, labels, value);
    must_say(line);
}

static void test_prometheus__has_the_names_of_opentelemetry(void **state)
{
    static const char *const idle = ",db_client_connection_state=\"idle\"";
    static const char *const used = ",db_client_connection_state=\"used\"";
    weir_engine *engine = open_engine();
    weir_error err;
    weir_conn *one = weir_connect(engine, &err);
    weir_conn *two = weir_connect(engine, &err);

    (void)state;
    weir_conn_close(&one);
    write_down(engine);
    must_be("db_client_connection_count", idle, "1");
    must_be("db_client_connection_count", used, "1");
    must_be("db_client_connection_idle_min", "", "0");
    must_be("db_client_connection_idle_max", "", "2");
    must_be("db_client_connection_max", "", "3");
    must_be("db_client_connection_pending_requests", "", "0");
    must_be("db_client_connection_timeouts_total", "", "0");
    must_say("# TYPE db_client_connection_wait_time_seconds histogram");
    must_say("# TYPE db_client_connection_use_time_seconds histogram");
    must_say("# TYPE db_client_connection_create_time_seconds histogram");
    must_be("db_client_connection_create_time_seconds_count", "", "2");
    must_be("db_client_connection_create_time_seconds_bucket", ",le=\"+Inf\"",
            "2");
    must_be("db_client_connection_wait_time_seconds_count", "", "0");
    must_be("db_client_connection_wait_time_seconds_sum", "", "0");
    weir_conn_close(&two);
    weir_engine_close(&engine);
}

static void test_prometheus__has_what_an_alert_needs(void **state)
{
    weir_engine *engine = open_engine();
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    (void)state;
    write_down(engine);
    must_be("weir_pool_health", ",state=\"up\"", "1");
    must_be("weir_pool_health", ",state=\"suspect\"", "0");
    must_be("weir_pool_health", ",state=\"down\"", "0");
    must_be("weir_pool_health", ",state=\"recovering\"", "0");
    must_be("weir_pool_acquired_total", "", "1");
    must_be("weir_pool_waits_total", "", "0");
    must_be("weir_pool_opened_total", "", "1");
    must_be("weir_pool_closed_total", "", "0");
    must_be("weir_pool_connect_failures_total", "", "0");
    must_be("weir_pool_leaks_total", "", "0");
    must_be("weir_pool_reclaimed_total", "", "0");
    must_be("weir_pool_stale_returns_total", "", "0");
    must_be("weir_pool_connecting", "", "0");
    must_be("weir_pool_asking", "", "0");
    must_be("weir_pool_closing", "", "0");
    must_be("weir_pool_detached", "", "0");
    must_be("weir_pool_overdue", "", "0");
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

/* Each line belongs to the metric whose type came last, and the buckets of a
 * histogram grow. */
static void test_prometheus__is_well_formed(void **state)
{
    weir_engine *engine = open_engine();
    char metric[80] = "";
    double end = 0, last_end = 0;
    unsigned long long below = 0, last_below = 0;
    weir_error err;

    (void)state;
    for (int i = 0; i < 500; i++) {
        weir_conn *conn = weir_connect(engine, &err);

        weir_conn_close(&conn);
    }
    write_down(engine);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "# TYPE %79s", metric) == 1) {
            last_end = 0;
            last_below = 0;
            continue;
        }
        assert_int_equal(strncmp(line, metric, strlen(metric)), 0);
        if (sscanf(line, "%*[^,],le=\"%lf\"} %llu", &end, &below) != 2)
            continue;
        assert_true(end > last_end && below >= last_below);
        last_end = end;
        last_below = below;
    }
    assert_string_equal(metric, "db_client_connection_create_time_seconds");
    assert_true(last_end > 1e300); /* "+Inf" */
    weir_engine_close(&engine);
}

static void test_prometheus__is_cut_as_snprintf(void **state)
{
    weir_engine *engine = open_engine();
    size_t size = weir_pool_prometheus(engine, "ma\"in\n", NULL, 0);

    (void)state;
    assert_in_range(size, 100, sizeof text - 1);
    assert_int_equal(weir_pool_prometheus(engine, "ma\"in\n", text, size + 1),
                     size);
    assert_int_equal(strlen(text), size);
    assert_non_null(strstr(text, "pool_name=\"ma_in_\"} 3\n"));
    weir_pool_prometheus(engine, "main", text, 10);
    assert_string_equal(text, "# TYPE db");
    assert_int_equal(weir_pool_prometheus(NULL, "main", text, 10), 0);
    weir_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prometheus__has_the_names_of_opentelemetry),
        cmocka_unit_test(test_prometheus__has_what_an_alert_needs),
        cmocka_unit_test(test_prometheus__is_well_formed),
        cmocka_unit_test(test_prometheus__is_cut_as_snprintf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
