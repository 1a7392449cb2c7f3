/* SPDX-License-Identifier: MIT */
#include "suite.h"

int main(void)
{
    return conformance();
}
