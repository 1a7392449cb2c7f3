/* SPDX-License-Identifier: MIT */
/*
 * Isolation levels by name.
 */
#include "engine/isolation.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static const char *const names[] = {
    [WEIR_ISOLATION_DEFAULT] = "DEFAULT",
    [WEIR_READ_UNCOMMITTED] = "READ UNCOMMITTED",
    [WEIR_READ_COMMITTED] = "READ COMMITTED",
    [WEIR_REPEATABLE_READ] = "REPEATABLE READ",
    [WEIR_SERIALIZABLE] = "SERIALIZABLE",
    [WEIR_AUTOCOMMIT] = "AUTOCOMMIT",
};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

const char *weir_isolation_name(weir_isolation isolation)
{
    if ((unsigned)isolation >= NAME_COUNT)
        return "unknown isolation level";
    return names[isolation];
}

static bool same_name(const char *name, const char *text)
{
    for (; *name && *text; name++, text++) {
        char c = *text == '_' || *text == '-' ? ' ' : wi_ascii_upper(*text);
        if (c != *name)
            return false;
    }
    return *name == *text;
}

bool wi_isolation_parse(const char *text, weir_isolation *out)
{
    for (unsigned i = WEIR_READ_UNCOMMITTED; i < NAME_COUNT; i++) {
        if (same_name(names[i], text)) {
            *out = (weir_isolation)i;
            return true;
        }
    }
    return false;
}

/* "READ COMMITTED, SERIALIZABLE, AUTOCOMMIT" */
static void list_levels(const weir_dialect *dialect, char *out, size_t size)
{
    size_t used = 0;

    for (unsigned i = WEIR_READ_UNCOMMITTED; i < WEIR_AUTOCOMMIT; i++) {
        if ((dialect->isolation_levels & (1u << i)) == 0)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s, ", names[i]);
        if (used >= size)
            return;
    }
    snprintf(out + used, size - used, "%s", names[WEIR_AUTOCOMMIT]);
}

weir_status wi_isolation_check(const weir_dialect *dialect,
                               weir_isolation isolation, weir_error *err)
{
    char list[128];

    if (isolation == WEIR_ISOLATION_DEFAULT || isolation == WEIR_AUTOCOMMIT)
        return WEIR_OK;
    if ((unsigned)isolation >= NAME_COUNT)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "%d is not an isolation level", (int)isolation);
    if (dialect->isolation_levels & (1u << (unsigned)isolation))
        return WEIR_OK;
    list_levels(dialect, list, sizeof list);
    return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                          "%s has no isolation level %s; it has %s",
                          dialect->name, names[isolation], list);
}
