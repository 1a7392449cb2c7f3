/* SPDX-License-Identifier: MIT */
/*
 * Sessions and transactions: what they cost, what they leave behind, what
 * becomes of prepared statements.
 */
#include "overheard.h"
#include "postgres/with_server.h"

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS child, thing");
    run(conn, "CREATE TABLE thing (id bigserial PRIMARY KEY, name varchar(40) "
              "NOT NULL, n int, CONSTRAINT positive CHECK (n > 0), "
              "CONSTRAINT by_name UNIQUE (name))");
    run(conn, "CREATE TABLE child (id int PRIMARY KEY, thing bigint, "
              "CONSTRAINT to_thing FOREIGN KEY (thing) REFERENCES thing (id) "
              "DEFERRABLE)");
    commit(conn);
    weir_conn_close(&conn);
    return 0;
}

/* ------------------------------------------------------------- round trips */

static int trips_of(weir_conn *conn, const char *sql)
{
    int before = round_trips;

    run(conn, sql);
    return round_trips - before;
}

/* A wait may end before the whole answer is there, but never before any of
 * it: the least of several is the number of round trips. */
static int least_trips(weir_conn *conn, const char *sql, bool commits)
{
    int least = 1000;

    for (int i = 0; i < 10; i++) {
        int trips = trips_of(conn, sql);

        if (commits) {
            int before = round_trips;

            commit(conn);
            trips += round_trips - before;
        }
        least = trips < least ? trips : least;
    }
    return least;
}

static void test_begin__has_no_round_trip(void **state)
{
    WEIR_AUTO(weir_engine) counted = open_counted();
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(counted, &err);

    (void)state;
    assert_int_equal(least_trips(conn, "SELECT 1", false), 1);
    commit(conn);
    /* BEGIN and SELECT, COMMIT. */
    assert_int_equal(least_trips(conn, "SELECT 1", true), 2);
    assert_int_equal(weir_set_isolation(conn, WEIR_SERIALIZABLE), WEIR_OK);
    assert_int_equal(least_trips(conn, "SELECT 1", true), 2);
}

static void test_autocommit__has_one_round_trip(void **state)
{
    WEIR_AUTO(weir_engine) counted = open_counted();
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(counted, &err);
    int before;

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    assert_int_equal(least_trips(conn, "UPDATE thing SET n = 1", false), 1);
    before = round_trips;
    weir_conn_close(&conn); /* clean: nothing is sent */
    assert_int_equal(round_trips, before);
}

static void test_many__are_sent_ahead(void **state)
{
    enum { COUNT = 200 };
    WEIR_AUTO(weir_engine) counted = open_counted();
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(counted, &err);
    weir_value values[COUNT];
    const weir_rows rows = {values, 1, COUNT};
    int before;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        values[i] = weir_value_i64(i);
    run(conn, "CREATE TEMP TABLE many (i int)");
    commit(conn);
    before = round_trips;
    assert_int_equal(weir_exec_many(conn, "INSERT INTO many VALUES (?)", &rows),
                     WEIR_OK);
    assert_true(round_trips - before < COUNT / 4);
    assert_int_equal(weir_affected(conn), COUNT);
    assert_int_equal(get(conn, "SELECT count(*) FROM many"), COUNT);
}

/* ------------------------------------------------------------ transactions */

static void test_isolation__is_that_of_the_transaction(void **state)
{
    static const char *const names[] = {
        [WEIR_READ_UNCOMMITTED] = "read uncommitted",
        [WEIR_READ_COMMITTED] = "read committed",
        [WEIR_REPEATABLE_READ] = "repeatable read",
        [WEIR_SERIALIZABLE] = "serializable"};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    for (int i = WEIR_READ_UNCOMMITTED; i <= WEIR_SERIALIZABLE; i++) {
        options.isolation = (weir_isolation)i;
        assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
        expect(conn, "SHOW transaction_isolation", names[i]);
        commit(conn);
    }
    options.access = WEIR_READ_ONLY;
    options.deferrable = true;
    assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
    expect(conn, "SHOW transaction_deferrable", "on");
    expect(conn, "SHOW transaction_read_only", "on");
    commit(conn);
    expect(conn, "SHOW transaction_isolation", "read committed");
}

/* The server refuses, too: the driver is not believed alone. */
static void test_read_only__is_told_to_the_server(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    options.access = WEIR_READ_ONLY;
    run(conn, "CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql AS "
              "$$ INSERT INTO thing (name) VALUES ('x') RETURNING 1 $$");
    commit(conn);
    assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT sneak()", NOARGS);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_UNAVAILABLE);
    assert_string_equal(weir_result_error(rows)->sqlstate, "25006");
}

