/* SPDX-License-Identifier: MIT */
/* Connections of a mock: opened, lent, reset, left behind in a fork. */
#include "with_mock.h"

#include <sys/wait.h>
#include <unistd.h>

static int begin_anew(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;

    (void)state;
    options.connection_max = 4;
    options.default_isolation = WEIR_SERIALIZABLE;
    begin_with(&options);
    weir_mock_clear_log(mock);
    return 0;
}

static weir_status reset(bool *statements_lost)
{
    return d.driver->reset(conn, WEIR_NO_DEADLINE, statements_lost, &d.err);
}

static void test_attach__tells_what_the_mock_was_made_for(void **state)
{
    (void)state;
    assert_int_equal(d.profile.connection_max, 4);
    assert_int_equal(d.profile.default_isolation, WEIR_SERIALIZABLE);
    assert_int_equal(d.profile.capabilities, WEIR_MOCK_CAPABILITIES);
}

/* Who goes before the engine does leaves it what it needs. */
static void test_mock__may_be_freed_before_its_engine(void **state)
{
    (void)state;
    weir_mock_free(&mock);
    assert_null(mock);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
}

static void test_reset__cleans_all_up(void **state)
{
    bool lost = false;

    (void)state;
    assert_int_equal(
        weir_mock_add(
            mock,
            &(weir_mock_step){.text = "SET", .set_state = WEIR_STATE_DIRTY},
            &d.err),
        WEIR_OK);
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "SET"), WEIR_OK);
    assert_int_equal(d.driver->state(conn),
                     WEIR_STATE_IN_TX | WEIR_STATE_DIRTY);
    assert_int_equal(reset(&lost), WEIR_OK);
    assert_false(lost);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_close__with_statements_left_is_a_breach(void **state)
{
    drive_stmt stmt;
    void *other = drive_open(&d);

    (void)state;
    assert_int_equal(drive_prepare(&d, other, "SELECT 1", &stmt), WEIR_OK);
    drive_close(&d, other);
    assert_non_null(weir_mock_breach(mock));
    assert_non_null(strstr(weir_mock_breach(mock), "not finished"));
    /* What finish() would have done. */
    weir_services_free(&d.services, ((wmk_stmt *)stmt.memory)->sql);
    free(stmt.memory);
}

static void test_open__that_fails_is_closed_all_the_same(void **state)
{
    void *other;

    (void)state;
    assert_int_equal(
        weir_mock_add(mock,
                      &(weir_mock_step){.op = WEIR_MOCK_OPEN,
                                        .error = {.status = WEIR_ERR_AUTH}},
                      &d.err),
        WEIR_OK);
    assert_int_equal(drive_try_open(&d, &other, WEIR_NO_DEADLINE),
                     WEIR_ERR_AUTH);
    drive_close(&d, other);
    assert_int_equal(weir_mock_connections(mock), 1);
    assert_null(weir_mock_breach(mock));
}

/* The child gives up what it has; the parent's connection goes on. */
static void test_abandon__in_a_child_says_nothing(void **state)
{
    int status = -1;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        d.driver->abandon(conn);
        d.driver->close(conn);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(weir_mock_log(mock), "");
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
}

#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_anew, end_with_breaches)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attach__tells_what_the_mock_was_made_for),
        TEST(mock__may_be_freed_before_its_engine),
        TEST(reset__cleans_all_up),
        TEST(close__with_statements_left_is_a_breach),
        TEST(open__that_fails_is_closed_all_the_same),
        TEST(abandon__in_a_child_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
