/* SPDX-License-Identifier: MIT */
/* Values on their way in and out, at their limits; what declarations mean. */
#include "scratch.h"

#include <math.h>

static drive d;
static void *conn;

static int begin_test(void **state)
{
    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    must_run(&d, conn, "CREATE TABLE t (v)");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    return 0;
}

static drive_stmt reader;

/* Stores a value and reads it back; end_reading() lets go of it. */
static weir_value store(weir_value value)
{
    weir_value row[1];

    must_run(&d, conn, "DELETE FROM t");
    if (run_with(&d, conn, (ask){"INSERT INTO t VALUES (?)", &value, 1},
                 NULL) != WEIR_OK)
        fail_msg("%s", d.err.message);
    assert_int_equal(drive_prepare(&d, conn, "SELECT v FROM t", &reader),
                     WEIR_OK);
    assert_int_equal(drive_execute(&reader, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&reader, row), WEIR_STEP_ROW);
    return row[0];
}

static void end_reading(void)
{
    drive_end(&reader);
    drive_finish(&reader);
}

static void assert_text(weir_value value, const char *text)
{
    weir_value found = store(value);

    assert_int_equal(found.type, WEIR_TYPE_TEXT);
    assert_int_equal(found.size, strlen(text));
    assert_string_equal(found.as.text, text);
    end_reading();
}

static void assert_integer(weir_value value, int64_t number)
{
    weir_value found = store(value);

    assert_int_equal(found.type, WEIR_TYPE_I64);
    assert_int_equal(found.as.i, number);
    end_reading();
}

static void test_integers__come_back_at_their_limits(void **state)
{
    (void)state;
    assert_integer(weir_value_i64(INT64_MAX), INT64_MAX);
    assert_integer(weir_value_i64(INT64_MIN), INT64_MIN);
    assert_integer(weir_value_bool(true), 1);
    assert_integer(weir_value_bool(false), 0);
    assert_integer(weir_value_u64(INT64_MAX), INT64_MAX);
}

static void assert_refused(weir_value value)
{
    assert_int_equal(
        run_with(&d, conn, (ask){"INSERT INTO t VALUES (?)", &value, 1}, NULL),
        WEIR_ERR_TYPE);
    assert_non_null(strstr(d.err.message, "parameter 1"));
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
}

static void test_values__that_would_become_less_are_refused(void **state)
{
    (void)state;
    assert_refused(weir_value_u64((uint64_t)INT64_MAX + 1));
    assert_refused(weir_value_u64(UINT64_MAX));
    assert_refused(weir_value_f64((double)NAN));
    assert_refused(weir_value_pointer("x"));
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
}

static void test_doubles__come_back_bit_by_bit(void **state)
{
    static const double cases[] = {
        0.0, -0.0, 1.0 / 3, 5e-324, 1.7976931348623157e308, INFINITY, -INFINITY,
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_value found = store(weir_value_f64(cases[i]));

        assert_int_equal(found.type, WEIR_TYPE_F64);
        assert_memory_equal(&found.as.f, &cases[i], sizeof cases[i]);
        end_reading();
    }
}

static void test_text__may_be_empty_or_hold_anything(void **state)
{
    weir_value found;

    (void)state;
    assert_text(weir_value_cstr("gr\303\274n \360\237\220\237"),
                "gr\303\274n \360\237\220\237");
    assert_text(weir_value_cstr(""), "");
    assert_text(weir_value_text(weir_text_span(NULL, 0)), "");
    assert_text(weir_value_json((weir_raw_json){"{\"a\":1}", 7}), "{\"a\":1}");
    found = store(weir_value_text(weir_text_span("a\0b", 3)));
    assert_int_equal(found.type, WEIR_TYPE_TEXT);
    assert_int_equal(found.size, 3);
    assert_memory_equal(found.as.text, "a\0b", 4); /* and one behind it */
    end_reading();
    found = store(weir_value_null());
    assert_int_equal(found.type, WEIR_TYPE_NULL);
    end_reading();
}

static void test_bytes__may_be_empty_and_are_not_null(void **state)
{
    weir_value found = store(weir_value_bytes(weir_bytes_span(NULL, 0)));

    (void)state;
    assert_int_equal(found.type, WEIR_TYPE_BYTES);
    assert_int_equal(found.size, 0);
    assert_non_null(found.as.bytes);
    end_reading();
    found = store(weir_value_bytes(weir_bytes_span("\0\xff\0", 3)));
    assert_int_equal(found.size, 3);
    assert_memory_equal(found.as.bytes, "\0\xff\0", 3);
    end_reading();
}

static void test_bytes__of_64_mebibytes(void **state)
{
    enum { SIZE = 64 << 20 };
    unsigned char *bytes = malloc(SIZE);
    weir_value found;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 31 >> 4);
    found = store(weir_value_bytes(weir_bytes_span(bytes, SIZE)));
    assert_int_equal(found.type, WEIR_TYPE_BYTES);
    assert_int_equal(found.size, SIZE);
    assert_int_equal(memcmp(found.as.bytes, bytes, SIZE), 0);
    end_reading();
    free(bytes);
}

