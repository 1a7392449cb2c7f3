/* SPDX-License-Identifier: MIT */
/*
 * What can be left in a session of MariaDB or MySQL.
 */
#ifndef WEIR_TESTS_POOL_DIRT_MYSQL_H
#define WEIR_TESTS_POOL_DIRT_MYSQL_H

#include "pool/dirt.h"

static const char *const mysql_functions[] = {
    "CREATE OR REPLACE FUNCTION clean_lock() RETURNS INT RETURN "
    "GET_LOCK('clean', 0)",
    "CREATE OR REPLACE FUNCTION `clean$abs`() RETURNS INT RETURN "
    "GET_LOCK('clean', 0)",
    "CREATE OR REPLACE FUNCTION clean_set() RETURNS INT BEGIN SET @mine = 1; "
    "RETURN 1; END",
    "CREATE OR REPLACE FUNCTION clean_id() RETURNS INT RETURN "
    "LAST_INSERT_ID(4711)",
    "CREATE OR REPLACE PROCEDURE clean_proc() DO GET_LOCK('clean', 0)",
    "CREATE OR REPLACE VIEW clean_view AS SELECT clean_set() AS i",
    "CREATE TABLE IF NOT EXISTS clean_traps (i INT CHECK (i < 9))",
    "CREATE OR REPLACE TRIGGER clean_trap BEFORE INSERT ON clean_traps FOR "
    "EACH ROW SET @mine = 1",
    NULL};

#define IS_FREE "SELECT IS_FREE_LOCK('clean')"
#define VARIABLE "SELECT @mine IS NULL"

