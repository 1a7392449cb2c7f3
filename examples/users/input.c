/* SPDX-License-Identifier: MIT */
/*
 * Nothing of a request is believed before it has been looked at: size, syntax,
 * names of the members, then the type and range of each. What is wrong is
 * answered with the member's name.
 */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

/* From the path, where a parameter of the query cannot get in between. */
bool input_id(const struct _u_request *request, struct _u_response *response,
              int64_t *out)
{
    const char *slash = strrchr(request->url_path, '/');
    const char *text = slash ? slash + 1 : "";
    char *end = NULL;

    errno = 0;
    *out = *text >= '1' && *text <= '9' ? strtoll(text, &end, 10) : 0;
    if (end && *end == '\0' && errno == 0)
        return true;
    reply_error(response, 400, NULL,
                "an id is a whole number from 1 on, not \"%s\"", text);
    return false;
}

/* ---------------------------------------------------------------- documents */

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a fraction",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return names[json_typeof(value)];
}

/* The body as JSON, its syntax checked. */
static json_t *read_body(const struct _u_request *request,
                         struct _u_response *response)
{
    json_error_t error;
    json_t *document;

    if (request->binary_body_length > INPUT_BODY_MAX) {
        reply_error(response, 413, NULL, "the body has more than %d bytes",
                    INPUT_BODY_MAX);
        return NULL;
    }
    if (request->binary_body_length == 0) {
        reply_error(response, 400, NULL,
                    "the body is empty; send JSON like {\"name\": \"zoe\"}");
        return NULL;
    }
    document = json_loadb(request->binary_body, request->binary_body_length,
                          JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!document)
        reply_error(response, 400, NULL,
                    "the body cannot be read as JSON: line %d, column %d: %s",
                    error.line, error.column, error.text);
    return document;
}

/* ------------------------------------------------------------------ members */

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += (*text & 0xC0) != 0x80;
    return count;
}

static bool read_text(const json_t *value, size_t most, const char **out)
{
    size_t count =
        json_is_string(value) ? count_characters(json_string_value(value)) : 0;

    if (count == 0 || count > most)
        return false;
    *out = json_string_value(value);
    return true;
}

static bool read_age(const json_t *value, opt_i32 *out)
{
    json_int_t age = json_integer_value(value);

    if (!json_is_integer(value) || age < 0 || age > INPUT_AGE_MAX)
        return false;
    *out = some_i32((int32_t)age);
    return true;
}

/* One member into its place. @return NULL, or what it should have been */
static const char *read_member(const char *name, const json_t *value, user *out)
{
    if (strcmp(name, "name") == 0)
        return read_text(value, INPUT_NAME_MAX, &out->name)
                   ? NULL
                   : "a string of 1 to 50 characters";
    if (strcmp(name, "email") == 0)
        return json_is_null(value) ||
                       read_text(value, INPUT_EMAIL_MAX, &out->email)
                   ? NULL
                   : "null or a string of 1 to 254 characters";
    if (strcmp(name, "age") == 0)
        return json_is_null(value) || read_age(value, &out->age)
                   ? NULL
                   : "null or a whole number from 0 to 150";
    return "left out: a user has name, email and age";
}

static bool read_members(json_t *document, struct _u_response *response,
                         user *out)
{
    const char *name, *wanted;
    json_t *value;

    if (!json_is_object(document)) {
        reply_error(response, 422, NULL,
                    "the body is %s; a user is an object like "
                    "{\"name\": \"zoe\"}",
                    type_name(document));
        return false;
    }
    json_object_foreach(document, name, value)
    {
        wanted = read_member(name, value, out);
        if (wanted) {
            reply_error(response, 422, name, "\"%s\" must be %s", name, wanted);
            return false;
        }
    }
    if (!out->name)
        reply_error(response, 422, "name", "\"name\" is missing");
    return out->name;
}

json_t *input_user(const struct _u_request *request,
                   struct _u_response *response, user *out)
{
    json_t *document = read_body(request, response);

    memset(out, 0, sizeof *out);
    if (document && read_members(document, response, out))
        return document;
    json_decref(document);
    return NULL;
}
