/* SPDX-License-Identifier: MIT */
/* What a backend must have is found missing, by its name. */
#include "drive.h"

#include "backend/contract.h"

static weir_backend backend;
static weir_driver driver;
static weir_error err;

static int begin_test(void **state)
{
    (void)state;
    backend = *weir_backend_find("mock");
    driver = *backend.driver;
    backend.driver = &driver;
    assert_int_equal(wi_contract_check(&backend, &err), WEIR_OK);
    return 0;
}

static void expect_broken(const char *part)
{
    assert_int_equal(wi_contract_check(&backend, &err), WEIR_ERR_MISUSE);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void test_contract__compiled_in_ones_keep_it(void **state)
{
    const weir_backend *known;

    (void)state;
    for (size_t i = 0; (known = weir_backend_at(i)); i++)
        assert_int_equal(wi_contract_check(known, &err), WEIR_OK);
}

static void test_contract__names_the_missing_operation(void **state)
{
    (void)state;
    driver.outcome = NULL;
    expect_broken("lacks outcome()");
    expect_broken("backend \"mock\"");
}

static void test_contract__capabilities_ask_for_operations(void **state)
{
    (void)state;
    driver.begin = NULL;
    expect_broken("lacks begin(), which its capabilities promise");
    backend.capabilities &= ~(uint32_t)WEIR_CAN_TRANSACT;
    assert_int_equal(wi_contract_check(&backend, &err), WEIR_OK);
    driver.collect = NULL;
    assert_int_equal(wi_contract_check(&backend, &err), WEIR_OK);
    backend.capabilities |= WEIR_CAN_SUBMIT;
    expect_broken("lacks collect()");
}

static void test_contract__may_operations_may_be_missing(void **state)
{
    (void)state;
    driver.attach = NULL;
    driver.detach = NULL;
    driver.ping = NULL;
    driver.abandon = NULL;
    driver.socket = NULL;
    driver.native = NULL;
    assert_int_equal(wi_contract_check(&backend, &err), WEIR_OK);
}

static void test_contract__other_versions_are_refused(void **state)
{
    weir_dialect dialect = *backend.dialect;

    (void)state;
    backend.abi = WEIR_BACKEND_ABI + 1;
    expect_broken("another version");
    backend.abi = WEIR_BACKEND_ABI;
    driver.size -= sizeof(void *);
    expect_broken("weir_driver::size");
    driver.size = sizeof driver;
    dialect.size = 0;
    backend.dialect = &dialect;
    expect_broken("dialect");
    backend.dialect = NULL;
    expect_broken("dialect");
}

static void test_contract__half_filled_is_refused(void **state)
{
    static const char *const none[] = {NULL};

    (void)state;
    driver.conn_size = 0;
    expect_broken("cannot be 0");
    backend.driver = NULL;
    expect_broken("no driver");
    backend.schemes = none;
    expect_broken("no scheme");
    backend.schemes = NULL;
    expect_broken("no scheme");
    backend.name = NULL;
    expect_broken("no name");
    assert_int_equal(wi_contract_check(NULL, &err), WEIR_ERR_MISUSE);
}

static void test_profile__is_held_to_the_same(void **state)
{
    weir_profile profile = {.dialect = backend.dialect,
                            .driver = &driver,
                            .capabilities = backend.capabilities};

    (void)state;
    assert_int_equal(wi_contract_check_profile(&backend, &profile, &err),
                     WEIR_OK);
    driver.submit = NULL;
    profile.capabilities = WEIR_CAN_SUBMIT;
    assert_int_equal(wi_contract_check_profile(&backend, &profile, &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "lacks submit()"));
    profile.driver = NULL;
    assert_int_equal(wi_contract_check_profile(&backend, &profile, &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "took its driver away"));
    profile.dialect = NULL;
    assert_int_equal(wi_contract_check_profile(&backend, &profile, &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "dialect"));
}

static void test_profile__keeps_the_size_of_the_instance(void **state)
{
    weir_driver other = driver;
    weir_profile profile = {.dialect = backend.dialect, .driver = &other};

    (void)state;
    other.instance_size++;
    assert_int_equal(wi_contract_check_profile(&backend, &profile, &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "instance_size"));
}

#define TEST(name_) cmocka_unit_test_setup(name_, begin_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_contract__compiled_in_ones_keep_it),
        TEST(test_contract__names_the_missing_operation),
        TEST(test_contract__capabilities_ask_for_operations),
        TEST(test_contract__may_operations_may_be_missing),
        TEST(test_contract__other_versions_are_refused),
        TEST(test_contract__half_filled_is_refused),
        TEST(test_profile__is_held_to_the_same),
        TEST(test_profile__keeps_the_size_of_the_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
