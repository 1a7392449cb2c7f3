/* SPDX-License-Identifier: MIT */
/* Which URLs name a mock, and what the two dialects look like. */
#include "drive.h"

#include "mock.h"

static void expect_refused(const char *url, const char *part)
{
    drive d;

    assert_int_equal(drive_attach(&d, url), WEIR_ERR_CONFIG);
    if (!strstr(d.err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", d.err.message, part);
    drive_detach(&d);
}

static void test_url__names_one_mock(void **state)
{
    weir_error err;
    weir_mock *mock = weir_mock_new("shop", NULL, &err);
    drive by_host, by_path;

    (void)state;
    assert_int_equal(drive_attach(&by_host, "mock://shop"), WEIR_OK);
    assert_int_equal(drive_attach(&by_path, "mock:///shop"), WEIR_OK);
    drive_detach(&by_host);
    drive_detach(&by_path);
    expect_refused("mock://shop/shop", "as its host or as its database");
    expect_refused("mock://", "as its host or as its database");
    expect_refused("mock://shops", "no mock named \"shops\"");
    weir_mock_free(&mock);
    expect_refused("mock://shop", "no mock named \"shop\"");
}

/* A mock stands in for any database, so it has all levels. */
static void test_dialects__differ_in_their_placeholders(void **state)
{
    const weir_dialect *question = wmk_dialect(WEIR_PLACEHOLDER_QUESTION);
    const weir_dialect *dollar = wmk_dialect(WEIR_PLACEHOLDER_DOLLAR);

    (void)state;
    assert_int_equal(question->placeholder, WEIR_PLACEHOLDER_QUESTION);
    assert_int_equal(dollar->placeholder, WEIR_PLACEHOLDER_DOLLAR);
    for (int i = WEIR_READ_UNCOMMITTED; i <= WEIR_SERIALIZABLE; i++) {
        assert_true(question->isolation_levels & 1u << i);
        assert_true(dollar->isolation_levels & 1u << i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url__names_one_mock),
        cmocka_unit_test(test_dialects__differ_in_their_placeholders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
