/* SPDX-License-Identifier: MIT */
/*
 * The ten events of a connection's life: their order, what they carry, what a
 * hook that fails does.
 */
#include "overheard.h"
#include "scripted.h"

#include <pthread.h>
#include <stdio.h>

/* A tape of what hooks were told, "connect 1\n" and so on. */
typedef struct tape {
    pthread_mutex_t lock;
    char text[4000];
    size_t length;
} tape;

static tape heard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static weir_status record(void *context, const weir_event *event,
                          weir_error *err)
{
    tape *self = context;

    (void)err;
    assert_true(event->engine == engine || !engine);
    pthread_mutex_lock(&self->lock);
    self->length += (size_t)snprintf(
        self->text + self->length, sizeof self->text - self->length,
        "%s %d%s%s\n", weir_event_name(event->kind), (int)event->connection_id,
        event->tag ? " " : "", event->tag ? event->tag : "");
    pthread_mutex_unlock(&self->lock);
    return WEIR_OK;
}

static void add(weir_event_kind kind, weir_hook_function function,
                void *context)
{
    weir_hook hook = {.kind = kind, .function = function, .context = context};
    weir_error err;

    if (weir_hook_add(engine, &hook, &err) != WEIR_OK)
        fail_msg("hook: %s", err.message);
}

static void must_have_heard(const char *lines)
{
    char text[sizeof heard.text];

    pthread_mutex_lock(&heard.lock);
    memcpy(text, heard.text, sizeof text);
    heard.length = 0;
    heard.text[0] = '\0';
    pthread_mutex_unlock(&heard.lock);
    assert_string_equal(text, lines);
}

static void open_small(int size)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = size;
    options.max_overflow = 0;
    options.pool_timeout_s = 20;
    options.connect_backoff_s = 0.000001; /* a next attempt is made at once */
    script_open(NULL, &options);
    heard.length = 0;
    heard.text[0] = '\0';
}

static void listen_to_all(void)
{
    for (int kind = WEIR_EVENT_CONNECT; kind <= WEIR_EVENT_CLOSE_DETACHED;
         kind++)
        add((weir_event_kind)kind, record, &heard);
}

/* ------------------------------------------------------------------- order */

static void test_pool_68__events_of_a_life_come_in_order(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    conn = script_borrow_as("one");
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 one\n");
    weir_conn_close(&conn);
    must_have_heard("reset 1 one\ncheckin 1 one\n");
    conn = script_borrow_as("two");
    must_have_heard("checkout 1 two\n");
    weir_conn_close(&conn);
    must_have_heard("reset 1 two\ncheckin 1 two\n");
    weir_engine_dispose(engine);
    must_have_heard("close 1\n");
    conn = script_borrow_as("three");
    must_have_heard("connect 2\ncheckout 2 three\n");
    weir_conn_close(&conn);
    must_have_heard("reset 2 three\ncheckin 2 three\n");
}

/* A lost one has nothing to reset; its holder's next statement connects. */
static void test_pool_68__hard_invalidation_closes_at_once(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    conn = script_borrow_as("a");
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\n");
    must(conn, weir_conn_invalidate(conn));
    must_have_heard("invalidate 1 a\nclose 1 a\n");
    must(conn, weir_conn_invalidate(conn));
    must_have_heard("");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must_have_heard("connect 2\n");
    must(conn, weir_conn_invalidate(conn));
    must_have_heard("invalidate 2 a\nclose 2 a\n");
    weir_conn_close(&conn);
    must_have_heard("checkin 0\n");
}

