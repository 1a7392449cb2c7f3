/* SPDX-License-Identifier: MIT */
/* Several statements in one call: what the driver is asked, and what each
 * result says when one of them goes wrong. */
#include "scripted.h"

static const char select_n[] = "SELECT n WHERE a = ?";
static const char update[] = "UPDATE t SET a = ?";

static weir_result *rows[600];

static void close_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        weir_result_close(&rows[i]);
}

static void must_say(int i, weir_status wanted, const char *part)
{
    const weir_error *err = weir_result_error(rows[i]);

    if (err->status != wanted || !strstr(err->message, part))
        fail_msg("%d: %s (%s) instead of %s (%s)", i,
                 weir_status_name(err->status), err->message,
                 weir_status_name(wanted), part);
}

static int submit_set_up(void **state)
{
    (void)state;
    script_open_with(WEIR_CAN_SUBMIT);
    return 0;
}

/* As PostgreSQL: no rows are left at the server. */
static void without_interleaving(void)
{
    weir_mock_options kind = WEIR_MOCK_OPTIONS;

    kind.capabilities |= WEIR_CAN_SUBMIT;
    kind.capabilities &= ~(uint32_t)WEIR_CAN_INTERLEAVE;
    script_open(&kind, NULL);
}

static weir_conn *borrow_alone(void)
{
    weir_conn *conn = script_borrow();

    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    return conn;
}

static void add_failure(const char *text, int skip, weir_status status)
{
    script_add(&(weir_mock_step){
        .text = text,
        .skip = skip,
        .error = {.status = status, .message = "it is wrong"}});
}

/* ------------------------------------------------------------------- order */

static void test_query_many__sends_all_before_it_reads(void **state)
{
    const weir_statement asked[] = {
        {select_n, ARGS(1)}, {update, ARGS("x")}, {select_n, ARGS(2)}};
    int64_t n = 0;

    (void)state;
    without_interleaving();
    script_rows(select_n, 1);
    WEIR_AUTO(weir_conn) conn = script_borrow();
    must(conn, weir_query_many(conn, asked, 3, rows));
    assert_int_equal(weir_mock_round_trips(mock), 1 + 2 + 1); /* prepared */
    must_have_sent("open\n"
                   "prepare SELECT n WHERE a = ?\n"
                   "prepare UPDATE t SET a = ?\n"
                   "refresh\n"
                   "refresh\n"
                   "refresh\n"
                   "begin READ COMMITTED\n"
                   "submit [i64 1]\n"
                   "submit [text \"x\"]\n"
                   "submit [i64 2]\n"
                   "collect\n"
                   "collect\n"
                   "end\n"
                   "fetch\n"
                   "fetch\n"
                   "end\n"
                   "collect\n");
    assert_true(weir_next(rows[2]));
    assert_int_equal(weir_scan(rows[2], &n), WEIR_OK);
    assert_int_equal(n, 1);
    assert_true(weir_next(rows[0]));
    close_all(3);
}

