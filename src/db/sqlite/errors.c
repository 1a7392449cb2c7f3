/* SPDX-License-Identifier: MIT */
/*
 * What SQLite's codes mean: a table, extended codes before their base code.
 */
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

typedef struct meaning {
    int code;
    weir_status status;
    weir_fate fate;
    weir_constraint_kind kind;
    const char *sqlstate;
} meaning;

#define KEEP WEIR_FATE_KEEP
#define DISCARD WEIR_FATE_DISCARD

static const meaning meanings[] = {
    {SQLITE_CONSTRAINT_UNIQUE, WEIR_ERR_CONSTRAINT, KEEP,
     WEIR_CONSTRAINT_UNIQUE, "23505"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, WEIR_ERR_CONSTRAINT, KEEP,
     WEIR_CONSTRAINT_PRIMARY_KEY, "23505"},
    {SQLITE_CONSTRAINT_ROWID, WEIR_ERR_CONSTRAINT, KEEP,
     WEIR_CONSTRAINT_PRIMARY_KEY, "23505"},
    {SQLITE_CONSTRAINT_NOTNULL, WEIR_ERR_CONSTRAINT, KEEP,
     WEIR_CONSTRAINT_NOT_NULL, "23502"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, WEIR_ERR_CONSTRAINT, KEEP,
     WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {SQLITE_CONSTRAINT_CHECK, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_CHECK,
     "23514"},
    {SQLITE_CONSTRAINT, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_OTHER,
     "23000"},
    {SQLITE_BUSY_SNAPSHOT, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"},
    {SQLITE_BUSY, WEIR_ERR_TIMEOUT, KEEP, 0, "55P03"},
    {SQLITE_LOCKED, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"},
    {SQLITE_INTERRUPT, WEIR_ERR_CANCELLED, KEEP, 0, "57014"},
    {SQLITE_NOMEM, WEIR_ERR_NOMEM, KEEP, 0, "53200"},
    {SQLITE_FULL, WEIR_ERR_RESOURCE, KEEP, 0, "53100"},
    {SQLITE_READONLY, WEIR_ERR_UNAVAILABLE, KEEP, 0, "25006"},
    {SQLITE_CANTOPEN, WEIR_ERR_CONNECTION, DISCARD, 0, "08001"},
    {SQLITE_PERM, WEIR_ERR_CONNECTION, DISCARD, 0, "08001"},
    {SQLITE_NOTADB, WEIR_ERR_STORAGE, DISCARD, 0, "XX001"},
    {SQLITE_CORRUPT, WEIR_ERR_STORAGE, DISCARD, 0, "XX001"},
    {SQLITE_IOERR_NOMEM, WEIR_ERR_NOMEM, KEEP, 0, "53200"},
    {SQLITE_IOERR, WEIR_ERR_STORAGE, DISCARD, 0, "58030"},
    {SQLITE_TOOBIG, WEIR_ERR_LIMIT, KEEP, 0, "54000"},
    {SQLITE_MISMATCH, WEIR_ERR_TYPE, KEEP, 0, "22000"},
    {SQLITE_AUTH, WEIR_ERR_SQL, KEEP, 0, "42501"},
    {SQLITE_RANGE, WEIR_ERR_MISUSE, KEEP, 0, "HY000"},
    {SQLITE_ERROR, WEIR_ERR_SQL, KEEP, 0, "42601"},
};

static const meaning *find(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].code == code)
            return &meanings[i];
    }
    return code == (code & 0xFF) ? NULL : find(code & 0xFF);
}

void wsq_classify(int native_code, const char *sqlstate, weir_error *err)
{
    const meaning *found = find(native_code);

    (void)sqlstate;
    err->status = found ? found->status : WEIR_ERR_SQL;
    err->fate = found ? found->fate : KEEP;
    err->constraint_kind = found ? found->kind : WEIR_CONSTRAINT_NONE;
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s",
             found ? found->sqlstate : "HY000");
}

static void copy_name(char *out, size_t size, const char *from, size_t length)
{
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), from);
}

/* "UNIQUE constraint failed: users.name, users.age": the first table and
 * column; for CHECK the constraint's name. */
static void read_names(weir_error *err)
{
    const char *names = strstr(err->message, "constraint failed: ");
    const char *dot, *end;

    if (!names)
        return;
    names += strlen("constraint failed: ");
    end = names + strcspn(names, ", ");
    dot = memchr(names, '.', (size_t)(end - names));
    if (!dot) {
        copy_name(err->constraint, sizeof err->constraint, names,
                  strlen(names));
        return;
    }
    copy_name(err->table, sizeof err->table, names, (size_t)(dot - names));
    copy_name(err->column, sizeof err->column, dot + 1,
              (size_t)(end - dot - 1));
}

weir_status wsq_fail(wsq_conn *conn, int code, weir_error *err)
{
    int extended = conn->db ? sqlite3_extended_errcode(conn->db) : code;

    if ((extended & 0xFF) != (code & 0xFF))
        extended = code;
    weir_error_set(err, WEIR_ERR_SQL, "%s",
                   conn->db &&
                           (sqlite3_errcode(conn->db) & 0xFF) == (code & 0xFF)
                       ? sqlite3_errmsg(conn->db)
                       : sqlite3_errstr(code));
    err->native_code = extended;
    wsq_classify(extended, NULL, err);
    if (err->status == WEIR_ERR_CONSTRAINT)
        read_names(err);
    if (strncmp(err->message, "no such table", 13) == 0)
        snprintf(err->sqlstate, sizeof err->sqlstate, "42P01");
    if (strncmp(err->message, "no such column", 14) == 0)
        snprintf(err->sqlstate, sizeof err->sqlstate, "42703");
    /* An interrupt may be the deadline's doing. */
    if ((code & 0xFF) == SQLITE_INTERRUPT && conn->timed_out)
        weir_error_set(err, WEIR_ERR_TIMEOUT,
                       "the statement did not end before its deadline");
    return err->status;
}
