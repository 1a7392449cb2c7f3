/* SPDX-License-Identifier: MIT */
/*
 * What SQLite's codes mean.
 *
 * One table maps every code to a reaction. What the code alone does not say
 * is added afterwards: why a lock or an interrupt ended the work (our own
 * callbacks know), which constraint refused (the message names it), and which
 * mistake an SQL error is (its wording tells).
 */
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

/* -------------------------------------------------------------------- table */

typedef struct meaning {
    int code;
    weir_status status;
    weir_fate fate;
    const char *sqlstate;
} meaning;

#define KEEP WEIR_FATE_KEEP
#define DISCARD WEIR_FATE_DISCARD

/* Extended codes first have their own line, else that of their low byte. */
static const meaning meanings[] = {
    {SQLITE_ERROR, WEIR_ERR_SQL, KEEP, "42000"},
    {SQLITE_ERROR_MISSING_COLLSEQ, WEIR_ERR_SQL, KEEP, "42704"},
    {SQLITE_ERROR_RETRY, WEIR_ERR_SERIALIZATION, KEEP, "40001"},
    {SQLITE_ERROR_SNAPSHOT, WEIR_ERR_SERIALIZATION, KEEP, "40001"},
    {SQLITE_INTERNAL, WEIR_ERR_STORAGE, DISCARD, "XX000"},
    {SQLITE_PERM, WEIR_ERR_AUTH, DISCARD, "42501"},
    {SQLITE_ABORT, WEIR_ERR_SERIALIZATION, KEEP, "40000"},
    {SQLITE_BUSY, WEIR_ERR_TIMEOUT, KEEP, "55P03"},
    {SQLITE_BUSY_SNAPSHOT, WEIR_ERR_SERIALIZATION, KEEP, "40001"},
    {SQLITE_LOCKED, WEIR_ERR_SERIALIZATION, KEEP, "40001"},
    {SQLITE_NOMEM, WEIR_ERR_NOMEM, KEEP, "53200"},
    {SQLITE_READONLY, WEIR_ERR_UNAVAILABLE, KEEP, "25006"},
    {SQLITE_READONLY_DBMOVED, WEIR_ERR_CONNECTION, DISCARD, "08006"},
    {SQLITE_INTERRUPT, WEIR_ERR_CANCELLED, KEEP, "57014"},
    {SQLITE_IOERR, WEIR_ERR_STORAGE, DISCARD, "58030"},
    {SQLITE_IOERR_NOMEM, WEIR_ERR_NOMEM, KEEP, "53200"},
    {SQLITE_CORRUPT, WEIR_ERR_STORAGE, DISCARD, "XX001"},
    {SQLITE_CORRUPT_INDEX, WEIR_ERR_STORAGE, DISCARD, "XX002"},
    {SQLITE_CORRUPT_VTAB, WEIR_ERR_STORAGE, KEEP, "XX001"},
    {SQLITE_NOTFOUND, WEIR_ERR_SQL, KEEP, "42704"},
    {SQLITE_FULL, WEIR_ERR_RESOURCE, KEEP, "53100"},
    {SQLITE_CANTOPEN, WEIR_ERR_CONNECTION, DISCARD, "08001"},
    {SQLITE_CANTOPEN_NOTEMPDIR, WEIR_ERR_RESOURCE, KEEP, "58030"},
    {SQLITE_CANTOPEN_ISDIR, WEIR_ERR_CONFIG, DISCARD, "3D000"},
    {SQLITE_CANTOPEN_FULLPATH, WEIR_ERR_CONFIG, DISCARD, "3D000"},
    {SQLITE_CANTOPEN_SYMLINK, WEIR_ERR_CONFIG, DISCARD, "3D000"},
    {SQLITE_PROTOCOL, WEIR_ERR_RESOURCE, KEEP, "55P03"},
    {SQLITE_EMPTY, WEIR_ERR_STORAGE, KEEP, "XX000"},
    {SQLITE_SCHEMA, WEIR_ERR_SERIALIZATION, KEEP, "40001"},
    {SQLITE_TOOBIG, WEIR_ERR_LIMIT, KEEP, "54000"},
    {SQLITE_CONSTRAINT, WEIR_ERR_CONSTRAINT, KEEP, "23000"},
    {SQLITE_CONSTRAINT_CHECK, WEIR_ERR_CONSTRAINT, KEEP, "23514"},
    {SQLITE_CONSTRAINT_DATATYPE, WEIR_ERR_TYPE, KEEP, "42804"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, WEIR_ERR_CONSTRAINT, KEEP, "23503"},
    {SQLITE_CONSTRAINT_NOTNULL, WEIR_ERR_CONSTRAINT, KEEP, "23502"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, WEIR_ERR_CONSTRAINT, KEEP, "23505"},
    {SQLITE_CONSTRAINT_ROWID, WEIR_ERR_CONSTRAINT, KEEP, "23505"},
    {SQLITE_CONSTRAINT_TRIGGER, WEIR_ERR_CONSTRAINT, KEEP, "P0001"},
    {SQLITE_CONSTRAINT_UNIQUE, WEIR_ERR_CONSTRAINT, KEEP, "23505"},
    {SQLITE_MISMATCH, WEIR_ERR_TYPE, KEEP, "42804"},
    {SQLITE_MISUSE, WEIR_ERR_MISUSE, KEEP, "HY010"},
    {SQLITE_NOLFS, WEIR_ERR_RESOURCE, KEEP, "54000"},
    {SQLITE_AUTH, WEIR_ERR_SQL, KEEP, "42501"},
    {SQLITE_FORMAT, WEIR_ERR_STORAGE, DISCARD, "XX001"},
    {SQLITE_RANGE, WEIR_ERR_MISUSE, KEEP, "07009"},
    {SQLITE_NOTADB, WEIR_ERR_STORAGE, DISCARD, "XX001"},
};

