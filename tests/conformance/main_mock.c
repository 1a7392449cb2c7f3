/* SPDX-License-Identifier: MIT */
/* The suite on a scripted database that has no script: each call succeeds. */
#include "suite.h"

#include <weir/sys/mock.h>

int main(void)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;
    weir_error err;
    weir_mock *mock;
    const char *breach;
    int failed;

    options.capabilities |=
        WEIR_CAN_TWO_PHASE | WEIR_CAN_TX_OUTCOME | WEIR_CAN_NOTIFY;
    mock = weir_mock_new("conformance", &options, &err);
    if (!mock)
        return weir_report(&err);
    failed = conformance();
    breach = weir_mock_breach(mock);
    if (breach)
        print_error("the core broke the contract: %s\n", breach);
    weir_mock_free(&mock);
    return failed + (breach != NULL);
}
