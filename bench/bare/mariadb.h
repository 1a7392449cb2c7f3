/* SPDX-License-Identifier: MIT */
/* Connecting by hand: the same for both ways of using libmariadb. */
#ifndef BENCH_BARE_MARIADB_H
#define BENCH_BARE_MARIADB_H

#include <stdio.h>

#include <mysql.h>

#include "../bench.h"

/* `where` is mysql://user:password@host:port/database. */
static inline MYSQL *connect_mariadb(const char *where)
{
    char user[64], password[64], host[64], name[64];
    unsigned port;
    MYSQL *mysql = mysql_init(NULL);

    if (sscanf(where, "mysql://%63[^:]:%63[^@]@%63[^:]:%u/%63s", user, password,
               host, &port, name) != 5)
        bench_die("libmariadb", "the URL cannot be read");
    if (!mysql || mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4") != 0)
        bench_die("libmariadb", "out of memory");
    if (!mysql_real_connect(mysql, host, user, password, name, port, NULL, 0))
        bench_die("libmariadb", mysql_error(mysql));
    return mysql;
}

#endif
