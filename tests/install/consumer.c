/* SPDX-License-Identifier: MIT */
/* A stranger's program: says the version of the library that it runs with. */
#include <stdio.h>

#include <weir/weir.h>

int main(void)
{
    return puts(weir_version()) < 0;
}
