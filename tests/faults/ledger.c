/* SPDX-License-Identifier: MIT */
/*
 * Keeping the books.
 */
#include "ledger.h"

#include <stdio.h>
#include <string.h>

static void settle(ledger *l, int number, entry how, int group)
{
    l->rows[number] = how;
    l->group[number] = group;
}

static entry by_answer(weir_status status)
{
    if (status == WEIR_OK)
        return PRESENT;
    return status == WEIR_ERR_COMMIT_UNKNOWN ? EITHER : ABSENT;
}

void ledger_write(ledger *l, int number)
{
    l->pending[l->pending_count++] = number;
}

void ledger_write_alone(ledger *l, int number, weir_status status)
{
    settle(l, number, by_answer(status), ++l->group_count);
}

void ledger_back_to(ledger *l, size_t mark)
{
    if (mark < l->pending_count)
        l->pending_count = mark;
}

void ledger_doubt_since(ledger *l, size_t mark)
{
    while (l->pending_count > mark)
        l->unsure[l->unsure_count++] = l->pending[--l->pending_count];
}

void ledger_roll_back(ledger *l)
{
    l->pending_count = 0;
    l->unsure_count = 0;
}

void ledger_commit(ledger *l, weir_status status)
{
    int group = ++l->group_count;

    for (size_t i = 0; i < l->pending_count; i++)
        settle(l, l->pending[i], by_answer(status), group);
    for (size_t i = 0; i < l->unsure_count && by_answer(status) != ABSENT; i++)
        settle(l, l->unsure[i], EITHER, ++l->group_count);
    ledger_roll_back(l);
}

/* ------------------------------------------------------------------- judge */

static bool is_in(const int *numbers, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number)
            return true;
    }
    return false;
}

/* One row of a group tells of all. */
static void learn(ledger *l, int group, entry what)
{
    for (int i = 0; i < LEDGER_SIZE; i++) {
        if (l->rows[i] == EITHER && l->group[i] == group)
            l->rows[i] = what;
    }
}

const char *ledger_judge(ledger *l, const bool *seen, bool inside)
{
    static char what[80];

    for (int i = 0; i < LEDGER_SIZE; i++) {
        bool wanted;

        if (inside && is_in(l->unsure, l->unsure_count, i))
            continue;
        if (l->rows[i] == EITHER)
            learn(l, l->group[i], seen[i] ? PRESENT : ABSENT);
        wanted = l->rows[i] == PRESENT ||
                 (inside && is_in(l->pending, l->pending_count, i));
        if (seen[i] == wanted)
            continue;
        snprintf(what, sizeof what, "row %d is %s", i,
                 seen[i] ? "there and was never committed" : "lost");
        return what;
    }
    return NULL;
}