/* clang-format off */
static const dirt of_mysql[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed statement", {"INSERT INTO clean_thing VALUES (1)",
                            "SELECT * FROM nowhere"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i INT)"}, 0, 1,
     "SELECT count(*) FROM mine", FAILS},
    {"a variable", {"SET @mine = 1"}, 0, 1, "SELECT @mine IS NULL", 1},
    {"a time zone", {"SET time_zone = '+05:00'"}, 0, 1,
     "SELECT @@time_zone = '+05:00'", 0},
    {"a mode", {"SET sql_mode = ''"}, 0, 1, "SELECT @@sql_mode = ''", 0},
    {"a limit", {"SET SESSION sql_select_limit = 1"}, 0, 1,
     "SELECT @@sql_select_limit = 1", 0},
    {"a named lock", {"SELECT GET_LOCK('clean', 0)"}, 0, 1,
     "SELECT IS_FREE_LOCK('clean')", 1},
    {"a session's size", {"SET sort_buffer_size = 65536"}, 0, 1,
     "SELECT @@sort_buffer_size = @@global.sort_buffer_size", 1},
    {"no role", {"SET ROLE NONE"}, 0, 1, "SELECT CURRENT_ROLE() IS NULL", 1},
    {"locked tables", {"LOCK TABLES clean_thing WRITE"}, 0, 0,
     "SELECT count(*) FROM clean_other", 0},
    {"a prepared name", {"PREPARE p FROM 'SELECT 1'"}, 0, 1, "EXECUTE p",
     FAILS},
    {"a file that the server asks for",
     {"INSERT INTO clean_thing VALUES (1)",
      "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE clean_thing"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"another database", {"USE information_schema"}, 0, 1,
     "SELECT DATABASE() <> 'information_schema'", 1},
    {"a variable from a query", {"SELECT 1 INTO @mine"}, 0, 1, VARIABLE, 1},
    {"… in quotes", {"SELECT 1 INTO @`mine`"}, 0, 1, VARIABLE, 1},
    {"… behind another", {"SELECT 1, 2 INTO @other /* , */ , @mine"}, 0, 1,
     VARIABLE, 1},
    {"a variable in a query", {"SELECT @mine := 1"}, 0, 1, VARIABLE, 1},
    {"a variable in a write", {"INSERT INTO clean_other VALUES (@mine := 3)"},
     0, 1, VARIABLE, 1},
    {"a variable by a function", {"SELECT clean_set()"}, 0, 1, VARIABLE, 1},
    {"a variable by a view", {"SELECT i FROM clean_view"}, 0, 1, VARIABLE, 1},
    {"a variable by a trigger", {"INSERT INTO clean_traps VALUES (1)"}, 0, 1,
     VARIABLE, 1},
    {"a variable at once", {"EXECUTE IMMEDIATE 'SET @mine = 1'"}, 0, 1,
     VARIABLE, 1},
    {"a lock at once", {"EXECUTE IMMEDIATE 'DO GET_LOCK(''clean'', 0)'"}, 0, 1,
     IS_FREE, 1},
    {"a lock by a procedure", {"CALL clean_proc()"}, 0, 1, IS_FREE, 1},
    {"a lock by a function", {"SELECT clean_lock()"}, 0, 1, IS_FREE, 1},
    {"… by its database", {"SELECT weir.clean_lock()"}, 0, 1, IS_FREE, 1},
    {"… with a dollar", {"SELECT clean$abs()"}, 0, 1, IS_FREE, 1},
    {"… in a write", {"INSERT INTO clean_other (i) VALUES (clean_lock())"}, 0,
     1, IS_FREE, 1},
    {"… in a table", {"CREATE OR REPLACE TABLE clean_made AS SELECT "
                      "clean_lock() AS i"}, 0, 1, IS_FREE, 1},
    {"… in a list", {"WITH a (x) AS (SELECT 1), b (y) AS (SELECT clean_lock()) "
                     "SELECT * FROM a, b"}, 0, 1, IS_FREE, 1},
    {"a lock in quotes", {"SELECT `get_lock`('clean', 0)"}, 0, 1, IS_FREE, 1},
    {"… behind blanks", {"SELECT GET_LOCK /* */ -- (\n ('clean', 0)"}, 0, 1,
     IS_FREE, 1},
    {"… for the server alone", {"SELECT /*! GET_LOCK('clean', 0) */"}, 0, 1,
     IS_FREE, 1},
    {"… between comments that are none",
     {"SELECT 1 /*!999999 ' */ + GET_LOCK('clean', 0) /*!999999 ' */"}, 0, 1,
     IS_FREE, 1},
    {"… behind two signs", {"SELECT 1--GET_LOCK('clean', 0)"}, 0, 1, IS_FREE,
     1},
    {"… by what fails", {"SELECT GET_LOCK('clean', 0) + (SELECT 1 UNION SELECT "
                         "GET_LOCK('clean', 0) + 1)"}, 1, 0, IS_FREE, 1},
    {"a generated key", {"SELECT LAST_INSERT_ID(4711)"}, 0, 1,
     "SELECT LAST_INSERT_ID() = 4711", 0},
    {"a generated key by a function", {"SELECT clean_id()"}, 0, 1,
     "SELECT LAST_INSERT_ID() = 4711", 0},
    {"a temporary table from a query",
     {"CREATE OR REPLACE TEMPORARY TABLE mine SELECT 1 AS i"}, 0, 1,
     "SELECT count(*) FROM mine", FAILS},
    {"transactions that read", {"SET SESSION TRANSACTION READ ONLY"}, 0, 1,
     "SELECT @@tx_read_only", 0},
    {"quotes for names", {"SET sql_mode = 'ANSI_QUOTES'",
                          "SELECT \"a\\\", GET_LOCK('clean', 0), \"b\" FROM "
                          "(SELECT 1 AS \"a\\\", 2 AS \"b\") x -- \""}, 0, 1,
     IS_FREE, 1},
    {"no backslashes", {"SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
                        "SELECT '\\', GET_LOCK('clean', 0), '\\' -- '"}, 0, 1,
     IS_FREE, 1},
    {NULL, {NULL}, 0, 0, NULL, 0},
};
/* clang-format on */

#endif