static const meaning *find_exact(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code)
            return &meanings[i];
    }
    return NULL;
}

static const meaning *find_meaning(int code)
{
    const meaning *found = find_exact(code);

    return found ? found : find_exact(code & 0xFF);
}

static weir_constraint_kind find_kind(int code)
{
    if ((code & 0xFF) != SQLITE_CONSTRAINT)
        return WEIR_CONSTRAINT_NONE;
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
        return WEIR_CONSTRAINT_UNIQUE;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return WEIR_CONSTRAINT_PRIMARY_KEY;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return WEIR_CONSTRAINT_FOREIGN_KEY;
    case SQLITE_CONSTRAINT_NOTNULL:
        return WEIR_CONSTRAINT_NOT_NULL;
    case SQLITE_CONSTRAINT_CHECK:
        return WEIR_CONSTRAINT_CHECK;
    case SQLITE_CONSTRAINT_DATATYPE:
        return WEIR_CONSTRAINT_NONE;
    default:
        return WEIR_CONSTRAINT_OTHER;
    }
}

static void set_state(weir_error *err, const char *sqlstate)
{
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate);
}

void wsq_classify(int native_code, const char *sqlstate, weir_error *err)
{
    const meaning *found = find_meaning(native_code);

    (void)sqlstate; /* SQLite has none of its own */
    err->status = found ? found->status : WEIR_ERR_SQL;
    err->fate = found ? found->fate : DISCARD;
    err->constraint_kind = find_kind(native_code);
    set_state(err, found ? found->sqlstate : "HY000");
}

/* ------------------------------------------------------------------ wording */

