/* SPDX-License-Identifier: MIT */
/*
 * Ordinary SQL leaves a connection clean: it goes back to the pool without a
 * word to the server. One statement a loan; what the engine thinks of the
 * connection then, its hook hears.
 */
#include "kit/with_server.h"

/* clang-format off */
static const char *const postgres_setup[] = {
    "CREATE TABLE IF NOT EXISTS o_user (id bigserial PRIMARY KEY, name text, "
    "email varchar(80) UNIQUE, price numeric(10, 2), doc jsonb, born date, "
    "seen timestamptz, tags text[])",
    "CREATE TABLE IF NOT EXISTS o_item (id int, user_id bigint, qty int)",
    "CREATE SEQUENCE IF NOT EXISTS o_seq", NULL};

static const char *const of_postgres[] = {
    "SELECT 1",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "SELECT id, name FROM o_user WHERE id = 1",
    "SELECT count(*), sum(price), avg(price), min(id), max(id) FROM o_user",
    "SELECT upper(name), lower(email), length(name), trim(name) FROM o_user",
    "SELECT coalesce(name, 'x'), nullif(name, ''), greatest(1, 2), least(1, 2) "
    "FROM o_user",
    "SELECT substring(name FROM 1 FOR 3), position('a' IN name), "
    "overlay(name PLACING 'x' FROM 1) FROM o_user",
    "SELECT left(name, 1), right(name, 1), repeat('x', 3), replace('a', 'b', "
    "'c'), concat('a', 1), concat_ws('-', 1, 2), format('%s', 1) FROM o_user",
    "SELECT split_part('a.b', '.', 1), strpos('ab', 'b'), regexp_replace('a', "
    "'b', 'c'), regexp_matches('a', 'a'), md5('a'), encode('a', 'hex')",
    "SELECT now(), current_timestamp(3), current_date, clock_timestamp(), "
    "localtimestamp(0), statement_timestamp()",
    "SELECT date_trunc('day', seen), extract(epoch FROM seen), age(seen), "
    "to_char(seen, 'YYYY'), date_part('year', born) FROM o_user",
    "SELECT make_date(2020, 1, 1), to_date('2020', 'YYYY'), "
    "to_timestamp(0), interval '1 day' * 2, timezone('UTC', now())",
    "SELECT '1'::numeric(10, 2), CAST('1' AS decimal(5,1)), 'a'::varchar(10), "
    "'a'::character varying(5), now()::timestamp(3) with time zone, 1::int8",
    "SELECT abs(-1), ceil(1.5), floor(1.5), round(1.25, 1), trunc(1.5), "
    "mod(5, 3), power(2, 3), sqrt(4), random(), sign(-1), pi()",
    "SELECT doc->>'a', jsonb_build_object('a', 1), json_agg(name) FROM o_user "
    "GROUP BY (doc)",
    "SELECT jsonb_set('{}', '{a}', '1'), jsonb_array_length('[]'), "
    "to_jsonb(1), jsonb_path_query('[1]', '$[*]')",
    "SELECT key, value FROM jsonb_each('{\"a\": 1}')",
    "SELECT * FROM jsonb_to_recordset('[]') AS r(a int, b text)",
    "SELECT * FROM json_to_record('{}') AS r (a int)",
    "SELECT array_agg(id ORDER BY id), string_agg(name, ',') FROM o_user",
    "SELECT array_length(tags, 1), array_to_string(tags, ','), unnest(tags) "
    "FROM o_user WHERE 'a' = ANY (tags)",
    "SELECT * FROM unnest(ARRAY[1, 2], ARRAY[3, 4]) AS t (a, b)",
    "SELECT * FROM unnest(ARRAY[1, 2]) WITH ORDINALITY u (v, n)",
    "SELECT i FROM generate_series(1, 3) i",
    "SELECT row_number() OVER (PARTITION BY name ORDER BY id), rank() OVER w, "
    "lag(id, 1) OVER w, first_value(id) OVER (ORDER BY id ROWS BETWEEN 1 "
    "PRECEDING AND CURRENT ROW) FROM o_user WINDOW w AS (ORDER BY id)",
    "SELECT count(*) FILTER (WHERE id > 1), percentile_cont(0.5) WITHIN GROUP "
    "(ORDER BY id) FROM o_user",
    "SELECT name, count(*) FROM o_user GROUP BY ROLLUP (name)",
    "SELECT name, id, count(*) FROM o_user GROUP BY GROUPING SETS ((name), "
    "(id), ())",
    "SELECT DISTINCT ON (name) name, id FROM o_user ORDER BY name",
    "SELECT DISTINCT ON (name) upper(name) FROM o_user",
    "SELECT u.name FROM o_user AS u JOIN o_item AS i ON (i.user_id = u.id)",
    "SELECT * FROM o_user JOIN o_item USING (id)",
    "SELECT u.id, x.n FROM o_user u LEFT JOIN LATERAL (SELECT count(*) AS n "
    "FROM o_item i WHERE i.user_id = u.id) x ON true",
    "SELECT * FROM o_item x (a, b, c)",
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, t)",
    "SELECT * FROM (SELECT 1, 2) v (n, t)",
    "SELECT id FROM o_user WHERE id IN (1, 2) AND NOT (id = 3) OR (id > 4)",
    "SELECT id FROM o_user WHERE EXISTS (SELECT 1 FROM o_item) AND id NOT IN "
    "(SELECT user_id FROM o_item)",
    "SELECT id FROM o_user WHERE id = ANY ('{1,2}') AND (id, name) < (2, 'b')",
    "SELECT CASE WHEN (id > 1) THEN (1) ELSE (2) END FROM o_user",
    "SELECT id FROM o_user WHERE name LIKE ('a%') ESCAPE '\\' LIMIT (1)",
    "SELECT id FROM o_user WHERE name ILIKE '%x' ORDER BY (name) OFFSET (1)",
    "SELECT id FROM o_user FOR UPDATE SKIP LOCKED",
    "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
    "WITH a (n) AS (SELECT 1), b (m, k) AS MATERIALIZED (SELECT 1, 2), c AS "
    "NOT MATERIALIZED (SELECT 3) SELECT * FROM a, b, c",
    "WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n "
    "< 3) SELECT sum(n) FROM t",
    "INSERT INTO o_user (name, email) VALUES ('a', 'b')",
    "INSERT INTO public.o_user AS u (name) VALUES (lower('A')) RETURNING (id)",
    "INSERT INTO \"o_user\" (\"name\") VALUES ('a')",
    "INSERT INTO o_user (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET "
    "(name, price) = (excluded.name, 1)",
    "INSERT INTO o_user (name) SELECT name FROM o_user",
    "INSERT INTO o_item DEFAULT VALUES",
    "UPDATE o_user SET name = upper(name), price = price * 2 WHERE id = 1",
    "UPDATE o_user SET (name, price) = (SELECT 'a', 1) WHERE id = 1",
    "DELETE FROM o_user USING o_item WHERE o_item.user_id = o_user.id",
    "WITH gone AS (DELETE FROM o_item RETURNING id) SELECT count(*) FROM gone",
    "MERGE INTO o_item t USING (SELECT 1 AS id) s ON (t.id = s.id) WHEN NOT "
    "MATCHED THEN INSERT (id) VALUES (s.id)",
    "SELECT nextval('o_seq')",
    "SELECT gen_random_uuid()",
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT current_setting('work_mem'), current_user, current_schema()",
    "SELECT to_tsvector('a b') @@ plainto_tsquery('a'), ts_rank(to_tsvector("
    "'a'), to_tsquery('a'))",
    "SELECT tstzrange(now(), NULL), lower(int4range(1, 2)), daterange("
    "'2020-01-01', NULL)",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = "
    "'public'",
    "SELECT pg_get_constraintdef(oid), format_type(1, 2) FROM pg_constraint",
    "SELECT * FROM o_user TABLESAMPLE bernoulli (10) REPEATABLE (1)",
    "SELECT lo_create(0)",
    "VALUES (1), (2)",
    "TABLE o_item",
    "EXPLAIN (COSTS off) SELECT count(*) FROM o_user",
    "SHOW work_mem",
    "SET LOCAL work_mem = '1MB'",
    "CREATE TABLE o_more (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    "a numeric(10, 2) DEFAULT (1), b char(3) CHECK (length(b) > 1), c bigint "
    "REFERENCES o_user (id), UNIQUE (a, b), FOREIGN KEY (c) REFERENCES "
    "o_user (id)) WITH (fillfactor = 70)",
    "CREATE UNIQUE INDEX o_i ON o_user USING btree (lower(name), price) "
    "INCLUDE (email) WITH (fillfactor = 70) WHERE (price > 0)",
    "CREATE VIEW o_view (a, b) AS SELECT id, name FROM o_user",
    "ALTER TABLE o_user ADD COLUMN more varchar(10) DEFAULT upper('a')",
    "LOCK TABLE o_user IN SHARE MODE",
    "TRUNCATE o_item",
    NULL,
};

