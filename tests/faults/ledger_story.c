/* SPDX-License-Identifier: MIT */
/*
 * A story on a real database (SQLite in a file): rows are written in every way
 * there is, and whatever goes wrong, those that the library said it has
 * committed are there, and no others.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

#include "ledger.h"

#define FILE_URL "sqlite:///faults.db?synchronous=off"

static weir_engine *plain; /* the same file, where nothing goes wrong */
static ledger books;
static size_t mark; /* rows pending at the savepoint */

/* ----------------------------------------------------------------- writing */

#define INSERT "INSERT INTO ledger (id) VALUES (?)"

static bool insert(world *w, int number)
{
    if (!conn_went_well(w, weir_exec(w->conn, INSERT, ARGS(number))))
        return false;
    if (weir_affected(w->conn) != 1 && !is_lie(w))
        wrong(w, "an insert affects %lld", (long long)weir_affected(w->conn));
    ledger_write(&books, number);
    return true;
}

/* Three rows at once. If one fails, those before it are in the transaction:
 * the message says which it was. */
static bool insert_many(world *w, int number)
{
    const weir_value values[] = {WEIR_VAL(number), WEIR_VAL(number + 1),
                                 WEIR_VAL(number + 2)};
    const weir_rows rows = {values, 1, 3};
    weir_status status = weir_exec_many(w->conn, INSERT, &rows);
    int done = 3;

    if (status != WEIR_OK &&
        (sscanf(weir_conn_error(w->conn)->message, "row %d:", &done) != 1 ||
         done-- < 1))
        done = 0;
    for (int i = 0; i < done && weir_in_transaction(w->conn); i++)
        ledger_write(&books, number + i);
    return conn_went_well(w, status);
}

/* INSERT … RETURNING gives its row back. If it is the row that cannot be had,
 * the insert may stand in the transaction. */
static bool insert_returning(world *w, int number)
{
    int64_t id = -1;
    weir_status status;

    WEIR_AUTO(weir_result)
    rows = weir_query(w->conn, INSERT " RETURNING id", ARGS(number));
    status = weir_result_one(rows);
    ledger_write(&books, number);
    if (!went_well(w, status,
                   status == WEIR_ERR_NOT_FOUND ? weir_conn_error(w->conn)
                                                : weir_result_error(rows))) {
        ledger_doubt_since(&books, books.pending_count - 1);
        return false;
    }
    assert_int_equal(weir_scan(rows, &id), WEIR_OK);
    assert_int_equal(id, number);
    return true;
}

/* ---------------------------------------------------------------- by itself */

static bool set_autocommit(world *w, int number)
{
    weir_status status = weir_set_isolation(
        w->conn, number ? WEIR_AUTOCOMMIT : WEIR_ISOLATION_DEFAULT);

    return conn_went_well(w, status);
}

static bool insert_alone(world *w, int number)
{
    weir_status status = weir_exec(w->conn, INSERT, ARGS(number));

    ledger_write_alone(&books, number, status);
    return conn_went_well(w, status);
}

static bool exec_returning_alone(world *w, int number)
{
    weir_status status =
        weir_exec(w->conn, INSERT " RETURNING id", ARGS(number));

    ledger_write_alone(&books, number, status);
    return conn_went_well(w, status);
}

static bool query_returning_alone(world *w, int number)
{
    weir_status status;

    WEIR_AUTO(weir_result)
    rows = weir_query(w->conn, INSERT " RETURNING id", ARGS(number));
    status = weir_result_status(rows);
    ledger_write_alone(&books, number, status);
    return went_well(w, status, weir_result_error(rows));
}

static bool stream_returning_alone(world *w, int number)
{
    weir_status status;

    WEIR_AUTO(weir_result)
    rows = weir_stream(w->conn, INSERT " RETURNING id", ARGS(number));
    while (weir_next(rows))
        ;
    status = weir_result_status(rows);
    ledger_write_alone(&books, number, status);
    return went_well(w, status, weir_result_error(rows));
}

/* ----------------------------------------------------------------- reading */

/* Reads what is left of the rows. False: it failed. */
static bool collect(world *w, weir_result *rows, bool *seen)
{
    int64_t id;

    while (weir_next(rows)) {
        assert_int_equal(weir_scan(rows, &id), WEIR_OK);
        assert_in_range(id, 0, LEDGER_SIZE - 1);
        if (seen[id])
            wrong(w, "row %d comes twice", (int)id);
        seen[id] = true;
    }
    return went_well(w, weir_result_status(rows), weir_result_error(rows));
}

static void judge(world *w, const bool *seen, bool inside)
{
    const char *what = is_lie(w) ? NULL : ledger_judge(&books, seen, inside);

    if (what)
        wrong(w, "%s", what);
}

