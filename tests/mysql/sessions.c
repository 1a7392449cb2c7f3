/* SPDX-License-Identifier: MIT */
/*
 * Sessions and transactions: what they cost, what they leave behind, what the
 * server's particular statements do.
 */
#include "mysql/with_server.h"

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS child, thing");
    run(conn, "CREATE TABLE thing (id BIGINT AUTO_INCREMENT PRIMARY KEY, name "
              "VARCHAR(40) NOT NULL, n INT, CONSTRAINT positive CHECK (n > 0), "
              "UNIQUE KEY by_name (name))");
    run(conn, "CREATE TABLE child (id INT PRIMARY KEY, thing BIGINT, "
              "CONSTRAINT to_thing FOREIGN KEY (thing) REFERENCES thing (id))");
    weir_conn_close(&conn);
    return 0;
}

/* What the server counts for this connection. */
static int64_t counter(weir_conn *conn, const char *name)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "SELECT CAST(variable_value AS SIGNED) FROM "
             "information_schema.session_status WHERE variable_name = '%s'",
             name);
    return get(conn, sql);
}

static void test_begin__costs_no_command(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t before, after;

    (void)state;
    run(conn, "INSERT INTO thing (name) VALUES ('a')");
    commit(conn);
    run(conn, "UPDATE thing SET n = 1");
    commit(conn);
    before = counter(conn, "Questions");
    after = counter(conn, "Questions");
    /* The first counter() may have prepared; the second only executes. */
    assert_true(after > before);
    commit(conn);
    before = counter(conn, "Questions");
    commit(conn);
    run(conn, "UPDATE thing SET n = 1"); /* prepared already: one execute */
    commit(conn);
    after = counter(conn, "Questions");
    /* counter, COMMIT, UPDATE, COMMIT, counter: no BEGIN in between. */
    assert_true(after - before <= 4);
    assert_int_equal(counter(conn, "Com_begin"), 0);
}

static void test_rollback__of_readers_is_not_waited_for(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(get(conn, "SELECT count(*) FROM thing"), 0);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
    }
    assert_true(counter(conn, "Com_rollback") >= 99);
    run(conn, "INSERT INTO thing (name) VALUES ('a')");
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM thing"), 0);
}

static void test_isolation__is_that_of_the_transaction(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    for (int i = WEIR_READ_UNCOMMITTED; i <= WEIR_SERIALIZABLE; i++) {
        options.isolation = (weir_isolation)i;
        assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
        assert_int_equal(
            get(conn, "SELECT FIELD(@@tx_isolation, 'READ-UNCOMMITTED', "
                      "'READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE')"),
            i);
        commit(conn);
    }
    assert_int_equal(get(conn, "SELECT @@tx_isolation = 'REPEATABLE-READ'"), 1);
}

static void test_autocommit__changes_back_and_forth(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "INSERT INTO thing (name) VALUES ('lasting')");
    assert_int_equal(get(conn, "SELECT @@autocommit"), 1);
    assert_int_equal(weir_set_isolation(conn, WEIR_ISOLATION_DEFAULT), WEIR_OK);
    run(conn, "INSERT INTO thing (name) VALUES ('gone')");
    assert_int_equal(get(conn, "SELECT @@autocommit"), 0);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM thing"), 1);
}

/* The server refuses, too: the driver is not believed alone. */
static void test_read_only__is_told_to_the_server(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    options.access = WEIR_READ_ONLY;
    run(conn, "DROP FUNCTION IF EXISTS sneak");
    run(conn, "CREATE FUNCTION sneak() RETURNS INT BEGIN INSERT INTO thing "
              "(name) VALUES ('x'); RETURN 1; END");
    commit(conn);
    assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT sneak()", NOARGS);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_UNAVAILABLE);
    assert_string_equal(weir_result_error(rows)->sqlstate, "25006");
}

static void test_constraints__are_named(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_error *err = weir_conn_error(conn);

    (void)state;
    run(conn, "INSERT INTO thing (id, name) VALUES (1, 'o''brien')");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES ('o''brien')"),
                     WEIR_ERR_CONSTRAINT);
    assert_string_equal(err->constraint, "by_name");
    assert_int_equal(err->native_code, 1062);
    assert_null(strstr(err->message, "brien"));
    assert_int_equal(try(conn, "INSERT INTO thing (id, name) VALUES (1, 'b')"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_PRIMARY_KEY);
    assert_int_equal(try(conn, "INSERT INTO child VALUES (1, 9)"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_FOREIGN_KEY);
    assert_string_equal(err->constraint, "to_thing");
    assert_string_equal(err->column, "thing");
    assert_int_equal(try(conn, "INSERT INTO thing (name, n) VALUES ('c', 0)"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_CHECK);
    assert_string_equal(err->constraint, "positive");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES (NULL)"),
                     WEIR_ERR_CONSTRAINT);
    assert_string_equal(err->column, "name");
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_NOT_NULL);
}

