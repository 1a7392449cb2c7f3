/* SPDX-License-Identifier: MIT */
/* Scripts: names, which step answers which call, what is refused. */
#include "with_mock.h"

static void add(weir_mock_step step)
{
    assert_int_equal(weir_mock_add(mock, &step, &d.err), WEIR_OK);
}

static void test_mock_new__refuses_taken_names(void **state)
{
    weir_mock_options zero = {0};
    weir_error err;

    (void)state;
    assert_null(weir_mock_new("test", NULL, &err));
    assert_int_equal(err.status, WEIR_ERR_MISUSE);
    assert_null(weir_mock_new("", NULL, &err));
    assert_null(weir_mock_new(NULL, NULL, &err));
    assert_null(weir_mock_new("other", &zero, &err));
}

static void test_mock_url__names_host_or_database(void **state)
{
    drive other;

    (void)state;
    assert_int_equal(drive_attach(&other, "mock:///test"), WEIR_OK);
    drive_detach(&other);
    assert_int_equal(drive_attach(&other, "mock://nobody"), WEIR_ERR_CONFIG);
    assert_non_null(strstr(other.err.message, "\"nobody\""));
    drive_detach(&other);
    assert_int_equal(drive_attach(&other, "mock://"), WEIR_ERR_CONFIG);
    drive_detach(&other);
    assert_int_equal(drive_attach(&other, "mock://a/b"), WEIR_ERR_CONFIG);
    drive_detach(&other);
}

static void test_mock_free__leaves_engines_what_they_need(void **state)
{
    weir_mock *early = weir_mock_new("early", NULL, &d.err);
    drive other;
    void *left;

    (void)state;
    assert_int_equal(drive_attach(&other, "mock://early"), WEIR_OK);
    left = drive_open(&other);
    weir_mock_free(&early);
    assert_null(early);
    weir_mock_free(&early);
    assert_int_equal(drive_run(&other, left, "SELECT 1"), WEIR_OK);
    drive_close(&other, left);
    drive_detach(&other);
    early = weir_mock_new("early", NULL, &d.err);
    assert_non_null(early);
    weir_mock_free(&early);
}

static void test_mock_add__oldest_step_first_and_named_before_any(void **state)
{
    static const weir_column columns[] = {{.name = "n"}};
    weir_value one = weir_value_i64(1), two = weir_value_i64(2);
    weir_mock_step step = {
        .columns = columns, .column_count = 1, .row_count = 1};

    (void)state;
    step.values = &one;
    step.times = -1;
    add(step);
    step.text = "SELECT 2";
    step.values = &two;
    step.times = 2;
    add(step);
    assert_int_equal(drive_get(&d, conn, "SELECT 1"), 1);
    assert_int_equal(drive_get(&d, conn, "SELECT 2"), 2);
    assert_int_equal(drive_get(&d, conn, "SELECT 2"), 2);
    assert_int_equal(drive_get(&d, conn, "SELECT 2"), 1);
    assert_int_equal(weir_mock_steps_left(mock), 0);
}

static void test_mock_add__skip_lets_calls_go_by(void **state)
{
    (void)state;
    add((weir_mock_step){.text = "a", .skip = 2, .error.status = -1});
    assert_int_equal(weir_mock_steps_left(mock), 1);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "b"), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_NOMEM);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_OK);
}

static void test_mock_add__copies_all_that_it_is_given(void **state)
{
    char text[] = "SELECT x", name[] = "x", content[] = "hello";
    weir_column columns[] = {{.name = name}};
    weir_value value = weir_value_cstr(content);
    drive_stmt stmt;
    weir_value row;

    (void)state;
    add((weir_mock_step){.text = text,
                         .columns = columns,
                         .column_count = 1,
                         .values = &value,
                         .row_count = 1});
    memset(text, '!', sizeof text - 1);
    memset(name, '!', sizeof name - 1);
    memset(content, '!', sizeof content - 1);
    memset(columns, 0, sizeof columns);
    memset(&value, 0, sizeof value);
    assert_int_equal(drive_prepare(&d, conn, "SELECT x", &stmt), WEIR_OK);
    assert_string_equal(stmt.info->columns[0].name, "x");
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    /* What has begun keeps its step. */
    weir_mock_clear_steps(mock);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ROW);
    assert_int_equal(row.size, 5);
    assert_memory_equal(row.as.text, "hello", 5);
    drive_end(&stmt);
    drive_finish(&stmt);
}

static void test_mock_add__refuses_what_makes_no_sense(void **state)
{
    weir_mock_step bad[] = {{.op = WEIR_MOCK_OP_COUNT},
                            {.skip = -1},
                            {.delay_s = -1},
                            {.column_count = 1},
                            {.row_count = 1}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(weir_mock_add(mock, &bad[i], &d.err), WEIR_ERR_MISUSE);
    assert_int_equal(weir_mock_add(NULL, &bad[0], &d.err), WEIR_ERR_MISUSE);
    assert_int_equal(weir_mock_add(mock, NULL, &d.err), WEIR_ERR_MISUSE);
}

static void test_mock_add__sqlstate_alone_is_classified(void **state)
{
    (void)state;
    add((weir_mock_step){.error.sqlstate = "40001"});
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_SERIALIZATION);
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    assert_string_equal(d.err.sqlstate, "40001");
    assert_string_equal(d.err.message, "the script says so");
}

static void test_mock_options__strict_refuses_the_unknown(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;
    weir_mock *strict;
    drive other;
    void *its;

    (void)state;
    options.strict = true;
    strict = weir_mock_new("strict", &options, &d.err);
    assert_int_equal(drive_attach(&other, "mock://strict"), WEIR_OK);
    its = drive_open(&other);
    assert_int_equal(drive_run(&other, its, "a"), WEIR_ERR_SQL);
    weir_mock_add(strict, &(weir_mock_step){.text = "a"}, &d.err);
    assert_int_equal(drive_run(&other, its, "a"), WEIR_OK);
    drive_close(&other, its);
    drive_detach(&other);
    weir_mock_free(&strict);
}

static void test_mock__accepts_null(void **state)
{
    (void)state;
    weir_mock_free(NULL);
    weir_mock_clear_steps(NULL);
    weir_mock_resume(NULL);
    weir_mock_drop_connections(NULL);
    assert_int_equal(weir_mock_steps_left(NULL), 0);
    assert_int_equal(weir_mock_hanging(NULL), 0);
    assert_int_equal(weir_mock_connections(NULL), 0);
    assert_int_equal(weir_mock_round_trips(NULL), 0);
    assert_int_equal(weir_mock_count(NULL, "x"), 0);
    assert_string_equal(weir_mock_log(NULL), "");
    assert_null(weir_mock_breach(NULL));
    weir_mock_clear_log(NULL);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mock_new__refuses_taken_names),
        TEST(test_mock_url__names_host_or_database),
        TEST(test_mock_free__leaves_engines_what_they_need),
        TEST(test_mock_add__oldest_step_first_and_named_before_any),
        TEST(test_mock_add__skip_lets_calls_go_by),
        TEST(test_mock_add__copies_all_that_it_is_given),
        TEST(test_mock_add__refuses_what_makes_no_sense),
        TEST(test_mock_add__sqlstate_alone_is_classified),
        TEST(test_mock_options__strict_refuses_the_unknown),
        TEST(test_mock__accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
