/* SPDX-License-Identifier: MIT */
/*
 * Running the acts of torture.h.
 */
#include "torture.h"

#include "heap.h"

enum { N_MAX = 3000 };

void must(stage *on, weir_status status)
{
    if (status == WEIR_OK)
        return;
    heap_disarm();
    fail_msg("%s: %s", weir_status_name(status),
             on->conn ? weir_conn_error(on->conn)->message : on->err.message);
}

/* ------------------------------------------------------------------- stage */

static void open_mock(stage *on)
{
    static const weir_column column = {.name = "a", .type = WEIR_TYPE_I64};
    static const weir_value cell = {.type = WEIR_TYPE_I64, .as.i = 1};
    const weir_mock_step row = {.text = "SELECT a",
                                .times = -1,
                                .columns = &column,
                                .column_count = 1,
                                .values = &cell,
                                .row_count = 1};
    weir_mock_options options = WEIR_MOCK_OPTIONS;

    options.capabilities |= WEIR_CAN_TWO_PHASE | WEIR_CAN_TX_OUTCOME |
                            WEIR_CAN_NOTIFY | WEIR_CAN_SUBMIT;
    on->mock = weir_mock_new("torture", &options, &on->err);
    assert_non_null(on->mock);
    must(on, weir_mock_add(on->mock, &row, &on->err));
}

static void fill_table(stage *on)
{
    must(on, weir_exec(on->conn,
                       "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
                       NOARGS));
    must(on, weir_exec(on->conn, "INSERT INTO t VALUES (1, 'one'), (2, 'two')",
                       NOARGS));
    must(on, weir_commit(on->conn));
}

static void set_stage(stage *on, const act *which)
{
    memset(on, 0, sizeof *on);
    if (which->where == ON_NOTHING)
        return;
    if (which->where == ON_MOCK)
        open_mock(on);
    on->engine = weir_engine_open(which->where == ON_MOCK ? "mock://torture"
                                                          : "sqlite://",
                                  NULL, &on->err);
    assert_non_null(on->engine);
    on->conn = weir_connect(on->engine, &on->err);
    assert_non_null(on->conn);
    if (which->where == ON_SQLITE)
        fill_table(on);
}

static void clear_stage(stage *on)
{
    weir_result_close(&on->rows);
    weir_conn_close(&on->conn);
    weir_engine_close(&on->engine);
    if (on->mock && weir_mock_breach(on->mock))
        fail_msg("the contract was broken: %s", weir_mock_breach(on->mock));
    weir_mock_free(&on->mock);
    weir_url_free(&on->url);
}

/* --------------------------------------------------------------------- acts */

static const char *why(const stage *on)
{
    const char *said = "";

    if (on->rows && weir_result_status(on->rows) != WEIR_OK)
        said = weir_result_error(on->rows)->message;
    else if (on->conn && weir_conn_error(on->conn)->status != WEIR_OK)
        said = weir_conn_error(on->conn)->message;
    return said[0] ? said : on->err.message;
}

static void judge(const stage *on, const act *which, weir_status status)
{
    bool is_fine = status == WEIR_OK || status == WEIR_ERR_NOMEM ||
                   (which->check && status == WEIR_ERR_COMMIT_UNKNOWN);

    if (!is_fine)
        fail_msg("%s without memory: %s: %s", which->name,
                 weir_status_name(status), why(on));
    if (status != WEIR_OK && !strstr(why(on), "memory"))
        fail_msg("%s without memory says \"%s\"", which->name, why(on));
}

static void repeat(stage *on, const act *which)
{
    weir_status status;

    weir_result_close(&on->rows);
    if (on->conn)
        must(on, weir_rollback(on->conn));
    if (which->before)
        which->before(on);
    status = which->run(on);
    if (status != WEIR_OK)
        fail_msg("%s afterwards: %s: %s", which->name, weir_status_name(status),
                 why(on));
}

/* @return whether there was an n-th allocation to fail */
static bool perform(const act *which, long n, bool for_ever)
{
    weir_status status;
    bool has_failed;
    stage on;

    set_stage(&on, which);
    if (which->before)
        which->before(&on);
    on.err.message[0] = '\0';
    heap_arm(n, for_ever);
    status = which->run(&on);
    has_failed = heap_disarm();
    if (!has_failed)
        must(&on, status);
    judge(&on, which, status);
    if (which->check)
        which->check(&on, status);
    repeat(&on, which);
    clear_stage(&on);
    return has_failed;
}

static bool run_once(const act *which, long n, bool for_ever)
{
    long live = heap_live();
    bool has_failed = perform(which, n, for_ever);

    if (heap_live() != live)
        fail_msg("%s: %ld allocations are left after the %ld-th failed%s",
                 which->name, heap_live() - live, n,
                 for_ever ? " and all after it" : "");
    return has_failed;
}

/* @return how many allocations there were */
static long run_act(const act *which)
{
    long n = 0;

    (void)perform(which, N_MAX, false); /* what is made once for all is made */
    while (n < N_MAX && run_once(which, n, false))
        (void)run_once(which, n++, true);
    assert_true(n < N_MAX);
    return n;
}

static void run_list(const act *acts)
{
    for (; acts->name; acts++)
        print_message("%s: %ld\n", acts->name, run_act(acts));
}

static void test_engine__without_memory(void **state)
{
    (void)state;
    run_list(engine_acts);
}

static void test_connection__without_memory(void **state)
{
    (void)state;
    run_list(conn_acts);
}

static void test_result__without_memory(void **state)
{
    (void)state;
    run_list(result_acts);
}

static void test_what_servers_have__without_memory(void **state)
{
    (void)state;
    run_list(server_acts);
}

static void test_values_and_urls__without_memory(void **state)
{
    (void)state;
    run_list(value_acts);
}

static void test_json__without_memory(void **state)
{
    (void)state;
    run_list(json_acts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__without_memory),
        cmocka_unit_test(test_connection__without_memory),
        cmocka_unit_test(test_result__without_memory),
        cmocka_unit_test(test_what_servers_have__without_memory),
        cmocka_unit_test(test_values_and_urls__without_memory),
        cmocka_unit_test(test_json__without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
