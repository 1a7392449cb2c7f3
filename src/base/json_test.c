/* SPDX-License-Identifier: MIT */
/* The writer's places, its limits, its sink, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"

static void expect(weir_json *json, const char *text)
{
    assert_int_equal(weir_json_finish(json), WEIR_OK);
    assert_string_equal(weir_json_result(json).data, text);
    assert_int_equal(weir_json_result(json).size, strlen(text));
    assert_int_equal(weir_json_error(json)->status, WEIR_OK);
    weir_json_clear(json);
}

static void expect_failure(weir_json *json, weir_status status,
                           const char *part)
{
    assert_int_equal(weir_json_finish(json), status);
    assert_int_equal(weir_json_error(json)->status, status);
    if (!strstr(weir_json_error(json)->message, part))
        fail_msg("\"%s\" is not in \"%s\"", part,
                 weir_json_error(json)->message);
    assert_int_equal(weir_json_result(json).size, 0);
    assert_string_equal(weir_json_result(json).data, "");
    weir_json_clear(json);
}

/* One of everything that nests. */
static void write_nested(weir_json *json)
{
    weir_json_begin_object(json);
    weir_json_key(json, "empty");
    weir_json_begin_object(json);
    weir_json_end_object(json);
    weir_json_key(json, "list");
    weir_json_begin_array(json);
    weir_json_i64(json, 1);
    weir_json_begin_array(json);
    weir_json_end_array(json);
    weir_json_begin_object(json);
    weir_json_key_text(json, weir_text_span("keys", 3));
    weir_json_bool(json, true);
    weir_json_end_object(json);
    weir_json_end_array(json);
    weir_json_key(json, "last");
    weir_json_null(json);
    weir_json_end_object(json);
}

static void test_json__nests(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    write_nested(&json);
    expect(&json, "{\"empty\":{},\"list\":[1,[],{\"key\":true}],"
                  "\"last\":null}");
}

static void test_json__indents(void **state)
{
    weir_json_options options = WEIR_JSON_OPTIONS;
    weir_json json;

    (void)state;
    options.indent = 2;
    weir_json_init(&json, &options);
    write_nested(&json);
    expect(&json, "{\n  \"empty\": {},\n  \"list\": [\n    1,\n    [],\n"
                  "    {\n      \"key\": true\n    }\n  ],\n"
                  "  \"last\": null\n}");
}

static void test_json__any_value_may_be_the_root(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_cstr(&json, "x");
    expect(&json, "\"x\"");
    weir_json_init(&json, NULL);
    weir_json_cstr(&json, NULL);
    expect(&json, "null");
}

static void test_json_integers__are_exact(void **state)
{
    weir_json_options options = WEIR_JSON_OPTIONS;
    static const char *const expected[] = {
        "[0,-9223372036854775808,9223372036854775807,18446744073709551615,"
        "9007199254740992,-9007199254740993]",
        "[0,\"-9223372036854775808\",\"9223372036854775807\","
        "\"18446744073709551615\",9007199254740992,\"-9007199254740993\"]"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_json json;

        options.exact = i ? WEIR_JSON_EXACT_AS_STRING : options.exact;
        weir_json_init(&json, &options);
        weir_json_begin_array(&json);
        weir_json_i64(&json, 0);
        weir_json_i64(&json, INT64_MIN);
        weir_json_i64(&json, INT64_MAX);
        weir_json_u64(&json, UINT64_MAX);
        weir_json_u64(&json, UINT64_C(1) << 53);
        weir_json_i64(&json, -INT64_C(9007199254740993));
        weir_json_end_array(&json);
        expect(&json, expected[i]);
    }
}

/* ----------------------------------------------------------------- misuse */

/* One call on a writer that stands in one place. */
typedef void (*call)(weir_json *json);

static void key(weir_json *json)
{
    weir_json_key(json, "k");
}

static void null_key(weir_json *json)
{
    weir_json_key(json, NULL);
}

static void no_call(weir_json *json)
{
    (void)json;
}

