/* SPDX-License-Identifier: MIT */
/*
 * What can be left in a connection of SQLite.
 */
#ifndef WEIR_TESTS_POOL_DIRT_SQLITE_H
#define WEIR_TESTS_POOL_DIRT_SQLITE_H

#include "pool/dirt.h"

/* clang-format off */
static const dirt of_sqlite[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed statement", {"INSERT INTO clean_thing VALUES (1)",
                            "SELECT * FROM nowhere"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i INT)"}, 0, 1,
     "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a temporary view over another", {"CREATE TEMPORARY VIEW clean_thing AS "
                                       "SELECT 7 AS i"}, 0, 1,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary trigger", {"CREATE TEMPORARY TRIGGER t AFTER INSERT ON "
                             "clean_thing BEGIN SELECT 1; END"}, 0, 1,
     "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a pragma", {"PRAGMA foreign_keys = off"}, 0, 1, "PRAGMA foreign_keys", 1},
    {"a pragma that forbids", {"PRAGMA query_only = on"}, 0, 1,
     "PRAGMA query_only", 0},
    {"a pragma of size", {"PRAGMA cache_size = 17"}, 0, 1,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"an attached database", {"ATTACH ':memory:' AS another"}, 0, 1,
     "SELECT count(*) FROM pragma_database_list WHERE name = 'another'", 0},
    {"a pragma before a second statement",
     {"PRAGMA cache_size = 17; SELECT 1"}, 1, 0,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"a flag before a second statement",
     {"PRAGMA reverse_unordered_selects = on; SELECT 1"}, 1, 0,
     "PRAGMA reverse_unordered_selects", 0},
    {"a pragma before what does not compile",
     {"PRAGMA cache_size = 17; SELECT nonsense"}, 1, 0,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"a pragma that is explained", {"EXPLAIN PRAGMA cache_size = 17"}, 0, 1,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"a pragma of a schema", {"PRAGMA main.cache_size(17)"}, 0, 1,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"a pragma for LIKE", {"PRAGMA case_sensitive_like = on"}, 0, 1,
     "SELECT 'a' LIKE 'A'", 1},
    {"a table in the temporary schema", {"CREATE TABLE temp.mine (i INT)"}, 0,
     1, "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a virtual table there", {"CREATE VIRTUAL TABLE temp.mine USING fts5(a)"},
     0, 1, "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a temporary table from a query", {"CREATE TEMP TABLE mine AS SELECT 1"},
     0, 1, "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a temporary index", {"CREATE TEMP TABLE mine (i INT)",
                           "CREATE INDEX temp.mine_i ON mine (i)"}, 0, 1,
     "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"an attached database that is asked for",
     {"ATTACH (SELECT ':memory:') AS another"}, 0, 1,
     "SELECT count(*) FROM pragma_database_list WHERE name = 'another'", 0},
    {NULL, {NULL}, 0, 0, NULL, 0},
};
/* clang-format on */

#endif
