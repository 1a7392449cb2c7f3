/* SPDX-License-Identifier: MIT */
/* Rows without memory. */
#include "torture.h"

static const char query_text[] =
    "SELECT id, name FROM t WHERE name <> ? ORDER BY "
    "id";

static weir_status read_all(stage *on)
{
    int count = 0;

    while (weir_next(on->rows)) {
        assert_int_equal(weir_get_i64(on->rows, 0), ++count);
        if (!weir_get_text(on->rows, 1) ||
            weir_result_status(on->rows) != WEIR_OK)
            break;
    }
    if (weir_result_status(on->rows) == WEIR_OK)
        assert_int_equal(count, 2);
    return weir_result_status(on->rows);
}

static weir_status query(stage *on)
{
    on->rows = weir_query(on->conn, query_text, ARGS("nobody"));
    return read_all(on);
}

static weir_status stream(stage *on)
{
    on->rows = weir_stream(on->conn, query_text, ARGS("nobody"));
    return read_all(on);
}

static weir_status one(stage *on)
{
    on->rows = weir_query(on->conn, "SELECT name FROM t WHERE id = 2", NOARGS);
    if (weir_result_one(on->rows) == WEIR_OK)
        assert_string_equal(weir_get_text(on->rows, 0), "two");
    return weir_result_status(on->rows);
}

/* The rows of the first are kept while the second writes. */
static weir_status write_while_reading(stage *on)
{
    weir_status status;

    on->rows = weir_query(on->conn, query_text, ARGS("nobody"));
    if (!weir_next(on->rows))
        return weir_result_status(on->rows);
    status =
        weir_exec(on->conn, "UPDATE t SET name = 'x' WHERE id = 2", NOARGS);
    if (status != WEIR_OK)
        return status;
    assert_int_equal(weir_get_i64(on->rows, 0), 1);
    while (weir_next(on->rows))
        assert_string_equal(weir_get_text(on->rows, 1), "two");
    return weir_result_status(on->rows);
}

/* What is asked for as text is made and kept until the next row. */
static weir_status get_everything(stage *on)
{
    weir_text span;
    weir_bytes bytes;

    on->rows = weir_query(
        on->conn, "SELECT id, 1.5, 'text', x'00ff', NULL FROM t", NOARGS);
    if (!weir_next(on->rows))
        return weir_result_status(on->rows);
    span = weir_get_span(on->rows, 2);
    bytes = weir_get_bytes(on->rows, 3);
    (void)weir_get_text(on->rows, 2);
    if (weir_result_status(on->rows) == WEIR_OK) {
        assert_int_equal(weir_get_i64(on->rows, 0), 1);
        assert_int_equal(weir_get_u64(on->rows, 0), 1);
        assert_true(weir_get_bool(on->rows, 0));
        assert_true(weir_get_f64(on->rows, 1) == 1.5);
        assert_int_equal(span.size, 4);
        assert_int_equal(bytes.size, 2);
        assert_true(weir_is_null(on->rows, 4));
        assert_non_null(weir_cell(on->rows, 4));
    }
    return weir_result_status(on->rows);
}

static weir_status scan(stage *on)
{
    weir_text text;
    const char *name;
    weir_bytes bytes;
    weir_decimal price;
    weir_uuid uuid;
    weir_date date;
    int64_t id;

    on->rows = weir_query(on->conn,
                          "SELECT id, name, name, x'00', '1.50', "
                          "'2c1d43b8-e6d7-376e-af7f-d4bde997cc3f', "
                          "'2024-02-29' FROM t",
                          NOARGS);
    if (!weir_next(on->rows))
        return weir_result_status(on->rows);
    return weir_scan(on->rows, &id, &name, &text, &bytes, &price, &uuid, &date);
}

static weir_status columns(stage *on)
{
    on->rows = weir_query(on->conn, "SELECT id, name AS n FROM t", NOARGS);
    if (weir_result_status(on->rows) != WEIR_OK)
        return weir_result_status(on->rows);
    assert_int_equal(weir_column_count(on->rows), 2);
    assert_string_equal(weir_column_name(on->rows, 1), "n");
    assert_string_equal(weir_column_at(on->rows, 1)->origin, "name");
    assert_int_equal(weir_column_index(on->rows, "n"), 1);
    assert_int_equal(weir_result_affected(on->rows), -1);
    return weir_result_status(on->rows);
}

const act result_acts[] = {
    {"query", query, NULL, ON_SQLITE, NULL},
    {"stream", stream, NULL, ON_SQLITE, NULL},
    {"one", one, NULL, ON_SQLITE, NULL},
    {"write while reading", write_while_reading, NULL, ON_SQLITE, NULL},
    {"get", get_everything, NULL, ON_SQLITE, NULL},
    {"scan", scan, NULL, ON_SQLITE, NULL},
    {"columns", columns, NULL, ON_SQLITE, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
