/* SPDX-License-Identifier: MIT */
/* Statements and transactions without memory. */
#include "torture.h"

static weir_status exec(stage *on)
{
    return weir_exec(on->conn, "UPDATE t SET name = :name WHERE id = :id",
                     ARGS(P("id", 1), P("name", "uno")));
}

/* More parameters than fit where they usually do. */
static weir_status exec_wide(stage *on)
{
    return weir_exec(
        on->conn,
        "DELETE FROM t WHERE id IN "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18));
}

static weir_status exec_many(stage *on)
{
    const weir_value values[] = {
        P("id", 7),
        P("name", "seven"),
        WEIR_VAL(8),
        WEIR_VAL("eight"),
    };
    const weir_rows rows = {values, 2, 2};

    return weir_exec_many(
        on->conn, "INSERT INTO t (id, name) VALUES (:id, :name)", &rows);
}

static weir_status bulk_insert(stage *on)
{
    static const char *const names[] = {"id", "name"};
    const weir_value values[] = {WEIR_VAL(7), WEIR_VAL("seven")};
    const weir_rows rows = {values, 2, 1};
    const weir_table_columns into = {"t", names, 2};

    return weir_bulk_insert(on->conn, &into, &rows);
}

/* One text twice, names that are put in order, text that is kept. */
static weir_status query_many(stage *on)
{
    const weir_statement asked[] = {
        {"UPDATE t SET name = :name WHERE id = :id RETURNING id",
         ARGS(P("name", "uno"), P("id", 1))},
        {"SELECT name FROM t WHERE id = ?", ARGS(1)},
        {"SELECT name FROM t WHERE id = ?", ARGS(1)},
        {"SELECT ?", ARGS("as it is")},
    };
    weir_result *rows[4];
    weir_status status = weir_query_many(on->conn, asked, 4, rows);

    on->err = *weir_conn_error(on->conn); /* closing the results clears it */
    for (int i = 0; i < 4; i++) {
        if (status == WEIR_OK && i > 0) {
            status = weir_result_one(rows[i]);
            on->err = *weir_result_error(rows[i]);
        }
        if (status == WEIR_OK && i == 3)
            assert_string_equal(weir_get_text(rows[i], 0), "as it is");
        weir_result_close(&rows[i]);
    }
    return status;
}

/* ------------------------------------------------------------------- alone */

static void begin_alone(stage *on)
{
    must(on, weir_set_isolation(on->conn, WEIR_AUTOCOMMIT));
    must(on, weir_exec(on->conn, "DELETE FROM t WHERE id = 9", NOARGS));
}

static weir_status exec_alone(stage *on)
{
    return weir_exec(on->conn, "INSERT INTO t (id) VALUES (9)", NOARGS);
}

static weir_status exec_returning(stage *on)
{
    return weir_exec(on->conn, "INSERT INTO t (id) VALUES (9) RETURNING id",
                     NOARGS);
}

static weir_status query_returning(stage *on)
{
    on->rows = weir_query(
        on->conn, "INSERT INTO t (id) VALUES (9) RETURNING name, id", NOARGS);
    return weir_result_status(on->rows);
}

static weir_status stream_returning(stage *on)
{
    on->rows = weir_stream(
        on->conn, "INSERT INTO t (id) VALUES (9) RETURNING name, id", NOARGS);
    while (weir_next(on->rows))
        continue;
    return weir_result_status(on->rows);
}

/* It must not say that nothing was done when it was. */
static void check_alone(stage *on, weir_status status)
{
    int64_t found = -1;

    weir_result_close(&on->rows);
    on->rows =
        weir_query(on->conn, "SELECT count(*) FROM t WHERE id = 9", NOARGS);
    must(on, weir_result_one(on->rows));
    must(on, weir_scan(on->rows, &found));
    weir_result_close(&on->rows);
    if (status != WEIR_ERR_COMMIT_UNKNOWN && found != (status == WEIR_OK))
        fail_msg("it says %s and %lld rows are there", weir_status_name(status),
                 (long long)found);
}

/* ------------------------------------------------------------ transactions */

static weir_status transact(stage *on)
{
    weir_tx_options options = WEIR_TX_OPTIONS;
    weir_status status = weir_begin(on->conn);

    if (status == WEIR_OK)
        status = exec(on);
    if (status == WEIR_OK)
        status = weir_commit(on->conn);
    if (status == WEIR_OK)
        status = weir_begin_with(on->conn, &options);
    if (status == WEIR_OK)
        status = exec(on);
    return status == WEIR_OK ? weir_rollback(on->conn) : status;
}