static void test_failed__transaction_is_rolled_back_first(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "INSERT INTO thing (name) VALUES ('a')");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES ('a')"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(try(conn, "SELECT 1"), WEIR_ERR_ROLLBACK_FIRST);
    assert_string_equal(weir_conn_error(conn)->sqlstate, "25P02");
    assert_int_equal(weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM thing"), 0);
}

static void test_deferred__constraint_fails_the_commit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "SET CONSTRAINTS ALL DEFERRED");
    run(conn, "INSERT INTO child VALUES (1, 99)");
    assert_int_equal(weir_commit(conn), WEIR_ERR_CONSTRAINT);
    assert_int_equal(weir_conn_error(conn)->constraint_kind,
                     WEIR_CONSTRAINT_FOREIGN_KEY);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM child"), 0);
}

static void test_tx_outcome__is_found_out_afterwards(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_outcome outcome = WEIR_TX_UNKNOWN;
    char kept[32], dropped[32];

    (void)state;
    run(conn, "INSERT INTO thing (name) VALUES ('kept')");
    assert_int_equal(weir_tx_id(conn, kept, sizeof kept), WEIR_OK);
    {
        WEIR_AUTO(weir_conn) other = borrow();

        assert_int_equal(weir_tx_find_outcome(other, kept, &outcome), WEIR_OK);
        assert_int_equal(outcome, WEIR_TX_IN_PROGRESS);
    }
    commit(conn);
    run(conn, "INSERT INTO thing (name) VALUES ('dropped')");
    assert_int_equal(weir_tx_id(conn, dropped, sizeof dropped), WEIR_OK);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_tx_find_outcome(conn, kept, &outcome), WEIR_OK);
    assert_int_equal(outcome, WEIR_TX_COMMITTED);
    assert_int_equal(weir_tx_find_outcome(conn, dropped, &outcome), WEIR_OK);
    assert_int_equal(outcome, WEIR_TX_ROLLED_BACK);
    assert_int_equal(weir_tx_find_outcome(conn, "1; DROP", &outcome),
                     WEIR_ERR_MISUSE);
}

static void note_xid(void *context, const char *xid)
{
    if (strcmp(xid, "it's") == 0)
        ++*(int *)context;
}

static void
test_two_phase__of_a_failed_transaction_prepares_nothing(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;
    int seen = 0;

    (void)state;
    options.xid = "it's";
    assert_int_equal(weir_begin_with(conn, &options), WEIR_OK);
    assert_int_equal(try(conn, "SELECT 1 / 0"), WEIR_ERR_TYPE);
    assert_int_equal(weir_prepare_commit(conn), WEIR_ERR_ROLLBACK_FIRST);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_list_prepared(conn, note_xid, &seen), WEIR_OK);
    assert_int_equal(seen, 0);
}

/* ------------------------------------------------------------ what is left */

static void test_return__of_a_clean_connection_sends_nothing(void **state)
{
    WEIR_AUTO(weir_engine) counted = open_counted();
    weir_error err;
    weir_conn *conn = weir_connect(counted, &err);
    int before;

    (void)state;
    run(conn, "INSERT INTO thing (name) VALUES ('a')");
    commit(conn);
    before = round_trips;
    weir_conn_close(&conn);
    assert_int_equal(round_trips, before);
}

/* A reset forgets settings, not our prepared statements. */
static void test_reset__keeps_prepared_statements(void **state)
{
    WEIR_AUTO(weir_engine) own = open_single(NULL);
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);
    int64_t before;

    (void)state;
    get(conn, "SELECT count(*) FROM thing");
    before = get(conn, "SELECT count(*) FROM pg_prepared_statements");
    run(conn, "SET work_mem = '1MB'");
    weir_conn_close(&conn);
    conn = weir_connect(own, &err);
    assert_int_equal(get(conn, "SELECT count(*) FROM pg_prepared_statements"),
                     before + 1); /* and SET's own */
    expect(conn, "SHOW work_mem", "4MB");
    weir_conn_close(&conn);
}

