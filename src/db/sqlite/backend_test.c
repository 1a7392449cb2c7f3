/* SPDX-License-Identifier: MIT */
/* What the registry and the core see of SQLite. */
#include "scratch.h"

static const weir_backend *find(const char *text)
{
    weir_error err;
    weir_url *url = weir_url_parse(text, NULL, &err);
    const weir_backend *found;

    assert_non_null(url);
    found = wi_backend_for(url, &err);
    weir_url_free(&url);
    return found;
}

static void test_backend__answers_to_its_names(void **state)
{
    const weir_backend *sqlite = weir_backend_find("sqlite");

    (void)state;
    assert_non_null(sqlite);
    assert_string_equal(sqlite->name, "sqlite");
    assert_ptr_equal(find("sqlite://"), sqlite);
    assert_ptr_equal(find("sqlite3:///a.db"), sqlite);
    assert_ptr_equal(find("sqlite+pysqlite:///a.db"), sqlite);
    assert_ptr_equal(find("sqlite+aiosqlite:///a.db"), sqlite);
}

/* A file that was to be encrypted must not be written in the clear. */
static void test_backend__does_not_pretend_to_encrypt(void **state)
{
    (void)state;
    assert_null(find("sqlite+pysqlcipher:///a.db"));
}

static void test_backend__promises_what_the_tests_show(void **state)
{
    const weir_backend *sqlite = weir_backend_find("sqlite");
    uint32_t can = sqlite->capabilities;

    (void)state;
    assert_true(can & WEIR_HAS_SINGLE_WRITER);
    assert_true(can & WEIR_CAN_SHARE);
    assert_true(can & WEIR_CAN_INTERLEAVE);
    assert_false(can & (WEIR_HAS_NAN | WEIR_HAS_U64 | WEIR_CAN_TWO_PHASE |
                        WEIR_HAS_TYPED_COLUMNS | WEIR_CAN_NOTIFY));
    assert_int_equal(sqlite->default_isolation, WEIR_READ_COMMITTED);
}

/* The dialect's promises, kept by the library that is linked. */
static void test_dialect__is_what_sqlite_reads(void **state)
{
    const weir_dialect *dialect = weir_backend_find("sqlite")->dialect;
    drive d;
    drive_stmt stmt;
    void *conn;

    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    assert_true((size_t)sqlite3_limit(((wsq_conn *)conn)->db,
                                      SQLITE_LIMIT_VARIABLE_NUMBER,
                                      -1) >= dialect->parameter_max);
    must_run(&d, conn, "CREATE TABLE `a``?` ([b?] INT, \"c\"\"?\" INT)");
    assert_int_equal(drive_prepare(&d, conn,
                                   "SELECT `a``?`.[b?], \"c\"\"?\" FROM `a``?`",
                                   &stmt),
                     WEIR_OK);
    assert_int_equal(stmt.info->param_count, 0);
    assert_string_equal(stmt.info->columns[1].name, "c\"?");
    drive_finish(&stmt);
    drive_close(&d, conn);
    drive_detach(&d);
}

/* What Python calls an isolation level is none. */
static void test_isolation_level__that_is_misspelt_is_refused(void **state)
{
    static const char *const wrong[] = {"SERIALISABLE", "foo", "", "None"};
    char url[80];
    weir_error err;
    weir_engine *engine;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(url, sizeof url, "sqlite://?isolation_level=%s", wrong[i]);
        assert_null(weir_engine_open(url, NULL, &err));
        assert_int_equal(err.status, WEIR_ERR_CONFIG);
        assert_non_null(strstr(err.message, "SERIALIZABLE or AUTOCOMMIT"));
    }
    engine =
        weir_engine_open("sqlite://?isolation_level=Immediate", NULL, &err);
    assert_non_null(engine);
    weir_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend__answers_to_its_names),
        cmocka_unit_test(test_backend__does_not_pretend_to_encrypt),
        cmocka_unit_test(test_backend__promises_what_the_tests_show),
        cmocka_unit_test(test_dialect__is_what_sqlite_reads),
        cmocka_unit_test(test_isolation_level__that_is_misspelt_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
