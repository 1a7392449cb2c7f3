/* SPDX-License-Identifier: MIT */
/* A fault as a URL says it. */
#include "testbed.h"

#include <stdio.h>

static weir_fault read_fault(const char *query)
{
    weir_faulty *found;
    weir_fault fault;
    char url[200];
    drive one;

    snprintf(url, sizeof url, "faulty+mock://bed?fault_name=read&%s", query);
    assert_int_equal(drive_attach(&one, url), WEIR_OK);
    found = weir_faulty_find("read");
    assert_non_null(found);
    fault = found->fault;
    drive_detach(&one);
    return fault;
}

static void test_options__say_the_whole_fault(void **state)
{
    weir_fault fault = read_fault(
        "fault_at=7&fault_kind=lost_after&fault_op=commit&fault_repeat=yes&"
        "fault_status=resource&fault_fate=retry&fault_hang=0.5");

    (void)state;
    assert_int_equal(fault.at, 7);
    assert_int_equal(fault.kind, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(fault.op, WEIR_FAULT_COMMIT);
    assert_true(fault.repeat);
    assert_int_equal(fault.status, WEIR_ERR_RESOURCE);
    assert_int_equal(fault.fate, WEIR_FATE_RETRY);
    assert_true(fault.hang_s == 0.5);
}

static void test_options__say_nothing_by_default(void **state)
{
    weir_fault fault = read_fault("fault_fate=keep");

    (void)state;
    assert_int_equal(fault.at, 0);
    assert_int_equal(fault.kind, WEIR_FAULT_FAIL);
    assert_int_equal(fault.op, WEIR_FAULT_ANY);
    assert_false(fault.repeat);
    assert_int_equal(fault.status, WEIR_OK);
    assert_int_equal(fault.fate, WEIR_FATE_KEEP);
    assert_true(fault.hang_s == 0);
}

static void test_options__know_every_name(void **state)
{
    char query[80];

    (void)state;
    for (int op = 0; op < WEIR_FAULT_OP_COUNT; op++) {
        snprintf(query, sizeof query, "fault_op=%s",
                 weir_fault_op_name((weir_fault_op)op));
        assert_int_equal(read_fault(query).op, op);
    }
    for (int kind = 0; kind < WEIR_FAULT_KIND_COUNT; kind++) {
        snprintf(query, sizeof query, "fault_kind=%s",
                 weir_fault_kind_name((weir_fault_kind)kind));
        assert_int_equal(read_fault(query).kind, kind);
    }
    assert_string_equal(weir_fault_op_name(WEIR_FAULT_OP_COUNT), "?");
    assert_string_equal(weir_fault_kind_name(WEIR_FAULT_KIND_COUNT), "?");
}

static void test_statuses__are_named_in_their_order(void **state)
{
    static const struct {
        const char *name;
        weir_status status;
    } known[] = {
        {"sql", WEIR_ERR_SQL},
        {"nomem", WEIR_ERR_NOMEM},
        {"connection", WEIR_ERR_CONNECTION},
        {"auth", WEIR_ERR_AUTH},
        {"resource", WEIR_ERR_RESOURCE},
        {"unavailable", WEIR_ERR_UNAVAILABLE},
        {"timeout", WEIR_ERR_TIMEOUT},
        {"cancelled", WEIR_ERR_CANCELLED},
        {"constraint", WEIR_ERR_CONSTRAINT},
        {"serialization", WEIR_ERR_SERIALIZATION},
        {"type", WEIR_ERR_TYPE},
        {"limit", WEIR_ERR_LIMIT},
        {"storage", WEIR_ERR_STORAGE},
        {"unsupported", WEIR_ERR_UNSUPPORTED},
    };
    char query[80];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        snprintf(query, sizeof query, "fault_status=%s", known[i].name);
        assert_int_equal(read_fault(query).status, known[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options__say_the_whole_fault),
        TEST(test_options__say_nothing_by_default),
        TEST(test_options__know_every_name),
        TEST(test_statuses__are_named_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
