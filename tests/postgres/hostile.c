/* SPDX-License-Identifier: MIT */
/*
 * Servers that mean ill: rows without end or of any length, and wishes to stop
 * that nobody hears. Every deadline holds, and what is kept has a limit.
 */
#include <pthread.h>

#include "kit/late.h"
#include "postgres/greeting.h"
#include "postgres/with_server.h"

#define HASTE_S 0.3
#define GRACE_S 0.2 /* at most, for an answer to a wish to stop */
#define LEAVE_S 2.0 /* at most, to end what is not to be read any more */

/* How a statement is answered: by these bytes again and again, or once and
 * then never again. */
typedef struct script {
    const char *bytes;
    size_t size;
    bool endless;
    bool deaf; /* to a wish to stop: it is taken, and nothing follows */
    _Atomic int wishes;
    uint8_t wish[64];
    size_t wish_size;
} script;

static kit_stage *stage;
static weir_engine *own;

static bool is_wish(const kit_message *heard)
{
    static const uint8_t code[] = {0x04, 0xD2, 0x16, 0x2E};

    return heard->size >= 4 && memcmp(heard->data, code, 4) == 0;
}

static void take_wish(kit_peer *peer, script *s, const kit_message *heard)
{
    s->wish_size = heard->size < sizeof s->wish ? heard->size : sizeof s->wish;
    memcpy(s->wish, heard->data, s->wish_size);
    atomic_fetch_add(&s->wishes, 1);
    if (s->deaf)
        kit_be_silent(peer);
}

static void answer_badly(kit_peer *peer, const script *s)
{
    bool there = kit_say(peer, s->bytes, s->size);

    while (there && s->endless)
        there = kit_say(peer, s->bytes, s->size);
    kit_be_silent(peer);
}

static void play(kit_peer *peer, void *context)
{
    static const char column[] = "\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4"
                                 "\xFF\xFF\xFF\xFF\0\1";
    kit_message heard;
    bool there;

    if (!kit_hear(peer, &heard))
        return;
    if (is_wish(&heard)) {
        take_wish(peer, context, &heard);
        return;
    }
    there = greet_postgres(peer);
    while (there && kit_hear(peer, &heard)) {
        if (heard.type == 'P')
            there = kit_say_packet(peer, '1', "", 0);
        else if (heard.type == 'B')
            there = kit_say_packet(peer, '2', "", 0);
        else if (heard.type == 'D' && heard.data[0] == 'S')
            there = kit_say_packet(peer, 't', "\0\0", 2) &&
                    kit_say_packet(peer, 'T', column, sizeof column - 1);
        else if (heard.type == 'D')
            there = kit_say_packet(peer, 'T', column, sizeof column - 1);
        else if (heard.type == 'E')
            answer_badly(peer, context);
        else if (heard.type == 'S')
            there = kit_say_packet(peer, 'Z', "I", 1);
    }
}

static weir_conn *open_at(script *s, int64_t max_result_bytes)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_conn *conn;
    char url[128];

    stage = kit_stage_start(KIT_POSTGRES, play, s);
    options.max_result_bytes = max_result_bytes;
    snprintf(url, sizeof url,
             "postgresql://weir:x@127.0.0.1:%d/weir?isolation_level=AUTOCOMMIT",
             kit_stage_port(stage));
    own = weir_engine_open(url, &options, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    assert_non_null(conn);
    assert_int_equal(weir_set_timeout(conn, HASTE_S), WEIR_OK);
    return conn;
}

static void close_all(weir_conn **conn)
{
    weir_conn_close(conn);
    weir_engine_close(&own);
    kit_stage_stop(&stage);
}

static double seconds(void)
{
    return (double)kit_late_now() / 1e9;
}

/* The status of a query, which does not take longer than it may. */
static weir_status ask(weir_conn *conn, double more_s)
{
    double began = seconds(), took;
    weir_result *rows = weir_query(conn, "SELECT a FROM t", NOARGS);
    weir_status status;

    while (weir_next(rows))
        continue;
    status = weir_result_status(rows);
    weir_result_close(&rows);
    took = seconds() - began;
    if (took > HASTE_S + GRACE_S + more_s + kit_late_s())
        fail_msg("it took %.3f s", took);
    return status;
}

/* ------------------------------------------------------------------- sizes */

#define ROW "D\0\0\0\x0E\0\1\0\0\0\4\0\0\0\7"