static void test_keys__and_returning(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t key = 0, id = 0;

    (void)state;
    run(conn, "INSERT INTO thing (id, name) VALUES (41, 'a')");
    run(conn, "INSERT INTO thing (name) VALUES ('b')");
    assert_int_equal(weir_generated_key(conn, &key), WEIR_OK);
    assert_int_equal(key, 42);
    WEIR_AUTO(weir_result) rows = weir_query(
        conn, "INSERT INTO thing (name) VALUES ('c'), ('d') RETURNING id",
        NOARGS);
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &id), WEIR_OK);
    assert_int_equal(id, 43);
    assert_true(weir_next(rows));
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_affected(rows), 2);
    run(conn, "UPDATE thing SET n = 5");
    run(conn, "UPDATE thing SET n = 5");
    assert_int_equal(weir_affected(conn), 4); /* matched, not changed */
}

static void test_call__results_are_drained(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "DROP PROCEDURE IF EXISTS several");
    run(conn, "CREATE PROCEDURE several() BEGIN SELECT 1 AS a; SELECT 2, 3; "
              "INSERT INTO thing (name) VALUES ('p'); END");
    for (int streamed = 0; streamed < 2; streamed++) {
        WEIR_AUTO(weir_result) rows =
            streamed ? weir_stream(conn, "CALL several()", NOARGS)
                     : weir_query(conn, "CALL several()", NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(weir_get_i64(rows, 0), 1);
        assert_false(weir_next(rows));
        assert_int_equal(weir_result_status(rows), WEIR_OK);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
    }
    run(conn, "CALL several()");
    assert_int_equal(get(conn, "SELECT count(*) FROM thing"), 1);
}

static void
test_schema_change__is_followed_by_a_prepared_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "INSERT INTO thing (name) VALUES ('a')");
    for (int columns = 3; columns < 6; columns++) {
        char alter[64];
        weir_result *rows = weir_query(conn, "SELECT * FROM thing", NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(weir_column_count(rows), columns);
        weir_result_close(&rows);
        commit(conn);
        snprintf(alter, sizeof alter, "ALTER TABLE thing ADD COLUMN x%d INT",
                 columns);
        run(conn, alter);
    }
}

/* ------------------------------------------------------------ out of memory */

static long fails_in; /* allocations; below 0: none fails */

static bool may_allocate(void)
{
    return fails_in < 0 || fails_in-- > 0;
}

static void *hard_alloc(void *context, size_t size)
{
    (void)context;
    return may_allocate() ? malloc(size) : NULL;
}

static void *hard_resize(void *context, void *old, size_t size)
{
    (void)context;
    return may_allocate() ? realloc(old, size) : NULL;
}

static void hard_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

/* A table that was made anew with other columns, under a statement that is
 * kept: they are learnt while its rows wait to be read. */
static bool survives(weir_conn *conn, long n)
{
    bool failed;
    weir_result *rows;

    run(conn, n % 2 ? "CREATE OR REPLACE TABLE fickle (v INT)"
                    : "CREATE OR REPLACE TABLE fickle (v TEXT)");
    run(conn, "INSERT INTO fickle VALUES (1), (2), (3)");
    fails_in = n;
    rows = weir_query(conn, "SELECT v FROM fickle", NOARGS);
    while (weir_next(rows))
        (void)weir_get_i64(rows, 0);
    weir_result_close(&rows);
    failed = fails_in < 0;
    fails_in = -1;
    /* Whatever came of it: the next answer is the next question's. */
    assert_int_equal(get(conn, "SELECT 4711"), 4711);
    commit(conn);
    return !failed;
}

static void test_nomem__leaves_no_rows_in_the_way(void **state)
{
    static const weir_allocator allocator = {hard_alloc, hard_resize, hard_free,
                                             NULL};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *small;
    weir_conn *conn;
    weir_error err;
    long n = 0;

    (void)state;
    fails_in = -1;
    options.allocator = &allocator;
    options.statement_timeout_s = 20;
    small = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    conn = weir_connect(small, &err);
    assert_non_null(conn);
    assert_true(survives(conn, 1000)); /* the statement is kept from here on */
    while (!survives(conn, n))
        n++;
    assert_true(n > 0);
    weir_conn_close(&conn);
    weir_engine_close(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(begin__costs_no_command),
        TEST(rollback__of_readers_is_not_waited_for),
        TEST(isolation__is_that_of_the_transaction),
        TEST(autocommit__changes_back_and_forth),
        TEST(read_only__is_told_to_the_server),
        TEST(constraints__are_named),
        TEST(keys__and_returning),
        TEST(call__results_are_drained),
        TEST(schema_change__is_followed_by_a_prepared_statement),
        TEST(nomem__leaves_no_rows_in_the_way),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