static void test_pool_68__soft_invalidation_waits_for_the_return(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    conn = script_borrow_as("a");
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\n");
    must(conn, weir_conn_invalidate_soft(conn));
    must_have_heard("soft_invalidate 1 a\n");
    must(conn, weir_conn_invalidate_soft(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_false(weir_conn_is_invalidated(conn));
    must_have_heard("");
    weir_conn_close(&conn);
    must_have_heard("reset 1 a\ncheckin 1 a\nclose 1\n");
    conn = script_borrow_as("b");
    must_have_heard("connect 2\ncheckout 2 b\n");
    weir_conn_close(&conn);
    must_have_heard("reset 2 b\ncheckin 2 b\n");
}

static void test_pool_68__a_reset_that_fails_invalidates(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    conn = script_borrow_as("a");
    script_add(&(weir_mock_step){.text = "SET x", .set_state = 4});
    script_add(&(weir_mock_step){.op = WEIR_MOCK_RESET,
                                 .error = {.status = WEIR_ERR_SQL}});
    must(conn, weir_exec(conn, "SET x", NOARGS));
    must(conn, weir_commit(conn));
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\n");
    weir_conn_close(&conn);
    must_have_heard("reset 1 a\ninvalidate 1 a\ncheckin 0\nclose 1\n");
}

static void test_detach__is_told_and_really_closes(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    conn = script_borrow_as("a");
    must(conn, weir_conn_detach(conn));
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\ndetach 1 a\n");
    assert_true(weir_conn_is_detached(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
    must_have_heard("reset 1 a\nclose_detached 1\n");
    assert_int_equal(weir_mock_connections(mock), 0);
}

/* No kind knows of it, and all tell alike. */
static void test_pool_68__every_kind_tells(void **state)
{
    (void)state;
    for (int kind = WEIR_POOL_QUEUE; kind <= WEIR_POOL_ASSERTION; kind++) {
        weir_engine_options options = WEIR_ENGINE_OPTIONS;
        weir_conn *conn;

        options.pool_kind = (weir_pool_kind)kind;
        script_open(NULL, &options);
        heard.length = 0;
        heard.text[0] = '\0';
        listen_to_all();
        conn = script_borrow_as("a");
        weir_conn_close(&conn);
        weir_engine_dispose(engine);
        must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\n"
                        "reset 1 a\ncheckin 1 a\nclose 1\n");
    }
}

/* ---------------------------------------------------------- what they carry */

static weir_status keep_info(void *context, const weir_event *event,
                             weir_error *err)
{
    (void)err;
    (void)context;
    assert_null(*event->info);
    *event->info = &heard;
    if (!*event->record_info)
        *event->record_info = strdup("kept");
    return WEIR_OK;
}

static weir_status look_at_info(void *context, const weir_event *event,
                                weir_error *err)
{
    int *looks = context;

    (void)err;
    assert_ptr_equal(*event->info, &heard);
    assert_string_equal(*event->record_info, "kept");
    ++*looks;
    return WEIR_OK;
}

static weir_status free_info(void *context, const weir_event *event,
                             weir_error *err)
{
    int *freed = context;

    (void)err;
    assert_null(event->info);
    free(*event->record_info);
    ++*freed;
    return WEIR_OK;
}

/* `info` is new with each connection; `record_info` stays and ends with the
 * engine. */
static void test_info__goes_and_record_info_stays(void **state)
{
    int looks = 0, freed = 0;
    weir_conn *conn;

    (void)state;
    open_small(1);
    add(WEIR_EVENT_CONNECT, keep_info, NULL);
    add(WEIR_EVENT_CHECKOUT, look_at_info, &looks);
    add(WEIR_EVENT_FORGET, free_info, &freed);
    for (int i = 0; i < 3; i++) {
        conn = script_borrow();
        weir_conn_close(&conn);
        weir_engine_dispose(engine);
    }
    assert_int_equal(looks, 3);
    weir_engine_close(&engine);
    assert_int_equal(freed, 1);
    script_open(NULL, NULL);
}

static weir_status note_reset(void *context, const weir_event *event,
                              weir_error *err)
{
    (void)err;
    assert_non_null(event->reset);
    *(weir_reset_state *)context = *event->reset;
    return WEIR_OK;
}

static void test_reset__knows_what_was_left(void **state)
{
    weir_reset_state seen;
    weir_conn *conn;

    (void)state;
    open_small(2);
    add(WEIR_EVENT_RESET, note_reset, &seen);
    conn = script_borrow();
    weir_conn_close(&conn);
    assert_true(seen.transaction_was_reset);
    assert_false(seen.terminate_only || seen.is_dirty);
    assert_int_equal(seen.mode, WEIR_RESET_ROLLBACK);
    conn = script_borrow();
    script_add(&(weir_mock_step){.text = "SET x", .set_state = 4});
    must(conn, weir_exec(conn, "SET x", NOARGS));
    must(conn, weir_conn_invalidate_soft(conn));
    weir_conn_close(&conn);
    assert_false(seen.transaction_was_reset);
    assert_true(seen.terminate_only && seen.is_dirty);
}

static weir_status note_reason(void *context, const weir_event *event,
                               weir_error *err)
{
    weir_error *seen = context;

    (void)err;
    if (event->reason)
        *seen = *event->reason;
    else
        weir_error_set(seen, WEIR_OK, "none");
    return WEIR_OK;
}

static void test_invalidate__has_the_error_or_none(void **state)
{
    weir_error seen = {.status = WEIR_OK};
    weir_conn *conn;

    (void)state;
    open_small(1);
    add(WEIR_EVENT_INVALIDATE, note_reason, &seen);
    conn = script_borrow();
    script_add(
        &(weir_mock_step){.text = "UPDATE t", .fault = WEIR_MOCK_LOSE_BEFORE});
    assert_int_not_equal(weir_exec(conn, "UPDATE t", NOARGS), WEIR_OK);
    assert_int_equal(seen.status, WEIR_ERR_CONNECTION);
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_conn_invalidate(conn));
    assert_string_equal(seen.message, "none");
    weir_conn_close(&conn);
}

static weir_status run_sql(void *context, const weir_event *event,
                           weir_error *err)
{
    weir_conn *kept = event->conn;

    assert_int_equal(weir_conn_detach(event->conn), WEIR_ERR_MISUSE);
    weir_conn_close(&kept);
    assert_non_null(kept);
    if (weir_exec(event->conn, context, NOARGS) == WEIR_OK)
        return WEIR_OK;
    *err = *weir_conn_error(event->conn);
    return err->status;
}

/* In connect hooks each statement stands for itself; in a checkout hook it
 * belongs to the borrower's transaction. */
static void test_hooks__run_sql(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    add(WEIR_EVENT_CONNECT, run_sql, (void *)(uintptr_t) "SET connect");
    add(WEIR_EVENT_CHECKOUT, run_sql, (void *)(uintptr_t) "SET checkout");
    conn = script_borrow();
    must(conn, weir_commit(conn));
    must_have_sent("open\nprepare SET connect\nstream []\nend\n"
                   "prepare SET checkout\nbegin READ COMMITTED\nstream []\n"
                   "end\ncommit\n");
    weir_conn_close(&conn);
}

/* What a hook set up a reset would lose, so the next gets a new one. */
static void test_connect__what_it_sets_every_borrower_finds(void **state)
{
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    add(WEIR_EVENT_CONNECT, run_sql, (void *)(uintptr_t) "SET hook");
    script_add(
        &(weir_mock_step){.text = "SET hook", .set_state = 4, .times = -1});
    script_add(
        &(weir_mock_step){.text = "SET own", .set_state = 4, .times = -1});
    conn = script_borrow_as("a");
    weir_conn_close(&conn);
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\nreset 1 a\n"
                    "checkin 1 a\n");
    conn = script_borrow_as("b");
    must(conn, weir_exec(conn, "SET own", NOARGS));
    weir_conn_close(&conn);
    must_have_heard("checkout 1 b\nreset 1 b\ncheckin 1 b\nclose 1\n");
    assert_int_equal(weir_mock_count(mock, "reset"), 0);
}

/* ---------------------------------------------------------------- failures */

typedef struct refusal {
    int left;
    weir_status status;
    const char *message;
} refusal;

static weir_status refuse(void *context, const weir_event *event,
                          weir_error *err)
{
    refusal *self = context;

    (void)event;
    if (self->left == 0)
        return WEIR_OK;
    self->left--;
    if (self->message)
        weir_error_set(err, self->status, "%s", self->message);
    return self->status;
}

static void must_not_borrow(weir_status status, const char *message)
{
    weir_error err;

    assert_null(weir_connect(engine, &err));
    if (err.status != status || !strstr(err.message, message))
        fail_msg("%s: %s", weir_status_name(err.status), err.message);
}

/* SQLAlchemy leaks the connection there; here nothing is out afterwards. */
static void test_pool_56__a_failing_connect_hook_leaks_nothing(void **state)
{
    refusal no = {.left = 2, .status = WEIR_ERR_SQL, .message = "not like so"};
    weir_pool_status pool;
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    add(WEIR_EVENT_CONNECT, refuse, &no);
    must_not_borrow(WEIR_ERR_SQL, "not like so");
    must_have_heard("first_connect 1\nconnect 1\nclose 1\n");
    no.message = NULL;
    must_not_borrow(WEIR_ERR_SQL, "a connect hook has failed");
    must_have_heard("connect 2\nclose 2\n");
    assert_int_equal(weir_mock_connections(mock), 0);
    weir_engine_pool_status(engine, &pool);
    assert_int_equal(pool.busy + pool.idle + pool.connecting, 0);
    conn = script_borrow();
    weir_conn_close(&conn);
}

/* Once, unless it fails. */
static void test_pool_56__first_connect_is_tried_until_it_succeeds(void **state)
{
    refusal no = {.left = 1, .status = WEIR_ERR_CONFIG, .message = "no"};
    weir_conn *conn, *other;

    (void)state;
    open_small(2);
    listen_to_all();
    add(WEIR_EVENT_FIRST_CONNECT, refuse, &no);
    must_not_borrow(WEIR_ERR_CONFIG, "no");
    must_have_heard("first_connect 1\nclose 1\n");
    conn = script_borrow_as("a");
    other = script_borrow_as("b");
    must_have_heard("first_connect 2\nconnect 2\ncheckout 2 a\nconnect 3\n"
                    "checkout 3 b\n");
    weir_conn_close(&conn);
    weir_conn_close(&other);
    must_have_heard("reset 2 a\ncheckin 2 a\nreset 3 b\ncheckin 3 b\n");
}

static void test_pool_56__a_checkout_hook_aborts_the_loan(void **state)
{
    refusal no = {.left = 1, .status = WEIR_ERR_LIMIT, .message = "not today"};
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    add(WEIR_EVENT_CHECKOUT, refuse, &no);
    must_not_borrow(WEIR_ERR_LIMIT, "not today");
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1\ninvalidate 1\n"
                    "close 1\ncheckin 0\n");
    assert_int_equal(weir_mock_connections(mock), 0);
    conn = script_borrow_as("a");
    must_have_heard("connect 2\ncheckout 2 a\n");
    weir_conn_close(&conn);
    must_have_heard("reset 2 a\ncheckin 2 a\n");
}

