/* SPDX-License-Identifier: MIT */
/*
 * What can be left in a session of PostgreSQL.
 */
#ifndef WEIR_TESTS_POOL_DIRT_POSTGRES_H
#define WEIR_TESTS_POOL_DIRT_POSTGRES_H

#include "pool/dirt.h"

static const char *const postgres_functions[] = {
    "CREATE OR REPLACE FUNCTION clean_set() RETURNS int LANGUAGE sql AS "
    "$$SELECT set_config('weir.mark', 'set', false); SELECT 1$$",
    "CREATE OR REPLACE FUNCTION clean_lock() RETURNS int LANGUAGE sql AS "
    "$$SELECT pg_advisory_lock(4712); SELECT 1$$",
    "CREATE OR REPLACE FUNCTION clean_temp() RETURNS int LANGUAGE plpgsql AS "
    "$$BEGIN CREATE TEMP TABLE clean_temporary (i int); RETURN 1; END$$",
    "CREATE OR REPLACE FUNCTION clean_listen() RETURNS int LANGUAGE plpgsql AS "
    "$$BEGIN LISTEN hidden; RETURN 1; END$$",
    "CREATE OR REPLACE FUNCTION clean_prepare() RETURNS int LANGUAGE plpgsql "
    "AS $$BEGIN EXECUTE 'PREPARE hidden AS SELECT 1'; RETURN 1; END$$",
    "CREATE OR REPLACE PROCEDURE clean_proc() LANGUAGE sql AS "
    "$$SELECT set_config('weir.mark', 'set', false)$$",
    NULL};

#define MARK                                                                   \
    "SELECT (coalesce(current_setting('weir.mark', true), '') = 'set')::int"
#define LOCKS "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
#define MINE "SELECT count(*) FROM pg_class WHERE relname = 'mine'"

