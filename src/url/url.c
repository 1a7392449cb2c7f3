/* SPDX-License-Identifier: MIT */
/*
 * Database URLs. A parsed URL is one block of memory: the struct, its items
 * and all strings, so that it is wiped and freed at once. docs/guide/urls.md
 * has the rules; the order in which the text is cut is
 *
 *   scheme :// authority / database ? query
 *
 * where the authority ends at the last `@` before the next `/`, unless the
 * password has a slash in it (then at the first `@` at all).
 */
#include <weir/url.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "url/percent.h"

enum { URL_SIZE_MAX = 8192 };

struct weir_url {
    const weir_allocator *allocator;
    size_t size; /* of the whole block */
    weir_url_parts parts;
    size_t item_count;
    weir_url_item *items;
};

/* A piece of the text that is being parsed. */
typedef struct span {
    const char *at;
    size_t size;
} span;

typedef struct pieces {
    span backend, driver, user, password, host, port, database, query;
    bool has_driver, has_user, has_password, has_host, has_port, has_database,
        has_query;
} pieces;

#define SHAPE "scheme://user:password@host:port/database"

static weir_status bad(weir_error *err, const char *what)
{
    return weir_error_set(err, WEIR_ERR_CONFIG, "malformed URL: %s", what);
}

/* ----------------------------------------------------------------- cutting */

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '+';
}

static weir_status cut_scheme(const char **text, pieces *out, weir_error *err)
{
    const char *at = *text;
    const char *plus;
    size_t size;

    while (is_scheme_char(*at))
        at++;
    if (at == *text || strncmp(at, "://", 3) != 0)
        return bad(err, "it begins with a scheme of letters, digits, _ and +, "
                        "then ://, as in " SHAPE);
    size = (size_t)(at - *text);
    plus = memchr(*text, '+', size);
    out->backend = (span){*text, plus ? (size_t)(plus - *text) : size};
    if (plus) {
        out->has_driver = true;
        out->driver = (span){plus + 1, (size_t)(at - plus - 1)};
    }
    if (out->backend.size == 0 || (plus && out->driver.size == 0))
        return bad(err, "a + stands between two names, as in "
                        "postgresql+psycopg2://");
    *text = at + 3;
    return WEIR_OK;
}

/* Where user and password end: the `@` of the authority, NULL for none. A `@`
 * behind the first slash counts only if what stands before that slash looks
 * like "user:begin-of-password". */
static const char *find_at(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));
    const char *limit = slash ? slash : end;
    const char *at = memchr(text, '@', (size_t)(limit - text));
    const char *colon = memchr(text, ':', (size_t)(limit - text));

    if (at || !slash || !colon)
        return at;
    /* "host:5432/db" is no user: what follows the colon is a port. */
    if (colon + 1 < slash &&
        strspn(colon + 1, "0123456789") >= (size_t)(slash - colon - 1))
        return NULL;
    return memchr(slash, '@', (size_t)(end - slash));
}

static void cut_user(const char *text, const char *at, pieces *out)
{
    const char *colon = memchr(text, ':', (size_t)(at - text));

    out->has_user = true;
    out->user = (span){text, (size_t)((colon ? colon : at) - text)};
    if (colon) {
        out->has_password = true;
        out->password = (span){colon + 1, (size_t)(at - colon - 1)};
    }
}

/* Colons between hexadecimal digits, two at least, and perhaps a zone: so that
 * "h:1" in brackets, which printing a host with a port in it would give, is
 * not taken for an address. */
static bool is_ipv6(span text)
{
    const char *zone = memchr(text.at, '%', text.size);
    size_t size = zone ? (size_t)(zone - text.at) : text.size;
    int colons = 0;

    for (size_t i = 0; i < size; i++) {
        if (!strchr("0123456789abcdefABCDEF:.", text.at[i]))
            return false;
        colons += text.at[i] == ':';
    }
    return colons >= 2;
}

