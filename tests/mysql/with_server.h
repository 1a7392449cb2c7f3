/* SPDX-License-Identifier: MIT */
/* For tests on a MariaDB server. */
#ifndef WEIR_TESTS_MYSQL_WITH_SERVER_H
#define WEIR_TESTS_MYSQL_WITH_SERVER_H

#include "kit/with_server.h"

#endif
