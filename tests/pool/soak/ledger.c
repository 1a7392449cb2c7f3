/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <string.h>

#include <weir/short.h>
#include <weir/weir.h>

#include "findings.h"

enum { PAGE_ROWS = 1 << 16 };

static uint8_t pages[LEDGER_PAGES][PAGE_ROWS];
static uint8_t found[LEDGER_PAGES][PAGE_ROWS]; /* parts in the database */
static int counts[LEDGER_PAGES];

int64_t ledger_next(int page)
{
    if (counts[page] == PAGE_ROWS)
        return -1;
    pages[page][counts[page]] = TOLD_FAILED;
    return (int64_t)page * PAGE_ROWS + counts[page]++;
}

void ledger_tell(int64_t id, told what)
{
    pages[id / PAGE_ROWS][id % PAGE_ROWS] = (uint8_t)what;
}

told ledger_told_of(weir_status status)
{
    return status == WEIR_OK                   ? TOLD_COMMITTED
           : status == WEIR_ERR_COMMIT_UNKNOWN ? TOLD_UNKNOWN
                                               : TOLD_FAILED;
}

static bool read_table(weir_conn *conn)
{
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT id, count(*) FROM soak GROUP BY id", NOARGS);

    while (weir_next(rows)) {
        int64_t id = weir_get_i64(rows, 0);

        if (id < 0 || id >= (int64_t)LEDGER_PAGES * PAGE_ROWS ||
            id % PAGE_ROWS >= counts[id / PAGE_ROWS])
            finding("pair %lld is there, and nobody wrote it", (long long)id);
        else
            found[id / PAGE_ROWS][id % PAGE_ROWS] =
                (uint8_t)weir_get_i64(rows, 1);
    }
    return weir_result_status(rows) == WEIR_OK;
}

static void compare_one(int page, int row, ledger_sums *sums)
{
    static const char *const words[] = {"failed", "committed", "unknown"};
    int told_of = pages[page][row];
    int parts = found[page][row];

    sums->of[told_of]++;
    sums->unknown_and_there += told_of == TOLD_UNKNOWN && parts == 2;
    if (parts == 1 || (told_of == TOLD_COMMITTED && parts != 2) ||
        (told_of == TOLD_FAILED && parts != 0))
        finding("pair %d of borrower %d was told to have %s, and %d of 2 parts "
                "are there",
                row, page, words[told_of], parts);
}

bool ledger_compare(weir_conn *conn, ledger_sums *out)
{
    memset(out, 0, sizeof *out);
    memset(found, 0, sizeof found);
    if (!read_table(conn))
        return false;
    for (int page = 0; page < LEDGER_PAGES; page++) {
        for (int row = 0; row < counts[page]; row++)
            compare_one(page, row, out);
        counts[page] = 0;
    }
    return weir_exec(conn, "DELETE FROM soak", NOARGS) == WEIR_OK &&
           weir_commit(conn) == WEIR_OK;
}
