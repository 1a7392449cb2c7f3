/* SPDX-License-Identifier: MIT */
/*
 * What on_connect has set holds for each borrower: neither what another left
 * behind nor the reset takes it away, and it makes nothing dirty.
 */
#include "kit/with_server.h"

typedef struct made {
    const char *on_connect;
    const char *looks[2]; /* 1: it is there */
    const char *spoils[2];
    const char *id; /* of the connection; NULL: it has none */
} made;

/* clang-format off */
static const made of_postgres = {
    "SET work_mem = '2MB'; SELECT set_config('weir.mark', 'a;b', false)",
    {"SELECT (current_setting('work_mem') = '2MB')::int",
     "SELECT (current_setting('weir.mark') = 'a;b')::int"},
    {"SET work_mem = '1MB'", "CREATE TEMP TABLE mine (i int)"},
    "SELECT pg_backend_pid()",
};

static const made of_mysql = {
    "SET sort_buffer_size = 131072; SET @mark = 'a;b'",
    {"SELECT @@sort_buffer_size = 131072", "SELECT @mark = 'a;b'"},
    {"SET sort_buffer_size = 65536, @mark = 'other'",
     "CREATE TEMPORARY TABLE mine (i INT)"},
    "SELECT connection_id()",
};

static const made of_sqlite = {
    "PRAGMA cache_size = 321; CREATE TEMP TABLE scratch (i)",
    {"SELECT cache_size = 321 FROM pragma_cache_size",
     "SELECT count(*) = 0 FROM scratch"},
    {"PRAGMA cache_size = 17", "INSERT INTO scratch VALUES (1)"},
    NULL,
};
/* clang-format on */

static const made *made_for(const weir_engine *own)
{
    const char *name = weir_engine_backend(own);

    if (strcmp(name, "postgres") == 0)
        return &of_postgres;
    return strcmp(name, "sqlite") == 0 ? &of_sqlite : &of_mysql;
}

static const made *made_here(void)
{
    WEIR_AUTO(weir_engine) any = open_single(NULL);

    return made_for(any);
}

static void look(weir_conn *conn, const made *here)
{
    for (int i = 0; i < 2; i++) {
        if (get(conn, here->looks[i]) != 1)
            fail_msg("no longer: %s", here->looks[i]);
    }
}

static void spoil(weir_conn *conn, const made *here)
{
    for (int i = 0; i < 2; i++)
        run(conn, here->spoils[i]);
    commit(conn);
}

static void test_on_connect__holds_for_each_borrower(void **state)
{
    const made *here = made_here();
    WEIR_AUTO(weir_engine) own = open_single(here->on_connect);
    weir_conn *conn = borrow_from(own);
    int64_t id = here->id ? get(conn, here->id) : 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        look(conn, here);
        if (i == 1)
            spoil(conn, here);
        weir_conn_close(&conn);
        conn = borrow_from(own);
        if (here->id)
            assert_int_equal(get(conn, here->id), id);
    }
    weir_conn_close(&conn);
}

static void test_on_connect__is_done_anew_after_a_loss(void **state)
{
    const made *here = made_here();
    WEIR_AUTO(weir_engine) own = open_single(here->on_connect);
    weir_conn *conn = borrow_from(own);

    (void)state;
    spoil(conn, here);
    assert_int_equal(weir_conn_invalidate(conn), WEIR_OK);
    look(conn, here);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_connect__holds_for_each_borrower),
        cmocka_unit_test(test_on_connect__is_done_anew_after_a_loss),
    };

    (void)engine;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
