/* SPDX-License-Identifier: MIT */
/* URLs without memory; and what needs none at all: values and errors. */
#include "torture.h"

static weir_status take(stage *on, weir_url *url)
{
    if (!url)
        return on->err.status;
    weir_url_free(&url);
    return WEIR_OK;
}

static weir_status parse_url(stage *on)
{
    return take(on, weir_url_parse("mysql+pymysql://me:p%40ss@[::1]:3306/shop"
                                   "?ssl_ca=%2Fca.pem&a=1&a=2",
                                   NULL, &on->err));
}

static weir_status make_url(stage *on)
{
    const weir_url_parts parts = {
        .backend = "postgresql", .host = "localhost", .database = "a b"};
    const weir_url_item item = {"key", "value"};

    return take(on, weir_url_make(&parts, &item, 1, NULL, &on->err));
}

static void make_original(stage *on)
{
    weir_url_free(&on->url);
    on->url = weir_url_parse("mysql://me:secret@host/db?a=1", NULL, &on->err);
    assert_non_null(on->url);
}

static weir_status change_url(stage *on)
{
    const weir_url_parts parts = {.database = "other"};
    weir_url *with = weir_url_with(on->url, &parts, &on->err);
    weir_url *item = NULL;
    weir_status status = WEIR_OK;

    if (with)
        item = weir_url_with_item(with, "b", "2", &on->err);
    if (!item)
        status = on->err.status;
    weir_url_free(&with);
    weir_url_free(&item);
    return status;
}

/* Changed copies have left it as it was. */
static weir_status ask_url(stage *on)
{
    char text[80];

    assert_string_equal(weir_url_get(on->url).host, "host");
    assert_int_equal(weir_url_item_count(on->url), 1);
    assert_string_equal(weir_url_item_at(on->url, 0).key, "a");
    assert_string_equal(weir_url_find(on->url, "a"), "1");
    assert_true(weir_url_equal(on->url, on->url));
    if (weir_url_format(on->url, WEIR_URL_MASKED, text, sizeof text) == 0)
        return weir_error_set(&on->err, WEIR_ERR_NOMEM, "out of memory");
    assert_string_equal(text, "mysql://me:***@host/db?a=1");
    return WEIR_OK;
}

/* Parses, writes, and compares with what was parsed. */
#define THERE_AND_BACK(type_, text_)                                           \
    do {                                                                       \
        weir_##type_ value_;                                                   \
        char out_[64];                                                         \
        assert_int_equal(                                                      \
            weir_##type_##_parse(weir_text_of(text_), &value_, &on->err),      \
            WEIR_OK);                                                          \
        weir_##type_##_format(PASS_##type_ value_, out_);                      \
        assert_string_equal(out_, text_);                                      \
    } while (0)
#define PASS_timestamp
#define PASS_datetime
#define PASS_date
#define PASS_time
#define PASS_interval &
#define PASS_decimal &
#define PASS_uuid &

static weir_status values(stage *on)
{
    static const int leap_day[3] = {2024, 2, 29};
    weir_decimal half = {0};
    weir_value half_value;
    weir_date date;
    int ymd[3];
    char text[64];

    THERE_AND_BACK(timestamp, "2024-02-29T12:00:00Z");
    THERE_AND_BACK(datetime, "2024-02-29T12:00:00");
    THERE_AND_BACK(date, "2024-02-29");
    THERE_AND_BACK(time, "12:00:00");
    THERE_AND_BACK(interval, "P1D");
    THERE_AND_BACK(decimal, "0.50");
    THERE_AND_BACK(uuid, "2c1d43b8-e6d7-376e-af7f-d4bde997cc3f");
    must(on, weir_date_from_ymd(leap_day, &date, &on->err));
    weir_date_to_ymd(date, ymd);
    assert_memory_equal(ymd, leap_day, sizeof ymd);
    must(on, weir_decimal_parse(weir_text_of("0.5"), &half, &on->err));
    assert_true(weir_decimal_to_f64(&half) == 0.5);
    assert_int_equal(weir_decimal_compare(&half, &half), 0);
    weir_f64_format(0.1, text);
    assert_string_equal(text, "0.1");
    half_value = weir_value_decimal(&half);
    assert_int_equal(weir_value_format(&half_value, text), 3);
    assert_true(weir_utf8_is_valid(weir_text_of(text)));
    assert_string_equal(weir_type_name(WEIR_TYPE_DATE), "date");
    return WEIR_OK;
}

static weir_status errors(stage *on)
{
    weir_error err = {.status = WEIR_OK};

    (void)on;
    assert_int_equal(weir_report(&err), 0);
    weir_error_set(&err, WEIR_ERR_SERIALIZATION, "%s", "again");
    assert_string_equal(weir_status_name(err.status), "WEIR_ERR_SERIALIZATION");
    assert_true(strlen(weir_status_doc(err.status)) > 0);
    assert_true(weir_error_is_retryable(&err));
    assert_true(strlen(weir_version()) > 0);
    return WEIR_OK;
}

/* The program's own allocator may be the library's. */
static weir_status allocator(stage *on)
{
    const weir_allocator *libc = weir_allocator_libc();
    void *memory = libc->alloc(libc->context, 8);
    void *more = memory ? libc->resize(libc->context, memory, 80) : NULL;
    weir_status status = WEIR_OK;

    if (!more)
        status = weir_error_set(&on->err, WEIR_ERR_NOMEM, "out of memory");
    libc->free(libc->context, more ? more : memory);
    return status;
}

const act value_acts[] = {
    {"parse a URL", parse_url, NULL, ON_NOTHING, NULL},
    {"make a URL", make_url, NULL, ON_NOTHING, NULL},
    {"allocator", allocator, NULL, ON_NOTHING, NULL},
    {"values", values, NULL, ON_NOTHING, NULL},
    {"errors", errors, NULL, ON_NOTHING, NULL},
    {"change a URL", change_url, make_original, ON_NOTHING, NULL},
    {"ask a URL", ask_url, make_original, ON_NOTHING, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
