/* SPDX-License-Identifier: MIT */
/*
 * A story on a scripted database, which can do what SQLite cannot: two phases,
 * outcomes, notifications, a ping and a reset of its own. It has no data; what
 * became of its transactions is what is checked.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

#include <weir/sys/mock.h>

static weir_mock *mock;
static char tx_id[32];
static bool has_tx_id;
static weir_status committed; /* what the commit of tx_id answered */

/* -------------------------------------------------------------- statements */

static bool update(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_exec(w->conn, "UPDATE t", NOARGS));
}

static bool select_rows(world *w, int number)
{
    int64_t value, sum = 0;

    (void)number;
    WEIR_AUTO(weir_result) rows = weir_query(w->conn, "SELECT a", NOARGS);
    while (weir_next(rows)) {
        assert_int_equal(weir_scan(rows, &value), WEIR_OK);
        sum += value;
    }
    if (!went_well(w, weir_result_status(rows), weir_result_error(rows)))
        return false;
    if (sum != 6 && !is_lie(w))
        wrong(w, "the rows add up to %d", (int)sum);
    return true;
}

/* Several at once, of which one is asked for twice. A lie about the first may
 * keep the others from being what they seem. */
static bool query_many(world *w, int number)
{
    static const weir_statement asked[] = {
        {"UPDATE t", NULL, 0}, {"SELECT a", NULL, 0}, {"SELECT a", NULL, 0}};
    weir_result *rows[3];
    weir_status status = weir_query_many(w->conn, asked, 3, rows);
    bool fine = conn_went_well(w, status);

    (void)number;
    for (int i = 0; i < 3; i++) {
        int64_t value, sum = 0;

        while (weir_next(rows[i])) {
            assert_int_equal(weir_scan(rows[i], &value), WEIR_OK);
            sum += value;
        }
        if (status == WEIR_OK && i > 0 && fine)
            fine = went_well(w, weir_result_status(rows[i]),
                             weir_result_error(rows[i]));
        if (status == WEIR_OK && fine && i > 0 && sum != 6 && !is_lie(w))
            wrong(w, "the rows of query %d add up to %d", i, (int)sum);
        weir_result_close(&rows[i]);
    }
    return fine;
}

/* The connection comes back in need of cleaning. */
static bool set_session(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_exec(w->conn, "SET x", NOARGS));
}

static bool use_native(world *w, int number)
{
    (void)number;
    if (weir_conn_native(w->conn, "mock"))
        return true;
    return conn_went_well(w, weir_conn_error(w->conn)->status);
}

/* ------------------------------------------------------------ transactions */

static bool note_tx(world *w, int number)
{
    weir_status status = weir_tx_id(w->conn, tx_id, sizeof tx_id);

    (void)number;
    has_tx_id = status == WEIR_OK;
    committed = WEIR_ERR_ROLLBACK_FIRST; /* not committed yet */
    return conn_went_well(w, status);
}

static bool commit(world *w, int number)
{
    committed = weir_commit(w->conn);
    (void)number;
    return conn_went_well(w, committed);
}

/* The second chance after COMMIT_UNKNOWN: the server says what it did. */
static bool find_outcome(world *w, int number)
{
    weir_tx_outcome outcome = WEIR_TX_UNKNOWN;
    weir_status status;

    (void)number;
    if (!has_tx_id)
        return true;
    status = weir_tx_find_outcome(w->conn, tx_id, &outcome);
    if (!conn_went_well(w, status))
        return false;
    if (!is_lie(w) && committed == WEIR_OK && outcome != WEIR_TX_COMMITTED)
        wrong(w, "what was committed is said to be %d", (int)outcome);
    if (!is_lie(w) && committed != WEIR_OK &&
        committed != WEIR_ERR_COMMIT_UNKNOWN && outcome == WEIR_TX_COMMITTED)
        wrong(w, "what was not committed is said to be");
    return true;
}

static const char *const xids[] = {"x0", "x1", "x2"};

static bool begin_two_phase(world *w, int number)
{
    weir_tx_options options = WEIR_TX_OPTIONS;

    options.xid = xids[number];
    return conn_went_well(w, weir_begin_with(w->conn, &options));
}

static bool prepare(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_prepare_commit(w->conn));
}

static bool end_prepared(world *w, int number)
{
    weir_status status = number ? weir_commit(w->conn) : weir_rollback(w->conn);

    return conn_went_well(w, status);
}

static void note_prepared(void *context, const char *xid)
{
    bool *found = context;

    for (int i = 0; i < 3; i++) {
        if (strcmp(xid, xids[i]) == 0)
            found[i] = true;
    }
}

/* What is found prepared is ended, whoever prepared it. */
static bool end_all_prepared(world *w, int number)
{
    bool found[3] = {false};
    bool fine =
        conn_went_well(w, weir_list_prepared(w->conn, note_prepared, found));

    (void)number;
    for (int i = 0; i < 3 && fine; i++) {
        if (found[i] && i == 2)
            fine = conn_went_well(w, weir_commit_prepared(w->conn, xids[i]));
        else if (found[i])
            fine = conn_went_well(w, weir_rollback_prepared(w->conn, xids[i]));
    }
    return fine;
}

