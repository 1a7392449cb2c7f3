/* SPDX-License-Identifier: MIT */
#include "suite.h"

int main(void)
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
    failed += run_queries();
    failed += run_statements();
    failed += run_transactions();
    failed += run_savepoints();
    failed += run_types();
    failed += run_many();
    failed += run_handles();
    failed += run_pool();
    failed += run_interrupts();
    weir_engine_close(&engine);
    return failed;
}