static weir_status cut_brackets(span host, pieces *out, weir_error *err)
{
    const char *close = memchr(host.at, ']', host.size);
    const char *end = host.at + host.size;

    if (!close)
        return bad(err, "the bracket of an IPv6 address is not closed, as in "
                        "[::1]");
    out->host = (span){host.at + 1, (size_t)(close - host.at - 1)};
    if (!is_ipv6(out->host))
        return bad(err, "in brackets stands an IPv6 address, as in [::1]");
    if (close + 1 == end)
        return WEIR_OK;
    if (close[1] != ':')
        return bad(err, "after [address] comes :port or /");
    out->has_port = true;
    out->port = (span){close + 2, (size_t)(end - close - 2)};
    return WEIR_OK;
}

static weir_status cut_host(span host, pieces *out, weir_error *err)
{
    const char *colon;

    if (host.size == 0)
        return WEIR_OK;
    if (memchr(host.at, '@', host.size))
        return bad(err, "the host would contain \"@\"; write an @ of the "
                        "password as %40");
    out->has_host = true;
    out->host = host;
    /* A list of hosts keeps its ports and brackets: the driver reads it. */
    if (memchr(host.at, ',', host.size))
        return WEIR_OK;
    if (host.at[0] == '[')
        return cut_brackets(host, out, err);
    colon = memchr(host.at, ':', host.size);
    if (!colon)
        return WEIR_OK;
    if (memchr(colon + 1, ':', (size_t)(host.at + host.size - colon - 1)))
        return bad(err, "an IPv6 address stands in brackets, as in "
                        "[::1]:5432");
    out->host.size = (size_t)(colon - host.at);
    out->has_host = out->host.size > 0;
    out->has_port = true;
    out->port = (span){colon + 1, (size_t)(host.at + host.size - colon - 1)};
    return WEIR_OK;
}

static weir_status cut(const char *text, pieces *out, weir_error *err)
{
    weir_status status = cut_scheme(&text, out, err);
    const char *end, *question, *at, *slash;

    if (status != WEIR_OK)
        return status;
    end = text + strlen(text);
    at = find_at(text, end);
    question = strchr(at ? at : text, '?');
    if (question) {
        out->has_query = true;
        out->query = (span){question + 1, (size_t)(end - question - 1)};
        end = question;
    }
    if (at)
        cut_user(text, at, out);
    text = at ? at + 1 : text;
    slash = memchr(text, '/', (size_t)(end - text));
    if (slash) {
        out->has_database = true;
        out->database = (span){slash + 1, (size_t)(end - slash - 1)};
    }
    return cut_host((span){text, (size_t)((slash ? slash : end) - text)}, out,
                    err);
}

static weir_status read_port(const pieces *cut_pieces, int *port,
                             weir_error *err)
{
    span text = cut_pieces->port;
    int number = 0;

    *port = 0;
    if (!cut_pieces->has_port)
        return WEIR_OK;
    for (size_t i = 0; i < text.size && i < 6; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            number = -1;
            break;
        }
        number = number * 10 + (text.at[i] - '0');
    }
    if (text.size == 0 || text.size > 5 || number < 1 || number > 65535)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "malformed URL: port \"%.*s\" is not a number "
                              "from 1 to 65535",
                              text.size > 20 ? 20 : (int)text.size, text.at);
    *port = number;
    return WEIR_OK;
}

/* ---------------------------------------------------------------- building */

/* A place in the block from which strings are cut. */
typedef struct builder {
    weir_url *url;
    char *next;
    weir_error *err;
    weir_status status;
} builder;

static const char *put(builder *to, bool present, span text, const char *part)
{
    const char *placed = to->next;
    static const char *const faults[] = {
        NULL, "has a % that no two hexadecimal digits follow; write % as %25",
        "holds a NUL character (%00)", "is not UTF-8"};
    bool query = strcmp(part, "query") == 0;
    wi_percent_fault fault;

    if (!present || to->status != WEIR_OK)
        return NULL;
    fault = wi_percent_decode(text.at, text.size, query, to->next);
    if (fault != WI_PERCENT_OK) {
        to->status =
            weir_error_set(to->err, WEIR_ERR_CONFIG, "malformed URL: the %s %s",
                           part, faults[fault]);
        return NULL;
    }
    to->next += strlen(to->next) + 1;
    return placed;
}

