/* SPDX-License-Identifier: MIT */
/*
 * The groups of tests, a file each. @return the number of failures
 */
#ifndef TESTS_SERVICE_SUITE_H
#define TESTS_SERVICE_SUITE_H

#include "service.h"

/* A test with a folder and a database of its own. */
#define SERVICE_TEST(test_)                                                    \
    cmocka_unit_test_setup_teardown(test_, service_setup, service_teardown)

int run_users(void);   /* what the service is for */
int run_wrong(void);   /* requests that are wrong */
int run_trouble(void); /* databases that are */
int run_ending(void);  /* starting and stopping */

#endif