#define SELECT "SELECT id FROM ledger ORDER BY id"

static bool read_all(world *w, int number)
{
    bool seen[LEDGER_SIZE] = {false};

    (void)number;
    WEIR_AUTO(weir_result) rows = weir_query(w->conn, SELECT, NOARGS);
    if (!collect(w, rows, seen))
        return false;
    judge(w, seen, true);
    return true;
}

static bool stream_all(world *w, int number)
{
    bool seen[LEDGER_SIZE] = {false};

    (void)number;
    WEIR_AUTO(weir_result) rows = weir_stream(w->conn, SELECT, NOARGS);
    if (!collect(w, rows, seen))
        return false;
    judge(w, seen, true);
    return true;
}

static bool stream_one(world *w, int number)
{
    (void)number;
    WEIR_AUTO(weir_result) rows = weir_stream(w->conn, SELECT, NOARGS);
    (void)weir_next(rows);
    return went_well(w, weir_result_status(rows), weir_result_error(rows));
}

/* The other connection sees nothing of what is not committed. */
static bool read_by_other(world *w, int number)
{
    bool seen[LEDGER_SIZE] = {false};
    weir_conn *mine = w->conn;
    bool fine;

    if (!w->conns[number])
        return true;
    w->conn = w->conns[number];
    {
        WEIR_AUTO(weir_result) rows = weir_query(w->conn, SELECT, NOARGS);
        fine = collect(w, rows, seen);
    }
    if (fine)
        judge(w, seen, false);
    if (weir_rollback(w->conn) != WEIR_OK)
        wrong(w, "rollback: %s", weir_conn_error(w->conn)->message);
    w->conn = mine;
    return fine;
}

/* Rows that are still to be read when something is written, or committed. */
static bool open_rows(world *w, int number)
{
    (void)number;
    weir_result_close(&w->rows);
    w->rows = weir_query(w->conn, SELECT, NOARGS);
    (void)weir_next(w->rows);
    return went_well(w, weir_result_status(w->rows),
                     weir_result_error(w->rows));
}

/* What began before may have ended with a lost connection: that is told. */
static bool read_rest(world *w, int number)
{
    (void)number;
    while (weir_next(w->rows))
        ;
    return !w->rows || went_well(w, weir_result_status(w->rows),
                                 weir_result_error(w->rows));
}

/* ------------------------------------------------------------ transactions */

static bool commit(world *w, int number)
{
    weir_status status = weir_commit(w->conn);

    (void)number;
    ledger_commit(&books, status);
    return conn_went_well(w, status);
}

static bool begin_read_only(world *w, int number)
{
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)number;
    options.access = WEIR_READ_ONLY;
    return conn_went_well(w, weir_begin_with(w->conn, &options));
}

static bool savepoint(world *w, int number)
{
    (void)number;
    w->savepoint = (weir_savepoint){0};
    mark = books.pending_count;
    return conn_went_well(w, weir_savepoint_begin(w->conn, &w->savepoint));
}

static bool release(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_savepoint_release(w->conn, &w->savepoint));
}

/* One that was never set cannot be rolled back to. */
static bool back_to_savepoint(world *w, int number)
{
    bool was_set = w->savepoint.serial != 0;
    weir_status status = weir_savepoint_rollback(w->conn, &w->savepoint);

    (void)number;
    if (status == WEIR_OK && !was_set)
        wrong(w, "a savepoint that was never set was rolled back to");
    if (status == WEIR_OK)
        ledger_back_to(&books, mark);
    else if (was_set)
        ledger_doubt_since(&books, mark);
    return conn_went_well(w, status);
}

static bool spoil_session(world *w, int number)
{
    (void)number;
    return conn_went_well(
        w, weir_exec(w->conn, "PRAGMA cache_size = 100", NOARGS));
}

static bool use_native(world *w, int number)
{
    (void)number;
    if (weir_conn_native(w->conn, "sqlite3"))
        return true;
    return conn_went_well(w, weir_conn_error(w->conn)->status);
}

/* ---------------------------------------------------------------- the story */