/* clang-format off */
static const dirt of_postgres[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed transaction", {"INSERT INTO clean_thing VALUES (1)",
                              "SELECT 1 / 0"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i int)"}, 0, 1,
     "SELECT count(*) FROM pg_class WHERE relname = 'mine'", 0},
    {"a setting", {"SET work_mem = '1MB'"}, 0, 1,
     "SELECT (current_setting('work_mem') = '1MB')::int", 0},
    {"a search path", {"SET search_path = pg_catalog"}, 0, 1,
     "SELECT (current_setting('search_path') LIKE '%public%')::int", 1},
    {"a role", {"SET ROLE pg_monitor"}, 0, 1,
     "SELECT (current_user = session_user)::int", 1},
    {"a session that reads", {"SET SESSION CHARACTERISTICS AS TRANSACTION "
                              "READ ONLY"}, 0, 1,
     "SELECT (current_setting('transaction_read_only') = 'on')::int", 0},
    {"a setting by a function",
     {"SELECT set_config('weir.mark', 'set', false)"}, 0, 1,
     "SELECT (coalesce(current_setting('weir.mark', true), '') = 'set')::int",
     0},
    {"an advisory lock", {"SELECT pg_advisory_lock(4711)"}, 0, 1,
     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 0},
    {"a lock on a table", {"LOCK TABLE clean_thing IN ACCESS EXCLUSIVE MODE"},
     0, 0, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'",
     0},
    {"a channel", {"LISTEN here"}, 0, 1,
     "SELECT count(*) FROM pg_listening_channels()", 0},
    {"a cursor", {"DECLARE c CURSOR WITH HOLD FOR SELECT 1"}, 0, 1,
     "SELECT count(*) FROM pg_cursors WHERE name = 'c'", 0},
    {"a prepared name", {"PREPARE p AS SELECT 1"}, 0, 1,
     "SELECT count(*) FROM pg_prepared_statements WHERE name = 'p'", 0},
    {"rows that the server waits for", {"INSERT INTO clean_thing VALUES (1)",
                                        "COPY clean_thing FROM STDIN"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    /* What functions do that nobody sees. */
    {"a setting by one's own function", {"SELECT clean_set()"}, 0, 1,
     MARK, 0},
    {"… in what is inserted", {"INSERT INTO clean_other VALUES (clean_set())"},
     0, 1, MARK, 0},
    {"… in a condition", {"SELECT i FROM generate_series(1, 1) i WHERE i IN "
                          "(clean_set())"}, 0, 1, MARK, 0},
    {"… in a table", {"CREATE TABLE clean_made AS SELECT clean_set() AS x",
                      "DROP TABLE clean_made"}, 0, 1, MARK, 0},
    {"… by its schema", {"SELECT public.clean_set()"}, 0, 1, MARK, 0},
    {"… as a table", {"SELECT * FROM clean_set() AS f (x)"}, 0, 1, MARK, 0},
    {"… as the second table", {"SELECT * FROM clean_other a, clean_set() b"},
     0, 1, MARK, 0},
    {"… in a list", {"WITH a (x) AS (SELECT 1), b (y) AS (SELECT clean_set()) "
                     "SELECT * FROM a, b"}, 0, 1, MARK, 0},
    {"… after numbered rows", {"SELECT * FROM unnest('{1}'::int[]) WITH "
                               "ORDINALITY, clean_set()"}, 0, 1, MARK, 0},
    {"… after distinct ones", {"SELECT DISTINCT ON (i) clean_set() FROM "
                               "generate_series(1, 1) i"}, 0, 1, MARK, 0},
    {"… after an operator", {"SELECT 1 OPERATOR(pg_catalog.+) clean_set()"},
     0, 1, MARK, 0},
    {"… behind a comment", {"SELECT 1 -- '\r + clean_set() /* ' */"}, 0, 1,
     MARK, 0},
    {"… before one", {"SELECT clean_set /* /* */ */ -- (\n ()"}, 0, 1, MARK, 0},
    {"… in another case", {"sElEcT CLEAN_set\f()"}, 0, 1, MARK, 0},
    {"… in quotes", {"SELECT \"clean_set\"()"}, 0, 1, MARK, 0},
    {"… spelt", {"SELECT U&\"cle\\0061n_set\"()"}, 0, 1, MARK, 0},
    {"… between names with dollars", {"SELECT 1 AS a$x$, clean_set() AS b$x$"},
     0, 1, MARK, 0},
    {"… behind a string that goes on",
     {"SELECT E'a'\n'\\'' || clean_set() || 'b' -- '"}, 0, 1, MARK, 0},
    {"… behind a backslash", {"SELECT '\\' || clean_set() || '\\'"}, 0, 1,
     MARK, 0},
    {"… that is explained", {"EXPLAIN ANALYZE SELECT clean_set()"}, 0, 1,
     MARK, 0},
    {"a setting by a quoted function",
     {"SELECT \"set_config\"('weir.mark', 'set', false)"}, 0, 1, MARK, 0},
    {"… by its schema",
     {"SELECT pg_catalog.set_config('weir.mark', 'set', false)"}, 0, 1,
     MARK, 0},
    {"a setting by a block",
     {"DO $$ BEGIN PERFORM set_config('weir.mark', 'set', false); END $$"},
     0, 1, MARK, 0},
    {"a setting by a procedure", {"CALL clean_proc()"}, 0, 1, MARK, 0},
    {"a setting by a prepared name", {"PREPARE q AS SELECT clean_set()",
                                      "EXECUTE q"}, 0, 1, MARK, 0},
    {"a lock by a function", {"SELECT clean_lock()"}, 0, 1, LOCKS, 0},
    {"a lock by what fails", {"SELECT pg_advisory_lock(1), 1 / (random() * "
                              "0)::int"}, 1, 0, LOCKS, 0},
    {"a lock by a function that fails", {"SELECT clean_lock(), 1 / (random() * "
                                         "0)::int"}, 1, 0, LOCKS, 0},
    {"a table by a function", {"SELECT clean_temp()"}, 0, 1,
     "SELECT count(*) FROM pg_class WHERE relname = 'clean_temporary'", 0},
    {"a channel by a function", {"SELECT clean_listen()"}, 0, 1,
     "SELECT count(*) FROM pg_listening_channels()", 0},
    {"a prepared name by a function", {"SELECT clean_prepare()"}, 0, 1,
     "SELECT count(*) FROM pg_prepared_statements WHERE from_sql", 0},
    {"a table in the session's schema", {"CREATE TABLE pg_temp.mine (i int)"},
     0, 1, MINE, 0},
    {"… in quotes", {"CREATE TABLE \"pg_temp\".mine (i int)"}, 0, 1, MINE, 0},
    {"… spelt", {"CREATE TABLE U&\"pg\\005ftemp\".mine (i int)"}, 0, 1,
     MINE, 0},
    {"a table from a query", {"SELECT 1 AS i INTO TEMP mine"}, 0, 1, MINE, 0},
    {"a temporary view", {"CREATE OR REPLACE TEMP VIEW mine AS SELECT 1"}, 0, 1,
     MINE, 0},
    {"a function in the session's schema",
     {"CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"},
     0, 1, "SELECT count(*) FROM pg_proc WHERE proname = 'mine'", 0},
    {"another user", {"SET SESSION AUTHORIZATION pg_monitor"}, 0, 1,
     "SELECT (session_user = 'pg_monitor')::int", 0},
    {"a role for a transaction", {"SET LOCAL ROLE pg_monitor"}, 0, 1,
     "SELECT (current_user = session_user)::int", 1},
    {"a setting of strings", {"SET standard_conforming_strings = off",
                              "SELECT '\\' || clean_set() || '\\''"}, 1, 0,
     "SELECT (current_setting('standard_conforming_strings') = 'on')::int", 1},
    {NULL, {NULL}, 0, 0, NULL, 0},
};
/* clang-format on */

#endif