/* All hooks are asked again about each successor. */
static void test_checkout__calls_two_dead_and_takes_the_third(void **state)
{
    refusal no = {.left = 2, .status = WEIR_ERR_CONNECTION};
    weir_conn *conn;

    (void)state;
    open_small(1);
    listen_to_all();
    add(WEIR_EVENT_CHECKOUT, refuse, &no);
    conn = script_borrow_as("a");
    must_have_heard("first_connect 1\nconnect 1\ncheckout 1 a\n"
                    "invalidate 1 a\nclose 1 a\nconnect 2\ncheckout 2 a\n"
                    "invalidate 2 a\nclose 2 a\nconnect 3\ncheckout 3 a\n");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
    must_have_heard("reset 3 a\ncheckin 3 a\n");
}

static void test_checkout__gives_up_after_three(void **state)
{
    refusal no = {
        .left = -1, .status = WEIR_ERR_CONNECTION, .message = "it smells"};
    weir_pool_status pool;

    (void)state;
    open_small(1);
    add(WEIR_EVENT_CHECKOUT, refuse, &no);
    must_not_borrow(WEIR_ERR_CONNECTION, "3 connections dead: it smells");
    weir_engine_pool_status(engine, &pool);
    assert_int_equal(pool.opened, 3);
    assert_int_equal(pool.busy + pool.idle, 0);
    assert_int_equal(weir_mock_connections(mock), 0);
}

