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
    return wpg_scan_sql(weir_text_of(sql), false);
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
    assert_true(scan("SELECT set_config('a.b', 'c', false)").calls);
    assert_true(scan("SELECT pg_advisory_lock(1)").calls);
    assert_true(scan("DO $$ BEGIN END $$").marks_session);
    assert_true(scan("CALL p()").marks_session);
    assert_false(scan("SELECT 'temp'").marks_session);
    assert_false(scan("SELECT pg_advisory_xact_lock(1)").marks_session);
}

static void leaves(const char *sql)
{
    if (!scan(sql).marks_session && !scan(sql).calls)
        fail_msg("may leave something: %s", sql);
}

static void leaves_nothing(const char *sql)
{
    if (scan(sql).marks_session || scan(sql).calls)
        fail_msg("leaves nothing: %s", sql);
}

/* What could hide a call, or be taken for none. */
static void test_session__is_marked_by_what_hides(void **state)
{
    (void)state;
    leaves("SELECT E'a'\n'\\'' || f() || 'b' -- '");
    leaves("SELECT E'a' -- c\r '\\'' || f() || 'b' -- '");
    leaves("SELECT '\\' || f() || '\\'");
    leaves("SELECT a$x$, f(), b$x$");
    leaves("SELECT $1a$x$, f(), b$x$");
    leaves("SELECT 1 -- '\r, f() -- '");
    leaves("SELECT f\r\n\f/* /* */ */()");
    leaves("SELECT U&\"f\" ()");
    leaves("SELECT * FROM U&\"pg_tem\\0070\".x");
    leaves("SELECT * FROM \"pg_temp_3\".x");
    leaves("SELECT 1INTO TEMP x");
    leaves("SELECT pg_catalog.set_config('a', 'b', false)");
    leaves("SELECT other.count(1)");
    leaves("SELECT a.pg_catalog.count(1)");
    leaves("SELECT (a).b, f()");
    leaves("SELECT DISTINCT ON (a) f(b)");
    leaves("SELECT DISTINCT ON ((a), (b)) f(b)");
    leaves("SELECT 1 OPERATOR(pg_catalog.+) f()");
    leaves("SELECT a AT TIME ZONE f(b)");
    leaves("SELECT trim(LEADING f(a) FROM 'b')");
    leaves("SELECT a LIKE b ESCAPE f(c)");
    leaves("SELECT sum(a) OVER (ORDER BY b ROWS f(c) PRECEDING)");
    leaves("WITH a AS (SELECT 1), b (x) AS (SELECT f()) SELECT 1");
    leaves("WITH a (x) AS (SELECT 1), b AS (SELECT 2) SELECT f(1)");
    leaves("SELECT * FROM unnest(a) WITH ORDINALITY, f(1)");
    leaves("SELECT * FROM unnest(a) WITH ORDINALITY AS t (a, b), f(1)");
    leaves("SELECT now()::timestamp WITH TIME ZONE, f(1)");
    leaves("CREATE TABLE t (EXCLUDE USING gist (a WITH =, f(b) WITH =))");
    leaves("CREATE INDEX i ON t (f(a))");
    leaves("CREATE TABLE t AS SELECT 1 FROM a JOIN b ON f(a)");
    leaves("INSERT INTO t (a) VALUES (f(1))");
    leaves("INSERT INTO t (a) SELECT f(1)");
    leaves("UPDATE t SET (a, b) = (SELECT 1, f(1))");
    leaves("EXECUTE p (1)");
    leaves("WHATEVER");
    assert_false(
        wpg_scan_sql(weir_text_of("SELECT '\\' || f() || '"), true).calls);
    assert_true(
        wpg_scan_sql(weir_text_of("SELECT '\\'', f(), ''"), true).calls);
    leaves_nothing("SELECT temp, extension FROM weather");
    leaves_nothing("SELECT 'it''s f()', E'\\'f()', $$f()$$, $1, \"f\"");
    leaves_nothing("SELECT a LIKE b ESCAPE '\\', 1");
    leaves_nothing("SELECT 'a'\n'f()' -- f()\r, 1 /* f() /* g() */ */");
    leaves_nothing("SELECT pg_catalog.count(*), pg_catalog . lower(a) FROM t");
    leaves_nothing("SELECT a::other.kind(3), b::numeric(10, 2) FROM t");
    leaves_nothing("WITH a (x) AS (SELECT 1), b (y) AS NOT MATERIALIZED "
                   "(SELECT 2), \"c\" (z) AS (SELECT 3) SELECT 1");
    leaves_nothing("CREATE INDEX i ON s.t (lower(a))");
}

static void test_local__ends_with_the_transaction(void **state)
{
    (void)state;
    assert_true(scan("SET LOCAL work_mem = 1").is_local);
    assert_true(scan("set /* */ local role a").is_local);
    assert_false(scan("SET work_mem = 1").is_local);
    assert_false(scan("SET SESSION x = local").is_local);
    assert_false(scan("SELECT local").is_local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effect__in_doubt_it_writes),
        cmocka_unit_test(test_calls__of_what_may_do_anything),
        cmocka_unit_test(test_session__is_marked_by_what_no_tag_tells),
        cmocka_unit_test(test_session__is_marked_by_what_hides),
        cmocka_unit_test(test_local__ends_with_the_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