/* ISO 8601, so that text order is time order. */
static void test_times__are_iso_text(void **state)
{
    weir_interval interval = {0, 3, 0};

    (void)state;
    assert_text(weir_value_timestamp((weir_timestamp){0}),
                "1970-01-01T00:00:00Z");
    assert_text(weir_value_timestamp((weir_timestamp){-1}),
                "1969-12-31T23:59:59.999999Z");
    assert_text(weir_value_datetime((weir_datetime){1500000}),
                "1970-01-01T00:00:01.500000");
    assert_text(weir_value_date((weir_date){-1}), "1969-12-31");
    assert_text(weir_value_time((weir_time){86399999999}), "23:59:59.999999");
    assert_text(weir_value_interval(&interval), "P3D");
}

static void test_decimals__are_exact_where_the_column_is_text(void **state)
{
    weir_decimal digits;
    weir_value value;

    (void)state;
    assert_int_equal(
        weir_decimal_parse(
            weir_text_of("-12345678901234567890123456789012345.678"), &digits,
            &d.err),
        WEIR_OK);
    value = weir_value_decimal(&digits);
    assert_text(value, "-12345678901234567890123456789012345.678");
    must_run(&d, conn, "DROP TABLE t");
    must_run(&d, conn, "CREATE TABLE t (v DECIMAL_TEXT(38, 3))");
    assert_text(value, "-12345678901234567890123456789012345.678");
    /* The pitfall that the guide states: NUMERIC makes a double of it. */
    must_run(&d, conn, "DROP TABLE t");
    must_run(&d, conn, "CREATE TABLE t (v NUMERIC)");
    assert_int_equal(store(value).type, WEIR_TYPE_F64);
    end_reading();
}

static void test_uuids__are_16_bytes(void **state)
{
    weir_uuid uuid = {{1, 2, 3, 250}};
    weir_value found = store(weir_value_uuid(&uuid));

    (void)state;
    assert_int_equal(found.type, WEIR_TYPE_BYTES);
    assert_int_equal(found.size, 16);
    assert_memory_equal(found.as.bytes, &uuid, 16);
    end_reading();
}

static void test_text__of_a_utf16_file_is_utf8(void **state)
{
    weir_value found;

    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    must_run(&d, conn, "PRAGMA encoding = 'UTF-16'");
    must_run(&d, conn, "CREATE TABLE t (v)");
    found = store(weir_value_cstr("gr\303\274n"));
    assert_string_equal(found.as.text, "gr\303\274n");
    assert_int_equal(found.size, 5);
    end_reading();
}

static void test_declared_type__reads_names_as_people_write_them(void **state)
{
    static const struct {
        const char *declaration;
        weir_type type;
    } cases[] = {
        {"INTEGER", WEIR_TYPE_I64},
        {"bigint unsigned", WEIR_TYPE_I64},
        {"TINYINT(1)", WEIR_TYPE_I64},
        {"boolean", WEIR_TYPE_BOOL},
        {"VARCHAR(80)", WEIR_TYPE_TEXT},
        {"native character(70)", WEIR_TYPE_TEXT},
        {"CLOB", WEIR_TYPE_TEXT},
        {"text", WEIR_TYPE_TEXT},
        {"BLOB", WEIR_TYPE_BYTES},
        {"varbinary(16)", WEIR_TYPE_BYTES},
        {"REAL", WEIR_TYPE_F64},
        {"double precision", WEIR_TYPE_F64},
        {"FLOAT", WEIR_TYPE_F64},
        {"DECIMAL_TEXT(12, 2)", WEIR_TYPE_DECIMAL},
        {"NUMERIC", WEIR_TYPE_DECIMAL},
        {"DATE", WEIR_TYPE_DATE},
        {"TIME", WEIR_TYPE_TIME},
        {"DATETIME(6)", WEIR_TYPE_DATETIME},
        {"TIMESTAMP", WEIR_TYPE_TIMESTAMP},
        {"timestamptz", WEIR_TYPE_TIMESTAMP},
        {"TIMESTAMP WITHOUT TIME ZONE", WEIR_TYPE_DATETIME},
        {"TIMESTAMP WITH TIME ZONE", WEIR_TYPE_TIMESTAMP},
        {"INTERVAL", WEIR_TYPE_INTERVAL},
        {"UUID", WEIR_TYPE_UUID},
        {"JSON_TEXT", WEIR_TYPE_JSON},
        {"ANY", WEIR_TYPE_NULL},
        {"", WEIR_TYPE_NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (wsq_declared_type(cases[i].declaration) != cases[i].type)
            fail_msg("%s is %s", cases[i].declaration,
                     weir_type_name(wsq_declared_type(cases[i].declaration)));
    }
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(integers__come_back_at_their_limits),
        TEST(values__that_would_become_less_are_refused),
        TEST(doubles__come_back_bit_by_bit),
        TEST(text__may_be_empty_or_hold_anything),
        TEST(bytes__may_be_empty_and_are_not_null),
        TEST(bytes__of_64_mebibytes),
        TEST(times__are_iso_text),
        TEST(decimals__are_exact_where_the_column_is_text),
        TEST(uuids__are_16_bytes),
        TEST(text__of_a_utf16_file_is_utf8),
        TEST(declared_type__reads_names_as_people_write_them),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
