/* SPDX-License-Identifier: MIT */
/* What a statement is, from its first words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sql/verb.h"

static wi_verb_reader read_words(const char *text)
{
    wi_verb_reader reader = {0};

    while (*text) {
        size_t size = strcspn(text, " ");

        wi_verb_word(&reader, text, size);
        text += size + (text[size] == ' ');
    }
    return reader;
}

static wi_sql_verb verb_of(const char *text)
{
    wi_verb_reader reader = read_words(text);

    return wi_verb_found(&reader);
}

static void test_verb__knows_what_the_library_does_itself(void **state)
{
    static const char *const controls[] = {"begin",
                                           "COMMIT",
                                           "End",
                                           "ROLLBACK TO a",
                                           "SAVEPOINT a",
                                           "RELEASE a",
                                           "XA START 'x'",
                                           "START TRANSACTION",
                                           "SET TRANSACTION READ ONLY",
                                           "PREPARE TRANSACTION 'x'",
                                           "set autocommit = 0"};

    (void)state;
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        assert_int_equal(verb_of(controls[i]), WI_SQL_TX_CONTROL);
}

static void test_verb__leaves_the_rest_to_the_program(void **state)
{
    static const char *const others[] = {"SELECT begin",          "SET x = 1",
                                         "PREPARE x AS SELECT 1", "BEGINNING",
                                         "START SLAVE",           "WITH a"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(verb_of(others[i]), WI_SQL_OTHER);
    assert_int_equal(verb_of("insert INTO a"), WI_SQL_INSERT);
    assert_int_equal(verb_of("REPLACE INTO a"), WI_SQL_INSERT);
}

static void test_verb__counts_the_blocks_of_a_body(void **state)
{
    wi_verb_reader reader = read_words("CREATE TRIGGER t BEGIN");

    (void)state;
    assert_true(wi_verb_in_body(&reader));
    reader = read_words("CREATE TEMP TRIGGER t BEGIN CASE END");
    assert_true(wi_verb_in_body(&reader));
    reader = read_words("CREATE TRIGGER t BEGIN CASE END END");
    assert_false(wi_verb_in_body(&reader));
    reader = read_words("CREATE TABLE begin BEGIN");
    assert_false(wi_verb_in_body(&reader));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verb__knows_what_the_library_does_itself),
        cmocka_unit_test(test_verb__leaves_the_rest_to_the_program),
        cmocka_unit_test(test_verb__counts_the_blocks_of_a_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
