/* SPDX-License-Identifier: MIT */
/*
 * What the mock is: the one symbol of this folder that the build knows. A
 * database is this struct and what it points to.
 */
#include "mock.h"

#define ALL_LEVELS                                                             \
    (1u << WEIR_READ_UNCOMMITTED | 1u << WEIR_READ_COMMITTED |                 \
     1u << WEIR_REPEATABLE_READ | 1u << WEIR_SERIALIZABLE)

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "mock",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .identifier_quote = '"',
    .isolation_levels = ALL_LEVELS,
    .parameter_max = 32766,
};

static const weir_dialect dollar_dialect = {
    .size = sizeof(weir_dialect),
    .name = "mock",
    .placeholder = WEIR_PLACEHOLDER_DOLLAR,
    .lexical = WEIR_LEX_E_STRING | WEIR_LEX_DOLLAR_QUOTE,
    .identifier_quote = '"',
    .isolation_levels = ALL_LEVELS,
    .parameter_max = 32766,
};

const weir_dialect *wmk_dialect(weir_placeholder placeholder)
{
    return placeholder == WEIR_PLACEHOLDER_DOLLAR ? &dollar_dialect : &dialect;
}

/* mock://name or mock:///name. Looking at the URL is cheap and early: what can
 * never work is refused when the engine opens. */
static weir_status check_url(const weir_url *url, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);

    if (!parts.host == !parts.database)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "a mock is named as its host or as its "
                              "database, as in mock://name");
    return WEIR_OK;
}

static const char *const schemes[] = {"mock", NULL};
static const char *const driver_names[] = {NULL};

const weir_backend weir_backend_mock = {
    .abi = WEIR_BACKEND_ABI,
    .name = "mock",
    .schemes = schemes,
    .driver_names = driver_names,
    .dialect = &dialect,
    .driver = &wmk_driver,
    .capabilities = WEIR_MOCK_CAPABILITIES,
    .default_isolation = WEIR_READ_COMMITTED,
    .check_url = check_url,
};
