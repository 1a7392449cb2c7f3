/* SPDX-License-Identifier: MIT */
#include "kit/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static _Atomic int to_hang, hanging;
static _Atomic unsigned released; /* raised by each letting go */

void kit_resolver_hang(int count)
{
    atomic_store(&to_hang, count);
}

int kit_resolver_hanging(void)
{
    return atomic_load(&hanging);
}

void kit_resolver_let_go(void)
{
    atomic_store(&to_hang, 0);
    atomic_fetch_add(&released, 1);
    while (atomic_load(&hanging) > 0) {
        const struct timespec time = {.tv_nsec = 200000};

        nanosleep(&time, NULL);
    }
}

static void hang(void)
{
    const struct timespec time = {.tv_nsec = 200000};
    unsigned before = atomic_load(&released);

    atomic_fetch_add(&hanging, 1);
    while (atomic_load(&released) == before)
        nanosleep(&time, NULL);
    atomic_fetch_sub(&hanging, 1);
}

static bool takes_one(void)
{
    int left = atomic_load(&to_hang);

    while (left > 0 && !atomic_compare_exchange_weak(&to_hang, &left, left - 1))
        continue;
    return left > 0;
}

__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **out)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in address;
    } * made;
    bool numeric = strspn(name, "0123456789.") == strlen(name);

    if (hints && hints->ai_flags & AI_NUMERICHOST && !numeric)
        return EAI_NONAME;
    if (!numeric && takes_one())
        hang();
    made = calloc(1, sizeof *made);
    if (!made)
        return EAI_MEMORY;
    made->address.sin_family = AF_INET;
    made->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made->address.sin_port =
        htons((uint16_t)(service ? strtol(service, NULL, 10) : 0));
    made->info = (struct addrinfo){
        .ai_family = AF_INET,
        .ai_socktype = SOCK_STREAM,
        .ai_protocol = IPPROTO_TCP,
        .ai_addrlen = sizeof made->address,
        .ai_addr = (struct sockaddr *)&made->address,
    };
    *out = &made->info;
    return 0;
}

__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *list)
{
    free(list);
}
