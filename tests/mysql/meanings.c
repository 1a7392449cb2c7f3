/* SPDX-License-Identifier: MIT */
/*
 * What each code means for the caller, said by a server that is played: those
 * of MySQL 8 and of Galera, which are not on this machine, and those that a
 * real server cannot be brought to say in a test. The table in the driver's
 * README says which row is provoked where.
 */
#include "mysql/played.h"
#include "mysql/with_server.h"

typedef struct row {
    played_place place;
    unsigned code;
    const char *state;
    weir_status status;
    bool lost; /* the connection is given up */
    const char *sqlstate;
} row;

static weir_engine *open_at(int port, const char *query)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *opened;
    weir_error err;
    char url[256];

    options.pool_timeout_s = 2;
    options.application_name = "weir meanings";
    snprintf(url, sizeof url, "mysql://weir:a-secret@127.0.0.1:%d/shop%s", port,
             query);
    opened = weir_engine_open(url, &options, &err);
    assert_non_null(opened);
    return opened;
}

static void expect(const row *r, const weir_error *err, weir_status status)
{
    if (status != r->status)
        fail_msg("code %u: %s, not %s", r->code, weir_status_name(status),
                 weir_status_name(r->status));
    if (r->code < 2000 || r->code >= 3000)
        assert_int_equal(err->native_code, r->code);
    if (strcmp(err->sqlstate, r->sqlstate) != 0)
        fail_msg("code %u: sqlstate \"%s\", not \"%s\"", r->code, err->sqlstate,
                 r->sqlstate);
    assert_null(strstr(err->message, "a-secret"));
}

static void play_row(const row *r)
{
    played script = {.place = r->place,
                     .code = r->code,
                     .state = r->state,
                     .text = "said by the server",
                     .goes_on = true};
    kit_stage *stage = kit_stage_start(KIT_MYSQL, played_server, &script);
    weir_engine *own = open_at(kit_stage_port(stage), "");
    weir_error err = {0};
    weir_conn *conn = weir_connect(own, &err);
    weir_status status = err.status;

    if (r->place >= PLAYED_PREPARE) {
        assert_non_null(conn);
        status = try(conn, "UPDATE t SET n = 1");
        if (r->place == PLAYED_COMMIT && status == WEIR_OK)
            status = weir_commit(conn);
        err = *weir_conn_error(conn);
        assert_int_equal(weir_conn_is_invalidated(conn), r->lost);
    } else {
        assert_null(conn);
    }
    expect(r, &err, status);
    weir_conn_close(&conn);
    weir_engine_close(&own);
    kit_stage_stop(&stage);
}

#define AT_EXECUTE PLAYED_EXECUTE
#define AT_COMMIT PLAYED_COMMIT
#define AT_LOGIN PLAYED_LOGIN
#define AT_GREETING PLAYED_GREETING
#define AGAIN WEIR_ERR_SERIALIZATION
#define UNKNOWN WEIR_ERR_COMMIT_UNKNOWN
#define LOST true
#define KEPT false

