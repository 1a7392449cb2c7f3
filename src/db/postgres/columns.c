/* SPDX-License-Identifier: MIT */
/*
 * The server's description of columns: how each is written in a row, what
 * type its values have, what it is called.
 */
#include "stmt.h"

#include <string.h>

static char *keep(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = *at;

    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static size_t names_size(const PGresult *described, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += strlen(PQfname(described, (int)i)) + 1;
    return size;
}

/* One block: columns, cells, numbers of types, kinds, names. */
static bool make_arrays(wpg_columns *columns, const weir_services *services,
                        size_t count, size_t names, char **out)
{
    size_t each = sizeof *columns->columns + sizeof *columns->cells +
                  sizeof *columns->oids + sizeof *columns->kinds;
    char *at = weir_services_alloc(services, count * each + names);

    if (!at)
        return false;
    columns->columns = (weir_column *)(void *)at;
    at += count * sizeof *columns->columns;
    columns->cells = (wpg_cell *)(void *)at;
    memset(columns->cells, 0, count * sizeof *columns->cells);
    at += count * sizeof *columns->cells;
    columns->oids = (Oid *)(void *)at;
    at += count * sizeof *columns->oids;
    columns->kinds = (uint8_t *)at;
    *out = at + count;
    return true;
}

void wpg_columns_clear(wpg_columns *columns, const weir_services *services)
{
    for (size_t i = 0; i < columns->count; i++)
        weir_services_free(services, columns->cells[i].spill);
    weir_services_free(services, columns->columns);
    *columns = (wpg_columns){.count = 0};
}

weir_status wpg_columns_set(wpg_columns *columns, wpg_conn *conn,
                            const PGresult *described, weir_error *err)
{
    size_t count = (size_t)PQnfields(described);
    char *at;

    wpg_columns_clear(columns, conn->services);
    columns->format = 1;
    if (count == 0)
        return WEIR_OK;
    if (!make_arrays(columns, conn->services, count,
                     names_size(described, count), &at))
        return wpg_nomem(err);
    columns->count = count;
    for (size_t i = 0; i < count; i++) {
        wpg_type type = wpg_type_of(PQftype(described, (int)i));

        columns->oids[i] = type.oid;
        columns->kinds[i] = (uint8_t)type.kind;
        columns->columns[i] =
            (weir_column){.name = keep(&at, PQfname(described, (int)i)),
                          .database_type = type.name,
                          .type = wpg_value_type(type.kind),
                          .table = "",
                          .origin = ""};
        if (type.kind == WPG_KIND_OTHER)
            columns->format = 0;
    }
    return WEIR_OK;
}

bool wpg_columns_same(const wpg_columns *columns, const PGresult *result)
{
    if ((size_t)PQnfields(result) != columns->count)
        return false;
    for (size_t i = 0; i < columns->count; i++) {
        if (PQftype(result, (int)i) != columns->oids[i])
            return false;
    }
    return true;
}