static void test_json__refuses_what_does_not_fit(void **state)
{
    static const struct {
        call calls[4];
        const char *message;
    } cases[] = {
        {{no_call}, "the JSON document has no value"},
        {{weir_json_null, weir_json_null},
         "a value cannot stand after the "
         "end of the document"},
        {{weir_json_begin_object, weir_json_null},
         "a value cannot stand in an "
         "object, where a key"},
        {{weir_json_begin_object, weir_json_end_array},
         "the end of an array cannot stand in an object"},
        {{weir_json_begin_array, weir_json_end_object},
         "the end of an object cannot stand in an array"},
        {{weir_json_begin_array, key}, "a key cannot stand in an array"},
        {{key}, "a key cannot stand at the beginning of a document"},
        {{weir_json_end_object}, "the end of an object cannot stand at the"},
        {{weir_json_begin_object, null_key}, "a key that is NULL cannot"},
        {{weir_json_begin_object, key, key}, "a key cannot stand after a key"},
        {{weir_json_begin_object, key, weir_json_end_object},
         "the end of an object cannot stand after a key"},
        {{weir_json_begin_object, key}, "the JSON document ends after a key"},
        {{weir_json_begin_object, key, weir_json_begin_array},
         "ends within 2 open arrays and objects"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_json json;

        weir_json_init(&json, NULL);
        for (int c = 0; c < 4 && cases[i].calls[c]; c++)
            cases[i].calls[c](&json);
        expect_failure(&json, WEIR_ERR_MISUSE, cases[i].message);
    }
}

static void test_json__accepts_null_and_zero(void **state)
{
    static weir_json zero;
    weir_json *writers[] = {NULL, &zero};

    (void)state;
    weir_json_init(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        weir_json *json = writers[i];

        write_nested(json);
        weir_json_u64(json, 1);
        weir_json_text(json, weir_text_of("x"));
        weir_json_bytes(json, weir_bytes_span("x", 1));
        weir_json_raw(json, (weir_raw_json){"1", 1});
        weir_json_reset(json);
        assert_int_equal(weir_json_finish(json), WEIR_ERR_MISUSE);
        assert_int_equal(weir_json_error(json)->status, WEIR_ERR_MISUSE);
        assert_int_equal(weir_json_result(json).size, 0);
        weir_json_clear(json);
    }
}

static void test_json__refuses_options_that_cannot_be(void **state)
{
    weir_json_options zero = {0}, wide = WEIR_JSON_OPTIONS;
    weir_json json;

    (void)state;
    weir_json_init(&json, &zero);
    weir_json_null(&json);
    expect_failure(&json, WEIR_ERR_MISUSE, "begin with WEIR_JSON_OPTIONS");
    wide.indent = 9;
    weir_json_init(&json, &wide);
    expect_failure(&json, WEIR_ERR_MISUSE, "indent is 9; 0 to 8 can be");
}

static void test_json__keeps_its_first_error(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_text(&json, weir_text_span("\xff", 1));
    weir_json_end_array(&json);
    write_nested(&json);
    expect_failure(&json, WEIR_ERR_TYPE, "not UTF-8 at byte 0");
}

static void test_json__is_over_after_finish(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_null(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    weir_json_null(&json);
    expect_failure(&json, WEIR_ERR_MISUSE, "after weir_json_finish()");
}

/* ----------------------------------------------------------------- limits */

static void nest(weir_json *json, int depth)
{
    for (int i = 0; i < depth; i++) {
        weir_json_begin_array(json);
        weir_json_begin_object(json);
        weir_json_key(json, "k");
    }
    weir_json_null(json);
    for (int i = 0; i < depth; i++) {
        weir_json_end_object(json);
        weir_json_end_array(json);
    }
}

static void test_json__limits_nesting(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    nest(&json, WEIR_JSON_DEPTH_MAX / 2);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    weir_json_reset(&json);
    nest(&json, WEIR_JSON_DEPTH_MAX / 2 + 1);
    expect_failure(&json, WEIR_ERR_LIMIT, "deeper than 256");
}

static weir_status count(void *context, const char *data, size_t size)
{
    (void)data;
    *(size_t *)context += size;
    return WEIR_OK;
}

/* The limit is the last size that fits, in memory and through a sink. */
static void test_json__limits_size(void **state)
{
    static char text[3 * WEIR_JSON_BUFFER_SIZE];
    weir_json_options options = WEIR_JSON_OPTIONS;
    size_t sum = 0;

    (void)state;
    memset(text, 'x', sizeof text);
    for (int with_sink = 0; with_sink < 2; with_sink++)
        for (size_t size = 10; size < sizeof text; size = 3 * size + 1) {
            weir_json json;

            options.sink = with_sink ? count : NULL;
            options.sink_context = &sum;
            options.limit = size + 2;
            weir_json_init(&json, &options);
            weir_json_text(&json, weir_text_span(text, size));
            assert_int_equal(weir_json_finish(&json), WEIR_OK);
            weir_json_reset(&json);
            weir_json_text(&json, weir_text_span(text, size + 1));
            expect_failure(&json, WEIR_ERR_LIMIT, "more than");
        }
}

/* ------------------------------------------------------------------ sinks */

typedef struct gathered {
    char text[64 * 1024];
    size_t size;
    int calls;
    int calls_max;
} gathered;

static weir_status gather(void *context, const char *data, size_t size)
{
    gathered *all = context;

    if (all->calls == all->calls_max)
        return WEIR_ERR_CANCELLED;
    all->calls++;
    assert_true(size > 0 && size <= WEIR_JSON_BUFFER_SIZE);
    assert_true(size <= sizeof all->text - all->size);
    memcpy(all->text + all->size, data, size);
    all->size += size;
    return WEIR_OK;
}

static void write_long(weir_json *json)
{
    static char text[WEIR_JSON_BUFFER_SIZE + 700];

    memset(text, 'x', sizeof text);
    weir_json_begin_array(json);
    for (int i = 0; i < 400; i++) {
        weir_json_i64(json, i * 1234567);
        weir_json_cstr(json, "\t\x01\xC3\xA9\xF0\x9F\x98\x80");
        weir_json_bytes(json, weir_bytes_span(text, (size_t)i % 50));
    }
    weir_json_text(json, weir_text_span(text, sizeof text));
    weir_json_end_array(json);
}

static void test_json__gives_a_sink_the_same_bytes(void **state)
{
    static gathered all = {.calls_max = -1};
    weir_json_options options = WEIR_JSON_OPTIONS;
    weir_json memory, stream;

    (void)state;
    options.sink = gather;
    options.sink_context = &all;
    weir_json_init(&memory, NULL);
    weir_json_init(&stream, &options);
    write_long(&memory);
    write_long(&stream);
    assert_int_equal(weir_json_finish(&memory), WEIR_OK);
    assert_int_equal(weir_json_finish(&stream), WEIR_OK);
    assert_int_equal(all.size, weir_json_result(&memory).size);
    assert_memory_equal(all.text, weir_json_result(&memory).data, all.size);
    assert_true(all.calls > 3);
    assert_int_equal(weir_json_result(&stream).size, 0);
    weir_json_clear(&memory);
    weir_json_clear(&stream);
}

static void test_json__stops_when_the_sink_fails(void **state)
{
    static gathered all;
    weir_json_options options = WEIR_JSON_OPTIONS;
    weir_json json;

    (void)state;
    options.sink = gather;
    options.sink_context = &all;
    for (int n = 0; n < 3; n++) {
        all = (gathered){.calls_max = n};
        weir_json_init(&json, &options);
        write_long(&json);
        assert_int_equal(all.calls, n);
        expect_failure(&json, WEIR_ERR_CANCELLED, "WEIR_ERR_CANCELLED");
    }
}

/* ----------------------------------------------------------------- memory */

static long left;
static long alive;

static void *change(void *context, void *old, size_t size)
{
    void *memory;

    (void)context;
    if (left == 0)
        return NULL;
    left--;
    memory = realloc(old, size);
    if (!old && memory)
        alive++;
    return memory;
}

static void *take(void *context, size_t size)
{
    return change(context, NULL, size);
}

static void give(void *context, void *memory)
{
    (void)context;
    alive -= memory != NULL;
    free(memory);
}

static const weir_allocator failing = {take, change, give, NULL};

static void test_json__survives_each_failing_allocation(void **state)
{
    weir_json_options options = WEIR_JSON_OPTIONS;
    weir_status status = WEIR_ERR_NOMEM;
    weir_json json;
    long n = 0;

    (void)state;
    options.allocator = &failing;
    weir_json_init(&json, &options);
    for (; status != WEIR_OK; n++) {
        assert_int_equal(status, WEIR_ERR_NOMEM);
        assert_in_range(n, 0, 20);
        left = n;
        weir_json_reset(&json);
        write_long(&json);
        status = weir_json_finish(&json);
        if (n % 2) { /* whether its memory is kept or not */
            weir_json_clear(&json);
            assert_int_equal(alive, 0);
            weir_json_init(&json, &options);
        }
    }
    assert_true(n > 2);
    weir_json_clear(&json);
    assert_int_equal(alive, 0);
}

/* What fits into the writer costs no allocation, what is written again into
 * memory that has grown none either. */
static void test_json__allocates_only_to_grow(void **state)
{
    weir_json_options options = WEIR_JSON_OPTIONS;
    weir_json json;

    (void)state;
    options.allocator = &failing;
    left = 0;
    weir_json_init(&json, &options);
    write_nested(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    left = 100;
    weir_json_reset(&json);
    write_long(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    left = 0;
    weir_json_reset(&json);
    write_long(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    weir_json_clear(&json);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__nests),
        cmocka_unit_test(test_json__indents),
        cmocka_unit_test(test_json__any_value_may_be_the_root),
        cmocka_unit_test(test_json_integers__are_exact),
        cmocka_unit_test(test_json__refuses_what_does_not_fit),
        cmocka_unit_test(test_json__accepts_null_and_zero),
        cmocka_unit_test(test_json__refuses_options_that_cannot_be),
        cmocka_unit_test(test_json__keeps_its_first_error),
        cmocka_unit_test(test_json__is_over_after_finish),
        cmocka_unit_test(test_json__limits_nesting),
        cmocka_unit_test(test_json__limits_size),
        cmocka_unit_test(test_json__gives_a_sink_the_same_bytes),
        cmocka_unit_test(test_json__stops_when_the_sink_fails),
        cmocka_unit_test(test_json__survives_each_failing_allocation),
        cmocka_unit_test(test_json__allocates_only_to_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
