/* SPDX-License-Identifier: MIT */
/*
 * The message of what is still out. A tag is cut short rather than the list.
 */
#include "pool/leftovers.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { SHOWN_TAG_SIZE = 24, SHOWN_SITE_SIZE = 32, ONE_SIZE = 96 };

void wi_leftovers_add(wi_leftovers *leftovers, const wi_place_view *place)
{
    wi_place_view *shown = leftovers->shown;
    int at = leftovers->shown_count;

    leftovers->out++;
    while (at > 0 && shown[at - 1].since_ns < place->since_ns)
        at--;
    if (at == WI_LEFTOVERS_SHOWN)
        return;
    if (leftovers->shown_count < WI_LEFTOVERS_SHOWN)
        leftovers->shown_count++;
    memmove(&shown[at + 1], &shown[at],
            (size_t)(leftovers->shown_count - 1 - at) * sizeof shown[0]);
    shown[at] = *place;
}

/* The end of a path says more than its beginning. */
static const char *end_of(const char *site)
{
    size_t size = strlen(site);

    return size > SHOWN_SITE_SIZE ? site + size - SHOWN_SITE_SIZE : site;
}

static void describe(const wi_place_view *place, char out[ONE_SIZE])
{
    const char *tag = place->tag[0] ? place->tag : "no tag";
    size_t size = wi_utf8_cut(tag, strlen(tag), SHOWN_TAG_SIZE);

    snprintf(out, ONE_SIZE, "\"%.*s\"%s%s since %.2f s", (int)size, tag,
             place->site ? " at " : "", place->site ? end_of(place->site) : "",
             (double)place->since_ns / 1e9);
}

weir_status wi_leftovers_tell(const wi_leftovers *leftovers, weir_error *err)
{
    char list[WI_LEFTOVERS_SHOWN * (ONE_SIZE + 2) + 1] = "";
    int more = leftovers->out - leftovers->shown_count;
    size_t length = 0;
    char rest[32] = "";

    for (int i = 0; i < leftovers->shown_count; i++) {
        char one[ONE_SIZE];

        describe(&leftovers->shown[i], one);
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   i == 0 ? ": " : ", ", one);
    }
    if (more > 0)
        snprintf(rest, sizeof rest, " and %d more", more);
    return weir_error_set(err, WEIR_ERR_TIMEOUT,
                          "after %.2f s %d are still out, %d being opened or "
                          "closed, %d waiting%s%s",
                          (double)leftovers->waited_ns / 1e9, leftovers->out,
                          leftovers->moving, leftovers->waiting, list, rest);
}