/* What SQLITE_ERROR is about; SQLite has no codes for these. */
static const struct {
    const char *part;
    weir_status status;
    const char *sqlstate;
} wordings[] = {
    {"syntax error", WEIR_ERR_SQL, "42601"},
    {"incomplete input", WEIR_ERR_SQL, "42601"},
    {"unrecognized token", WEIR_ERR_SQL, "42601"},
    {"no such table", WEIR_ERR_SQL, "42P01"},
    {"no such view", WEIR_ERR_SQL, "42P01"},
    {"no such column", WEIR_ERR_SQL, "42703"},
    {"has no column named", WEIR_ERR_SQL, "42703"},
    {"no such index", WEIR_ERR_SQL, "42704"},
    {"no such trigger", WEIR_ERR_SQL, "42704"},
    {"no such collation", WEIR_ERR_SQL, "42704"},
    {"no such module", WEIR_ERR_SQL, "42704"},
    {"no such function", WEIR_ERR_SQL, "42883"},
    {"wrong number of arguments", WEIR_ERR_SQL, "42883"},
    {"ambiguous column name", WEIR_ERR_SQL, "42702"},
    {"duplicate column name", WEIR_ERR_SQL, "42701"},
    {"already exists", WEIR_ERR_SQL, "42P07"},
    {"already another", WEIR_ERR_SQL, "42P07"},
    {"no such savepoint", WEIR_ERR_SQL, "3B001"},
    {"no transaction is active", WEIR_ERR_SQL, "25P01"},
    {"within a transaction", WEIR_ERR_SQL, "25001"},
    {"integer overflow", WEIR_ERR_TYPE, "22003"},
    {"malformed JSON", WEIR_ERR_TYPE, "22032"},
    {"too many", WEIR_ERR_LIMIT, "54000"},
    {"too large", WEIR_ERR_LIMIT, "54000"},
    {"too complex", WEIR_ERR_LIMIT, "54001"},
    {"too deep", WEIR_ERR_LIMIT, "54001"},
    {"not authorized", WEIR_ERR_SQL, "42501"},
    {"prohibited", WEIR_ERR_SQL, "42501"},
};

/* A wording counts where SQLite puts it: before the name that it is about, or
 * after the name in quotes. A name may hold any of these words, so the text
 * within quotes and after the first ": " is not looked at. */
static void blank_names(const char *message, char *out, size_t size)
{
    bool quoted = false;
    size_t used = 0;

    for (; *message && used + 1 < size; message++) {
        if (*message == '"')
            quoted = !quoted;
        else if (!quoted)
            out[used++] = *message;
    }
    out[used] = '\0';
}

static void refine_sql(const char *message, weir_error *err)
{
    char words[sizeof err->message];

    blank_names(message, words, sizeof words);
    for (size_t i = 0; i < sizeof wordings / sizeof wordings[0]; i++) {
        if (strstr(words, wordings[i].part)) {
            err->status = wordings[i].status;
            set_state(err, wordings[i].sqlstate);
            return;
        }
    }
}

/* -------------------------------------------------------------- constraints */