static weir_status savepoints(stage *on)
{
    weir_savepoint points[10];
    weir_status status = WEIR_OK;

    for (int i = 0; i < 10 && status == WEIR_OK; i++)
        status = weir_savepoint_begin(on->conn, &points[i]);
    if (status == WEIR_OK)
        assert_true(weir_in_savepoint(on->conn));
    if (status == WEIR_OK)
        status = weir_savepoint_rollback(on->conn, &points[9]);
    if (status == WEIR_OK)
        status = weir_savepoint_release(on->conn, &points[0]);
    return status;
}

/* A rollback needs no memory: it is what mends all else. */
static weir_status roll_back(stage *on)
{
    weir_status status = weir_rollback(on->conn);

    assert_int_equal(status, WEIR_OK);
    assert_false(weir_in_transaction(on->conn));
    return status;
}

static void begin_some(stage *on)
{
    must(on, exec(on));
}

static weir_status reconnect(stage *on)
{
    weir_status status = weir_conn_invalidate(on->conn);

    if (status == WEIR_OK)
        assert_true(weir_conn_is_invalidated(on->conn));
    return status == WEIR_OK ? exec(on) : status;
}

/* None of it needs memory, and what comes after it says what is true. */
static weir_status detach(stage *on)
{
    must(on, weir_conn_invalidate_soft(on->conn));
    if (!weir_conn_is_detached(on->conn))
        must(on, weir_conn_detach(on->conn));
    assert_true(weir_conn_is_detached(on->conn));
    return exec(on);
}

/* -------------------------------------------------------------------- other */

static weir_status settings(stage *on)
{
    weir_status status = weir_set_timeout(on->conn, 60);

    if (status == WEIR_OK)
        status = weir_set_isolation(on->conn, WEIR_SERIALIZABLE);
    if (status == WEIR_OK)
        status = weir_set_access(on->conn, WEIR_READ_WRITE);
    assert_int_equal(weir_get_isolation(on->conn), WEIR_SERIALIZABLE);
    assert_string_equal(weir_isolation_name(WEIR_SERIALIZABLE), "SERIALIZABLE");
    assert_int_equal(weir_cancel(on->conn), WEIR_OK);
    return status;
}

static weir_status native(stage *on)
{
    return weir_conn_native(on->conn, "sqlite3")
               ? WEIR_OK
               : weir_conn_error(on->conn)->status;
}

static weir_status quote_name(stage *on)
{
    char quoted[40];

    return weir_quote_name(on->conn, "a \"name\"", quoted, sizeof quoted)
               ? WEIR_OK
               : weir_conn_error(on->conn)->status;
}

static weir_status generated_key(stage *on)
{
    int64_t key;
    weir_status status =
        weir_exec(on->conn, "INSERT INTO t (name) VALUES (?)", ARGS("new"));

    if (status != WEIR_OK)
        return status;
    assert_int_equal(weir_affected(on->conn), 1);
    return weir_generated_key(on->conn, &key);
}

const act conn_acts[] = {
    {"exec", exec, NULL, ON_SQLITE, NULL},
    {"exec wide", exec_wide, NULL, ON_SQLITE, NULL},
    {"exec many", exec_many, NULL, ON_SQLITE, NULL},
    {"bulk insert", bulk_insert, NULL, ON_SQLITE, NULL},
    {"exec alone", exec_alone, begin_alone, ON_SQLITE, check_alone},
    {"exec returning", exec_returning, begin_alone, ON_SQLITE, check_alone},
    {"query returning", query_returning, begin_alone, ON_SQLITE, check_alone},
    {"stream returning", stream_returning, begin_alone, ON_SQLITE, check_alone},
    {"transact", transact, NULL, ON_SQLITE, NULL},
    {"savepoints", savepoints, NULL, ON_SQLITE, NULL},
    {"rollback", roll_back, begin_some, ON_SQLITE, NULL},
    {"reconnect", reconnect, NULL, ON_SQLITE, NULL},
    {"query many", query_many, NULL, ON_SQLITE, NULL},
    {"detach", detach, NULL, ON_SQLITE, NULL},
    {"settings", settings, NULL, ON_SQLITE, NULL},
    {"native", native, NULL, ON_SQLITE, NULL},
    {"quote name", quote_name, NULL, ON_SQLITE, NULL},
    {"generated key", generated_key, NULL, ON_SQLITE, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
