/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "db/mysql/wmy.h"

static wmy_scan scan(const char *sql)
{
    return wmy_scan_sql(weir_text_of(sql), true);
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
    reads(" /* c */ -- d\n # e\n select 'insert', `update`, \"delete\"");
    reads("WITH a AS (SELECT 1) SELECT * FROM a");
    reads("SELECT 'it\\'s into' /* into */ -- into");
    writes("");
    writes("WITH a AS (SELECT 1) DELETE FROM t");
    writes("SELECT 1 INTO @x");
    writes("SELECT /*! 1 INTO */ @x");
    writes("SELECT /*M! 1 INTO */ @x");
    writes("SELECT NEXTVAL(s)");
    writes("SELECT @a := 1");
    writes("SELECT get_lock('a', 1)");
    writes("ANALYZE UPDATE t SET a = 1");
    writes("UPDATE t SET a = 1");
    writes("DO 1");
    writes("'unfinished");
}

static void calls(const char *sql)
{
    assert_int_equal(scan(sql).effect, WEIR_EFFECT_READ);
    if (!scan(sql).calls)
        fail_msg("may call what writes: %s", sql);
}

static void calls_nothing(const char *sql)
{
    if (scan(sql).calls)
        fail_msg("calls only what looks: %s", sql);
}

static void test_calls__of_unknown_functions_may_do_anything(void **state)
{
    (void)state;
    calls("SELECT bump()");
    calls("SELECT bump /* how far */ (1)");
    calls("SELECT `bump`(1)");
    calls("SELECT shop.bump(1)");
    calls("SELECT `shop` . `bump` (1)");
    calls("SELECT id FROM t WHERE bump(id) > 0");
    /* A function of one's own may have a name that the server uses. */
    calls("SELECT shop.count(1)");
    calls("SELECT count (1)");
    assert_true(scan("SELECT /*! bump(1) */ 2").calls);
    calls_nothing("SELECT id, 'bump(1)' FROM t -- bump(1)");
    calls_nothing("SELECT COUNT(*), max(id) FROM t WHERE id IN (1, 2)");
    calls_nothing("SELECT a FROM t WHERE (a) AND (b) OR NOT (c)");
    calls_nothing("SELECT CAST(a AS CHAR (10)), CAST(b AS DECIMAL(9, 2)) "
                  "FROM (SELECT 1 AS a, 2 AS b) x");
    calls_nothing("SELECT a FROM t USE INDEX (i) JOIN u USING (a)");
    calls_nothing("SELECT connection_id(), NOW(6)");
}

static void test_inserts__are_those_that_make_keys(void **state)
{
    (void)state;
    assert_true(scan("insert into t values (1)").inserts);
    assert_true(scan("REPLACE t VALUES (1)").inserts);
    assert_false(scan("UPDATE t SET a = 1").inserts);
}

static void test_session__is_marked_by_what_stays(void **state)
{
    (void)state;
    assert_true(scan("SET NAMES latin1").marks_session);
    assert_true(scan("LOCK TABLES t READ").marks_session);
    assert_true(scan("SELECT GET_LOCK('a', 1)").marks_session);
    assert_true(scan("CREATE TEMPORARY TABLE t (i INT)").marks_session);
    assert_true(scan("SELECT @a := 1").marks_session);
    assert_false(scan("UPDATE t SET a = 1").marks_session);
    assert_false(scan("CREATE TABLE t (i INT)").marks_session);
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

/* Where a comment or a string ends is the server's to say. */
static void test_session__is_marked_by_what_hides(void **state)
{
    (void)state;
    leaves("SELECT 1--GET_LOCK('a', 0)");
    leaves("SELECT 1 --\n + GET_LOCK('a', 0)");
    leaves("SELECT /*! 1 */");
    leaves("/*!50000 DO 1 */");
    leaves("SELECT 1 /*!999999 ' */ + get_lock('a', 0) -- '");
    leaves("SELECT \"a\\\", GET_LOCK('a', 0), \"b\"");
    leaves("SELECT `a\\`, GET_LOCK('a', 0), `b`");
    leaves("SELECT my$abs(1)");
    leaves("SELECT abs /* blank */ (1)");
    leaves("SELECT x.abs(1)");
    leaves("SELECT 1 INTO @a");
    leaves("SELECT 1 INTO\t/* */ @'a'");
    leaves("SELECT LAST_INSERT_ID(1)");
    leaves("SELECT LAST_INSERT_ID( 1)");
    leaves("WITH a (x) AS (SELECT 1), b (y) AS (SELECT f()) SELECT 1");
    leaves("SELECT a FROM t GROUP BY a WITH ROLLUP HAVING f(a)");
    leaves("SELECT HIGH_PRIORITY f(a)");
    leaves("EXECUTE p");
    leaves("BACKUP LOCK t");
    leaves("WHATEVER");
    assert_true(
        wmy_scan_sql(weir_text_of("SELECT '\\', f(1), '\\'"), false).calls);
    leaves_nothing("SELECT 1 -- GET_LOCK(1)\n");
    leaves_nothing("SELECT 1 # f()\n, 2 /* f() */ --");
    leaves_nothing("SELECT 'it\\'s f()', \"f()\", @a, @@b.c, `f`");
    leaves_nothing("SELECT LAST_INSERT_ID(), NOW(), COUNT(*)");
    leaves_nothing("WITH RECURSIVE a (x) AS (SELECT 1), b (y) AS (SELECT 2) "
                   "SELECT 1");
    leaves_nothing("INSERT INTO a.b (c) VALUES (1)");
    leaves_nothing("INSERT INTO t (c) SELECT ABS(c) FROM t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effect__in_doubt_it_writes),
        cmocka_unit_test(test_calls__of_unknown_functions_may_do_anything),
        cmocka_unit_test(test_inserts__are_those_that_make_keys),
        cmocka_unit_test(test_session__is_marked_by_what_stays),
        cmocka_unit_test(test_session__is_marked_by_what_hides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