static void test_reset__forgets_statements_of_the_program(void **state)
{
    WEIR_AUTO(weir_engine) own = open_single(NULL);
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    (void)state;
    assert_int_equal(get(conn, "SELECT 41"), 41);
    run(conn, "PREPARE mine AS SELECT 1");
    commit(conn);
    weir_conn_close(&conn);
    conn = weir_connect(own, &err);
    assert_int_equal(get(conn, "SELECT count(*) FROM pg_prepared_statements "
                               "WHERE name = 'mine'"),
                     0);
    assert_int_equal(get(conn, "SELECT 41"), 41);
    weir_conn_close(&conn);
}

/* ------------------------------------------------------ prepared statements */

static void test_cache__closes_what_falls_out_of_it(void **state)
{
    char url[512], sql[64];
    weir_error err;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    snprintf(url, sizeof url, "%s?statement_cache_size=4",
             getenv("WEIR_TEST_URL"));
    own = weir_engine_open(url, NULL, &err);
    conn = weir_connect(own, &err);
    for (int i = 0; i < 80; i++) {
        if (i == 40) /* without BEGIN, which they would travel with */
            assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT),
                             WEIR_OK);
        snprintf(sql, sizeof sql, "SELECT %d", i);
        assert_int_equal(get(conn, sql), i);
        commit(conn);
    }
    assert_true(get(conn, "SELECT count(*) FROM pg_prepared_statements") <= 6);
}

static void test_forgotten__statements_are_prepared_again(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_int_equal(get(conn, "SELECT 7"), 7);
    commit(conn);
    run(conn, "DEALLOCATE ALL"); /* the tag tells */
    assert_int_equal(get(conn, "SELECT 7"), 7);
    commit(conn);
    /* Nobody tells: the server does, at the next use. */
    run(conn, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
    commit(conn);
    assert_int_equal(get(conn, "SELECT 7"), 7);
    commit(conn);
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
    assert_int_equal(get(conn, "SELECT 7"), 7);
}

static void test_schema_change__by_another_session(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_conn) other = borrow();

    (void)state;
    run(other, "INSERT INTO thing (name) VALUES ('a')");
    commit(other);
    for (int columns = 3; columns < 6; columns++) {
        char alter[64];
        weir_result *rows = weir_query(conn, "SELECT * FROM thing", NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(weir_column_count(rows), columns);
        weir_result_close(&rows);
        commit(conn);
        snprintf(alter, sizeof alter, "ALTER TABLE thing ADD COLUMN x%d int",
                 columns);
        run(other, alter);
        commit(other);
    }
    /* In the middle of a transaction it has to be run again. */
    run(conn, "SELECT 1");
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT * FROM thing", NOARGS);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_SERIALIZATION);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    run(conn, "SELECT 1");
    WEIR_AUTO(weir_result) again =
        weir_query(conn, "SELECT * FROM thing", NOARGS);
    assert_true(weir_next(again));
    assert_int_equal(weir_column_count(again), 6);
}

static void test_unnamed__leaves_no_statement_at_the_server(void **state)
{
    char url[512];
    weir_error err;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    snprintf(url, sizeof url, "%s?prepared_statements=off",
             getenv("WEIR_TEST_URL"));
    own = weir_engine_open(url, NULL, &err);
    conn = weir_connect(own, &err);
    for (int i = 0; i < 3; i++) {
        WEIR_AUTO(weir_result) rows = weir_query(
            conn, "INSERT INTO thing (name, n) VALUES (?, ?) RETURNING n",
            ARGS(i == 0   ? "a"
                 : i == 1 ? "b"
                          : "c",
                 i + 1));

        assert_true(weir_next(rows));
        assert_int_equal(weir_get_i64(rows, 0), i + 1);
    }
    assert_int_equal(get(conn, "SELECT count(*) FROM pg_prepared_statements "
                               "WHERE name <> ''"),
                     0);
    commit(conn);
    assert_int_equal(get(conn, "SELECT sum(n) FROM thing"), 6);
}

/* ------------------------------------------------------------------ others */

static void test_constraints__are_named(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_error *err = weir_conn_error(conn);

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "INSERT INTO thing (id, name) VALUES (1, 'o''brien')");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES ('o''brien')"),
                     WEIR_ERR_CONSTRAINT);
    run(conn, "SELECT setval('thing_id_seq', 10)");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES ('o''brien')"),
                     WEIR_ERR_CONSTRAINT);
    assert_string_equal(err->constraint, "by_name");
    assert_string_equal(err->table, "thing");
    assert_null(strstr(err->message, "brien"));
    assert_int_equal(try(conn, "INSERT INTO thing (id, name) VALUES (1, 'b')"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_PRIMARY_KEY);
    assert_int_equal(try(conn, "INSERT INTO child VALUES (1, 9)"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_FOREIGN_KEY);
    assert_string_equal(err->constraint, "to_thing");
    assert_int_equal(try(conn, "INSERT INTO thing (name, n) VALUES ('c', 0)"),
                     WEIR_ERR_CONSTRAINT);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_CHECK);
    assert_string_equal(err->constraint, "positive");
    assert_int_equal(try(conn, "INSERT INTO thing (name) VALUES (NULL)"),
                     WEIR_ERR_CONSTRAINT);
    assert_string_equal(err->column, "name");
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_NOT_NULL);
}

