/* SPDX-License-Identifier: MIT */
/* weir_query_many(): several statements in one call, each with a result. */
#include <pthread.h>
#include <time.h>

#include "suite.h"

enum { ROWS_MAX = 1100 };

static weir_result *rows[ROWS_MAX];

static void close_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        weir_result_close(&rows[i]);
}

static int64_t number(weir_result *result)
{
    int64_t found = -1;

    if (weir_result_one(result) != WEIR_OK ||
        weir_scan(result, &found) != WEIR_OK)
        fail_msg("no number: %s", weir_result_error(result)->message);
    return found;
}

/* The result failed so, and says so in a line with `part` in it. */
static void must_say(weir_result *result, weir_status wanted, const char *part)
{
    const weir_error *err = weir_result_error(result);

    if (err->status != wanted || !strstr(err->message, part))
        fail_msg("%s (%s) instead of %s (%s)", weir_status_name(err->status),
                 err->message, weir_status_name(wanted), part);
}

static void test_query_many__gives_each_its_result(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "a")},
        {"INSERT INTO thing (id, name) VALUES (:id, :name)",
         ARGS(P("name", "b"), P("id", 2))},
        {"SELECT name FROM thing ORDER BY id", NOARGS},
        {"UPDATE thing SET age = 7", NOARGS},
        {"SELECT count(*) FROM thing WHERE age = ?", ARGS(7)},
    };

    (void)state;
    must(conn, weir_query_many(conn, work, 5, rows));
    assert_int_equal(weir_in_transaction(conn), can(WEIR_CAN_TRANSACT));
    assert_int_equal(weir_result_affected(rows[0]), 1);
    assert_false(weir_next(rows[0]));
    assert_true(weir_next(rows[2]));
    assert_string_equal(weir_get_text(rows[2], 0), "a");
    assert_int_equal(weir_result_affected(rows[3]), 2);
    assert_true(weir_next(rows[2]));
    assert_string_equal(weir_get_text(rows[2], 0), "b");
    assert_false(weir_next(rows[2]));
    assert_int_equal(number(rows[4]), 2);
    close_all(5);
    must(conn, weir_query_many(conn, NULL, 0, NULL));
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 0);
}

/* All of one text, more than are sent at once; each row is its own. */
static void test_query_many__of_one_text_again_and_again(void **state)
{
    static weir_statement asked[ROWS_MAX];
    static weir_value ids[ROWS_MAX];
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int i = 0; i < 10; i++)
        must(conn, add(conn, i, (char[]){(char)('a' + i), '\0'}));
    for (int i = 0; i < ROWS_MAX; i++) {
        ids[i] = WEIR_VAL(i % 10);
        asked[i] = (weir_statement){"SELECT id, name FROM thing WHERE id = ?",
                                    &ids[i], 1};
    }
    must(conn, weir_query_many(conn, asked, ROWS_MAX, rows));
    for (int i = 0; i < ROWS_MAX; i++) {
        assert_int_equal(weir_result_one(rows[i]), WEIR_OK);
        assert_int_equal(weir_get_i64(rows[i], 0), i % 10);
        assert_string_equal(weir_get_text(rows[i], 1),
                            ((char[]){(char)('a' + i % 10), '\0'}));
    }
    close_all(ROWS_MAX);
}

static void test_query_many__in_a_transaction_ends_at_a_failure(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "a")},
        {"SELECT count(*) FROM thing", NOARGS},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "b")},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(2, "c")},
        {"SELECT count(*) FROM thing", NOARGS},
    };

    (void)state;
    must_fail(conn, weir_query_many(conn, work, 5, rows), WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "query 3: "));
    assert_int_equal(weir_result_affected(rows[0]), 1);
    assert_int_equal(number(rows[1]), 1);
    must_say(rows[2], WEIR_ERR_CONSTRAINT, "");
    assert_int_not_equal(weir_result_error(rows[2])->constraint_kind,
                         WEIR_CONSTRAINT_NONE);
    must_say(rows[3], WEIR_ERR_CONSTRAINT, "not run: query 3 has failed: ");
    must_say(rows[4], WEIR_ERR_CONSTRAINT, "not run: query 3 has failed: ");
    assert_false(weir_next(rows[4]));
    close_all(5);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 0);
}

