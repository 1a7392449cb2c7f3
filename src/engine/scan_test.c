/* SPDX-License-Identifier: MIT */
/* Cells into variables: what fits, what does not, and that nothing is lost. */
#include "scripted.h"

#include <math.h>

/* A row of one cell, open for reading. */
static weir_result *row_of(weir_conn *conn, weir_value cell)
{
    const weir_column column = {.name = "cell", .type = WEIR_TYPE_NULL};
    weir_result *rows;

    weir_mock_clear_steps(mock);
    script_add(&(weir_mock_step){.text = "SELECT cell",
                                 .columns = &column,
                                 .column_count = 1,
                                 .values = &cell,
                                 .row_count = 1});
    rows = weir_query(conn, "SELECT cell", NOARGS);
    if (!weir_next(rows))
        fail_msg("%s", weir_result_error(rows)->message);
    return rows;
}

/* Scans the cell into `to_` and expects this status. */
#define expect_scan(conn_, cell_, to_, wanted_)                                \
    do {                                                                       \
        weir_result *rows_ = row_of((conn_), (cell_));                         \
        assert_int_equal(weir_scan(rows_, (to_)), (wanted_));                  \
        assert_int_equal(weir_result_status(rows_), (wanted_));                \
        if ((wanted_) != WEIR_OK)                                              \
            assert_non_null(                                                   \
                strstr(weir_result_error(rows_)->message, "\"cell\""));        \
        weir_result_close(&rows_);                                             \
    } while (0)

static void test_integers__fit_or_are_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    int8_t tiny = 5;
    int16_t small = 5;
    int32_t medium = 5;
    uint8_t byte = 5;
    uint32_t wide = 5;
    uint64_t most = 5;

    (void)state;
    expect_scan(conn, WEIR_VAL(-128), &tiny, WEIR_OK);
    assert_int_equal(tiny, -128);
    expect_scan(conn, WEIR_VAL(128), &tiny, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(-32769), &small, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(INT64_C(2147483648)), &medium, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(255), &byte, WEIR_OK);
    expect_scan(conn, WEIR_VAL(256), &byte, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(-1), &wide, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(UINT64_MAX), &most, WEIR_OK);
    assert_true(most == UINT64_MAX);
    assert_int_equal(tiny, -128); /* what is refused leaves it as it was */
    assert_int_equal(small, 5);
    assert_int_equal(medium, 5);
    assert_int_equal(wide, 5);
    expect_scan(conn, WEIR_VAL("12"), &medium, WEIR_ERR_TYPE);
    expect_scan(conn, WEIR_VAL(2.0), &medium, WEIR_OK);
    assert_int_equal(medium, 2);
    expect_scan(conn, WEIR_VAL(2.5), &medium, WEIR_ERR_TYPE);
}

static void test_null__goes_only_where_it_can_be_told(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_opt_i64 maybe = {.v = 7, .set = true};
    const char *text = "before";
    weir_value any = WEIR_VAL(1);
    int64_t number = 5;
    bool truth = true;

    (void)state;
    expect_scan(conn, weir_value_null(), &number, WEIR_ERR_TYPE);
    expect_scan(conn, weir_value_null(), &truth, WEIR_ERR_TYPE);
    assert_int_equal(number, 5);
    expect_scan(conn, weir_value_null(), &maybe, WEIR_OK);
    assert_false(maybe.set);
    expect_scan(conn, WEIR_VAL(9), &maybe, WEIR_OK);
    assert_true(maybe.set && maybe.v == 9);
    expect_scan(conn, weir_value_null(), &text, WEIR_OK);
    assert_null(text);
    expect_scan(conn, weir_value_null(), &any, WEIR_OK);
    assert_int_equal(any.type, WEIR_TYPE_NULL);
}

static void test_text__is_checked_before_it_is_handed_out(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    const char *text = NULL;
    weir_text span;

    (void)state;
    expect_scan(conn, weir_value_text(weir_text_span("a\0b", 3)), &text,
                WEIR_ERR_TYPE);
    expect_scan(conn, weir_value_text(weir_text_span("a\0b", 3)), &span,
                WEIR_OK);
    expect_scan(conn, weir_value_text(weir_text_span("\xff", 1)), &text,
                WEIR_ERR_TYPE);
    WEIR_AUTO(weir_result) rows = row_of(conn, WEIR_VAL("grün"));
    assert_string_equal(weir_get_text(rows, 0), "grün");
    assert_int_equal(weir_get_span(rows, 0).size, 5);
}

