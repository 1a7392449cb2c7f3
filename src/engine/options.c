/* SPDX-License-Identifier: MIT */
/*
 * One table of the engine's options; the URL and weir_engine_set() both read
 * it. The order of the table and of the enum is the same.
 */
#include "engine/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "engine/isolation.h"
#include "engine/pool_options.h"
#include "url/options.h"

enum option {
    POOL_SIZE,
    MAX_OVERFLOW,
    POOL_TIMEOUT,
    POOL_RECYCLE,
    POOL_PRE_PING,
    POOL_USE_LIFO,
    POOL_RESET_ON_RETURN,
    ISOLATION_LEVEL,
    STATEMENT_TIMEOUT,
    CONNECT_TIMEOUT,
    STATEMENT_CACHE_SIZE,
    MAX_RESULT_BYTES,
    APPLICATION_NAME,
    ON_CONNECT,
};
enum { OPTION_COUNT = ON_CONNECT + 1 };

/* A day; longer waits are mistakes of unit. */
#define SECONDS_MAX 86400.0
#define YEAR_SECONDS 31622400.0
#define SIZE_MOST 100000

static const char *const reset_modes[] = {"rollback", "commit", "none", NULL};

#define NOT_HERE "it belongs to SQLAlchemy's create_engine"

static const weir_option_spec specs[] = {
    [POOL_SIZE] = {.name = "pool_size",
                   .kind = WEIR_OPTION_INTEGER,
                   .min = 0,
                   .max = SIZE_MOST,
                   .note = "connections kept; 0: no limit"},
    [MAX_OVERFLOW] = {.name = "max_overflow",
                      .kind = WEIR_OPTION_INTEGER,
                      .min = -1,
                      .max = SIZE_MOST,
                      .note = "connections beyond pool_size; -1: any"},
    [POOL_TIMEOUT] = {.name = "pool_timeout",
                      .kind = WEIR_OPTION_NUMBER,
                      .min = 0,
                      .max = SECONDS_MAX,
                      .note = "seconds to wait for a connection"},
    [POOL_RECYCLE] = {.name = "pool_recycle",
                      .kind = WEIR_OPTION_NUMBER,
                      .min = -YEAR_SECONDS,
                      .max = YEAR_SECONDS,
                      .note = "seconds until replaced; negative: never"},
    [POOL_PRE_PING] = {.name = "pool_pre_ping",
                       .kind = WEIR_OPTION_BOOLEAN,
                       .note = "ask the server before lending"},
    [POOL_USE_LIFO] = {.name = "pool_use_lifo",
                       .kind = WEIR_OPTION_BOOLEAN,
                       .note = "lend the one that came back last"},
    [POOL_RESET_ON_RETURN] = {.name = "pool_reset_on_return",
                              .kind = WEIR_OPTION_CHOICE,
                              .choices = reset_modes,
                              .note = "what ends an open transaction"},
    [ISOLATION_LEVEL] = {.name = "isolation_level",
                         .kind = WEIR_OPTION_TEXT,
                         .note = "of all connections"},
    [STATEMENT_TIMEOUT] = {.name = "statement_timeout",
                           .kind = WEIR_OPTION_NUMBER,
                           .min = 0,
                           .max = YEAR_SECONDS,
                           .note = "seconds a statement may take"},
    [CONNECT_TIMEOUT] = {.name = "connect_timeout",
                         .kind = WEIR_OPTION_NUMBER,
                         .min = 0,
                         .max = SECONDS_MAX,
                         .note = "seconds that connecting may take"},
    [STATEMENT_CACHE_SIZE] = {.name = "statement_cache_size",
                              .kind = WEIR_OPTION_INTEGER,
                              .min = 0,
                              .max = 100000,
                              .note = "statements kept per connection"},
    [MAX_RESULT_BYTES] = {.name = "max_result_bytes",
                          .kind = WEIR_OPTION_INTEGER,
                          .min = 0,
                          .max = 1e15,
                          .note = "bytes of a kept result; 0: no limit"},
    [APPLICATION_NAME] = {.name = "application_name",
                          .kind = WEIR_OPTION_TEXT,
                          .note = "what the server is told"},
    [ON_CONNECT] = {.name = "on_connect",
                    .kind = WEIR_OPTION_TEXT,
                    .note = "statements that run on each connection"},
    {.name = "echo", .kind = WEIR_OPTION_IGNORED, .note = NOT_HERE},
    {.name = "echo_pool", .kind = WEIR_OPTION_IGNORED, .note = NOT_HERE},
    {.name = "future", .kind = WEIR_OPTION_IGNORED, .note = NOT_HERE},
    {.name = "hide_parameters",
     .kind = WEIR_OPTION_IGNORED,
     .note = "parameters are always hidden"},
    {.name = "query_cache_size",
     .kind = WEIR_OPTION_ALIAS,
     .target = "statement_cache_size"},
    {.name = NULL},
};
enum { SPEC_COUNT = sizeof specs / sizeof specs[0] - 1 };