static void test_query_many__that_fails_is_mended_by_a_savepoint(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint point;
    const weir_statement work[] = {
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(2, "b")},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "a")},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(3, "c")},
    };

    (void)state;
    if (!can(WEIR_CAN_SAVEPOINT))
        return;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_savepoint_begin(conn, &point));
    must_fail(conn, weir_query_many(conn, work, 3, rows), WEIR_ERR_CONSTRAINT);
    close_all(3);
    must(conn, weir_savepoint_rollback(conn, &point));
    must(conn, weir_query_many(conn, work, 1, rows));
    close_all(1);
    must(conn, weir_commit(conn));
    assert_int_equal(committed(), 2);
}

static void test_query_many__alone_each_stands_for_itself(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "a")},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(1, "b")},
        {"INSERT INTO thing (id, name) VALUES (?, ?)", ARGS(2, "c")},
        {"SELECT count(*) FROM thing", NOARGS},
    };

    (void)state;
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    must_fail(conn, weir_query_many(conn, work, 4, rows), WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "query 2: "));
    must_say(rows[1], WEIR_ERR_CONSTRAINT, "");
    assert_int_equal(weir_result_status(rows[2]), WEIR_OK);
    assert_int_equal(number(rows[3]), 2);
    assert_false(weir_in_transaction(conn));
    close_all(4);
    assert_int_equal(committed(), 2);
}

static void test_query_many__refuses_before_anything_runs(void **state)
{
    static const char insert[] = "INSERT INTO thing (id, name) VALUES (?, ?)";
    const weir_statement bad[][2] = {
        {{insert, ARGS(1, "a")}, {"SELECT no_such FROM thing", NOARGS}},
        {{insert, ARGS(1, "a")}, {insert, ARGS(2)}},
        {{insert, ARGS(1, "a")}, {insert, ARGS(2, "\xff")}},
        {{insert, ARGS(1, "a")}, {NULL, NOARGS}},
        {{insert, ARGS(1, "a")}, {"COMMIT", NOARGS}},
    };
    static const weir_status wanted[] = {WEIR_ERR_SQL, WEIR_ERR_MISUSE,
                                         WEIR_ERR_TYPE, WEIR_ERR_MISUSE,
                                         WEIR_ERR_MISUSE};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    for (int i = 0; i < 5; i++) {
        must_fail(conn, weir_query_many(conn, bad[i], 2, rows), wanted[i]);
        assert_non_null(strstr(weir_conn_error(conn)->message, "query 2: "));
        must_say(rows[0], wanted[i], "not run: query 2 has failed: ");
        must_say(rows[1], wanted[i], "");
        close_all(2);
    }
    must_fail(conn, weir_query_many(conn, NULL, 2, rows), WEIR_ERR_MISUSE);
    must_say(rows[1], WEIR_ERR_MISUSE, "missing");
    close_all(2);
    must_fail(conn, weir_query_many(conn, bad[0], 2, NULL), WEIR_ERR_MISUSE);
    assert_int_equal(count(conn), 0);
    assert_int_equal(weir_query_many(NULL, bad[0], 2, rows), WEIR_ERR_MISUSE);
    must_say(rows[1], WEIR_ERR_MISUSE, "NULL");
    close_all(2);
}

static void test_query_many__waits_for_no_stream_and_no_rollback(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {{"SELECT 1", NOARGS}, {"SELECT 2", NOARGS}};

    (void)state;
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result)
    stream = weir_stream(conn, "SELECT id FROM thing", NOARGS);
    must_fail(conn, weir_query_many(conn, work, 2, rows), WEIR_ERR_MISUSE);
    must_say(rows[0], WEIR_ERR_MISUSE, "a stream is open");
    must_say(rows[1], WEIR_ERR_MISUSE, "a stream is open");
    close_all(2);
    weir_result_close(&stream);
    must(conn, weir_conn_invalidate(conn));
    if (!can(WEIR_CAN_TRANSACT))
        return;
    must_fail(conn, weir_query_many(conn, work, 2, rows),
              WEIR_ERR_ROLLBACK_FIRST);
    must_say(rows[1], WEIR_ERR_ROLLBACK_FIRST, "");
    close_all(2);
    must(conn, weir_rollback(conn));
    must(conn, weir_query_many(conn, work, 2, rows));
    assert_int_equal(number(rows[1]), 2);
    close_all(2);
}

