/* SPDX-License-Identifier: MIT */
/*
 * Preparing a statement and learning its facts.
 *
 * What a statement does is asked of SQLite and never guessed from the text:
 * while it compiles, its authorizer is told every table, setting and file
 * that the statement touches. That costs nothing afterwards.
 */
#include "sqlite.h"

#include <limits.h>
#include <string.h>

/* A library built without column origins lacks these two. */
#pragma weak sqlite3_column_table_name
#pragma weak sqlite3_column_origin_name

/* --------------------------------------------------------------- authorizer */

/* Settings of the file, and questions that take an argument: they leave
 * nothing behind in the connection. */
static const char *const harmless[] = {
    "table_info",         "table_xinfo",
    "table_list",         "index_list",
    "index_info",         "index_xinfo",
    "foreign_key_list",   "foreign_key_check",
    "integrity_check",    "quick_check",
    "user_version",       "application_id",
    "incremental_vacuum", "wal_checkpoint",
    "optimize",           NULL};

/* Functions of SQLite that put something into the connection. */
static const char *const registering[] = {"fts3_tokenizer", "load_extension",
                                          NULL};

static bool is_one_of(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (sqlite3_stricmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* A name that does not fit is none: half a name would be another's. */
static void copy_name(char *out, size_t size, const char *name)
{
    bool fits = name && strlen(name) < size;

    sqlite3_snprintf((int)size, out, "%s", fits ? name : "");
}

static bool is_schema_table(const char *table)
{
    return strcmp(table, "sqlite_master") == 0 ||
           strcmp(table, "sqlite_temp_master") == 0;
}

static void note_rows(wsq_facts *facts, int action, const char *table,
                      const char *schema)
{
    if (is_schema_table(table))
        return;
    if (action != SQLITE_INSERT) {
        facts->alters = true;
        return;
    }
    facts->inserts = true;
    copy_name(facts->table, sizeof facts->table, table);
    copy_name(facts->schema, sizeof facts->schema, schema);
}

/* What is made in "temp" without the word TEMP comes as if it were lasting. */
static void note(wsq_facts *facts, int action, const char *first,
                 const char *second, const char *schema)
{
    switch (action) {
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
        facts->dirties = facts->defines = true;
        return;
    case SQLITE_PRAGMA:
        if (second && !is_one_of(harmless, first))
            facts->dirties = true;
        return;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        facts->dirties = true;
        return;
    case SQLITE_FUNCTION:
        if (second && is_one_of(registering, second))
            facts->dirties = true;
        return;
    case SQLITE_READ:
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return;
    default: /* CREATE, DROP, ALTER, REINDEX, ANALYZE */
        facts->defines = true;
        if (schema && sqlite3_stricmp(schema, "temp") == 0)
            facts->dirties = true;
    }
}

/* Settings that are not this connection's alone: of the whole process, or of
 * how Weir waits. */
static const char *const reserved[] = {
    "temp_store_directory", "data_store_directory", "soft_heap_limit",
    "hard_heap_limit",      "busy_timeout",         NULL};

/* VACUUM attaches an empty name for itself; VACUUM INTO a file's. A name that
 * is not a constant is NULL here. */
static const char *find_refusal(const wsq_conn *conn, int action,
                                const char *first, const char *second)
{
    if (action == SQLITE_ATTACH && !conn->options[WSQ_ATTACH].boolean &&
        (!first || first[0] != '\0'))
        return "ATTACH and VACUUM INTO are off; attach=on in the URL allows "
               "them";
    if (action == SQLITE_PRAGMA && second && is_one_of(reserved, first))
        return "this PRAGMA is for the whole process or for Weir; busy_timeout "
               "may stand in the URL";
    return NULL;
}

int wsq_authorize(void *context, int action, const char *first,
                  const char *second, const char *schema, const char *trigger)
{
    wsq_conn *conn = context;
    const char *refusal = find_refusal(conn, action, first, second);

    if (refusal) {
        conn->refused = refusal;
        return SQLITE_DENY;
    }
    if (!conn->facts) {
        conn->reprepared = true;
        return SQLITE_OK;
    }
    if (action == SQLITE_INSERT || action == SQLITE_UPDATE ||
        action == SQLITE_DELETE) {
        if (!trigger)
            note_rows(conn->facts, action, first, schema);
        return SQLITE_OK;
    }
    note(conn->facts, action, first ? first : "", second, schema);
    return SQLITE_OK;
}

/* -------------------------------------------------------------------- tail */

static const char *skip_comment(const char *at)
{
    const char *end;

    if (at[0] == '-' && at[1] == '-') {
        end = strchr(at, '\n');
        return end ? end + 1 : at + strlen(at);
    }
    if (at[0] == '/' && at[1] == '*') {
        end = strstr(at + 2, "*/");
        return end ? end + 2 : at + strlen(at);
    }
    return at;
}

/* Whether nothing but spaces, comments and semicolons comes. Preparing the
 * tail to find out would already run some pragmas. */
static bool is_blank(const char *at)
{
    const char *next;

    for (;;) {
        at += strspn(at, " \t\r\n\f;");
        next = skip_comment(at);
        if (next == at)
            return *at == '\0';
        at = next;
    }
}

/* ----------------------------------------------------------------- columns */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void read_column(const wsq_stmt *stmt, int index, weir_column *out)
{
    sqlite3_stmt *handle = stmt->handle;

    out->name = or_empty(sqlite3_column_name(handle, index));
    out->database_type = or_empty(sqlite3_column_decltype(handle, index));
    out->type = wsq_declared_type(out->database_type);
    out->table = out->origin = "";
    if (sqlite3_column_table_name)
        out->table = or_empty(sqlite3_column_table_name(handle, index));
    if (sqlite3_column_origin_name)
        out->origin = or_empty(sqlite3_column_origin_name(handle, index));
}

weir_status wsq_columns_read(wsq_stmt *stmt, weir_error *err)
{
    size_t count = (size_t)sqlite3_column_count(stmt->handle);
    weir_column *columns = stmt->columns;

    if (count > stmt->column_capacity) {
        columns = weir_services_resize(stmt->conn->services, columns,
                                       count * sizeof *columns);
        if (!columns)
            return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
        stmt->columns = columns;
        stmt->column_capacity = count;
    }
    for (size_t i = 0; i < count; i++)
        read_column(stmt, (int)i, &columns[i]);
    stmt->info.columns = columns;
    stmt->info.column_count = count;
    stmt->info.generation++;
    return WEIR_OK;
}

/* ----------------------------------------------------------------- prepare */

/* Only a table with rowids generates keys. */
static bool has_rowids(const wsq_stmt *stmt)
{
    const wsq_facts *facts = &stmt->facts;

    return sqlite3_table_column_metadata(stmt->conn->db, facts->schema,
                                         facts->table, "rowid", NULL, NULL,
                                         NULL, NULL, NULL) == SQLITE_OK;
}

static weir_status learn(wsq_stmt *stmt, weir_error *err)
{
    const wsq_facts *facts = &stmt->facts;
    sqlite3_stmt *handle = stmt->handle;
    bool explains = sqlite3_stmt_isexplain(handle) != 0;

    stmt->writes = !explains && !sqlite3_stmt_readonly(handle);
    stmt->counts =
        stmt->writes && !facts->defines && (facts->inserts || facts->alters);
    stmt->keyed = stmt->counts && facts->inserts && has_rowids(stmt);
    stmt->info.effect = stmt->writes ? WEIR_EFFECT_WRITE : WEIR_EFFECT_READ;
    stmt->info.param_count = (size_t)sqlite3_bind_parameter_count(handle);
    return wsq_columns_read(stmt, err);
}

static int compile(wsq_stmt *stmt, weir_text sql, const char **tail)
{
    wsq_conn *conn = stmt->conn;
    int code;

    if (sql.size >= INT_MAX)
        return SQLITE_TOOBIG;
    conn->facts = &stmt->facts;
    /* With the NUL counted SQLite reads the text where it is. */
    code = sqlite3_prepare_v3(conn->db, sql.data, (int)sql.size + 1,
                              SQLITE_PREPARE_PERSISTENT, &stmt->handle, tail);
    conn->facts = NULL;
    /* Some settings are made while they are prepared. */
    if (stmt->facts.dirties)
        conn->dirty = true;
    return code;
}

weir_status wsq_prepare(void *memory, weir_text sql, void *stmt_memory,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wsq_stmt *stmt = stmt_memory;
    const char *tail = "";
    weir_status status;
    int code;

    stmt->conn = memory;
    wsq_enter(stmt->conn, deadline);
    /* SQLite would run what stands before it, and say nothing. */
    if (memchr(sql.data, '\0', sql.size))
        return wsq_refuse(err, WEIR_ERR_SQL, "42601",
                          "the text of the statement holds a NUL character");
    code = compile(stmt, sql, &tail);
    if (code != SQLITE_OK)
        return wsq_fail(stmt->conn, code, err);
    if (!stmt->handle)
        return wsq_refuse(err, WEIR_ERR_SQL, "42601",
                          "there is no statement in the text");
    if (!is_blank(tail))
        return wsq_refuse(err, WEIR_ERR_SQL, "42601",
                          "there is more than one statement in the text");
    status = learn(stmt, err);
    if (status == WEIR_OK)
        *info = &stmt->info;
    return status;
}

void wsq_finish(void *memory)
{
    wsq_stmt *stmt = memory;

    sqlite3_finalize(stmt->handle);
    if (!stmt->conn)
        return;
    if (stmt->conn->running == stmt->handle)
        stmt->conn->running = NULL;
    stmt->handle = NULL;
    weir_services_free(stmt->conn->services, stmt->columns);
    stmt->columns = NULL;
}
