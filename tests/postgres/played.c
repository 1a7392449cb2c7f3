/* SPDX-License-Identifier: MIT */
/*
 * Servers that the test plays: what no server here can be made to say, and
 * rows that are no rows.
 */
#include "postgres/greeting.h"
#include "postgres/with_server.h"

/* What is answered when a statement is executed. */
typedef struct part {
    const char *severity;
    const char *sqlstate; /* of the error; NULL: the row */
    const char *row;
    size_t row_size;
} part;

/* One column, int4, named a; as rows carry it in binary or not yet said. */
static bool say_column(kit_peer *peer)
{
    static const char column[] = "\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4"
                                 "\xFF\xFF\xFF\xFF\0\1";

    return kit_say_packet(peer, 'T', column, sizeof column - 1);
}

static bool say_error(kit_peer *peer, const part *p)
{
    char text[128];
    size_t size =
        (size_t)snprintf(text, sizeof text, "S%s%cV%s%cC%s%cMplayed%c",
                         p->severity, 0, p->severity, 0, p->sqlstate, 0, 0);

    return kit_say_packet(peer, 'E', text, size + 1);
}

static bool say_result(kit_peer *peer, const part *p)
{
    if (p->sqlstate)
        return say_error(peer, p);
    return kit_say_packet(peer, 'D', p->row, p->row_size) &&
           kit_say_packet(peer, 'C', "SELECT 1", 9);
}

static bool answer(kit_peer *peer, const kit_message *heard, const part *p)
{
    switch (heard->type) {
    case 'P':
        return kit_say_packet(peer, '1', "", 0);
    case 'B':
        return kit_say_packet(peer, '2', "", 0);
    case 'D':
        return (heard->data[0] != 'S' ||
                kit_say_packet(peer, 't', "\0\0", 2)) &&
               say_column(peer);
    case 'E':
        return say_result(peer, p);
    case 'S':
        return kit_say_packet(peer, 'Z', "I", 1);
    case 'Q':
        return say_result(peer, p) && kit_say_packet(peer, 'Z', "I", 1);
    default:
        return heard->type != 'X';
    }
}

static void play(kit_peer *peer, void *context)
{
    const part *p = context;
    kit_message heard;

    if (!kit_hear(peer, &heard) || !greet_postgres(peer))
        return;
    while (kit_hear(peer, &heard) && answer(peer, &heard, p)) {
        if (heard.type == 'E' && p->sqlstate &&
            strcmp(p->severity, "FATAL") == 0)
            return;
    }
}

/* Reads the row of a query outside a transaction; a copy of the error. */
static weir_error ask(const part *p, int64_t *found)
{
    part own = *p;
    kit_stage *stage = kit_stage_start(KIT_POSTGRES, play, &own);
    weir_error err = {0};
    weir_engine *engine_there;
    weir_conn *conn;
    weir_result *rows;
    char url[128];

    snprintf(url, sizeof url,
             "postgresql://weir:x@127.0.0.1:%d/weir?isolation_level=AUTOCOMMIT",
             kit_stage_port(stage));
    engine_there = weir_engine_open(url, NULL, &err);
    conn = weir_connect(engine_there, &err);
    if (!conn)
        fail_msg("%s", err.message);
    weir_set_timeout(conn, 5);
    rows = weir_query(conn, "SELECT a FROM t", NOARGS);
    *found = weir_next(rows) ? weir_get_i64(rows, 0) : -1;
    err = *weir_result_error(rows);
    /* A connection that must not be used again is given up. */
    if (err.status != WEIR_OK)
        assert_int_equal(err.fate != WEIR_FATE_KEEP,
                         weir_conn_is_invalidated(conn));
    weir_result_close(&rows);
    weir_conn_close(&conn);
    weir_engine_close(&engine_there);
    kit_stage_stop(&stage);
    return err;
}

static void test_errors__that_no_server_here_makes(void **state)
{
    static const struct {
        part says;
        weir_status status;
        weir_fate fate;
    } rows[] = {
        {{"ERROR", "40003", NULL, 0},
         WEIR_ERR_COMMIT_UNKNOWN,
         WEIR_FATE_DISCARD},
        {{"ERROR", "08007", NULL, 0},
         WEIR_ERR_COMMIT_UNKNOWN,
         WEIR_FATE_DISCARD},
        {{"ERROR", "40001", NULL, 0}, WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {{"ERROR", "72000", NULL, 0}, WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {{"FATAL", "25P04", NULL, 0}, WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {{"FATAL", "57P04", NULL, 0}, WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {{"ERROR", "53100", NULL, 0}, WEIR_ERR_RESOURCE, WEIR_FATE_KEEP},
        {{"ERROR", "54001", NULL, 0}, WEIR_ERR_LIMIT, WEIR_FATE_KEEP},
        {{"ERROR", "58030", NULL, 0}, WEIR_ERR_STORAGE, WEIR_FATE_KEEP},
        {{"ERROR", "XX001", NULL, 0}, WEIR_ERR_STORAGE, WEIR_FATE_KEEP},
        {{"FATAL", "XX000", NULL, 0}, WEIR_ERR_SQL, WEIR_FATE_DISCARD},
    };
    int64_t found;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_error err = ask(&rows[i].says, &found);

        if (err.status != rows[i].status || err.fate != rows[i].fate)
            fail_msg("%s: %s, fate %d", rows[i].says.sqlstate,
                     weir_status_name(err.status), (int)err.fate);
        assert_string_equal(err.sqlstate, rows[i].says.sqlstate);
    }
}

/* A count of columns, and a size and bytes for each. */
static void test_rows__that_are_none(void **state)
{
    static const part good = {NULL, NULL, "\0\1\0\0\0\4\0\0\0\7", 10};
    static const part bad[] = {
        {NULL, NULL, "\0\1\0\0\0\3\0\0\7", 9},      /* an int4 of 3 bytes */
        {NULL, NULL, "\0\2\0\0\0\4\0\0\0\7", 10},   /* two columns */
        {NULL, NULL, "\0\1\x7F\xFF\xFF\xFF\0", 7},  /* beyond the message */
        {NULL, NULL, "\0\1\0\0\0\4\0\0\0\7\1", 11}, /* more than a row */
        {NULL, NULL, "\0", 1},
    };
    int64_t found;

    (void)state;
    assert_int_equal(ask(&good, &found).status, WEIR_OK);
    assert_int_equal(found, 7);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        weir_error err = ask(&bad[i], &found);

        if (err.status != WEIR_ERR_CONNECTION)
            fail_msg("row %zu: %s", i, weir_status_name(err.status));
        assert_int_equal(found, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors__that_no_server_here_makes),
        cmocka_unit_test(test_rows__that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
