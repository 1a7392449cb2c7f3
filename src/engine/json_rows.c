/* SPDX-License-Identifier: MIT */
/*
 * Rows as JSON. The failure of a result becomes the failure of the writer:
 * whoever looks at the document alone cannot miss it.
 */
#include <weir/json.h>
#include <weir/result.h>

#include "base/json.h"

static void write_columns(weir_json *json, weir_result *rows)
{
    int count = weir_column_count(rows);

    for (int i = 0; i < count; i++) {
        weir_json_key(json, weir_column_name(rows, i));
        weir_json_value(json, weir_cell(rows, i));
    }
}

/* Without a row the first cell tells why; rows without columns are none. */
static bool has_row(weir_result *rows)
{
    return weir_column_count(rows) > 0 && weir_cell(rows, 0);
}

static void fail(weir_json *json, weir_result *rows)
{
    weir_error none;

    if (weir_result_status(rows) != WEIR_OK) {
        wi_json_fail_with(json, weir_result_error(rows));
        return;
    }
    weir_error_set(&none, WEIR_ERR_MISUSE, "the statement returned no rows");
    wi_json_fail_with(json, &none);
}

void weir_json_row(weir_json *json, weir_result *rows)
{
    if (wi_json_has_failed(json))
        return;
    if (!has_row(rows)) {
        fail(json, rows);
        return;
    }
    weir_json_begin_object(json);
    write_columns(json, rows);
    weir_json_end_object(json);
}

void weir_json_rows(weir_json *json, weir_result *rows)
{
    weir_json_begin_array(json);
    while (!wi_json_has_failed(json) && weir_next(rows))
        weir_json_row(json, rows);
    if (!wi_json_has_failed(json) && weir_result_status(rows) != WEIR_OK)
        fail(json, rows);
    weir_json_end_array(json);
}