/* ----------------------------------------------------------------- checks */

static weir_status bad(weir_error *err, const char *name, const char *right)
{
    return weir_error_set(err, WEIR_ERR_CONFIG, "option %s: %s", name, right);
}

weir_status wi_options_take(void *whole, const void *given, const char *name,
                            weir_error *err)
{
    size_t own, size;

    memcpy(&own, whole, sizeof own);
    memcpy(&size, given, sizeof size);
    if (size < sizeof size)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "%s is all zero; start it with its initialiser, "
                              "the same in capitals",
                              name);
    if (size > own)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "%s is of a newer version than the library",
                              name);
    memcpy(whole, given, size);
    memcpy(whole, &own, sizeof own);
    return WEIR_OK;
}

weir_status wi_engine_options_check(const weir_engine_options *options,
                                    weir_error *err)
{
    if (options->pool_size < 0 || options->pool_size > SIZE_MOST)
        return bad(err, "pool_size", "write 0 (no limit) to 100000");
    if (options->max_overflow < -1 || options->max_overflow > SIZE_MOST)
        return bad(err, "max_overflow", "write -1 (any), 0 (none) to 100000");
    if (!(options->pool_timeout_s >= 0 &&
          options->pool_timeout_s <= SECONDS_MAX))
        return bad(err, "pool_timeout", "write seconds from 0 to 86400");
    if (!(fabs(options->pool_recycle_s) <= YEAR_SECONDS))
        return bad(err, "pool_recycle",
                   "write seconds up to 31622400, or -1 for never");
    if (!(options->statement_timeout_s >= 0 &&
          options->statement_timeout_s <= YEAR_SECONDS))
        return bad(err, "statement_timeout", "write seconds, or 0 for none");
    if (!(options->connect_timeout_s >= 0 &&
          options->connect_timeout_s <= SECONDS_MAX))
        return bad(err, "connect_timeout", "write seconds from 0 to 86400");
    if (options->statement_cache_size < 0 ||
        options->statement_cache_size > 100000)
        return bad(err, "statement_cache_size", "write 0 to 100000");
    if (options->max_result_bytes < 0)
        return bad(err, "max_result_bytes", "write 0 (no limit) or more");
    if ((unsigned)options->pool_reset > WEIR_RESET_NONE)
        return bad(err, "pool_reset", "write a WEIR_RESET_ constant");
    return wi_pool_options_check(options, err);
}

/* ---------------------------------------------------------------- setting */

static weir_status set_isolation(weir_engine_options *options,
                                 const char *value, weir_error *err)
{
    if (wi_isolation_parse(value, &options->isolation))
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "option isolation_level: \"%.40s\" is none; write "
                          "READ UNCOMMITTED, READ COMMITTED, REPEATABLE READ, "
                          "SERIALIZABLE or AUTOCOMMIT",
                          value);
}

static void store(weir_engine_options *options, enum option option,
                  const weir_option_value *value)
{
    switch (option) {
    case POOL_SIZE:
        options->pool_size = (int)value->integer;
        break;
    case MAX_OVERFLOW:
        options->max_overflow = (int)value->integer;
        break;
    case POOL_TIMEOUT:
        options->pool_timeout_s = value->number;
        break;
    case POOL_RECYCLE:
        options->pool_recycle_s = value->number;
        break;
    case POOL_PRE_PING:
        options->pool_pre_ping = value->boolean;
        break;
    case POOL_USE_LIFO:
        options->pool_use_lifo = value->boolean;
        break;
    case POOL_RESET_ON_RETURN:
        options->pool_reset = (weir_reset_mode)value->choice;
        break;
    case STATEMENT_TIMEOUT:
        options->statement_timeout_s = value->number;
        break;
    case CONNECT_TIMEOUT:
        options->connect_timeout_s = value->number;
        break;
    case STATEMENT_CACHE_SIZE:
        options->statement_cache_size = (int)value->integer;
        break;
    case MAX_RESULT_BYTES:
        options->max_result_bytes = value->integer;
        break;
    case APPLICATION_NAME:
        options->application_name = value->text;
        break;
    case ON_CONNECT:
        options->on_connect = value->text;
        break;
    case ISOLATION_LEVEL:
        break; /* read by set_isolation() */
    }
}

weir_status wi_engine_options_set(weir_engine_options *options,
                                  const char *name, const char *value,
                                  wi_option_outcome *outcome, weir_error *err)
{
    weir_option_value values[SPEC_COUNT] = {0};
    weir_status status;

    status = wi_pool_option_set(options, name, value, outcome, err);
    if (outcome->kind != WI_OPTION_UNKNOWN)
        return status;
    status = wi_options_set(specs, values, name, value, outcome, err);
    if (status != WEIR_OK || outcome->kind != WI_OPTION_SET)
        return status;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!values[i].given)
            continue;
        if (i == ISOLATION_LEVEL)
            return set_isolation(options, value, err);
        store(options, (enum option)i, &values[i]);
    }
    return WEIR_OK;
}

