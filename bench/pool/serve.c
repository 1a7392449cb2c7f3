/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_pool_serve NAME
 * One of our own pools, answering the cells of workload.h. Without a name:
 * prints the names.
 */
#include <stdio.h>
#include <string.h>

#include "subjects.h"

int main(int argc, char **argv)
{
    const subject *all[] = {&stack_subject,  &mutex_subject,
                            &weir_subject,   &overtake_subject,
                            &engine_subject, &handoff_subject};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (argc < 2)
            puts(all[i]->name);
        else if (strcmp(argv[1], all[i]->name) == 0)
            workload_serve(all[i]);
    }
    return 0;
}
