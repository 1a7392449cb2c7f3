/* SPDX-License-Identifier: MIT */
/*
 * Whether a backend keeps the contract of <weir/sys/driver.h>: every MUST is
 * there.
 */
#ifndef WI_BACKEND_CONTRACT_H
#define WI_BACKEND_CONTRACT_H

#include <weir/sys/backend.h>

/* WEIR_OK, or MISUSE naming what is missing. */
weir_status wi_contract_check(const weir_backend *backend, weir_error *err);

/* The same of what attach() has made of it: other operations, other
 * capabilities. */
weir_status wi_contract_check_profile(const weir_backend *backend,
                                      const weir_profile *profile,
                                      weir_error *err);

#endif