static void test_rows__without_end_are_ended_by_the_limit(void **state)
{
    script s = {.bytes = ROW ROW ROW ROW, .size = 4 * 15, .endless = true};
    weir_conn *conn = open_at(&s, 64 * 1024);

    (void)state;
    assert_int_equal(ask(conn, LEAVE_S), WEIR_ERR_LIMIT);
    /* It does not stop, so its connection is of no use any more. */
    assert_int_equal(ask(conn, LEAVE_S), WEIR_ERR_CONNECTION);
    assert_int_equal(ask(conn, LEAVE_S), WEIR_ERR_LIMIT);
    close_all(&conn);
}

static void test_rows__without_end_are_ended_by_the_deadline(void **state)
{
    script s = {.bytes = ROW, .size = 15, .endless = true};
    weir_conn *conn = open_at(&s, 0);

    (void)state;
    assert_int_equal(ask(conn, 0), WEIR_ERR_TIMEOUT);
    assert_true(weir_conn_is_invalidated(conn));
    close_all(&conn);
}

/* A gigabyte is announced, and does not come. */
static void test_row__of_any_length_is_waited_for_no_longer(void **state)
{
    static const char *const heads[] = {"D\x3F\xFF\xFF\xFF\0\1",
                                        "D\x7F\xFF\xFF\xF0\0\1"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        script s = {.bytes = heads[i], .size = 7};
        weir_conn *conn = open_at(&s, 64 * 1024);
        weir_status status = ask(conn, 0);

        if (status != WEIR_ERR_TIMEOUT && status != WEIR_ERR_CONNECTION)
            fail_msg("length %zu: %s", i, weir_status_name(status));
        assert_true(weir_conn_is_invalidated(conn));
        close_all(&conn);
    }
}

/* ------------------------------------------------------------------- wishes */

/* Nothing of the statement or the user: a code, the session and its secret. */
static void test_wish__to_stop_says_the_key_and_nothing_else(void **state)
{
    static const uint8_t wanted[] = {0x04, 0xD2, 0x16, 0x2E, 0, 0,
                                     0,    1,    0,    0,    0, 2};
    script s = {.bytes = "", .size = 0};
    weir_conn *conn = open_at(&s, 0);

    (void)state;
    assert_int_equal(ask(conn, 0), WEIR_ERR_TIMEOUT);
    assert_int_equal(atomic_load(&s.wishes), 1);
    assert_int_equal(s.wish_size, sizeof wanted);
    assert_memory_equal(s.wish, wanted, sizeof wanted);
    close_all(&conn);
}

static void test_wish__that_nobody_hears_holds_no_deadline_up(void **state)
{
    script s = {.bytes = "", .size = 0, .deaf = true};
    weir_conn *conn = open_at(&s, 0);

    (void)state;
    assert_int_equal(ask(conn, 0), WEIR_ERR_TIMEOUT);
    assert_true(weir_conn_is_invalidated(conn));
    close_all(&conn);
}

typedef struct canceller {
    weir_conn *conn;
    script *at;
    double took;
} canceller;

/* Again, if the statement had not begun yet. */
static void *cancel(void *memory)
{
    canceller *by = memory;
    double began;

    do {
        began = seconds();
        (void)weir_cancel(by->conn);
        by->took = seconds() - began;
    } while (atomic_load(&by->at->wishes) == 0);
    return NULL;
}

/* Who cancels gives a server 2 s to hear it. */
static void test_cancel__ends_whatever_the_server_does(void **state)
{
    script s = {.bytes = "", .size = 0, .deaf = true};
    weir_conn *conn = open_at(&s, 0);
    canceller by = {.conn = conn, .at = &s};
    pthread_t thread;
    weir_result *rows;

    (void)state;
    assert_int_equal(weir_set_timeout(conn, 60), WEIR_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel, &by), 0);
    assert_int_equal(weir_set_timeout(conn, 0.5), WEIR_OK);
    rows = weir_query(conn, "SELECT a FROM t", NOARGS);
    assert_int_not_equal(weir_result_status(rows), WEIR_OK);
    weir_result_close(&rows);
    pthread_join(thread, NULL);
    assert_true(by.took < 2 + kit_late_s());
    close_all(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__without_end_are_ended_by_the_limit),
        cmocka_unit_test(test_rows__without_end_are_ended_by_the_deadline),
        cmocka_unit_test(test_row__of_any_length_is_waited_for_no_longer),
        cmocka_unit_test(test_wish__to_stop_says_the_key_and_nothing_else),
        cmocka_unit_test(test_wish__that_nobody_hears_holds_no_deadline_up),
        cmocka_unit_test(test_cancel__ends_whatever_the_server_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
