/* SPDX-License-Identifier: MIT */
/*
 * Ten million rows through weir_stream(): the process must not grow between
 * the first thousand rows and the last.
 */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/short.h>
#include <weir/weir.h>

#include "bench.h"

enum { ROWS = 10000000, BEFORE = 1000, MOST_KIB = 1024 };

#define NUMBERS                                                                \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "   \
    "i < ?) SELECT i, 'row ' || i FROM n"

/* What the process has in memory now. */
static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        bench_die("/proc/self/statm", "cannot be read");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

void stream_run(const char *url)
{
    weir_error err;
    weir_engine *engine = weir_engine_open(url, NULL, &err);
    weir_conn *conn = engine ? weir_connect(engine, &err) : NULL;
    int64_t count = 0, number;
    weir_result *rows;
    const char *text;
    long before = 0, more;

    if (!conn)
        bench_die("stream", err.message);
    rows = weir_stream(conn, NUMBERS, ARGS(ROWS));
    while (weir_next(rows) && weir_scan(rows, &number, &text) == WEIR_OK) {
        if (number != ++count)
            bench_die("stream", "a row is missing");
        if (count == BEFORE)
            before = resident_kib();
    }
    if (weir_result_status(rows) != WEIR_OK)
        bench_die("stream", weir_result_error(rows)->message);
    more = resident_kib() - before;
    printf("%-19s %-11s %d rows, %ld KiB more in memory at the end\n", "stream",
           "sqlite", ROWS, more);
    if (count != ROWS || more > MOST_KIB)
        bench_die("stream", "memory is not constant, or rows are missing");
    weir_result_close(&rows);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}