static const char *const mysql_setup[] = {
    "CREATE TABLE IF NOT EXISTS o_user (id BIGINT AUTO_INCREMENT PRIMARY KEY, "
    "name VARCHAR(80), email VARCHAR(80) UNIQUE, price DECIMAL(10,2), doc "
    "LONGTEXT, born DATE, seen DATETIME(6), kind ENUM('a','b'))",
    "CREATE TABLE IF NOT EXISTS o_item (id INT, user_id BIGINT, qty INT)",
    NULL};

static const char *const of_mysql[] = {
    "SELECT 1",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "SELECT id, name FROM o_user WHERE id = 1",
    "SELECT COUNT(*), SUM(price), AVG(price), MIN(id), MAX(id) FROM o_user",
    "SELECT count(DISTINCT name), group_concat(name ORDER BY name SEPARATOR "
    "','), std(price), variance(price) FROM o_user",
    "SELECT UPPER(name), LOWER(email), LENGTH(name), CHAR_LENGTH(name), "
    "TRIM(name), TRIM(LEADING 'a' FROM name), REVERSE(name) FROM o_user",
    "SELECT COALESCE(name, 'x'), IFNULL(name, 'x'), NULLIF(name, ''), IF(1, 2, "
    "3), GREATEST(1, 2), LEAST(1, 2), ISNULL(name) FROM o_user",
    "SELECT SUBSTRING(name, 1, 3), SUBSTR(name, 2), MID(name, 1, 1), LEFT("
    "name, 1), RIGHT(name, 1), LOCATE('a', name), INSTR(name, 'a'), POSITION("
    "'a' IN name), SUBSTRING_INDEX(name, '.', 1) FROM o_user",
    "SELECT CONCAT('a', 1), CONCAT_WS('-', 1, 2), REPEAT('x', 3), REPLACE('a', "
    "'b', 'c'), LPAD('a', 3, ' '), RPAD('a', 3, ' '), LTRIM('a'), RTRIM('a'), "
    "SPACE(2), INSERT('abc', 1, 1, 'x'), FORMAT(1.5, 1), FIELD('a', 'b'), "
    "ELT(1, 'a'), FIND_IN_SET('a', 'a,b'), STRCMP('a', 'b'), QUOTE('a')",
    "SELECT HEX('a'), UNHEX('61'), MD5('a'), SHA1('a'), SHA2('a', 256), CRC32("
    "'a'), TO_BASE64('a'), FROM_BASE64('YQ=='), ASCII('a'), CHAR(65), ORD('a')",
    "SELECT NOW(), NOW(6), CURDATE(), CURTIME(), CURRENT_TIMESTAMP(), UTC_DATE("
    "), UTC_TIMESTAMP(), SYSDATE(), LOCALTIME(), UNIX_TIMESTAMP()",
    "SELECT DATE(seen), TIME(seen), YEAR(seen), MONTH(seen), DAY(seen), HOUR("
    "seen), MINUTE(seen), SECOND(seen), DAYOFWEEK(seen), WEEK(seen), QUARTER("
    "seen), LAST_DAY(seen), DAYNAME(seen) FROM o_user",
    "SELECT DATE_ADD(seen, INTERVAL 1 DAY), DATE_SUB(seen, INTERVAL (1) HOUR), "
    "DATEDIFF(seen, seen), TIMESTAMPDIFF(DAY, seen, seen), TIMESTAMPADD(DAY, "
    "1, seen), DATE_FORMAT(seen, '%Y'), EXTRACT(YEAR FROM seen), STR_TO_DATE("
    "'2020', '%Y'), FROM_UNIXTIME(0), CONVERT_TZ(seen, '+00:00', '+01:00') "
    "FROM o_user",
    "SELECT CAST(price AS CHAR(10)), CAST('1' AS DECIMAL(9, 2)), CAST(1 AS "
    "SIGNED), CONVERT('a' USING utf8mb4), CONVERT('1', UNSIGNED), BINARY 'a' "
    "FROM o_user",
    "SELECT ABS(-1), CEIL(1.5), CEILING(1.5), FLOOR(1.5), ROUND(1.25, 1), "
    "TRUNCATE(1.55, 1), MOD(5, 3), POW(2, 3), POWER(2, 3), SQRT(4), RAND(), "
    "SIGN(-1), PI(), EXP(1), LN(2), LOG(2), LOG10(2), SIN(1), DEGREES(1)",
    "SELECT JSON_EXTRACT('{}', '$.a'), JSON_OBJECT('a', 1), JSON_ARRAY(1, 2), "
    "JSON_UNQUOTE('\"a\"'), JSON_VALUE('{}', '$.a'), JSON_LENGTH('[]'), "
    "JSON_CONTAINS('[1]', '1'), JSON_SET('{}', '$.a', 1), JSON_VALID('{}')",
    "SELECT JSON_ARRAYAGG(name), JSON_OBJECTAGG(id, name) FROM o_user",
    "SELECT j.a FROM JSON_TABLE('[{\"a\": 1}]', '$[*]' COLUMNS (a INT PATH "
    "'$.a')) AS j",
    "SELECT BIT_AND(id), BIT_OR(id), BIT_COUNT(5), CONV('a', 16, 2), BIN(5) "
    "FROM o_user GROUP BY (name)",
    "SELECT ROW_NUMBER() OVER (PARTITION BY name ORDER BY id), RANK() OVER w, "
    "LAG(id, 1) OVER w, FIRST_VALUE(id) OVER (ORDER BY id), NTILE(2) OVER w "
    "FROM o_user WINDOW w AS (ORDER BY id)",
    "SELECT name, COUNT(*) FROM o_user GROUP BY name WITH ROLLUP HAVING (1)",
    "SELECT DISTINCT (name) FROM o_user",
    "SELECT u.name FROM o_user AS u JOIN o_item AS i ON (i.user_id = u.id)",
    "SELECT * FROM o_user JOIN o_item USING (id)",
    "SELECT * FROM o_user LEFT JOIN (SELECT 1 AS n) x ON (x.n = o_user.id)",
    "SELECT id FROM o_user USE INDEX (PRIMARY) IGNORE INDEX (email)",
    "SELECT id FROM o_user FORCE INDEX FOR JOIN (PRIMARY)",
    "SELECT id FROM o_user WHERE id IN (1, 2) AND NOT (id = 3) OR (id > 4)",
    "SELECT id FROM o_user WHERE EXISTS (SELECT 1 FROM o_item) AND id NOT IN "
    "(SELECT user_id FROM o_item)",
    "SELECT id FROM o_user WHERE id = ANY (SELECT 1) AND (id, name) < (2, 'b')",
    "SELECT CASE WHEN (id > 1) THEN (1) ELSE (2) END FROM o_user",
    "SELECT id FROM o_user WHERE name LIKE ('a%') XOR (id BETWEEN (1) AND (2))",
    "SELECT id FROM o_user WHERE name REGEXP ('a') OR name RLIKE ('b')",
    "SELECT id DIV (2), id MOD (2), -(id) FROM o_user ORDER BY (name)",
    "SELECT REGEXP_REPLACE('a', 'b', 'c'), REGEXP_SUBSTR('a', 'a')",
    "SELECT id FROM o_user LIMIT 1 OFFSET 1",
    "SELECT id FROM o_user FOR UPDATE",
    "SELECT id FROM o_user LOCK IN SHARE MODE",
    "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
    "WITH a (n) AS (SELECT 1), b (m, k) AS (SELECT 1, 2) SELECT * FROM a, b",
    "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < "
    "3) SELECT SUM(n) FROM t",
    "INSERT INTO o_user (name, email) VALUES ('a', 'b')",
    "INSERT INTO `o_user` (`name`) VALUES ('a')",
    "INSERT IGNORE INTO o_user (email) VALUES ('a'), ('a')",
    "INSERT o_item (id) VALUES (1)",
    "INSERT INTO o_user (id, name) VALUES (1, 'a') ON DUPLICATE KEY UPDATE "
    "name = VALUES(name), price = price + VALUES (price)",
    "INSERT INTO o_user (name) SELECT name FROM o_user",
    "INSERT INTO o_user (name) VALUES ('a') RETURNING id",
    "INSERT INTO o_item () VALUES ()",
    "INSERT INTO o_item SET id = 1",
    "REPLACE INTO o_user (id, name) VALUES (1, LOWER('A'))",
    "UPDATE o_user SET name = UPPER(name), price = price * 2 WHERE id = 1",
    "UPDATE o_user u JOIN o_item i ON (u.id = i.user_id) SET u.name = 'a'",
    "DELETE FROM o_user WHERE id IN (1, 2) LIMIT 1",
    "DELETE u FROM o_user u JOIN o_item i USING (id)",
    "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()",
    "SELECT CONNECTION_ID(), USER(), CURRENT_USER(), DATABASE(), SCHEMA(), "
    "VERSION(), @@version, @mine, UUID()",
    "SELECT IS_FREE_LOCK('a'), IS_USED_LOCK('a'), SLEEP(0), INET_ATON("
    "'127.0.0.1')",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = "
    "DATABASE()",
    "SELECT 5 -- 1\n + ABS(1) /* c */ # d",
    "VALUES (1), (2)",
    "EXPLAIN SELECT COUNT(*) FROM o_user",
    "SHOW TABLES",
    "SHOW COLUMNS FROM o_user",
    "DESCRIBE o_user",
    "CREATE TABLE o_more (id INT(11) UNSIGNED AUTO_INCREMENT, a DECIMAL (10, "
    "2) DEFAULT (1), b CHAR(3) CHECK (LENGTH(b) > 1), c BIGINT, k ENUM('a'), "
    "s SET('a'), t TIMESTAMP(6), PRIMARY KEY (id), UNIQUE KEY u (a, b), INDEX "
    "i (c), KEY k2 (b), FOREIGN KEY (c) REFERENCES o_user (id))",
    "CREATE TABLE IF NOT EXISTS o_parts (id INT, n INT) PARTITION BY RANGE "
    "(id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN "
    "MAXVALUE)",
    "CREATE OR REPLACE INDEX o_i ON o_item (id, qty)",
    "CREATE OR REPLACE VIEW o_view (a, b) AS SELECT id, name FROM o_user",
    "ALTER TABLE o_item ADD COLUMN IF NOT EXISTS more VARCHAR(10)",
    "DROP TABLE o_parts",
    "TRUNCATE TABLE o_item",
    "ANALYZE TABLE o_item",
    NULL,
};