/* Host and scheme are taken as they stand. */
static const char *put_raw(builder *to, bool present, span text)
{
    const char *placed = to->next;

    if (!present)
        return NULL;
    memcpy(to->next, text.at, text.size);
    to->next[text.size] = '\0';
    to->next += text.size + 1;
    return placed;
}

static size_t count_items(const pieces *from)
{
    size_t count = 1;

    if (!from->has_query || from->query.size == 0)
        return 0;
    for (size_t i = 0; i < from->query.size; i++)
        count += from->query.at[i] == '&';
    return count;
}

static void put_item(builder *to, span text)
{
    const char *equals = memchr(text.at, '=', text.size);
    weir_url_item *item = &to->url->items[to->url->item_count];
    span key = {text.at, equals ? (size_t)(equals - text.at) : text.size};
    span value = {key.at + key.size, 0};

    if (text.size == 0)
        return;
    if (equals)
        value = (span){equals + 1, text.size - key.size - 1};
    if (key.size == 0) {
        to->status = bad(to->err, "the query has a value without a name, as "
                                  "in ?=value");
        return;
    }
    item->key = put(to, true, key, "query");
    item->value = put(to, true, value, "query");
    to->url->item_count++;
}

static void put_query(builder *to, const pieces *from)
{
    const char *at = from->query.at;
    const char *end;

    if (!from->has_query)
        return;
    end = at + from->query.size;
    while (at <= end && to->status == WEIR_OK) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        const char *stop = amp ? amp : end;

        put_item(to, (span){at, (size_t)(stop - at)});
        at = stop + 1;
    }
}

static weir_url *build(const pieces *from, size_t text_size,
                       const weir_allocator *allocator, weir_error *err)
{
    size_t items = count_items(from);
    /* Each string and its NUL is no longer than its piece and a separator. */
    size_t size = sizeof(weir_url) + items * sizeof(weir_url_item) + text_size +
                  2 * items + 16;
    weir_url *url = wi_alloc_zero(allocator, 1, size);
    builder to = {.url = url, .err = err};

    if (!url) {
        wi_error_nomem(err);
        return NULL;
    }
    url->allocator = allocator;
    url->size = size;
    url->items = (weir_url_item *)(void *)(url + 1);
    to.next = (char *)(url->items + items);
    url->parts.backend = put_raw(&to, true, from->backend);
    url->parts.driver = put_raw(&to, from->has_driver, from->driver);
    url->parts.user = put(&to, from->has_user, from->user, "user");
    url->parts.password =
        put(&to, from->has_password, from->password, "password");
    url->parts.host = put_raw(&to, from->has_host, from->host);
    url->parts.database =
        put(&to, from->has_database, from->database, "database");
    put_query(&to, from);
    if (to.status == WEIR_OK)
        to.status = read_port(from, &url->parts.port, err);
    if (to.status != WEIR_OK)
        weir_url_free(&url);
    return url;
}

weir_url *weir_url_parse(const char *text, const weir_allocator *allocator,
                         weir_error *err)
{
    pieces found = {0};
    size_t size;

    if (!text || text[0] == '\0') {
        bad(err, "it is empty; write " SHAPE);
        return NULL;
    }
    size = strlen(text);
    if (size > URL_SIZE_MAX) {
        bad(err, "it is longer than 8192 bytes");
        return NULL;
    }
    if (wi_utf8_check(text, size) == WI_UTF8_BROKEN) {
        bad(err, "it is not UTF-8");
        return NULL;
    }
    if (cut(text, &found, err) != WEIR_OK)
        return NULL;
    return build(&found, size, allocator, err);
}

void weir_url_free(weir_url **url)
{
    const weir_allocator *allocator;

    if (!url || !*url)
        return;
    allocator = (*url)->allocator;
    explicit_bzero(*url, (*url)->size);
    wi_free(allocator, *url);
    *url = NULL;
}

/* ----------------------------------------------------------------- reading */

weir_url_parts weir_url_get(const weir_url *url)
{
    return url ? url->parts : (weir_url_parts){0};
}

size_t weir_url_item_count(const weir_url *url)
{
    return url ? url->item_count : 0;
}

weir_url_item weir_url_item_at(const weir_url *url, size_t index)
{
    if (!url || index >= url->item_count)
        return (weir_url_item){NULL, NULL};
    return url->items[index];
}