static void copy_span(char *out, size_t size, const char *from, size_t length)
{
    if (length >= size) {
        length = size - 1;
        /* Not within a character. */
        while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(out, from, length);
    out[length] = '\0';
}

/* "t.a" or "t.a, t.b": the table, and the columns without it. */
static void read_columns(const char *list, weir_error *err)
{
    char columns[sizeof err->column] = "";
    const char *dot = strchr(list, '.');
    size_t prefix, used = 0;

    if (!dot)
        return;
    prefix = (size_t)(dot - list) + 1;
    copy_span(err->table, sizeof err->table, list, prefix - 1);
    for (const char *at = list; at && used < sizeof columns;) {
        const char *end = strstr(at, ", ");
        size_t length = end ? (size_t)(end - at) : strlen(at);

        if (length < prefix || strncmp(at, list, prefix) != 0)
            break;
        used += (size_t)snprintf(columns + used, sizeof columns - used,
                                 "%s%.*s", used ? ", " : "",
                                 (int)(length - prefix), at + prefix);
        at = end ? end + 2 : NULL;
    }
    copy_span(err->column, sizeof err->column, columns, strlen(columns));
}

static void read_constraint(int code, const char *message, weir_error *err)
{
    const char *about = strstr(message, " failed: ");
    size_t length;

    if (code == SQLITE_CONSTRAINT_DATATYPE)
        about = strstr(message, " column ");
    if (!about)
        return;
    about += code == SQLITE_CONSTRAINT_DATATYPE ? 8 : 9;
    length = strlen(about);
    if (code == SQLITE_CONSTRAINT_CHECK)
        copy_span(err->constraint, sizeof err->constraint, about, length);
    else if (length > 8 && strncmp(about, "index '", 7) == 0)
        copy_span(err->constraint, sizeof err->constraint, about + 7,
                  length - 8);
    else
        read_columns(about, err);
}

/* ------------------------------------------------------------------ failure */

weir_status wsq_refuse(weir_error *err, weir_status status,
                       const char *sqlstate, const char *message)
{
    weir_error_set(err, status, "%s", message);
    set_state(err, sqlstate);
    return status;
}

/* A lock that could not be had: waited for in vain, given up, or refused at
 * once because waiting could not help. */
static void refine_lock(const wsq_conn *conn, weir_error *err)
{
    if (conn->ending == WSQ_ENDED_CANCELLED) {
        err->status = WEIR_ERR_CANCELLED;
        set_state(err, "57014");
    } else if (conn->ending == WSQ_ENDED_NOT) {
        err->status = WEIR_ERR_SERIALIZATION;
        set_state(err, "40001");
    }
}

static const char *describe(const wsq_conn *conn, int code)
{
    switch (code & 0xFF) {
    case SQLITE_INTERRUPT:
        return conn->ending == WSQ_ENDED_LATE
                   ? "the statement took too long and was ended"
                   : "the statement was cancelled";
    case SQLITE_BUSY:
        if (conn->ending == WSQ_ENDED_LATE)
            return "the database is locked by somebody else, and waiting for "
                   "it took too long";
        if (conn->ending == WSQ_ENDED_CANCELLED)
            return "cancelled while waiting for a lock of the database";
        return "the database was changed by somebody else since this "
               "transaction first read it";
    case SQLITE_AUTH:
        return conn->refused ? conn->refused : "not authorized";
    default:
        return sqlite3_errcode(conn->db) == code ? sqlite3_errmsg(conn->db)
                                                 : sqlite3_errstr(code);
    }
}

/* Whether the file's name belongs into the message: it is the file, and not
 * the statement, that something is wrong with. */
static bool is_about_file(weir_status status)
{
    return status == WEIR_ERR_STORAGE || status == WEIR_ERR_UNAVAILABLE ||
           status == WEIR_ERR_RESOURCE || status == WEIR_ERR_CONNECTION ||
           status == WEIR_ERR_AUTH || status == WEIR_ERR_CONFIG;
}

weir_status wsq_fail(wsq_conn *conn, int code, weir_error *err)
{
    const char *message = describe(conn, code);
    weir_status about =
        find_meaning(code) ? find_meaning(code)->status : WEIR_ERR_SQL;

    if (is_about_file(about))
        weir_error_set(err, about, "%.200s (\"%.100s\")", message,
                       conn->instance->path);
    else
        weir_error_set(err, about, "%s", message);
    err->native_code = code;
    wsq_classify(code, NULL, err);
    if ((code & 0xFF) == SQLITE_BUSY && code != SQLITE_BUSY_SNAPSHOT)
        refine_lock(conn, err);
    if (code == SQLITE_INTERRUPT && conn->ending == WSQ_ENDED_LATE)
        err->status = WEIR_ERR_TIMEOUT;
    if (code == SQLITE_ERROR)
        refine_sql(message, err);
    if ((code & 0xFF) == SQLITE_CONSTRAINT)
        read_constraint(code, message, err);
    return err->status;
}

weir_status wsq_fail_commit(wsq_conn *conn, int code, weir_error *err)
{
    wsq_fail(conn, code, err);
    /* The disk failed somewhere on the way: what reached it decides when the
     * file is opened next, and nobody here can know. */
    if (err->status == WEIR_ERR_STORAGE && (code & 0xFF) == SQLITE_IOERR) {
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
        set_state(err, "08007");
    }
    return err->status;
}