static const char *const sqlite_setup[] = {
    "CREATE TABLE IF NOT EXISTS o_user (id INTEGER PRIMARY KEY, name TEXT, "
    "email TEXT UNIQUE, price DECIMAL(10, 2), doc TEXT, seen TEXT)",
    "CREATE TABLE IF NOT EXISTS o_item (id INTEGER, user_id INTEGER)", NULL};

static const char *const of_sqlite[] = {
    "SELECT 1",
    "SELECT id, name FROM o_user WHERE id = 1",
    "SELECT count(*), sum(price), avg(price), min(id), max(id), total(id), "
    "group_concat(name) FROM o_user",
    "SELECT upper(name), lower(name), length(name), trim(name), ltrim(name), "
    "replace(name, 'a', 'b'), substr(name, 1, 2), instr(name, 'a') FROM o_user",
    "SELECT coalesce(name, ''), ifnull(name, ''), nullif(name, ''), iif(1, 2, "
    "3), typeof(name), quote(name), hex(name), printf('%d', 1) FROM o_user",
    "SELECT abs(-1), round(1.5), random(), max(1, 2), min(1, 2), unicode('a'), "
    "char(65), zeroblob(2), randomblob(2)",
    "SELECT date('now'), time('now'), datetime('now'), julianday('now'), "
    "strftime('%Y', 'now'), current_timestamp",
    "SELECT json_extract('{}', '$.a'), json_object('a', 1), json_array(1, 2), "
    "json_valid('{}'), json_type('1'), json('{}')",
    "SELECT json_group_array(name), json_group_object(id, name) FROM o_user",
    "SELECT value FROM json_each('[1, 2]')",
    "SELECT key, value FROM json_tree('[1, 2]')",
    "SELECT row_number() OVER (PARTITION BY name ORDER BY id), rank() OVER w, "
    "lag(id, 1) OVER w FROM o_user WINDOW w AS (ORDER BY id)",
    "SELECT count(*) FILTER (WHERE id > 1) FROM o_user",
    "SELECT name, count(*) FROM o_user GROUP BY (name) HAVING (count(*) > 1)",
    "SELECT DISTINCT name FROM o_user ORDER BY (name) LIMIT 1 OFFSET 1",
    "SELECT u.name FROM o_user AS u JOIN o_item AS i ON (i.user_id = u.id)",
    "SELECT * FROM o_user JOIN o_item USING (id)",
    "SELECT * FROM o_user LEFT JOIN (SELECT 1 AS n) x ON x.n = o_user.id",
    "SELECT id FROM o_user WHERE id IN (1, 2) AND NOT (id = 3)",
    "SELECT id FROM o_user WHERE EXISTS (SELECT 1 FROM o_item)",
    "SELECT id FROM o_user WHERE (id, name) < (2, 'b')",
    "SELECT CASE WHEN id > 1 THEN 1 ELSE 2 END FROM o_user",
    "SELECT id FROM o_user WHERE name LIKE 'a%' ESCAPE '!'",
    "SELECT id FROM o_user WHERE name GLOB 'a*' COLLATE nocase",
    "SELECT CAST(price AS TEXT), CAST('1' AS DECIMAL(9, 2)) FROM o_user",
    "WITH a (n) AS (SELECT 1), b AS (SELECT 2) SELECT * FROM a, b",
    "WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n "
    "< 3) SELECT sum(n) FROM t",
    "INSERT INTO o_user (name, email) VALUES ('a', 'b')",
    "INSERT OR IGNORE INTO o_user (email) VALUES ('a')",
    "INSERT INTO o_user (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET "
    "name = excluded.name",
    "INSERT INTO o_user (name) VALUES ('a') RETURNING id",
    "INSERT INTO o_user (name) SELECT name FROM o_user",
    "INSERT INTO o_item DEFAULT VALUES",
    "REPLACE INTO o_user (id, name) VALUES (1, 'a')",
    "UPDATE o_user SET name = upper(name) WHERE id = 1",
    "UPDATE o_user SET (name, price) = (SELECT 'a', 1) WHERE id = 1",
    "DELETE FROM o_user WHERE id IN (SELECT id FROM o_item)",
    "SELECT last_insert_rowid(), changes(), total_changes()",
    "SELECT sqlite_version(), sqlite_source_id()",
    "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "SELECT name FROM pragma_table_info('o_user')",
    "SELECT name FROM pragma_database_list",
    "SELECT cache_size FROM pragma_cache_size",
    "PRAGMA table_info('o_user')",
    "PRAGMA index_list(o_user)",
    "PRAGMA foreign_key_list(o_user)",
    "PRAGMA foreign_keys",
    "PRAGMA journal_mode",
    "PRAGMA user_version",
    "PRAGMA user_version = 3",
    "PRAGMA integrity_check(1)",
    "PRAGMA quick_check",
    "VALUES (1), (2)",
    "EXPLAIN QUERY PLAN SELECT * FROM o_user",
    "CREATE TABLE o_more (id INTEGER PRIMARY KEY, a DECIMAL(10, 2) DEFAULT "
    "(abs(1)), b TEXT CHECK (length(b) > 1), UNIQUE (a, b))",
    "CREATE INDEX o_i ON o_user (lower(name), price) WHERE price > 0",
    "CREATE VIEW o_view (a, b) AS SELECT id, name FROM o_user",
    "CREATE TRIGGER o_t AFTER INSERT ON o_item BEGIN DELETE FROM o_user; END",
    "ALTER TABLE o_user ADD COLUMN more TEXT",
    "DROP TABLE o_item",
    "ANALYZE",
    "REINDEX",
    NULL,
};
/* clang-format on */

