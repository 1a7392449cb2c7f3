/* SPDX-License-Identifier: MIT */
/*
 * Text that may be JSON: we and jansson agree whether it is, and what is
 * embedded is the same value. What jansson cannot hold (numbers out of its
 * range, other limits) is left out.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include <weir/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL,
};

static json_t *read(const char *text, size_t size, int *is_limited)
{
    json_error_t error;
    json_t *value = json_loadb(text, size, FLAGS, &error);

    *is_limited =
        !value && (json_error_code(&error) == json_error_numeric_overflow ||
                   json_error_code(&error) == json_error_stack_overflow);
    return value;
}

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    int is_limited, ignored;
    json_t *theirs, *ours;
    weir_json json;
    weir_status status;

    if (memchr(data, 0, size)) /* jansson skips a NUL behind a number */
        return 0;
    theirs = read(text, size, &is_limited);
    weir_json_init(&json, NULL);
    weir_json_raw(&json, (weir_raw_json){text, size});
    status = weir_json_finish(&json);
    /* jansson nests deeper than we do, and reads no numbers that are large. */
    if (theirs && status != WEIR_OK)
        require(strstr(weir_json_error(&json)->message, "less nesting") !=
                NULL);
    if (!theirs && !is_limited)
        require(status == WEIR_ERR_TYPE);
    if (theirs && status == WEIR_OK) {
        ours = read(weir_json_result(&json).data, weir_json_result(&json).size,
                    &ignored);
        require(ours && json_equal(ours, theirs));
        json_decref(ours);
    }
    json_decref(theirs);
    weir_json_clear(&json);
    return 0;
}
