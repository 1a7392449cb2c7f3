/* SPDX-License-Identifier: MIT */
/* Every option of a URL does what it says. */
#include "scratch.h"

static scratch s;

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    scratch_drop(&s);
    return 0;
}

/* What a PRAGMA answers on a connection with these options, as text. */
static void ask_with(const char *query, const char *pragma, char *out,
                     size_t size)
{
    drive d;
    drive_stmt stmt;
    weir_value row[1];
    char sql[128];
    void *conn;

    assert_int_equal(drive_attach(&d, scratch_url(&s, query)), WEIR_OK);
    conn = drive_open(&d);
    snprintf(sql, sizeof sql, "PRAGMA %s", pragma);
    assert_int_equal(drive_prepare(&d, conn, sql, &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    if (row[0].type == WEIR_TYPE_TEXT)
        snprintf(out, size, "%s", row[0].as.text);
    else
        snprintf(out, size, "%lld", (long long)row[0].as.i);
    drive_end(&stmt);
    drive_finish(&stmt);
    drive_close(&d, conn);
    drive_detach(&d);
}

static void assert_pragma(const char *query, const char *pragma,
                          const char *wanted)
{
    char found[64];

    ask_with(query, pragma, found, sizeof found);
    if (strcmp(found, wanted) != 0)
        fail_msg("\"%s\": %s is %s, not %s", query, pragma, found, wanted);
}

static void test_defaults__are_safe(void **state)
{
    (void)state;
    assert_pragma("", "foreign_keys", "1");
    assert_pragma("", "journal_mode", "wal");
    assert_pragma("", "synchronous", "1");
    assert_pragma("", "trusted_schema", "0");
    assert_pragma("", "cell_size_check", "1");
}

static void test_options__reach_sqlite(void **state)
{
    (void)state;
    assert_pragma("?page_size=8192", "page_size", "8192");
    assert_pragma("?foreign_keys=off", "foreign_keys", "0");
    assert_pragma("?synchronous=extra", "synchronous", "3");
    assert_pragma("?cache_size=-4000", "cache_size", "-4000");
    assert_pragma("?mmap_size=65536", "mmap_size", "65536");
    assert_pragma("?max_page_count=77", "max_page_count", "77");
    assert_pragma("?temp_store=memory", "temp_store", "2");
    assert_pragma("?wal_autocheckpoint=9", "wal_autocheckpoint", "9");
    assert_pragma("?journal_size_limit=5", "journal_size_limit", "5");
    assert_pragma("?secure_delete=on", "secure_delete", "1");
    assert_pragma("?secure_delete=off", "secure_delete", "0");
    assert_pragma("?recursive_triggers=off", "recursive_triggers", "0");
    assert_pragma("?recursive_triggers=on", "recursive_triggers", "1");
    assert_pragma("?trusted_schema=on", "trusted_schema", "1");
    assert_pragma("?cell_size_check=off", "cell_size_check", "0");
}

/* Without a log NORMAL could damage the file in a power failure. */
static void test_journal_mode__decides_how_synchronous(void **state)
{
    (void)state;
    assert_pragma("?journal_mode=delete", "journal_mode", "delete");
    assert_pragma("?journal_mode=delete", "synchronous", "2");
    assert_pragma("?journal_mode=TRUNCATE", "journal_mode", "truncate");
    assert_pragma("?journal_mode=persist&synchronous=off", "synchronous", "0");
    assert_pragma("?journal_mode=memory", "journal_mode", "memory");
}

static void test_mode_ro__leaves_the_journal_as_it_is(void **state)
{
    drive d;

    (void)state;
    assert_pragma("?journal_mode=delete", "user_version", "0");
    assert_int_equal(drive_attach(&d, scratch_url(&s, "?journal_mode=delete")),
                     WEIR_OK);
    void *conn = drive_open(&d);
    must_run(&d, conn, "CREATE TABLE t (a)");
    drive_close(&d, conn);
    drive_detach(&d);
    assert_pragma("?mode=ro", "journal_mode", "delete");
    assert_pragma("?mode=ro", "synchronous", "2");
    assert_pragma("?immutable=on", "journal_mode", "delete");
}

static void test_lock_wait__is_stated_in_either_unit(void **state)
{
    weir_option_value values[WSQ_OPTION_IGNORED] = {{0}};

    (void)state;
    values[WSQ_TIMEOUT].number = 5;
    assert_int_equal(wsq_lock_wait(values), 5000000000);
    values[WSQ_TIMEOUT].number = 0.25;
    values[WSQ_TIMEOUT].given = true;
    assert_int_equal(wsq_lock_wait(values), 250000000);
    values[WSQ_BUSY_TIMEOUT].given = true;
    values[WSQ_BUSY_TIMEOUT].integer = 30;
    assert_int_equal(wsq_lock_wait(values), 30000000);
}

static void test_double_quotes__are_never_strings(void **state)
{
    drive d;
    void *conn;

    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    assert_int_equal(drive_run(&d, conn, "SELECT \"nowhere\""), WEIR_ERR_SQL);
    assert_int_equal(
        drive_run(&d, conn, "CREATE TABLE t (a CHECK (a <> \"nowhere\"))"),
        WEIR_ERR_SQL);
    drive_close(&d, conn);
    drive_detach(&d);
}

/* A table of the options' names: each stands once, with a word of what it is
 * for. */
static void test_options__are_told_to_the_guide(void **state)
{
    (void)state;
    for (int i = 0; wsq_options[i].name; i++) {
        assert_non_null(wsq_options[i].note);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(wsq_options[i].name, wsq_options[j].name);
        if (i >= WSQ_OPTION_IGNORED)
            assert_int_equal(wsq_options[i].kind, WEIR_OPTION_IGNORED);
        else
            assert_int_not_equal(wsq_options[i].kind, WEIR_OPTION_IGNORED);
    }
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(defaults__are_safe),
        TEST(options__reach_sqlite),
        TEST(journal_mode__decides_how_synchronous),
        TEST(mode_ro__leaves_the_journal_as_it_is),
        TEST(lock_wait__is_stated_in_either_unit),
        TEST(double_quotes__are_never_strings),
        TEST(options__are_told_to_the_guide),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
