/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer's function without libFuzzer: over every file named on the
 * command line, over every beginning of it, and over a fixed series of
 * mutations of it. What a fuzzer once found stays found on every machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_MAX = 1 << 20,
    PREFIX_MAX = 4096, /* longer inputs are not cut at every byte */
    MUTATIONS = 2000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Always the same numbers: a failure can be repeated. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* The copy has exactly `size` bytes, so that reading past it is seen. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void mutate(uint8_t *data, size_t size)
{
    static const uint8_t telling[] = {0,   '\'', '"', '%', ':', '/',  '@',
                                      '?', '\\', '$', '-', '*', 0x80, 0xff};
    uint32_t state = 2463534242u;

    if (!size)
        return;
    for (int i = 0; i < MUTATIONS; i++) {
        size_t at = next_random(&state) % size;
        uint32_t choice = next_random(&state);
        uint8_t old = data[at];

        data[at] = choice & 1 ? (uint8_t)(choice >> 8)
                              : telling[(choice >> 8) % sizeof telling];
        run(data, size);
        if (choice & 2) /* some changes pile up */
            data[at] = old;
    }
}

static int replay(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        perror(path);
        return 1;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t end = 0; end < size && end < PREFIX_MAX; end++)
        run(data, end);
    run(data, size);
    mutate(data, size);
    return 0;
}

int main(int argc, char **argv)
{
    int bad = 0;
    uint8_t seed[64] = {0};

    run(seed, 0);
    mutate(seed, sizeof seed);
    for (int i = 1; i < argc; i++)
        bad |= replay(argv[i]);
    printf("%d inputs replayed\n", argc - 1);
    return bad;
}
