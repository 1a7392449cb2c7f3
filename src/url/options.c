/* SPDX-License-Identifier: MIT */
/*
 * Options by name.
 */
#include "url/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/nearest.h"

/* ------------------------------------------------------------------ values */

static weir_status refuse(const weir_option_spec *spec, const char *value,
                          const char *right, weir_error *err)
{
    if (spec->secret)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option %s: the value is wrong; %s", spec->name,
                              right);
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "option %s: \"%.40s\" is wrong; %s", spec->name,
                          value, right);
}

static weir_status out_of_range(const weir_option_spec *spec, const char *value,
                                const char *kind, weir_error *err)
{
    char right[96];

    if (spec->min == 0 && spec->max == 0)
        snprintf(right, sizeof right, "write %s", kind);
    else
        snprintf(right, sizeof right, "write %s from %.16g to %.16g", kind,
                 spec->min, spec->max);
    return refuse(spec, value, right, err);
}

static bool in_range(const weir_option_spec *spec, double number)
{
    return (spec->min == 0 && spec->max == 0) ||
           (number >= spec->min && number <= spec->max);
}

static weir_status read_integer(const weir_option_spec *spec, const char *text,
                                weir_option_value *out, weir_error *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE ||
        strspn(text, "+-0123456789") != strlen(text) ||
        !in_range(spec, (double)number))
        return out_of_range(spec, text, "an integer", err);
    out->integer = number;
    out->number = (double)number;
    return WEIR_OK;
}

/* "-12.5". Not strtod(): in some locales it wants a comma. @return behind the
 * number; `text` if there is none, or one of more digits than a double has */
static const char *scan_number(const char *text, double *out)
{
    const char *at = text + (*text == '-' || *text == '+');
    double number = 0, unit = 1;
    int digits = 0;
    bool fraction = false;

    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !fraction); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        number = number * 10 + (*at - '0');
        unit *= fraction ? 10 : 1;
        digits++;
    }
    if (digits == 0 || digits > 15)
        return text;
    *out = (*text == '-' ? -number : number) / unit;
    return at;
}

static weir_status read_number(const weir_option_spec *spec, const char *text,
                               weir_option_value *out, weir_error *err)
{
    double number = 0;
    const char *end = scan_number(text, &number);

    if (end == text || *end != '\0' || !in_range(spec, number))
        return out_of_range(spec, text, "a number", err);
    out->number = number;
    return WEIR_OK;
}

static weir_status read_boolean(const weir_option_spec *spec, const char *text,
                                weir_option_value *out, weir_error *err)
{
    static const char *const words[] = {"0",   "1",   "false", "true", "no",
                                        "yes", "off", "on",    NULL};

    for (int i = 0; words[i]; i++) {
        if (wi_ascii_is(text, strlen(text), words[i])) {
            out->boolean = i % 2 == 1;
            return WEIR_OK;
        }
    }
    return refuse(spec, text, "write true or false", err);
}

static weir_status read_choice(const weir_option_spec *spec, const char *text,
                               weir_option_value *out, weir_error *err)
{
    char right[160] = "write one of";
    size_t used = strlen(right);

    for (int i = 0; spec->choices[i]; i++) {
        if (wi_ascii_is(text, strlen(text), spec->choices[i])) {
            out->choice = i;
            return WEIR_OK;
        }
        if (used < sizeof right)
            used += (size_t)snprintf(right + used, sizeof right - used, "%s %s",
                                     i ? "," : "", spec->choices[i]);
    }
    return refuse(spec, text, right, err);
}

static weir_status read_value(const weir_option_spec *spec, const char *text,
                              weir_option_value *out, weir_error *err)
{
    weir_option_value read = {.text = text};
    weir_status status = WEIR_OK;

    switch (spec->kind) {
    case WEIR_OPTION_INTEGER:
        status = read_integer(spec, text, &read, err);
        break;
    case WEIR_OPTION_NUMBER:
        status = read_number(spec, text, &read, err);
        break;
    case WEIR_OPTION_BOOLEAN:
        status = read_boolean(spec, text, &read, err);
        break;
    case WEIR_OPTION_CHOICE:
        status = read_choice(spec, text, &read, err);
        break;
    default:
        break;
    }
    if (status == WEIR_OK)
        *out = read;
    return status;
}

/* ------------------------------------------------------------------- names */

static int find(const weir_option_spec *specs, const char *key)
{
    for (int i = 0; specs && specs[i].name; i++) {
        if (strcmp(specs[i].name, key) == 0)
            return i;
    }
    return -1;
}

weir_status wi_options_defaults(const weir_option_spec *specs,
                                weir_option_value *values, weir_error *err)
{
    for (int i = 0; specs && specs[i].name; i++) {
        weir_status status = WEIR_OK;

        memset(&values[i], 0, sizeof values[i]);
        if (specs[i].fallback)
            status = read_value(&specs[i], specs[i].fallback, &values[i], err);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

weir_status wi_options_set(const weir_option_spec *specs,
                           weir_option_value *values, const char *key,
                           const char *value, wi_option_outcome *outcome,
                           weir_error *err)
{
    int at = find(specs, key);
    weir_status status;

    *outcome = (wi_option_outcome){WI_OPTION_UNKNOWN, NULL};
    if (at >= 0 && specs[at].kind == WEIR_OPTION_ALIAS)
        at = find(specs, specs[at].target);
    if (at < 0)
        return WEIR_OK;
    if (specs[at].kind == WEIR_OPTION_IGNORED) {
        *outcome = (wi_option_outcome){WI_OPTION_WAS_IGNORED, specs[at].note};
        return WEIR_OK;
    }
    outcome->kind = WI_OPTION_SET;
    status = read_value(&specs[at], value, &values[at], err);
    if (status == WEIR_OK)
        values[at].given = true;
    return status;
}

const char *wi_options_nearest(const weir_option_spec *const *tables,
                               const char *name)
{
    wi_nearest nearest;

    wi_nearest_begin(&nearest, name);
    for (; *tables; tables++) {
        for (int i = 0; (*tables)[i].name; i++)
            wi_nearest_offer(&nearest, (*tables)[i].name);
    }
    return wi_nearest_found(&nearest);
}