static void test_query_many__goes_one_by_one_without_submit(void **state)
{
    const weir_statement asked[] = {{select_n, ARGS(1)}, {update, ARGS(2)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_rows(select_n, 1);
    must(conn, weir_query_many(conn, asked, 2, rows));
    assert_int_equal(weir_mock_count(mock, "execute"), 2);
    assert_int_equal(weir_mock_count(mock, "submit"), 0);
    assert_int_equal(weir_mock_count(mock, "refresh"), 0);
    close_all(2);
}

static void test_query_many__sends_no_more_than_a_window(void **state)
{
    static weir_statement asked[600];
    WEIR_AUTO(weir_conn) conn = script_borrow();
    const char *log, *first_answer;
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 600; i++)
        asked[i] = (weir_statement){"UPDATE t", NULL, 0};
    must(conn, weir_query_many(conn, asked, 600, rows));
    close_all(600);
    log = weir_mock_log(mock);
    first_answer = strstr(log, "collect");
    while ((log = strstr(log, "submit")) && log++ < first_answer)
        before++;
    assert_int_equal(before, 256);
    assert_int_equal(weir_mock_count(mock, "submit"), 600);
    assert_int_equal(weir_mock_count(mock, "prepare"), 1);
}

/* Rows that would still be at the server are taken in before. */
static void test_query_many__gathers_what_is_being_read(void **state)
{
    const weir_statement asked[] = {{update, ARGS(1)}, {update, ARGS(2)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_rows("SELECT n", 3);
    WEIR_AUTO(weir_result) before = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(before));
    must(conn, weir_query_many(conn, asked, 2, rows));
    close_all(2);
    assert_non_null(strstr(weir_mock_log(mock), "fetch\nend\nsubmit"));
    assert_true(weir_next(before));
    assert_int_equal(weir_get_i64(before, 0), 2);
}

/* -------------------------------------------------------------- being wrong */

static void test_query_many__does_not_send_what_cannot_be_sent(void **state)
{
    const weir_statement asked[] = {
        {update, ARGS(1)}, {update, ARGS(2)}, {update, ARGS(3)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_SUBMIT,
        .skip = 1,
        .error = {.status = WEIR_ERR_TYPE, .message = "too large"}});
    must_fail(conn, weir_query_many(conn, asked, 3, rows), WEIR_ERR_TYPE,
              "query 2: too large");
    must_say(0, WEIR_OK, "");
    must_say(1, WEIR_ERR_TYPE, "too large");
    must_say(2, WEIR_ERR_TYPE, "not run: query 2 has failed: too large");
    close_all(3);
}

static void test_query_many__alone_sends_the_others(void **state)
{
    const weir_statement asked[] = {
        {update, ARGS(1)}, {update, ARGS(2)}, {update, ARGS(3)}};
    WEIR_AUTO(weir_conn) conn = borrow_alone();

    (void)state;
    add_failure(update, 1, WEIR_ERR_CONSTRAINT);
    must_fail(conn, weir_query_many(conn, asked, 3, rows), WEIR_ERR_CONSTRAINT,
              "query 2: it is wrong");
    must_say(0, WEIR_OK, "");
    must_say(1, WEIR_ERR_CONSTRAINT, "it is wrong");
    must_say(2, WEIR_OK, "");
    assert_int_equal(weir_mock_count(mock, "collect"), 3);
    close_all(3);
}

/* What was sent outside a transaction and writes may have been done. */
static void test_query_many__alone_does_not_know_after_a_loss(void **state)
{
    const weir_statement asked[] = {{update, ARGS(1)},
                                    {select_n, ARGS(2)},
                                    {update, ARGS(3)},
                                    {select_n, ARGS(4)}};
    WEIR_AUTO(weir_conn) conn = borrow_alone();

    (void)state;
    script_add(
        &(weir_mock_step){.text = select_n, .fault = WEIR_MOCK_LOSE_AFTER});
    must_fail(conn, weir_query_many(conn, asked, 4, rows), WEIR_ERR_CONNECTION,
              "query 2: ");
    must_say(0, WEIR_OK, "");
    must_say(1, WEIR_ERR_CONNECTION, "lost");
    must_say(2, WEIR_ERR_COMMIT_UNKNOWN, "no answer: query 2 has failed: ");
    must_say(3, WEIR_ERR_CONNECTION, "no answer: query 2 has failed: ");
    assert_int_equal(weir_mock_count(mock, "collect"), 2);
    close_all(4);
    must(conn, weir_exec(conn, update, ARGS(1)));
}

static void test_query_many__in_a_transaction_all_is_lost(void **state)
{
    const weir_statement asked[] = {{update, ARGS(1)}, {update, ARGS(3)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(
        &(weir_mock_step){.text = update, .fault = WEIR_MOCK_LOSE_AFTER});
    must_fail(conn, weir_query_many(conn, asked, 2, rows), WEIR_ERR_CONNECTION,
              "query 1: ");
    must_say(1, WEIR_ERR_CONNECTION, "not run: query 1 has failed: ");
    close_all(2);
    must_fail(conn, weir_exec(conn, update, ARGS(1)), WEIR_ERR_ROLLBACK_FIRST,
              "");
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, update, ARGS(1)));
}

static void test_query_many__cannot_be_refreshed(void **state)
{
    const weir_statement asked[] = {{update, ARGS(1)}, {select_n, ARGS(3)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){.op = WEIR_MOCK_REFRESH,
                                 .text = select_n,
                                 .fault = WEIR_MOCK_LOSE_BEFORE});
    must_fail(conn, weir_query_many(conn, asked, 2, rows), WEIR_ERR_CONNECTION,
              "query 2: ");
    must_say(0, WEIR_ERR_CONNECTION, "not run: query 2 has failed: ");
    assert_int_equal(weir_mock_count(mock, "submit"), 0);
    close_all(2);
}

static void test_query_many__writes_nothing_where_only_reading_is(void **s)
{
    const weir_statement asked[] = {{select_n, ARGS(1)}, {update, ARGS(3)}};
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)s;
    script_open_with(WEIR_CAN_SUBMIT);
    conn = script_borrow();
    script_rows(select_n, 1);
    must(conn, weir_set_access(conn, WEIR_READ_ONLY));
    must_fail(conn, weir_query_many(conn, asked, 2, rows), WEIR_ERR_UNAVAILABLE,
              "query 2: the transaction is read-only");
    must_say(0, WEIR_OK, "");
    close_all(2);
}

/* A result that is too large is its own affair: its statement has run. */
static void test_query_many__limits_each_result(void **state)
{
    const weir_statement asked[] = {
        {"SELECT n", NOARGS}, {"SELECT n", NOARGS}, {update, ARGS(3)}};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_mock_options kind = WEIR_MOCK_OPTIONS;

    (void)state;
    options.max_result_bytes = 64;
    kind.capabilities |= WEIR_CAN_SUBMIT;
    script_open(&kind, &options);
    script_rows("SELECT n", 16);
    WEIR_AUTO(weir_conn) conn = script_borrow();
    must_fail(conn, weir_query_many(conn, asked, 3, rows), WEIR_ERR_LIMIT,
              "query 1: ");
    must_say(0, WEIR_ERR_LIMIT, "max_result_bytes");
    must_say(1, WEIR_OK, "");
    must_say(2, WEIR_OK, "");
    close_all(3);
}

/* -------------------------------------------------------------- once more */

static void test_query_many__begins_its_transaction_again(void **state)
{
    const weir_statement asked[] = {{update, ARGS(1)}, {update, ARGS(2)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    add_failure(update, 1, WEIR_ERR_SERIALIZATION);
    must(conn, weir_query_many(conn, asked, 2, rows));
    assert_int_equal(weir_mock_count(mock, "begin"), 2);
    assert_int_equal(weir_mock_count(mock, "rollback"), 1);
    assert_int_equal(weir_mock_count(mock, "submit [i64 1]"), 2);
    close_all(2);
    /* The program has seen something of it by now. */
    add_failure(update, 1, WEIR_ERR_SERIALIZATION);
    must_fail(conn, weir_query_many(conn, asked, 2, rows),
              WEIR_ERR_SERIALIZATION, "query 2: ");
    close_all(2);
    must(conn, weir_rollback(conn));
    /* Once: two fail the first time, and one the second. */
    for (int i = 0; i < 3; i++)
        add_failure(update, 0, WEIR_ERR_SERIALIZATION);
    must_fail(conn, weir_query_many(conn, asked, 2, rows),
              WEIR_ERR_SERIALIZATION, "query 1: ");
    close_all(2);
}

static void test_query_many__is_not_begun_again_without_a_rollback(void **s)
{
    const weir_statement asked[] = {{update, ARGS(1)}, {update, ARGS(2)}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)s;
    add_failure(update, 1, WEIR_ERR_SERIALIZATION);
    script_add(&(weir_mock_step){.op = WEIR_MOCK_ROLLBACK,
                                 .fault = WEIR_MOCK_LOSE_BEFORE});
    must_fail(conn, weir_query_many(conn, asked, 2, rows), WEIR_ERR_CONNECTION,
              "query 1: ");
    must_say(1, WEIR_ERR_CONNECTION, "not run: query 1 has failed: ");
    close_all(2);
    must(conn, weir_rollback(conn));
}

static void test_query_many__alone_reads_again_and_writes_not(void **state)
{
    const weir_statement reads[] = {{select_n, ARGS(1)}, {select_n, ARGS(2)}};
    const weir_statement writes[] = {{update, ARGS(1)}, {select_n, ARGS(2)}};
    WEIR_AUTO(weir_conn) conn = borrow_alone();

    (void)state;
    add_failure(select_n, 0, WEIR_ERR_SERIALIZATION);
    must(conn, weir_query_many(conn, reads, 2, rows));
    assert_int_equal(weir_mock_count(mock, "submit"), 2);
    assert_int_equal(weir_mock_count(mock, "execute"), 1);
    close_all(2);
    add_failure(select_n, 0, WEIR_ERR_SERIALIZATION);
    must_fail(conn, weir_query_many(conn, writes, 2, rows),
              WEIR_ERR_SERIALIZATION, "query 2: ");
    close_all(2);
}

/* --------------------------------------------------------------------- log */

typedef struct heard {
    int count;
    int failed;
    char last[64];
} heard;

static void hear(void *context, const weir_log_event *event)
{
    heard *to = context;

    if (event->kind != WEIR_LOG_STATEMENT)
        return;
    to->count++;
    to->failed += event->error != NULL;
    snprintf(to->last, sizeof to->last, "%s", event->statement);
    assert_true(event->duration_ns >= 0);
    assert_int_equal(event->param_count, 1);
}

static void test_query_many__tells_of_each(void **state)
{
    const weir_statement asked[] = {
        {select_n, ARGS(1)}, {update, ARGS(2)}, {select_n, ARGS(3)}};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_mock_options kind = WEIR_MOCK_OPTIONS;
    heard to = {0};

    (void)state;
    kind.capabilities |= WEIR_CAN_SUBMIT;
    options.log = hear;
    options.log_context = &to;
    options.log_kinds = WEIR_LOG_STATEMENT;
    script_open(&kind, &options);
    add_failure(update, 0, WEIR_ERR_SQL);
    WEIR_AUTO(weir_conn) conn = borrow_alone();
    must_fail(conn, weir_query_many(conn, asked, 3, rows), WEIR_ERR_SQL, "");
    close_all(3);
    assert_int_equal(to.count, 3);
    assert_int_equal(to.failed, 1);
    assert_string_equal(to.last, select_n);
}

#define SUBMITS(name_)                                                         \
    cmocka_unit_test_setup_teardown(test_##name_, submit_set_up,               \
                                    script_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUBMITS(query_many__sends_all_before_it_reads),
        TEST(query_many__goes_one_by_one_without_submit),
        SUBMITS(query_many__sends_no_more_than_a_window),
        SUBMITS(query_many__gathers_what_is_being_read),
        SUBMITS(query_many__does_not_send_what_cannot_be_sent),
        SUBMITS(query_many__alone_sends_the_others),
        SUBMITS(query_many__alone_does_not_know_after_a_loss),
        SUBMITS(query_many__in_a_transaction_all_is_lost),
        SUBMITS(query_many__cannot_be_refreshed),
        SUBMITS(query_many__writes_nothing_where_only_reading_is),
        SUBMITS(query_many__limits_each_result),
        SUBMITS(query_many__begins_its_transaction_again),
        SUBMITS(query_many__is_not_begun_again_without_a_rollback),
        SUBMITS(query_many__alone_reads_again_and_writes_not),
        SUBMITS(query_many__tells_of_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