/* ----------------------------------------------------------- notifications */

static bool listen_to_jobs(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_listen(w->conn, "jobs"));
}

static bool hear(world *w, int number)
{
    weir_notification heard;
    weir_error err;
    weir_status status;

    (void)number;
    assert_int_equal(weir_mock_notify(mock, "jobs", "go", &err), WEIR_OK);
    status = weir_next_notification(w->conn, 1, &heard);
    if (!conn_went_well(w, status))
        return false;
    if (!is_lie(w) && strcmp(heard.payload, "go") != 0)
        wrong(w, "\"%s\" is heard", heard.payload);
    return true;
}

static bool unlisten(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_unlisten(w->conn));
}

/* ---------------------------------------------------------------- the story */

static const block blocks[] = {
    {0, {{select_rows, 0}, {update, 0}, {note_tx, 0}, {commit, 0}}},
    {1, {{find_outcome, 0}, {roll_back, 0}, {set_session, 0}, {commit, 0}}},
    {1, {{close_conn, 0}}},
    {1, {{select_rows, 0}, {update, 0}, {roll_back, 0}}},
    {0, {{begin_two_phase, 0}, {update, 0}, {prepare, 0}, {end_prepared, 0}}},
    {0, {{begin_two_phase, 1}, {update, 0}, {prepare, 0}, {end_prepared, 1}}},
    {0, {{begin_two_phase, 1}, {update, 0}, {prepare, 0}, {close_conn, 0}}},
    {0, {{begin_two_phase, 2}, {update, 0}, {prepare, 0}, {close_conn, 0}}},
    {1, {{end_all_prepared, 0}}},
    {0, {{listen_to_jobs, 0}, {hear, 0}, {unlisten, 0}, {roll_back, 0}}},
    {0, {{listen_to_jobs, 0}, {close_conn, 0}}},
    {0, {{use_native, 0}, {close_conn, 0}}},
    {1, {{cancel_nothing, 0}, {ask_for_too_many, 0}, {invalidate, 0}}},
    {1, {{select_rows, 0}, {ping_engine, 0}}},
    {0, {{query_many, 0}, {query_many, 0}, {commit, 0}}},
    {1, {{begin_tx, 0}, {update, 0}, {commit, 0}}},
};

static void begin(world *w)
{
    static const weir_column column = {.name = "a", .type = WEIR_TYPE_I64};
    static const weir_value values[] = {{.type = WEIR_TYPE_I64, .as.i = 1},
                                        {.type = WEIR_TYPE_I64, .as.i = 2},
                                        {.type = WEIR_TYPE_I64, .as.i = 3}};
    const weir_mock_step rows = {.text = "SELECT a",
                                 .times = -1,
                                 .columns = &column,
                                 .column_count = 1,
                                 .values = values,
                                 .row_count = 3};
    const weir_mock_step dirty = {
        .text = "SET x", .times = -1, .set_state = WEIR_STATE_DIRTY};
    weir_mock_options options = WEIR_MOCK_OPTIONS;
    weir_error err;

    (void)w;
    options.capabilities |= WEIR_CAN_TWO_PHASE | WEIR_CAN_TX_OUTCOME |
                            WEIR_CAN_NOTIFY | WEIR_CAN_SUBMIT;
    mock = weir_mock_new("story", &options, &err);
    assert_non_null(mock);
    assert_int_equal(weir_mock_add(mock, &rows, &err), WEIR_OK);
    assert_int_equal(weir_mock_add(mock, &dirty, &err), WEIR_OK);
    has_tx_id = false;
}

static void check(world *w)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn = connect_again(w, &err);

    if (!conn)
        wrong(w, "no connection afterwards: %s", err.message);
    if (weir_exec(conn, "UPDATE t", NOARGS) != WEIR_OK ||
        weir_commit(conn) != WEIR_OK)
        wrong(w, "no writing afterwards: %s", weir_conn_error(conn)->message);
}

static void end(world *w)
{
    if (weir_mock_connections(mock) != 0)
        wrong(w, "%zu connections are open", weir_mock_connections(mock));
    if (weir_mock_breach(mock) && !is_lie(w))
        wrong(w, "the contract was broken: %s", weir_mock_breach(mock));
    weir_mock_free(&mock);
}

static const weir_fault_op unreached[] = {
    WEIR_FAULT_EXECUTE_MANY,
    WEIR_FAULT_BULK_LOAD,
    WEIR_FAULT_ANY,
};

int main(void)
{
    const story told = {
        .url = "faulty+mock://story?fault_name=story",
        .blocks = blocks,
        .block_count = sizeof blocks / sizeof blocks[0],
        .unreached = unreached,
        .begin = begin,
        .check = check,
        .end = end,
    };

    return tell(&told);
}