/* What is read from before shows nothing of what comes after. */
static void test_query_many__leaves_rows_that_are_being_read(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {
        {"SELECT name FROM thing ORDER BY id", NOARGS},
        {"UPDATE thing SET age = ?", ARGS(5)},
        {"SELECT name FROM thing ORDER BY id", NOARGS},
    };

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, add(conn, 2, "b"));
    WEIR_AUTO(weir_result)
    before = weir_query(conn, work[0].sql, NOARGS);
    assert_true(weir_next(before));
    must(conn, weir_query_many(conn, work, 3, rows));
    assert_true(weir_next(before));
    assert_string_equal(weir_get_text(before, 0), "b");
    assert_true(weir_next(rows[0]));
    assert_string_equal(weir_get_text(rows[0], 0), "a");
    assert_true(weir_next(rows[2]));
    close_all(3);
}

static const char endless[] =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
    "WHERE x < 900) SELECT count(*) FROM c a, c b, c d, c e";

/* Stopped in time; or its answer did not come soon enough, which for one that
 * stands for itself may be all that can be known. */
static void must_be_stopped(weir_result *result, weir_status wanted, bool alone)
{
    weir_status status = weir_result_status(result);

    if (!alone ||
        (status != WEIR_ERR_COMMIT_UNKNOWN && status != WEIR_ERR_CONNECTION))
        must_say(result, wanted, "");
}

static void test_query_many__has_one_deadline(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {{"SELECT count(*) FROM thing", NOARGS},
                                   {endless, NOARGS},
                                   {endless, NOARGS},
                                   {"SELECT 3", NOARGS}};

    (void)state;
    if (!can(WEIR_CAN_DEADLINE))
        return;
    for (int alone = 0; alone < 2; alone++) {
        if (alone)
            must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
        must(conn, weir_set_timeout(conn, 0.3));
        assert_int_not_equal(weir_query_many(conn, work, 4, rows), WEIR_OK);
        assert_non_null(strstr(weir_conn_error(conn)->message, "query "));
        must_be_stopped(rows[1], WEIR_ERR_TIMEOUT, alone);
        must_be_stopped(rows[2], WEIR_ERR_TIMEOUT, alone);
        close_all(4);
        must(conn, weir_rollback(conn));
        must(conn, weir_set_timeout(conn, 0));
        assert_int_equal(count(conn), 0);
        must(conn, weir_rollback(conn));
    }
}

static void test_query_many__is_cancelled_as_a_whole(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_statement work[] = {
        {endless, NOARGS}, {endless, NOARGS}, {endless, NOARGS}};
    pthread_t thread;

    (void)state;
    if (!can(WEIR_CAN_CANCEL))
        return;
    for (int alone = 0; alone < 2; alone++) {
        canceller by = {.conn = conn};

        if (alone)
            must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
        assert_int_equal(pthread_create(&thread, NULL, cancel_until_done, &by),
                         0);
        weir_query_many(conn, work, 3, rows);
        by.done = true;
        pthread_join(thread, NULL);
        for (int i = 0; i < 3; i++)
            must_be_stopped(rows[i], WEIR_ERR_CANCELLED, alone);
        close_all(3);
        must(conn, weir_rollback(conn));
        assert_int_equal(count(conn), 0);
        must(conn, weir_rollback(conn));
    }
}

int run_together(void)
{
    const struct CMUnitTest tests[] = {
        TEST(query_many__gives_each_its_result),
        TEST(query_many__of_one_text_again_and_again),
        TEST(query_many__in_a_transaction_ends_at_a_failure),
        TEST(query_many__that_fails_is_mended_by_a_savepoint),
        TEST(query_many__alone_each_stands_for_itself),
        TEST(query_many__refuses_before_anything_runs),
        TEST(query_many__waits_for_no_stream_and_no_rollback),
        TEST(query_many__leaves_rows_that_are_being_read),
        TEST(query_many__has_one_deadline),
        TEST(query_many__is_cancelled_as_a_whole),
    };

    return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