/* Each kind that is copied without a conversion, and what it must not take. */
static void test_plain_kinds__take_their_own_type_and_no_other(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_opt_f64 maybe_f = {.v = 7, .set = false};
    weir_opt_i32 maybe_i = {.v = 7, .set = false};
    weir_timestamp instant = {5};
    weir_datetime local = {5};
    double f = 5;

    (void)state;
    expect_scan(conn, WEIR_VAL(-0.0), &f, WEIR_OK);
    assert_true(f == 0 && signbit(f));
    expect_scan(conn, WEIR_VAL(2.5), &maybe_f, WEIR_OK);
    assert_true(maybe_f.set && maybe_f.v == 2.5);
    expect_scan(conn, weir_value_null(), &maybe_f, WEIR_OK);
    assert_false(maybe_f.set);
    expect_scan(conn, WEIR_VAL(-3), &maybe_i, WEIR_OK);
    assert_true(maybe_i.set && maybe_i.v == -3);
    expect_scan(conn, WEIR_VAL(INT64_C(1) << 31), &maybe_i, WEIR_ERR_TYPE);
    assert_true(maybe_i.set && maybe_i.v == -3);
    expect_scan(conn, weir_value_null(), &maybe_i, WEIR_OK);
    assert_false(maybe_i.set);
    expect_scan(conn, WEIR_VAL((weir_timestamp){-9}), &instant, WEIR_OK);
    assert_int_equal(instant.us, -9);
    expect_scan(conn, WEIR_VAL((weir_datetime){8}), &local, WEIR_OK);
    assert_int_equal(local.us, 8);
    expect_scan(conn, WEIR_VAL((weir_timestamp){1}), &local, WEIR_ERR_TYPE);
    expect_scan(conn, weir_value_null(), &instant, WEIR_ERR_TYPE);
    assert_int_equal(local.us, 8);
    assert_int_equal(instant.us, -9);
}

static void test_text__of_any_length_is_checked(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    static const char *const fine[] = {"", "seven!!", "grün",
                                       "twenty and some bytes of ASCII",
                                       "zwanzig und einige, darunter grün"};
    static const char *const broken[] = {"seven\xff!", "eight by\xff",
                                         "twenty and some bytes of \xff"};
    const char *text = "before";

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        expect_scan(conn, WEIR_VAL(broken[i]), &text, WEIR_ERR_TYPE);
    assert_string_equal(text, "before");
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        WEIR_AUTO(weir_result) rows = row_of(conn, WEIR_VAL(fine[i]));

        assert_int_equal(weir_scan(rows, &text), WEIR_OK);
        assert_string_equal(text, fine[i]);
    }
}

static void test_readers__remember_only_the_first_failure(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    WEIR_AUTO(weir_result) rows = row_of(conn, WEIR_VAL("text"));

    (void)state;
    assert_int_equal(weir_get_i64(rows, 0), 0);
    assert_int_equal(weir_get_i64(rows, 9), 0);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_result_error(rows)->message, "\"cell\""));
}

static void test_scan__wants_a_row_and_as_many_variables(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    int64_t one = 5, two = 5;

    (void)state;
    WEIR_AUTO(weir_result) rows = row_of(conn, WEIR_VAL(1));
    assert_int_equal(weir_scan(rows, &one, &two), WEIR_ERR_MISUSE);
    assert_int_equal(one, 5);
    weir_result_close(&rows);
    rows = row_of(conn, WEIR_VAL(1));
    assert_false(weir_next(rows));
    assert_int_equal(weir_scan(rows, &one), WEIR_ERR_MISUSE);
    assert_int_equal(weir_result_scan(NULL, NULL, 0), WEIR_ERR_MISUSE);
}

static void test_column_index__takes_the_exact_name_first(void **state)
{
    static const weir_column columns[] = {{.name = "A"}, {.name = "a"},
                                          {.name = "B"}, {.name = "b"},
                                          {.name = "c"}, {.name = "c"}};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){
        .text = "SELECT *", .columns = columns, .column_count = 6});
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT *", NOARGS);
    assert_int_equal(weir_column_index(rows, "a"), 1);
    assert_int_equal(weir_column_index(rows, "B"), 2);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_int_equal(weir_column_index(rows, "C"), -2);
    assert_non_null(strstr(weir_result_error(rows)->message, "several"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers__fit_or_are_refused),
        TEST(null__goes_only_where_it_can_be_told),
        TEST(text__is_checked_before_it_is_handed_out),
        TEST(plain_kinds__take_their_own_type_and_no_other),
        TEST(text__of_any_length_is_checked),
        TEST(readers__remember_only_the_first_failure),
        TEST(scan__wants_a_row_and_as_many_variables),
        TEST(column_index__takes_the_exact_name_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
