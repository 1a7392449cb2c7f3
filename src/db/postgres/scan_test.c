/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "db/postgres/stmt.h"

static wpg_scan scan(const char *sql)
{
    return wpg_scan_sql(weir_text_of(sql));
}

static void reads(const char *sql)
{
    if (scan(sql).effect != WEIR_EFFECT_READ)
        fail_msg("only reads: %s", sql);
}

static void writes(const char *sql)
{
    if (scan(sql).effect != WEIR_EFFECT_WRITE)
        fail_msg("may write: %s", sql);
}

static void test_effect__in_doubt_it_writes(void **state)
{
    (void)state;
    reads("SELECT 1");
    reads(" /* c /* nested */ insert */ -- d\n select 'into', \"update\"");
    reads("WITH a AS (SELECT 1) SELECT * FROM a");
    reads("SELECT $$ into $$, $x$ delete $$ $x$, $1");
    reads("SELECT E'it\\'s into'");
    reads("SELECT 'a\\' AS into_what");
    reads("(SELECT 1)");
    writes("");
    writes("SELECT E'\\'' INTO x");
    writes("SELECT 'a\\' INTO x");
    writes("SELECT $1 INTO x");
    writes("WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a");
    writes("SELECT nextval('s')");
    writes("SELECT lo_creat(1)");
    writes("EXPLAIN ANALYZE UPDATE t SET a = 1");
    writes("UPDATE t SET a = 1");
    writes("DO 'x'");
    writes("'unfinished");
    writes("$x$ unfinished");
    writes("/* unfinished");
}

static void test_calls__of_what_may_do_anything(void **state)
{
    (void)state;
    assert_false(scan("SELECT count(*), max(a) FROM t WHERE b IN (1)").calls);
    assert_false(scan("SELECT 'f(x)' -- g(x)").calls);
    assert_true(scan("SELECT transfer(1)").calls);
    assert_true(scan("SELECT s.transfer (1)").calls);
    assert_true(scan("SELECT \"Transfer\"(1)").calls);
    assert_false(scan("SELECT \"Transfer\" FROM t").calls);
}

static void test_session__is_marked_by_what_no_tag_tells(void **state)
{
    (void)state;
    assert_true(scan("CREATE TEMP TABLE t (a int)").marks_session);
    assert_true(scan("SELECT set_config('a.b', 'c', false)").marks_session);
    assert_true(scan("SELECT pg_advisory_lock(1)").marks_session);
    assert_true(scan("DO $$ BEGIN END $$").marks_session);
    assert_true(scan("CALL p()").marks_session);
    assert_false(scan("SELECT 'temp'").marks_session);
    assert_false(scan("SELECT pg_advisory_xact_lock(1)").marks_session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effect__in_doubt_it_writes),
        cmocka_unit_test(test_calls__of_what_may_do_anything),
        cmocka_unit_test(test_session__is_marked_by_what_no_tag_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
