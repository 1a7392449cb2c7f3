/* SPDX-License-Identifier: MIT */
/*
 * What is asked of every database, SQL or not: its transactions, and a stated
 * answer for each thing that it cannot do. "SELECT 1" is all that it runs.
 */
#include <pthread.h>
#include <time.h>

#include "suite.h"

static void run_something(weir_conn *conn)
{
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

static void test_engine__tells_what_it_is(void **state)
{
    weir_error err;

    (void)state;
    assert_true(strlen(weir_engine_backend(engine)) > 0);
    assert_non_null(strstr(weir_engine_url(engine), ":"));
    if (weir_engine_ping(engine, &err) != WEIR_OK)
        fail_msg("ping: %s", err.message);
}

static void test_statement__begins_a_transaction_by_itself(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run_something(conn);
    assert_int_equal(weir_in_transaction(conn), can(WEIR_CAN_TRANSACT));
    must(conn, weir_commit(conn));
    assert_false(weir_in_transaction(conn));
    run_something(conn);
    must(conn, weir_rollback(conn));
    assert_false(weir_in_transaction(conn));
}

static void test_begin__once_and_only_outside_of_one(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!can(WEIR_CAN_TRANSACT)) {
        must_fail(conn, weir_begin(conn), WEIR_ERR_UNSUPPORTED);
        return;
    }
    must(conn, weir_begin(conn));
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE);
    run_something(conn);
    must_fail(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_ERR_MISUSE);
    must(conn, weir_commit(conn));
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    run_something(conn);
    assert_false(weir_in_transaction(conn));
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE);
}

/* Each level works, or is refused with the list of those that do. */
static void test_isolation__works_or_is_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int works = 0;

    (void)state;
    for (int i = WEIR_READ_UNCOMMITTED; i <= WEIR_SERIALIZABLE; i++) {
        weir_status status = weir_set_isolation(conn, (weir_isolation)i);

        if (status != WEIR_OK) {
            must_fail(conn, status, WEIR_ERR_UNSUPPORTED);
            continue;
        }
        works++;
        assert_int_equal(weir_get_isolation(conn), i);
        run_something(conn);
        must(conn, weir_commit(conn));
    }
    assert_int_equal(works > 0, can(WEIR_CAN_TRANSACT));
}

static void test_savepoint__works_or_is_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint savepoint = {0};

    (void)state;
    if (!can(WEIR_CAN_SAVEPOINT)) {
        must_fail(conn, weir_savepoint_begin(conn, &savepoint),
                  WEIR_ERR_UNSUPPORTED);
        run_something(conn);
        return;
    }
    must(conn, weir_savepoint_begin(conn, &savepoint));
    assert_true(weir_in_savepoint(conn));
    run_something(conn);
    must(conn, weir_savepoint_rollback(conn, &savepoint));
    assert_false(weir_in_savepoint(conn));
    must_fail(conn, weir_savepoint_release(conn, &savepoint), WEIR_ERR_MISUSE);
}

static void nothing(void *context, const char *xid)
{
    (void)context;
    (void)xid;
}

static void test_what_it_cannot__is_said(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;
    weir_notification heard;
    char id[64];

    (void)state;
    if (!can(WEIR_CAN_TWO_PHASE)) {
        options.xid = "x";
        must_fail(conn, weir_begin_with(conn, &options), WEIR_ERR_UNSUPPORTED);
        must_fail(conn, weir_prepare_commit(conn), WEIR_ERR_UNSUPPORTED);
        must_fail(conn, weir_list_prepared(conn, nothing, NULL),
                  WEIR_ERR_UNSUPPORTED);
    }
    if (!can(WEIR_CAN_TX_OUTCOME))
        must_fail(conn, weir_tx_id(conn, id, sizeof id), WEIR_ERR_UNSUPPORTED);
    if (!can(WEIR_CAN_NOTIFY)) {
        must_fail(conn, weir_listen(conn, "jobs"), WEIR_ERR_UNSUPPORTED);
        must_fail(conn, weir_next_notification(conn, 0, &heard),
                  WEIR_ERR_UNSUPPORTED);
    }
    /* It has no error: the handle's belongs to the thread inside. */
    assert_int_equal(weir_cancel(conn),
                     can(WEIR_CAN_CANCEL) ? WEIR_OK : WEIR_ERR_UNSUPPORTED);
    run_something(conn);
}

static void test_two_phase__is_prepared_listed_and_ended(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;
    char xid[] = "weir-conformance-any";

    (void)state;
    if (!can(WEIR_CAN_TWO_PHASE))
        return;
    options.xid = xid;
    must(conn, weir_begin_with(conn, &options));
    memset(xid, '?', sizeof xid - 1); /* it was copied */
    run_something(conn);
    must(conn, weir_prepare_commit(conn));
    must_fail(conn, weir_exec(conn, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    must(conn, weir_commit(conn));
    run_something(conn);
}

static void test_notification__that_does_not_come_is_a_timeout(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_notification heard;

    (void)state;
    if (!can(WEIR_CAN_NOTIFY))
        return;
    must(conn, weir_listen(conn, "weir_conformance"));
    must_fail(conn, weir_next_notification(conn, 0.01, &heard),
              WEIR_ERR_TIMEOUT);
    must(conn, weir_unlisten(conn));
    run_something(conn);
}

static void test_notification__is_not_waited_for_after_cancel(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_notification heard;
    pthread_t thread;

    (void)state;
    if (!can(WEIR_CAN_NOTIFY | WEIR_CAN_CANCEL))
        return;
    must(conn, weir_listen(conn, "weir_conformance"));
    for (int i = 0; i < 2; i++) {
        canceller by = {.conn = conn};
        weir_status status;

        assert_int_equal(pthread_create(&thread, NULL, cancel_until_done, &by),
                         0);
        status = weir_next_notification(conn, 60, &heard);
        by.done = true;
        pthread_join(thread, NULL);
        must_fail(conn, status, WEIR_ERR_CANCELLED);
    }
    /* A wish that came when nobody waited means nothing for the next wait. */
    assert_int_equal(weir_cancel(conn), WEIR_OK); /* it has no error to show */
    must_fail(conn, weir_next_notification(conn, 0.01, &heard),
              WEIR_ERR_TIMEOUT);
    must(conn, weir_unlisten(conn));
    run_something(conn);
}

static void test_parameters__that_do_not_match_are_never_sent(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must_fail(conn, weir_exec(conn, "SELECT 1", ARGS(1)), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, "SELECT 1", ARGS(P("a", 1))),
              WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, NULL, NOARGS), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, "", NOARGS), WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "SELECT '\xff'", NOARGS), WEIR_ERR_TYPE);
    must_fail(conn, weir_exec(conn, "COMMIT", NOARGS), WEIR_ERR_MISUSE);
    run_something(conn);
}

int run_any(void)
{
    const struct CMUnitTest tests[] = {
        ANY(engine__tells_what_it_is),
        ANY(statement__begins_a_transaction_by_itself),
        ANY(begin__once_and_only_outside_of_one),
        ANY(isolation__works_or_is_refused),
        ANY(savepoint__works_or_is_refused),
        ANY(what_it_cannot__is_said),
        ANY(two_phase__is_prepared_listed_and_ended),
        ANY(notification__is_not_waited_for_after_cancel),
        ANY(notification__that_does_not_come_is_a_timeout),
        ANY(parameters__that_do_not_match_are_never_sent),
    };

    return cmocka_run_group_tests_name("any", tests, NULL, NULL);
}
