/* SPDX-License-Identifier: MIT */
/* The writer of JSON without memory: a document that has to grow twice. */
#include "torture.h"

#include <weir/json.h>

static void write_values(weir_json *json)
{
    const weir_value value = WEIR_VAL(7);
    const unsigned char bytes[] = {0, 255};

    weir_json_begin_array(json);
    weir_json_null(json);
    weir_json_bool(json, true);
    weir_json_i64(json, -1);
    weir_json_u64(json, 1);
    weir_json_f64(json, 0.5);
    weir_json_cstr(json, "text");
    weir_json_bytes(json, (weir_bytes){bytes, sizeof bytes});
    weir_json_raw(json, (weir_raw_json){"{}", 2});
    weir_json_value(json, &value);
    weir_json_end_array(json);
}

static void write_document(weir_json *json, const char *filler)
{
    weir_json_begin_object(json);
    weir_json_key(json, "values");
    write_values(json);
    for (int i = 0; i < 4; i++) {
        weir_json_key_text(json, weir_text_of("filler"));
        weir_json_text(json, weir_text_of(filler));
    }
    weir_json_end_object(json);
}

static weir_status finish(stage *on, weir_json *json)
{
    weir_status status = weir_json_finish(json);

    if (status != WEIR_OK)
        on->err = *weir_json_error(json);
    return status;
}

static weir_status write_json(stage *on)
{
    weir_json_options options = WEIR_JSON_OPTIONS;
    char filler[WEIR_JSON_BUFFER_SIZE];
    weir_status status;
    weir_json json;

    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    weir_json_init(&json, &options);
    write_document(&json, filler);
    status = finish(on, &json);
    if (status == WEIR_OK)
        assert_true(weir_json_result(&json).size > 4 * sizeof filler);
    weir_json_reset(&json);
    weir_json_i64(&json, 1); /* what fits needs no memory */
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    weir_json_clear(&json);
    return status;
}

/* The rows are at their end, or the writer has their failure. */
static weir_status write_rows(stage *on)
{
    weir_status status;
    weir_json json;

    weir_json_init(&json, NULL);
    weir_json_begin_array(&json);
    on->rows = weir_query(on->conn, "SELECT id, name FROM t", NOARGS);
    if (weir_next(on->rows))
        weir_json_row(&json, on->rows);
    weir_json_rows(&json, on->rows);
    weir_json_end_array(&json);
    status = finish(on, &json);
    if (status == WEIR_OK)
        assert_string_equal(weir_json_result(&json).data,
                            "[{\"id\":1,\"name\":\"one\"},"
                            "[{\"id\":2,\"name\":\"two\"}]]");
    weir_json_clear(&json);
    return status;
}

const act json_acts[] = {
    {"write rows as JSON", write_rows, NULL, ON_SQLITE, NULL},
    {"write JSON", write_json, NULL, ON_NOTHING, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