static const block blocks[] = {
    {0,
     {{set_autocommit, 1},
      {insert_alone, 1},
      {exec_returning_alone, 2},
      {query_returning_alone, 3},
      {stream_returning_alone, 4},
      {read_all, 0}}},
    {0, {{set_autocommit, 0}, {insert, 5}, {commit, 0}, {read_all, 0}}},
    {1,
     {{insert, 6},
      {open_rows, 0},
      {insert, 7},
      {read_rest, 0},
      {savepoint, 0},
      {insert, 8},
      {back_to_savepoint, 0},
      {read_all, 0},
      {savepoint, 0},
      {insert, 9},
      {release, 0},
      {insert_many, 10},
      {insert_returning, 13},
      {read_all, 0},
      {commit, 0}}},
    {0,
     {{insert, 14},
      {read_by_other, 1},
      {ask_for_too_many, 0},
      {open_rows, 0},
      {commit, 0},
      {read_rest, 0}}},
    {1, {{stream_all, 0}, {stream_one, 0}, {insert, 15}, {roll_back, 0}}},
    {1, {{read_all, 0}, {open_rows, 0}, {insert, 16}, {close_conn, 0}}},
    {1, {{begin_read_only, 0}, {read_all, 0}, {commit, 0}}},
    {1, {{cancel_nothing, 0}, {begin_tx, 0}, {insert, 17}, {commit, 0}}},
    {0, {{spoil_session, 0}, {insert, 18}, {commit, 0}, {close_conn, 0}}},
    {0, {{use_native, 0}, {insert, 19}, {invalidate, 0}, {roll_back, 0}}},
    {0, {{insert, 20}, {commit, 0}, {close_conn, 0}}},
    {0, {{savepoint, 0}, {insert, 21}, {release, 0}, {close_conn, 0}}},
    {1, {{ping_engine, 0}}},
    {1, {{read_all, 0}, {insert_many, 22}, {commit, 0}, {read_all, 0}}},
};

/* Statements of the library's own may be in the books no longer. */
static void rolled_back(world *w)
{
    (void)w;
    ledger_roll_back(&books);
}

static void on_plain(world *w, const char *sql)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(plain, &err);

    if (!conn)
        wrong(w, "from outside: %s", err.message);
    if (weir_exec(conn, sql, NOARGS) != WEIR_OK || weir_commit(conn) != WEIR_OK)
        wrong(w, "from outside: %s: %s", sql, weir_conn_error(conn)->message);
}

static void begin(world *w)
{
    weir_error err;

    if (!plain) {
        plain = weir_engine_open(FILE_URL "&timeout=0.5", NULL, &err);
        assert_non_null(plain);
        on_plain(w,
                 "CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY)");
    }
    on_plain(w, "DELETE FROM ledger");
    memset(&books, 0, sizeof books);
}

static void read_with(world *w, weir_engine *engine, const char *who)
{
    bool seen[LEDGER_SIZE] = {false};
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);
    int64_t id;

    if (!conn)
        wrong(w, "%s: no connection: %s", who, err.message);
    WEIR_AUTO(weir_result) rows = weir_query(conn, SELECT, NOARGS);
    while (weir_next(rows) && weir_scan(rows, &id) == WEIR_OK)
        seen[id] = true;
    if (weir_result_status(rows) != WEIR_OK)
        wrong(w, "%s: no rows: %s", who, weir_result_error(rows)->message);
    judge(w, seen, false);
}

/* The data, and that nobody holds a lock or the writer's permit any more. */
static void check(world *w)
{
    weir_error err;

    read_with(w, plain, "from outside");
    on_plain(w, "INSERT INTO ledger (id) VALUES (38)");
    WEIR_AUTO(weir_conn) conn = connect_again(w, &err);

    if (!conn)
        wrong(w, "no connection afterwards: %s", err.message);
    if (weir_exec(conn, INSERT, ARGS(39)) != WEIR_OK ||
        weir_commit(conn) != WEIR_OK)
        wrong(w, "no writing afterwards: %s", weir_conn_error(conn)->message);
    weir_conn_close(&conn);
    books.rows[38] = books.rows[39] = PRESENT;
    read_with(w, w->engine, "afterwards");
}

static void end(world *w)
{
    (void)w;
}

static const weir_fault_op unreached[] = {
    WEIR_FAULT_SOCKET,          WEIR_FAULT_PREPARE_TX,
    WEIR_FAULT_COMMIT_PREPARED, WEIR_FAULT_ROLLBACK_PREPARED,
    WEIR_FAULT_LIST_PREPARED,   WEIR_FAULT_TX_ID,
    WEIR_FAULT_TX_OUTCOME,      WEIR_FAULT_SUBMIT,
    WEIR_FAULT_COLLECT,         WEIR_FAULT_REFRESH,
    WEIR_FAULT_BULK_LOAD,       WEIR_FAULT_LISTEN,
    WEIR_FAULT_NOTIFICATION,    WEIR_FAULT_ANY,
};

int main(void)
{
    const story told = {
        .url = "faulty+" FILE_URL "&fault_name=story&timeout=0.5",
        .blocks = blocks,
        .block_count = sizeof blocks / sizeof blocks[0],
        .unreached = unreached,
        .begin = begin,
        .rolled_back = rolled_back,
        .check = check,
        .end = end,
    };
    int failed = tell(&told);

    weir_engine_close(&plain);
    return failed;
}
