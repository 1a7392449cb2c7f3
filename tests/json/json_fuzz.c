/* SPDX-License-Identifier: MIT */
/*
 * A series of calls, chosen by the input. Whatever it is: a writer that says
 * WEIR_OK has written what jansson reads, and a sink has been handed the same
 * bytes as memory. The values that were written are kept in a list and found
 * again in the document, in order.
 */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *at;
    const uint8_t *end;
} input;

typedef struct document {
    weir_json memory;
    weir_json stream;
    char *gathered;
    size_t gathered_size;
    json_t *written; /* the scalars, in the order of their writing */
} document;

static void require(int condition)
{
    if (!condition)
        abort();
}

static weir_status gather(void *context, const char *data, size_t size)
{
    document *to = context;

    to->gathered = realloc(to->gathered, to->gathered_size + size);
    require(to->gathered != NULL);
    memcpy(to->gathered + to->gathered_size, data, size);
    to->gathered_size += size;
    return WEIR_OK;
}

static uint8_t next(input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static weir_text next_text(input *in)
{
    size_t left = (size_t)(in->end - in->at);
    size_t size = next(in);
    const char *text = (const char *)in->at;

    size = size < left ? size : left > 0 ? left - 1 : 0;
    in->at += size;
    return weir_text_span(text, size);
}

static int64_t next_integer(input *in)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | next(in);
    return (int64_t)number;
}

static double next_double(input *in)
{
    int64_t bits = next_integer(in);
    double f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The same value for both writers and for the list. */
static void write_scalar(document *to, weir_value value, json_t *kept)
{
    weir_json_value(&to->memory, &value);
    weir_json_value(&to->stream, &value);
    if (weir_json_error(&to->memory)->status == WEIR_OK && kept)
        json_array_append_new(to->written, kept);
    else
        json_decref(kept);
}

static void write_text(document *to, input *in)
{
    weir_text text = next_text(in);

    /* jansson copies what is UTF-8 and gives NULL for the rest. */
    write_scalar(to, weir_value_text(text), json_stringn(text.data, text.size));
}

static void write_double(document *to, input *in)
{
    double f = next_double(in);

    write_scalar(to, weir_value_f64(f),
                 isfinite(f) ? json_real(f) : json_null());
}

static void write_any(document *to, input *in)
{
    int64_t i;

    switch (next(in) % 5) {
    case 0:
        i = next_integer(in);
        write_scalar(to, weir_value_i64(i), json_integer(i));
        break;
    case 1:
        write_double(to, in);
        break;
    case 2:
        write_text(to, in);
        break;
    case 3:
        write_scalar(to, weir_value_null(), json_null());
        break;
    default:
        write_scalar(to, weir_value_bool(true), json_true());
    }
}

static void both(document *to, void (*call)(weir_json *json))
{
    call(&to->memory);
    call(&to->stream);
}

static void key(document *to, input *in)
{
    weir_text text = next_text(in);

    weir_json_key_text(&to->memory, text);
    weir_json_key_text(&to->stream, text);
}

static void step(document *to, input *in)
{
    switch (next(in) % 8) {
    case 0:
        both(to, weir_json_begin_object);
        break;
    case 1:
        both(to, weir_json_begin_array);
        break;
    case 2:
        both(to, weir_json_end_object);
        break;
    case 3:
        both(to, weir_json_end_array);
        break;
    case 4:
    case 5:
        key(to, in);
        break;
    default:
        write_any(to, in);
    }
}

/* Closes what is open, so that most series end as a document. */
static void close_all(document *to)
{
    static void (*const ends[])(weir_json * json) = {
        weir_json_null, weir_json_end_object, weir_json_end_array};

    while (to->memory.depth > 0 &&
           weir_json_error(&to->memory)->status == WEIR_OK) {
        uint32_t level = to->memory.depth - 1;
        int is_object = to->memory.levels[level / 8] >> (level % 8) & 1;

        both(to, is_object ? ends[1] : ends[2]);
    }
}

/* Each scalar of `tree` is the next of the list. Members of objects with equal
 * keys vanish in jansson: then the list is not compared. */
static int compare(json_t *tree, json_t *list, size_t *at)
{
    const char *name;
    json_t *child;
    size_t i;

    if (json_is_array(tree)) {
        json_array_foreach(tree, i,
                           child) if (!compare(child, list, at)) return 0;
        return 1;
    }
    if (json_is_object(tree)) {
        json_object_foreach(tree, name,
                            child) if (!compare(child, list, at)) return 0;
        return 1;
    }
    return json_equal(tree, json_array_get(list, (*at)++));
}

static void verify(document *to, int is_replacing)
{
    json_error_t error;
    weir_text text = weir_json_result(&to->memory);
    json_t *tree = json_loadb(
        text.data, text.size,
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    size_t at = 0;

    require(to->gathered_size == text.size);
    require(memcmp(to->gathered, text.data, text.size) == 0);
    if (!tree) {
        require(json_error_code(&error) == json_error_duplicate_key ||
                json_error_code(&error) == json_error_null_byte_in_key);
        return;
    }
    if (!is_replacing)
        require(compare(tree, to->written, &at) &&
                at == json_array_size(to->written));
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, data + size};
    weir_json_options options = WEIR_JSON_OPTIONS;
    document to = {.written = json_array()};
    uint8_t choice = next(&in);
    int is_replacing = choice & 1;

    options.broken_text = choice & 1;
    options.non_finite = choice >> 1 & 1;
    options.indent = choice >> 2 & 7;
    weir_json_init(&to.memory, &options);
    options.sink = gather;
    options.sink_context = &to;
    weir_json_init(&to.stream, &options);
    while (in.at < in.end && weir_json_error(&to.memory)->status == WEIR_OK)
        step(&to, &in);
    close_all(&to);
    if (weir_json_finish(&to.memory) == WEIR_OK) {
        require(weir_json_finish(&to.stream) == WEIR_OK);
        verify(&to, is_replacing);
    } else {
        require(weir_json_finish(&to.stream) ==
                weir_json_error(&to.memory)->status);
    }
    weir_json_clear(&to.memory);
    weir_json_clear(&to.stream);
    json_decref(to.written);
    free(to.gathered);
    return 0;
}