/* clang-format off */
static const row rows[] = {
    /* run the transaction again */
    {AT_EXECUTE, 1213, "40001", AGAIN, KEPT, "40001"},
    {AT_EXECUTE, 1020, "HY000", AGAIN, KEPT, "40001"},
    {AT_EXECUTE, 3101, "40000", AGAIN, KEPT, "40001"},
    {AT_EXECUTE, 3572, "HY000", AGAIN, KEPT, "40001"},
    {AT_COMMIT, 1213, "40001", AGAIN, KEPT, "40001"},
    /* the connection is dead */
    {AT_EXECUTE, 1053, "08S01", WEIR_ERR_CONNECTION, LOST, "08S01"},
    {AT_EXECUTE, 1927, "70100", WEIR_ERR_CONNECTION, LOST, "70100"},
    {AT_EXECUTE, 4031, "HY000", WEIR_ERR_CONNECTION, LOST, "08006"},
    {AT_COMMIT, 4031, "HY000", WEIR_ERR_CONNECTION, LOST, "08006"},
    /* the node cannot be used */
    {AT_EXECUTE, 1047, "08S01", WEIR_ERR_UNAVAILABLE, LOST, "08S01"},
    {AT_EXECUTE, 1290, "HY000", WEIR_ERR_UNAVAILABLE, KEPT, "25006"},
    {AT_EXECUTE, 1836, "HY000", WEIR_ERR_UNAVAILABLE, KEPT, "25006"},
    {AT_EXECUTE, 1180, "HY000", WEIR_ERR_UNAVAILABLE, LOST, "HY000"},
    /* the server is full */
    {AT_GREETING, 1040, "08004", WEIR_ERR_RESOURCE, LOST, "08004"},
    {AT_LOGIN, 1203, "42000", WEIR_ERR_RESOURCE, LOST, "42000"},
    {AT_LOGIN, 1226, "42000", WEIR_ERR_RESOURCE, LOST, "42000"},
    /* cancelled, out of time */
    {AT_EXECUTE, 1317, "70100", WEIR_ERR_CANCELLED, KEPT, "57014"},
    {AT_EXECUTE, 1969, "70100", WEIR_ERR_TIMEOUT, KEPT, "57014"},
    {AT_EXECUTE, 3024, "HY000", WEIR_ERR_TIMEOUT, KEPT, "57014"},
    /* who may not come in */
    {AT_LOGIN, 1045, "28000", WEIR_ERR_AUTH, LOST, "28000"},
    {AT_LOGIN, 1044, "42000", WEIR_ERR_AUTH, LOST, "42000"},
    {AT_LOGIN, 1049, "42000", WEIR_ERR_AUTH, LOST, "42000"},
    {AT_GREETING, 1129, "HY000", WEIR_ERR_AUTH, LOST, "HY000"},
    {AT_GREETING, 1130, "HY000", WEIR_ERR_AUTH, LOST, "HY000"},
    {AT_LOGIN, 3118, "HY000", WEIR_ERR_AUTH, LOST, "HY000"},
    /* statements that the server has forgotten, for good */
    {AT_EXECUTE, 1243, "HY000", WEIR_ERR_SQL, KEPT, "HY000"},
    {AT_EXECUTE, 1615, "HY000", WEIR_ERR_SQL, KEPT, "HY000"},
    /* nobody knows */
    {AT_COMMIT, 1180, "HY000", UNKNOWN, LOST, "HY000"},
    {AT_COMMIT, 1053, "08S01", UNKNOWN, LOST, "08S01"},
    {AT_COMMIT, 1317, "70100", WEIR_ERR_CANCELLED, KEPT, "57014"},
};
/* clang-format on */

static void test_meanings__of_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        play_row(&rows[i]);
}

/* Forgotten once: what a proxy does that lends sessions. It is prepared anew,
 * also in a transaction: the server has done nothing of it. */
static void test_forgotten__is_prepared_again(void **state)
{
    static const unsigned codes[] = {1243, 1615};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        played script = {.place = PLAYED_EXECUTE,
                         .times = 1,
                         .code = codes[i],
                         .state = "HY000",
                         .text = "gone",
                         .goes_on = true};
        kit_stage *stage = kit_stage_start(KIT_MYSQL, played_server, &script);
        weir_engine *own = open_at(kit_stage_port(stage), "");
        weir_error err;
        weir_conn *conn = weir_connect(own, &err);

        assert_non_null(conn);
        run(conn, "UPDATE t SET n = 1");
        run(conn, "UPDATE t SET n = 1");
        commit(conn);
        weir_conn_close(&conn);
        weir_engine_close(&own);
        kit_stage_stop(&stage);
    }
}

static void test_names__are_told_to_the_server(void **state)
{
    played script = {0};
    kit_stage *stage = kit_stage_start(KIT_MYSQL, played_server, &script);
    weir_engine *own = open_at(kit_stage_port(stage), "");
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    (void)state;
    assert_non_null(conn);
    assert_true(kit_stage_has_heard(stage, "weir meanings"));
    assert_true(kit_stage_has_heard(stage, "transaction_isolation"));
    weir_conn_close(&conn);
    weir_engine_close(&own);
    kit_stage_stop(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meanings__of_every_row),
        cmocka_unit_test(test_forgotten__is_prepared_again),
        cmocka_unit_test(test_names__are_told_to_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