static void test_hooks__that_cannot_stop_anything_only_warn(void **state)
{
    refusal no = {.left = -1, .status = WEIR_ERR_SQL, .message = "so what"};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conn;

    (void)state;
    overhear(&options, WEIR_LOG_WARNING);
    script_open(NULL, &options);
    for (int kind = WEIR_EVENT_CHECKIN; kind <= WEIR_EVENT_CLOSE_DETACHED;
         kind++) {
        add((weir_event_kind)kind, refuse, &no);
        add((weir_event_kind)kind, record, &heard);
    }
    conn = script_borrow_as("a");
    weir_conn_close(&conn);
    must_have_heard("reset 1 a\ncheckin 1 a\n");
    assert_int_equal(said("so what"), 2);
    weir_engine_close(&engine);
    must_have_heard("close 1\n");
    script_open(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_68__events_of_a_life_come_in_order),
        TEST(pool_68__hard_invalidation_closes_at_once),
        TEST(pool_68__soft_invalidation_waits_for_the_return),
        TEST(pool_68__a_reset_that_fails_invalidates),
        TEST(pool_68__every_kind_tells),
        TEST(detach__is_told_and_really_closes),
        TEST(info__goes_and_record_info_stays),
        TEST(reset__knows_what_was_left),
        TEST(invalidate__has_the_error_or_none),
        TEST(hooks__run_sql),
        TEST(connect__what_it_sets_every_borrower_finds),
        TEST(pool_56__a_failing_connect_hook_leaks_nothing),
        TEST(pool_56__first_connect_is_tried_until_it_succeeds),
        TEST(pool_56__a_checkout_hook_aborts_the_loan),
        TEST(checkout__calls_two_dead_and_takes_the_third),
        TEST(checkout__gives_up_after_three),
        TEST(hooks__that_cannot_stop_anything_only_warn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