bool wi_engine_option_is_live(const char *name)
{
    for (int i = POOL_SIZE; i <= POOL_RESET_ON_RETURN; i++) {
        if (strcmp(specs[i].name, name) == 0)
            return true;
    }
    return strcmp(specs[STATEMENT_TIMEOUT].name, name) == 0 ||
           strcmp(specs[CONNECT_TIMEOUT].name, name) == 0 ||
           wi_pool_option_is_live(name);
}

/* -------------------------------------------------------------- the URL's */

static const weir_option_spec *declared(const weir_option_spec *table,
                                        const char *name)
{
    for (; table && table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

/* A driver's own is none of ours, and cannot change either. */
weir_status wi_engine_option_refuse(const char *name, weir_error *err)
{
    const weir_option_spec *tables[] = {specs, wi_pool_specs, NULL};
    const char *nearest = wi_options_nearest(tables, name);

    if (declared(specs, name) || declared(wi_pool_specs, name))
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option \"%.60s\" cannot change while the engine "
                              "runs; see weir_engine_set()",
                              name);
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "option \"%.60s\" is unknown or cannot change while "
                          "the engine runs; %s%s%s",
                          name, nearest ? "did you mean \"" : "",
                          nearest ? nearest : "see weir_engine_set()",
                          nearest ? "\"?" : "");
}

/* Whether the driver has an option of that name, and it may have that value. */
static bool takes(const weir_option_spec *table, const weir_url_item *item)
{
    const weir_option_spec *spec = declared(table, item->key);
    const char *const *choice = spec ? spec->choices : NULL;

    if (!spec || spec->kind != WEIR_OPTION_IGNORED || !choice)
        return spec != NULL;
    while (*choice && strcasecmp(*choice, item->value) != 0)
        choice++;
    return *choice != NULL;
}

static weir_status unknown(const wi_option_targets *targets, const char *name,
                           weir_error *err)
{
    const weir_option_spec *tables[] = {specs, wi_pool_specs, targets->driver,
                                        targets->inner};
    const weir_option_spec *present[5] = {0};
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < 4; i++) {
        if (tables[i])
            present[count++] = tables[i];
    }
    nearest = wi_options_nearest(present, name);
    if (nearest)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "unknown option \"%.60s\"; did you mean \"%s\"?",
                              name, nearest);
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "unknown option \"%.60s\"; docs/guide/urls.md lists "
                          "those of the engine and of each database",
                          name);
}

static void tell_ignored(const wi_option_targets *targets, const char *name,
                         const wi_option_outcome *outcome)
{
    char line[200];

    if (outcome->kind != WI_OPTION_WAS_IGNORED)
        return;
    snprintf(line, sizeof line, "option %.60s is ignored: %s", name,
             outcome->note ? outcome->note : "it has no meaning here");
    wi_log_message(targets->log, WEIR_LOG_WARNING, 0, line);
}

/* The engine's own first, then the driver's, then the wrapped driver's. An
 * isolation_level that is none of ours may be one of the driver's. */
static weir_status hand_out(const weir_url_item *item,
                            const wi_option_targets *targets, weir_error *err)
{
    const weir_option_spec *tables[] = {targets->driver, targets->inner};
    weir_option_value *values[] = {targets->driver_values,
                                   targets->inner_values};
    wi_option_outcome outcome = {0};
    weir_status status = wi_engine_options_set(targets->engine, item->key,
                                               item->value, &outcome, err);

    if (outcome.kind != WI_OPTION_UNKNOWN &&
        (status == WEIR_OK ||
         (!takes(tables[0], item) && !takes(tables[1], item)))) {
        tell_ignored(targets, item->key, &outcome);
        return status;
    }
    for (int i = 0; i < 2; i++) {
        if (!declared(tables[i], item->key))
            continue;
        status = wi_options_set(tables[i], values[i], item->key, item->value,
                                &outcome, err);
        tell_ignored(targets, item->key, &outcome);
        return status;
    }
    return unknown(targets, item->key, err);
}

weir_status wi_engine_options_from_url(const weir_url *url,
                                       const wi_option_targets *targets,
                                       weir_error *err)
{
    for (size_t i = 0; i < weir_url_item_count(url); i++) {
        weir_url_item item = weir_url_item_at(url, i);
        weir_status status = hand_out(&item, targets, err);

        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

weir_engine_options weir_engine_options_default(void)
{
    return (weir_engine_options)WEIR_ENGINE_OPTIONS;
}