const char *weir_url_find(const weir_url *url, const char *key)
{
    for (size_t i = weir_url_item_count(url); key && i > 0; i--) {
        if (strcmp(url->items[i - 1].key, key) == 0)
            return url->items[i - 1].value;
    }
    return NULL;
}

/* ---------------------------------------------------------------- printing */

static bool is_secret(const char *key)
{
    static const char *const words[] = {"password", "passwd",   "passphrase",
                                        "sslkey",   "ssl_key",  "secret",
                                        "token",    "passfile", NULL};

    for (size_t i = 0; words[i]; i++) {
        if (strcasestr(key, words[i]))
            return true;
    }
    return false;
}

static int by_key(const void *a, const void *b)
{
    const weir_url_item *left = *(const weir_url_item *const *)a;
    const weir_url_item *right = *(const weir_url_item *const *)b;
    int order = strcmp(left->key, right->key);

    /* Items of one key keep their order. */
    return order ? order : (left > right) - (left < right);
}

static void add_query_text(const char *text, wi_buf *out)
{
    for (; *text; text++) {
        char one[2] = {*text, '\0'};

        if (*text == ' ')
            wi_buf_add_char(out, '+');
        else
            wi_percent_encode(one, "/", out);
    }
}

static void add_items(const weir_url_item *const *sorted, size_t count,
                      weir_url_style style, wi_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        wi_buf_add_char(out, i == 0 ? '?' : '&');
        add_query_text(sorted[i]->key, out);
        wi_buf_add_char(out, '=');
        if (style == WEIR_URL_MASKED && is_secret(sorted[i]->key))
            wi_buf_add_cstr(out, "***");
        else
            add_query_text(sorted[i]->value, out);
    }
}

static void add_query(const weir_url *url, weir_url_style style, wi_buf *out)
{
    const weir_url_item **sorted;

    if (url->item_count == 0)
        return;
    sorted = wi_alloc_zero(url->allocator, url->item_count, sizeof *sorted);
    if (!sorted) {
        out->status = WEIR_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < url->item_count; i++)
        sorted[i] = &url->items[i];
    qsort(sorted, url->item_count, sizeof *sorted, by_key);
    add_items(sorted, url->item_count, style, out);
    wi_free(url->allocator, sorted);
}

static void add_user(const weir_url_parts *parts, weir_url_style style,
                     wi_buf *out)
{
    if (!parts->user && !parts->password)
        return;
    wi_percent_encode(parts->user ? parts->user : "", " +", out);
    if (parts->password) {
        wi_buf_add_char(out, ':');
        if (style == WEIR_URL_MASKED)
            wi_buf_add_cstr(out, "***");
        else
            wi_percent_encode(parts->password, " +", out);
    }
    wi_buf_add_char(out, '@');
}

static void add_url(const weir_url *url, weir_url_style style, wi_buf *out)
{
    const weir_url_parts *parts = &url->parts;
    bool brackets =
        parts->host && strchr(parts->host, ':') && !strchr(parts->host, ',');

    wi_buf_add_cstr(out, parts->backend);
    if (parts->driver)
        wi_buf_addf(out, "+%s", parts->driver);
    wi_buf_add_cstr(out, "://");
    add_user(parts, style, out);
    if (parts->host)
        wi_buf_addf(out, brackets ? "[%s]" : "%s", parts->host);
    if (parts->port)
        wi_buf_addf(out, ":%d", parts->port);
    if (parts->database) {
        wi_buf_add_char(out, '/');
        wi_percent_encode(parts->database, " +/:", out);
    }
    add_query(url, style, out);
}

size_t weir_url_format(const weir_url *url, weir_url_style style, char *out,
                       size_t size)
{
    wi_buf text;
    size_t whole, shown;

    if (out && size > 0)
        out[0] = '\0';
    if (!url)
        return 0;
    wi_buf_init(&text, url->allocator, 0);
    add_url(url, style, &text);
    whole = wi_buf_status(&text) == WEIR_OK ? text.size : 0;
    if (out && size > 0 && whole > 0) {
        shown = whole < size ? whole : size - 1;
        memcpy(out, text.data, shown);
        out[shown] = '\0';
    }
    if (text.data)
        explicit_bzero(text.data, text.capacity);
    wi_buf_clear(&text);
    return whole;
}

