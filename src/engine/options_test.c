/* SPDX-License-Identifier: MIT */
/* Options by name: whose they are, which value wins, what older ones lack. */
#include "engine/options.h"

#include "scripted.h"

static weir_status set(weir_engine_options *options, const char *name,
                       const char *value, weir_error *err)
{
    wi_option_outcome outcome = {0};
    weir_status status =
        wi_engine_options_set(options, name, value, &outcome, err);

    return outcome.kind == WI_OPTION_UNKNOWN ? WEIR_ERR_NOT_FOUND : status;
}

static void test_set__puts_each_value_into_its_place(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    (void)state;
    assert_int_equal(set(&options, "pool_size", "7", &err), WEIR_OK);
    assert_int_equal(set(&options, "max_overflow", "-1", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_timeout", "1.5", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_recycle", "-7", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_recycle", "1800", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_pre_ping", "yes", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_use_lifo", "1", &err), WEIR_OK);
    assert_int_equal(set(&options, "pool_reset_on_return", "none", &err),
                     WEIR_OK);
    assert_int_equal(set(&options, "isolation_level", "SERIALIZABLE", &err),
                     WEIR_OK);
    assert_int_equal(set(&options, "query_cache_size", "9", &err), WEIR_OK);
    assert_int_equal(options.pool_size, 7);
    assert_int_equal(options.max_overflow, -1);
    assert_true(options.pool_timeout_s == 1.5);
    assert_true(options.pool_recycle_s == 1800);
    assert_true(options.pool_pre_ping && options.pool_use_lifo);
    assert_int_equal(options.pool_reset, WEIR_RESET_NONE);
    assert_int_equal(options.isolation, WEIR_SERIALIZABLE);
    assert_int_equal(options.statement_cache_size, 9); /* SQLAlchemy's name */
    assert_int_equal(set(&options, "cache", "9", &err), WEIR_ERR_NOT_FOUND);
    assert_int_equal(set(&options, "pool_size", "-1", &err), WEIR_ERR_CONFIG);
    assert_int_equal(options.pool_size, 7);
}

/* The struct says one thing, the URL another: the URL wins. */
static void test_url__wins_over_the_struct(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_pool_status status;
    weir_engine *other;
    weir_error err;

    (void)state;
    options.pool_size = 9;
    options.max_overflow = 3;
    other = weir_engine_open("mock://scripted?pool_size=2", &options, &err);
    assert_non_null(other);
    weir_engine_pool_status(other, &status);
    assert_int_equal(status.size, 2);
    assert_int_equal(status.max_overflow, 3);
    weir_engine_close(&other);
}

static void test_check__knows_every_range(void **state)
{
    weir_engine_options wrong[10];
    double zero = 0;
    weir_error err;

    (void)state;
    for (int i = 0; i < 10; i++)
        wrong[i] = weir_engine_options_default();
    wrong[0].max_overflow = -2;
    wrong[1].pool_timeout_s = -1;
    wrong[2].pool_recycle_s = zero / zero;
    wrong[3].statement_timeout_s = -0.5;
    wrong[4].connect_timeout_s = 1e9;
    wrong[5].statement_cache_size = -1;
    wrong[6].max_result_bytes = -1;
    wrong[7].pool_size = 2000000;
    wrong[8].max_overflow = 2000000;
    wrong[9].pool_recycle_s = 1e300;
    for (int i = 0; i < 10; i++)
        assert_int_equal(wi_engine_options_check(&wrong[i], &err),
                         WEIR_ERR_CONFIG);
    wrong[0] = weir_engine_options_default();
    assert_int_equal(wi_engine_options_check(&wrong[0], &err), WEIR_OK);
}

typedef struct sample {
    size_t size;
    int first, second;
} sample;

static void test_take__fills_up_what_is_older(void **state)
{
    sample whole = {sizeof whole, 1, 2}, given = {0, 7, 8};
    weir_error err;

    (void)state;
    assert_int_equal(wi_options_take(&whole, &given, "sample", &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "sample is all zero"));
    given.size = sizeof given + 1;
    assert_int_equal(wi_options_take(&whole, &given, "sample", &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "newer"));
    assert_int_equal(whole.first, 1);
    given.size = offsetof(sample, second);
    assert_int_equal(wi_options_take(&whole, &given, "sample", &err), WEIR_OK);
    assert_int_equal(whole.first, 7);
    assert_int_equal(whole.second, 2);
    assert_int_equal(whole.size, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set__puts_each_value_into_its_place),
        TEST(url__wins_over_the_struct),
        TEST(check__knows_every_range),
        TEST(take__fills_up_what_is_older),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
