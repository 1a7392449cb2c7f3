/* SPDX-License-Identifier: MIT */
/*
 * usage: bench-json
 * An object of six members as text: the JSON writer beside jansson, which
 * builds a tree and prints it. One JSON object per line on stdout.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/json.h>

#include "../pairs.h"

static const plan how = {.units = 20000, .slices = 20, .rounds = 20};

static const char bio[] = "a squirrel from Texas who lives under the sea";

static uint64_t finish(weir_json *json)
{
    if (weir_json_finish(json) != WEIR_OK)
        abort();
    return weir_json_result(json).size;
}

static uint64_t write_by_weir(void *context, slice part)
{
    uint64_t sum = 0;
    weir_json json;

    (void)context;
    weir_json_init(&json, NULL);
    for (int64_t i = part.at; i < part.at + part.count; i++) {
        weir_json_reset(&json);
        weir_json_begin_object(&json);
        weir_json_put(&json, "id", 1234567 + i);
        weir_json_put(&json, "name", "sandy cheeks");
        weir_json_put(&json, "email", "sandy@example.org");
        weir_json_put(&json, "age", 31);
        weir_json_put(&json, "active", (bool)true);
        weir_json_put(&json, "bio", bio);
        weir_json_end_object(&json);
        sum += finish(&json);
    }
    weir_json_clear(&json);
    return sum;
}

static uint64_t print(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    uint64_t size;

    if (!text)
        abort();
    size = strlen(text);
    free(text);
    json_decref(object);
    return size;
}

static uint64_t write_by_jansson(void *context, slice part)
{
    uint64_t sum = 0;

    (void)context;
    for (int64_t i = part.at; i < part.at + part.count; i++) {
        json_t *object = json_object();

        json_object_set_new(object, "id", json_integer(1234567 + i));
        json_object_set_new(object, "name", json_string("sandy cheeks"));
        json_object_set_new(object, "email", json_string("sandy@example.org"));
        json_object_set_new(object, "age", json_integer(31));
        json_object_set_new(object, "active", json_true());
        json_object_set_new(object, "bio", json_string(bio));
        sum += print(object);
    }
    return sum;
}

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench-json: %s: %s\n", what, why);
    exit(1);
}

int main(void)
{
    const job weir = {write_by_weir, NULL, NULL};
    const job jansson = {write_by_jansson, NULL, NULL};
    pairs found = pairs_run(&weir, &jansson, &how);

    printf("{\"bench\":\"json_object\",\"weir_ns\":%.1f,\"jansson_ns\":%.1f,"
           "\"ratio\":%.4f,\"q1\":%.4f,\"q3\":%.4f}\n",
           found.first_ns, found.second_ns, found.ratio, found.q1, found.q3);
    return 0;
}
