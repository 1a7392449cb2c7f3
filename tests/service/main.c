/* SPDX-License-Identifier: MIT */
/*
 * The users service from outside, as its users and its operator see it.
 *
 * usage: test_service_… PROGRAM, with WEIR_TEST_URL
 */
#include "suite.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PROGRAM\n", argv[0]);
        return 2;
    }
    service_program = argv[1];
    return run_users() + run_wrong() + run_trouble() + run_ending();
}
