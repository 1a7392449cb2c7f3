/* SPDX-License-Identifier: MIT */
/*
 * Settings; every one has a default that works.
 */
#include "settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PORT_MAX = 65535,
};

static const char usage[] =
    "usage: users [--host ADDRESS] [--port NUMBER] [--database URL]\n"
    "\n"
    "  --host ADDRESS  or HOST: where to listen (127.0.0.1)\n"
    "  --port NUMBER   or PORT: 0 takes a free one (8080)\n"
    "  --database URL  or DATABASE_URL: sqlite, postgresql or mysql\n"
    "                  (sqlite:///users.db)\n";

/* A variable that is empty counts as unset. */
static const char *from_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

static int refuse(const char *text, const char *why)
{
    fprintf(stderr, "users: \"%s\" %s; see users --help\n", text, why);
    return 2;
}

static int check_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (*text >= '0' && *text <= '9' && *end == '\0' && port <= PORT_MAX)
        return -1;
    return refuse(text, "is no port; a number from 0 to 65535 is");
}

int settings_read(settings *out, int argc, char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'H'},
        {"port", required_argument, NULL, 'p'},
        {"database", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    out->host = from_environment("HOST", "127.0.0.1");
    out->port = from_environment("PORT", "8080");
    out->database = from_environment("DATABASE_URL", "sqlite:///users.db");
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'H')
            out->host = optarg;
        else if (option == 'p')
            out->port = optarg;
        else if (option == 'd')
            out->database = optarg;
        else if (option == 'h')
            return fputs(usage, stdout) == EOF;
        else
            return 2; /* getopt_long() has said what is wrong */
    }
    if (optind < argc)
        return refuse(argv[optind], "is no option");
    return check_port(out->port);
}