static void test_listen__hears_another_session(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_conn) other = borrow();
    weir_notification found;
    double began;

    (void)state;
    assert_int_equal(weir_listen(conn, "a \"channel\""), WEIR_OK);
    began = seconds_now();
    assert_int_equal(weir_next_notification(conn, 0.05, &found),
                     WEIR_ERR_TIMEOUT);
    assert_true(seconds_now() - began >= 0.05);
    run(other, "SELECT pg_notify('a \"channel\"', 'grüße')");
    commit(other);
    assert_int_equal(weir_next_notification(conn, 10, &found), WEIR_OK);
    assert_string_equal(found.channel, "a \"channel\"");
    assert_string_equal(found.payload, "grüße");
    assert_int_equal(found.sender, get(other, "SELECT pg_backend_pid()"));
    assert_int_equal(get(conn, "SELECT 1"), 1); /* it is still of use */
    assert_int_equal(weir_unlisten(conn), WEIR_OK);
    run(other, "SELECT pg_notify('a \"channel\"', 'late')");
    commit(other);
    assert_int_equal(weir_next_notification(conn, 0.05, &found),
                     WEIR_ERR_TIMEOUT);
    assert_int_equal(weir_listen(conn, ""), WEIR_ERR_MISUSE);
}

static void test_notices__come_to_the_hook(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    overhear(&options, WEIR_LOG_NOTICE);
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    conn = weir_connect(own, &err);
    run(conn, "DO $$ BEGIN RAISE WARNING 'beware'; END $$");
    assert_int_equal(overheard.count, 1);
    assert_string_equal(overheard.lines[0], "WARNING 01000: beware");
    /* A flood is cut off. */
    run(conn, "DO $$ BEGIN FOR i IN 1..10000 LOOP RAISE NOTICE 'x'; END LOOP; "
              "END $$");
    assert_true(overheard.count <= 101);
}

static void test_application_name__is_told(void **state)
{
    char url[512];
    weir_error err;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    snprintf(url, sizeof url, "%s?application_name=my%%20program",
             getenv("WEIR_TEST_URL"));
    own = weir_engine_open(url, NULL, &err);
    conn = weir_connect(own, &err);
    expect(conn, "SHOW application_name", "my program");
}

static void test_socket__is_a_folder(void **state)
{
    weir_error err;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;
    const char *url = getenv("WEIR_TEST_URL");
    const char *port = strrchr(url, ':') + 1, *at = strchr(url, '@');
    char local[512];

    (void)state;
    snprintf(local, sizeof local, "%.*s/weir?host=%s&port=%d",
             (int)(at + 1 - url), url, getenv("WEIR_TEST_SOCKET"), atoi(port));
    own = weir_engine_open(local, NULL, &err);
    conn = weir_connect(own, &err);
    if (!conn)
        fail_msg("%s", err.message);
    assert_int_equal(get(conn, "SELECT count(inet_client_addr())"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(begin__has_no_round_trip),
        TEST(autocommit__has_one_round_trip),
        TEST(many__are_sent_ahead),
        TEST(isolation__is_that_of_the_transaction),
        TEST(read_only__is_told_to_the_server),
        TEST(failed__transaction_is_rolled_back_first),
        TEST(deferred__constraint_fails_the_commit),
        TEST(tx_outcome__is_found_out_afterwards),
        TEST(two_phase__of_a_failed_transaction_prepares_nothing),
        TEST(return__of_a_clean_connection_sends_nothing),
        TEST(reset__keeps_prepared_statements),
        TEST(reset__forgets_statements_of_the_program),
        TEST(cache__closes_what_falls_out_of_it),
        TEST(forgotten__statements_are_prepared_again),
        TEST(schema_change__by_another_session),
        TEST(unnamed__leaves_no_statement_at_the_server),
        TEST(constraints__are_named),
        TEST(listen__hears_another_session),
        TEST(notices__come_to_the_hook),
        TEST(application_name__is_told),
        TEST(socket__is_a_folder),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
