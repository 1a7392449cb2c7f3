/* SPDX-License-Identifier: MIT */
/*
 * Arguments to parameters: the check that every statement passes, and the
 * order in which the driver wants them. Messages name parameters, never
 * values.
 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "sql/placeholders.h"

/* ":age" or "parameter 2" for a message. */
static const char *label(const wi_sql_plan *plan, size_t source, char *out,
                         size_t size)
{
    if (plan->named)
        snprintf(out, size, "parameter :%.40s", plan->names[source]);
    else
        snprintf(out, size, "parameter %zu", source + 1);
    return out;
}

WEIR_COLD static weir_status refuse_value(const wi_sql_plan *plan,
                                          size_t source,
                                          const weir_value *value,
                                          weir_error *err)
{
    char name[64];

    label(plan, source, name, sizeof name);
    switch (value->type) {
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "%s is text that is not UTF-8; bind it as bytes",
                              name);
    case WEIR_TYPE_INVALID:
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "%s is an untyped pointer or longer than 4 GiB; "
                              "bind text, weir_bytes or another typed value",
                              name);
    default:
        return weir_error_set(err, WEIR_ERR_TYPE, "%s has the unknown type %u",
                              name, value->type);
    }
}

static bool is_sound(const weir_value *value)
{
    if (value->type < WEIR_TYPE_TEXT)
        return true;
    if (value->type == WEIR_TYPE_TEXT || value->type == WEIR_TYPE_JSON)
        return wi_utf8_is_short_ascii(value->as.text, value->size) ||
               wi_utf8_check(value->as.text, value->size) != WI_UTF8_BROKEN;
    return value->type < WEIR_TYPE_INVALID;
}

static weir_status refuse_name(const wi_sql_plan *plan, const char *name,
                               weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "parameter :%.60s is given, but the statement has %s",
                          name[0] == ':' ? name + 1 : name,
                          plan->source_count ? "only ? parameters"
                                             : "no parameters");
}

/* Named arguments for a statement without names are the likelier mistake. */
static weir_status wrong_count(const wi_sql_plan *plan, const weir_value *args,
                               size_t given, weir_error *err)
{
    for (size_t i = 0; i < given; i++) {
        if (args[i].name)
            return refuse_name(plan, args[i].name, err);
    }
    return weir_error_set(
        err, WEIR_ERR_MISUSE, "the statement takes %zu parameter%s, %zu given",
        plan->source_count, plan->source_count == 1 ? "" : "s", given);
}

static weir_status refuse_missing(size_t count, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "%zu parameters were announced and none given",
                          count);
}

weir_status wi_sql_plan_check(const wi_sql_plan *plan, const weir_value *args,
                              size_t count, weir_error *err)
{
    if (count > 0 && !args)
        return refuse_missing(count, err);
    if (count != plan->source_count)
        return wrong_count(plan, args, count, err);
    for (size_t i = 0; i < count; i++) {
        if (args[i].name)
            return refuse_name(plan, args[i].name, err);
        if (!is_sound(&args[i]))
            return refuse_value(plan, i, &args[i], err);
    }
    return WEIR_OK;
}

/* ------------------------------------------------------------------- named */

/* Programs may write ":age" where the name is "age". */
static const char *bare(const char *name)
{
    return name[0] == ':' ? name + 1 : name;
}

static const weir_value *find_arg(const weir_value *args, size_t count,
                                  const char *name, size_t hint)
{
    if (hint < count && args[hint].name &&
        strcmp(bare(args[hint].name), name) == 0)
        return &args[hint];
    for (size_t i = 0; i < count; i++) {
        if (args[i].name && strcmp(bare(args[i].name), name) == 0)
            return &args[i];
    }
    return NULL;
}

static weir_status not_in_statement(const wi_sql_plan *plan, const char *name,
                                    weir_error *err)
{
    wi_nearest nearest;
    const char *meant;

    wi_nearest_begin(&nearest, bare(name));
    for (size_t i = 0; i < plan->source_count; i++)
        wi_nearest_offer(&nearest, plan->names[i]);
    meant = wi_nearest_found(&nearest);
    if (meant)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "parameter :%.60s is not in the statement; did "
                              "you mean :%.60s?",
                              bare(name), meant);
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "parameter :%.60s is not in the statement",
                          bare(name));
}

/* Every argument has a name that is known and stands there once. */
static weir_status check_names(const wi_sql_plan *plan, const weir_value *args,
                               size_t count, weir_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;

        if (!args[i].name)
            return weir_error_set(err, WEIR_ERR_MISUSE,
                                  "the statement has named parameters, "
                                  "argument %zu has no name; write "
                                  "WEIR_PARAM(\"%.40s\", …)",
                                  i + 1, plan->names[0]);
        while (known < plan->source_count &&
               strcmp(plan->names[known], bare(args[i].name)) != 0)
            known++;
        if (known == plan->source_count)
            return not_in_statement(plan, args[i].name, err);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(bare(args[j].name), bare(args[i].name)) == 0)
                return weir_error_set(err, WEIR_ERR_MISUSE,
                                      "parameter :%.60s is given twice",
                                      bare(args[i].name));
        }
    }
    return WEIR_OK;
}

static weir_status bind_named(const wi_sql_plan *plan, const weir_value *args,
                              size_t count, weir_value *out, weir_error *err)
{
    for (size_t i = 0; i < plan->driver_count; i++) {
        size_t source = plan->from[i];
        const weir_value *arg =
            find_arg(args, count, plan->names[source], source);

        if (!arg) {
            weir_status status = check_names(plan, args, count, err);
            if (status != WEIR_OK)
                return status;
            return weir_error_set(err, WEIR_ERR_MISUSE,
                                  "parameter :%.60s is not given",
                                  plan->names[source]);
        }
        if (!is_sound(arg))
            return refuse_value(plan, source, arg, err);
        out[i] = *arg;
    }
    if (count != plan->source_count)
        return check_names(plan, args, count, err);
    return WEIR_OK;
}

weir_status wi_sql_plan_bind(const wi_sql_plan *plan, const weir_value *args,
                             size_t count, weir_value *out, weir_error *err)
{
    weir_status status;

    if (plan->named && count > 0 && !args)
        return refuse_missing(count, err);
    if (plan->named)
        return bind_named(plan, args, count, out, err);
    status = wi_sql_plan_check(plan, args, count, err);
    if (status != WEIR_OK)
        return status;
    for (size_t i = 0; i < plan->driver_count; i++)
        out[i] = args[plan->from[i]];
    return WEIR_OK;
}