/* ----------------------------------------------------------------- changes */

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int weir_url_equal(const weir_url *a, const weir_url *b)
{
    weir_url_parts p = weir_url_get(a), q = weir_url_get(b);

    if (!a || !b || a->item_count != b->item_count ||
        !same(p.backend, q.backend) || !same(p.driver, q.driver) ||
        !same(p.user, q.user) || !same(p.password, q.password) ||
        !same(p.host, q.host) || p.port != q.port ||
        !same(p.database, q.database))
        return 0;
    for (size_t i = 0; i < a->item_count; i++) {
        size_t seen = 0;

        for (size_t j = 0; j < a->item_count; j++)
            seen += same(a->items[i].key, b->items[j].key) &&
                    same(a->items[i].value, b->items[j].value);
        for (size_t j = 0; j < a->item_count; j++)
            seen -= same(a->items[i].key, a->items[j].key) &&
                    same(a->items[i].value, a->items[j].value);
        if (seen != 0)
            return 0;
    }
    return 1;
}

/* A URL is made by writing its text and reading that: one set of rules. */
static weir_url *from_model(const weir_url *model, weir_error *err)
{
    wi_buf text;
    weir_url *url = NULL;

    wi_buf_init(&text, model->allocator, 0);
    add_url(model, WEIR_URL_WITH_SECRETS, &text);
    if (wi_buf_status(&text) == WEIR_OK)
        url = weir_url_parse(wi_buf_text(&text), model->allocator, err);
    else
        wi_error_nomem(err);
    if (url && !weir_url_equal(url, model)) {
        bad(err, "a part cannot stand in a URL as it is");
        weir_url_free(&url);
    }
    if (text.data)
        explicit_bzero(text.data, text.capacity);
    wi_buf_clear(&text);
    return url;
}

weir_url *weir_url_make(const weir_url_parts *parts, const weir_url_item *items,
                        size_t item_count, const weir_allocator *allocator,
                        weir_error *err)
{
    weir_url model = {.allocator = allocator,
                      .item_count = item_count,
                      .items = (weir_url_item *)(uintptr_t)items};

    if (!parts || !parts->backend || (item_count > 0 && !items) ||
        parts->port < 0 || parts->port > 65535) {
        bad(err, "it needs a backend, and a port from 1 to 65535 or 0");
        return NULL;
    }
    model.parts = *parts;
    return from_model(&model, err);
}

weir_url *weir_url_with(const weir_url *url, const weir_url_parts *changes,
                        weir_error *err)
{
    weir_url model;

    if (!url || !changes) {
        weir_error_set(err, WEIR_ERR_MISUSE, "the URL is NULL");
        return NULL;
    }
    model = *url;
#define CHANGE(part_)                                                          \
    if (changes->part_)                                                        \
    model.parts.part_ = changes->part_
    CHANGE(backend);
    CHANGE(driver);
    CHANGE(user);
    CHANGE(password);
    CHANGE(host);
    CHANGE(port);
    CHANGE(database);
#undef CHANGE
    return from_model(&model, err);
}

weir_url *weir_url_with_item(const weir_url *url, const char *key,
                             const char *value, weir_error *err)
{
    weir_url model, *made;
    size_t count = 0;

    if (!url || !key || key[0] == '\0') {
        weir_error_set(err, WEIR_ERR_MISUSE, "the URL or its key is missing");
        return NULL;
    }
    model = *url;
    model.items =
        wi_alloc_zero(url->allocator, url->item_count + 1, sizeof *model.items);
    if (!model.items) {
        wi_error_nomem(err);
        return NULL;
    }
    for (size_t i = 0; i < url->item_count; i++) {
        if (strcmp(url->items[i].key, key) != 0)
            model.items[count++] = url->items[i];
    }
    if (value)
        model.items[count++] = (weir_url_item){key, value};
    model.item_count = count;
    made = from_model(&model, err);
    wi_free(url->allocator, model.items);
    return made;
}
