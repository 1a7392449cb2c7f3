/* SPDX-License-Identifier: MIT */
/* What a borrower leaves behind in SQLite, and that the next finds none. */
#include <stdlib.h>

#include "kit/with_server.h"

static weir_engine *open_one(const char *on_connect)
{
    weir_engine_options one = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *own;

    one.pool_size = 1;
    one.max_overflow = 0;
    one.on_connect = on_connect;
    own = weir_engine_open("sqlite://?attach=on", &one, &err);
    if (!own)
        fail_msg("%s", err.message);
    return own;
}

static weir_conn *take(weir_engine *own)
{
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    if (!conn)
        fail_msg("%s", err.message);
    return conn;
}

typedef struct leftover {
    const char *left;
    const char *looks; /* 1 if there is nothing */
} leftover;

static const leftover leftovers[] = {
    {"CREATE TABLE open_tx (i)",
     "SELECT count(*) = 0 FROM sqlite_master WHERE name = 'open_tx'"},
    {"CREATE TEMP TABLE mine (i)",
     "SELECT count(*) = 0 FROM sqlite_temp_master"},
    {"PRAGMA cache_size = 17",
     "SELECT cache_size <> 17 FROM pragma_cache_size"},
    {"PRAGMA foreign_keys = OFF",
     "SELECT foreign_keys FROM pragma_foreign_keys"},
    {"ATTACH ':memory:' AS other",
     "SELECT count(*) = 0 FROM pragma_database_list WHERE name = 'other'"},
};

static void test_pool_48__the_next_borrower_finds_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        WEIR_AUTO(weir_engine) own = open_one("PRAGMA foreign_keys = ON");
        weir_conn *conn = take(own);

        assert_int_equal(weir_set_isolation(conn, i > 0 ? WEIR_AUTOCOMMIT
                                                        : WEIR_SERIALIZABLE),
                         WEIR_OK);
        run(conn, leftovers[i].left);
        weir_conn_close(&conn);
        conn = take(own);
        if (get(conn, leftovers[i].looks) != 1)
            fail_msg("%s is found by the next", leftovers[i].left);
        weir_conn_close(&conn);
    }
}

static void test_on_connect__holds_for_each_borrower(void **state)
{
    WEIR_AUTO(weir_engine) own =
        open_one("PRAGMA cache_size = 321; CREATE TEMP TABLE scratch (i)");
    weir_conn *conn = take(own);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(conn, "PRAGMA cache_size"), 321);
        assert_int_equal(get(conn, "SELECT count(*) FROM scratch"), 0);
        if (i == 1) {
            run(conn, "INSERT INTO scratch VALUES (1)");
            commit(conn);
            run(conn, "PRAGMA cache_size = 17");
        }
        weir_conn_close(&conn);
        conn = take(own);
    }
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_48__the_next_borrower_finds_nothing),
        cmocka_unit_test(test_on_connect__holds_for_each_borrower),
    };

    (void)engine;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
