/* SPDX-License-Identifier: MIT */
/*
 * URLs: whatever is accepted must come back the same from its own text, and
 * its masked text must not show the password.
 */
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/url.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *format(const weir_url *url, weir_url_style style)
{
    size_t size = weir_url_format(url, style, NULL, 0) + 1;
    char *text = malloc(size);

    if (text)
        weir_url_format(url, style, text, size);
    return text;
}

/* Written out it may have grown, to where it is too long to be read. */
enum { URL_SIZE_MAX = 8192 };

static void check_round_trip(const weir_url *url)
{
    char *text = format(url, WEIR_URL_WITH_SECRETS);
    weir_url *again = text ? weir_url_parse(text, NULL, NULL) : NULL;
    bool fits = text && strlen(text) <= URL_SIZE_MAX;

    if (text && fits != !!again)
        abort();
    if (again && !weir_url_equal(url, again))
        abort();
    weir_url_free(&again);
    free(text);
}

static void check_mask(const weir_url *url)
{
    weir_url_parts parts = weir_url_get(url);
    char *text = format(url, WEIR_URL_MASKED);
    char *end = text ? strrchr(text, '@') : NULL;
    char *colon = NULL;

    if (parts.password && end) {
        *end = '\0';
        colon = strrchr(text, ':');
    }
    if (colon && strcmp(colon, ":***") != 0)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    weir_error err;
    weir_url *url;

    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    url = weir_url_parse(text, NULL, &err);
    if (url) {
        check_round_trip(url);
        check_mask(url);
    } else if (err.message[0] == '\0') {
        abort();
    }
    weir_url_free(&url);
    free(text);
    return 0;
}