typedef struct ordinary {
    const char *name;
    const char *const *setup;
    const char *const *statements;
} ordinary;

static ordinary of(const weir_engine *own)
{
    const char *name = weir_engine_backend(own);

    if (strcmp(name, "postgres") == 0)
        return (ordinary){name, postgres_setup, of_postgres};
    if (strcmp(name, "mysql") == 0)
        return (ordinary){name, mysql_setup, of_mysql};
    return (ordinary){name, sqlite_setup, of_sqlite};
}

static weir_status note_reset(void *context, const weir_event *event,
                              weir_error *err)
{
    (void)err;
    *(bool *)context = event->reset->is_dirty;
    return WEIR_OK;
}

static bool is_ordinary(weir_engine *own, const char *sql, const bool *dirty)
{
    weir_conn *conn = borrow_from(own);
    weir_status status = try(conn, sql);

    if (status != WEIR_OK)
        print_error("%s: %s\n", sql, weir_conn_error(conn)->message);
    weir_conn_close(&conn);
    if (*dirty)
        print_error("is no dirt: %s\n", sql);
    return status == WEIR_OK && !*dirty;
}

static void test_return__of_ordinary_sql_is_clean(void **state)
{
    WEIR_AUTO(weir_engine) own = open_single(NULL);
    bool dirty = false;
    weir_hook hook = {
        .kind = WEIR_EVENT_RESET, .function = note_reset, .context = &dirty};
    ordinary here = of(own);
    weir_conn *conn = borrow_from(own);
    weir_error err;
    size_t count = 0, good = 0;

    (void)state;
    for (size_t i = 0; here.setup[i]; i++)
        run(conn, here.setup[i]);
    commit(conn);
    weir_conn_close(&conn);
    assert_int_equal(weir_hook_add(own, &hook, &err), WEIR_OK);
    for (; here.statements[count]; count++)
        good += is_ordinary(own, here.statements[count], &dirty);
    assert_true(count >= 60);
    assert_int_equal(good, count);
}

/* The hook hears of dirt, too: else the test above could not fail. */
static void test_return__of_a_temporary_table_is_not(void **state)
{
    WEIR_AUTO(weir_engine) own = open_single(NULL);
    bool dirty = false;
    weir_hook hook = {
        .kind = WEIR_EVENT_RESET, .function = note_reset, .context = &dirty};
    weir_conn *conn;
    weir_error err;

    (void)state;
    assert_int_equal(weir_hook_add(own, &hook, &err), WEIR_OK);
    conn = borrow_from(own);
    run(conn, "CREATE TEMPORARY TABLE o_short (id INT)");
    weir_conn_close(&conn);
    assert_true(dirty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_return__of_ordinary_sql_is_clean),
        cmocka_unit_test(test_return__of_a_temporary_table_is_not),
    };

    (void)engine;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
