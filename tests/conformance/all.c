/* SPDX-License-Identifier: MIT */
#include "suite.h"

/* What cannot be asked without SQL. */
static int run_with_tables(void)
{
    int failed = run_queries();

    failed += run_statements();
    failed += run_transactions();
    failed += run_savepoints();
    failed += run_types();
    failed += run_many();
    failed += run_together();
    failed += run_interrupts();
    return failed;
}

int conformance(void)
{
    const char *url = getenv("WEIR_TEST_URL");
    weir_error err;
    int failed = 0;

    if (!url) {
        print_error("WEIR_TEST_URL is not set; it names the database\n");
        return 2;
    }
    engine = weir_engine_open(url, NULL, &err);
    if (!engine)
        return weir_report(&err);
    failed += run_any();
    failed += run_handles();
    failed += run_pool();
    failed += run_kinds();
    if (can(WEIR_HAS_SQL))
        failed += run_with_tables();
    weir_engine_close(&engine);
    return failed;
}
