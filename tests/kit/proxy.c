/* SPDX-License-Identifier: MIT */
/*
 * One thread, one poll(). A direction of a connection is a pipe with a small
 * buffer: it is read only when it is empty, so a client that does not read
 * holds up nobody else.
 */
#include "kit/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 128, MARKS_MAX = 4096, BUFFER = 16 * 1024 };

/* One direction of one connection. */
typedef struct pipeline {
    int from;
    int to;
    uint8_t data[BUFFER];
    size_t begin, end;
    bool over; /* `from` will say nothing more */
    /* Where the packet under way is. */
    uint8_t head[5];
    size_t head_size;
    size_t left;
    bool untyped; /* PostgreSQL: the next message begins with its length */
} pipeline;

typedef struct pair {
    bool used;
    pipeline way[2];
} pair;

struct kit_proxy {
    int listener;
    int port;
    int target;
    int wake[2];
    kit_framing framing;
    pthread_t thread;
    pthread_mutex_t lock; /* all below */
    bool stopping;
    bool armed, fired;
    kit_direction direction;
    size_t after;
    kit_fault fault;
    bool stalled, down;
    size_t count[2];
    size_t marks[2][MARKS_MAX];
    size_t mark_count[2];
    size_t accepted;
    pair pairs[PAIRS_MAX];
};

/* ---------------------------------------------------------------- sockets */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int kit_listen(int backlog, int *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
        listen(fd, backlog) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static void set_up_socket(int fd)
{
    int yes = 1;

    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static int dial(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void hang_up(int fd, bool reset)
{
    const struct linger at_once = {.l_onoff = 1};

    if (reset)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static void end_pair(pair *p, bool reset)
{
    if (!p->used)
        return;
    hang_up(p->way[0].from, reset);
    hang_up(p->way[1].from, reset);
    p->used = false;
}

static void end_all(kit_proxy *proxy, bool reset)
{
    for (size_t i = 0; i < PAIRS_MAX; i++)
        end_pair(&proxy->pairs[i], reset);
}

/* ---------------------------------------------------------------- packets */

static bool begins(const kit_proxy *proxy, pipeline *way)
{
    const uint8_t *at = way->head;
    size_t size = way->untyped ? 4 : 5;

    if (proxy->framing == KIT_MYSQL) {
        if (way->head_size < 4)
            return false;
        way->left = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16;
        return true;
    }
    if (way->head_size < size)
        return false;
    at += size - 4;
    way->left = ((size_t)at[0] << 24 | (size_t)at[1] << 16 |
                 (size_t)at[2] << 8 | at[3]) -
                4;
    /* A request for encryption is followed by another such message. */
    way->untyped = way->untyped && way->left == 4;
    return true;
}

/* Follows the packets over what has just passed. */
static void follow(kit_proxy *proxy, pipeline *way, int direction,
                   const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        proxy->count[direction]++;
        if (way->left > 0)
            way->left--;
        else if (way->head_size < sizeof way->head)
            way->head[way->head_size++] = data[i];
        if (way->left > 0 || !(way->head_size == 0 || begins(proxy, way)))
            continue;
        if (way->left > 0) {
            way->head_size = 0;
            continue;
        }
        way->head_size = 0;
        if (proxy->mark_count[direction] < MARKS_MAX)
            proxy->marks[direction][proxy->mark_count[direction]++] =
                proxy->count[direction];
    }
}

/* ------------------------------------------------------------------ faults */

static void strike(kit_proxy *proxy, pair *p, kit_fault fault)
{
    proxy->armed = false;
    proxy->fired = true;
    if (fault == KIT_STALL)
        proxy->stalled = true;
    if (fault == KIT_DOWN) {
        proxy->down = true;
        end_all(proxy, true);
    }
    if (p && (fault == KIT_CLOSE || fault == KIT_RESET))
        end_pair(p, fault == KIT_RESET);
}

/* Passes on what may pass. @return false: the pair is no more */
static bool pass(kit_proxy *proxy, pair *p, int direction)
{
    pipeline *way = &p->way[direction];
    size_t size = way->end - way->begin;
    bool counts = proxy->armed && proxy->direction == (kit_direction)direction;
    size_t room = counts ? proxy->after - proxy->count[direction] : size;
    ssize_t sent;

    if (counts && room < size && proxy->fault == KIT_GARBLE) {
        way->data[way->begin + room] ^= 0xFF;
        strike(proxy, p, KIT_GARBLE);
        counts = false;
        room = size;
    }
    if (room > size)
        room = size;
    sent = send(way->to, way->data + way->begin, room, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        end_pair(p, true);
        return false;
    }
    if (sent > 0) {
        follow(proxy, way, direction, way->data + way->begin, (size_t)sent);
        way->begin += (size_t)sent;
    }
    if (counts && proxy->count[direction] == proxy->after &&
        way->begin < way->end) {
        strike(proxy, p, proxy->fault);
        return p->used;
    }
    return true;
}

static bool take_in(pipeline *way)
{
    ssize_t got = recv(way->from, way->data, sizeof way->data, 0);

    way->begin = 0;
    way->end = got > 0 ? (size_t)got : 0;
    if (got == 0)
        way->over = true;
    return got >= 0;
}

/* -------------------------------------------------------------------- loop */

static void accept_one(kit_proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = client >= 0 && !proxy->down ? dial(proxy->target) : -1;
    pair *p = proxy->pairs;

    while (p < proxy->pairs + PAIRS_MAX && p->used)
        p++;
    if (client >= 0)
        proxy->accepted++;
    if (client < 0 || server < 0 || p == proxy->pairs + PAIRS_MAX) {
        if (client >= 0)
            hang_up(client, true);
        if (server >= 0)
            hang_up(server, true);
        return;
    }
    set_up_socket(client);
    set_up_socket(server);
    memset(p, 0, sizeof *p);
    p->used = true;
    p->way[KIT_TO_SERVER].from = p->way[KIT_TO_CLIENT].to = client;
    p->way[KIT_TO_CLIENT].from = p->way[KIT_TO_SERVER].to = server;
    p->way[KIT_TO_SERVER].untyped = proxy->framing == KIT_POSTGRES;
}

static void serve(kit_proxy *proxy, pair *p, int direction, short events)
{
    pipeline *way = &p->way[direction];

    if (!p->used || events == 0)
        return;
    if (way->begin == way->end && !take_in(way)) {
        end_pair(p, true);
        return;
    }
    if (way->begin < way->end && !pass(proxy, p, direction))
        return;
    if (way->over && way->begin == way->end)
        end_pair(p, false);
}

/* What each pipe waits for; nothing while the network is silent. */
static size_t list_waits(kit_proxy *proxy, struct pollfd *out, size_t *owner)
{
    size_t count = 0;

    out[count++] = (struct pollfd){.fd = proxy->wake[0], .events = POLLIN};
    out[count++] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX && !proxy->stalled; i++) {
        for (int d = 0; d < 2 && proxy->pairs[i].used; d++) {
            const pipeline *way = &proxy->pairs[i].way[d];
            bool full = way->begin < way->end;

            owner[count] = 2 * i + (size_t)d;
            out[count++] = (struct pollfd){.fd = full ? way->to : way->from,
                                           .events = full ? POLLOUT : POLLIN};
        }
    }
    return count;
}

static void turn(kit_proxy *proxy)
{
    struct pollfd waits[2 + 2 * PAIRS_MAX];
    size_t owner[2 + 2 * PAIRS_MAX];
    size_t count = list_waits(proxy, waits, owner);
    char word[64];

    pthread_mutex_unlock(&proxy->lock);
    (void)poll(waits, count, -1);
    pthread_mutex_lock(&proxy->lock);
    if (waits[0].revents != 0) {
        (void)!read(proxy->wake[0], word, sizeof word);
        return; /* the world has changed: look anew */
    }
    for (size_t i = 2; i < count && !proxy->stalled; i++)
        serve(proxy, &proxy->pairs[owner[i] / 2], (int)(owner[i] % 2),
              waits[i].revents);
    if (waits[1].revents != 0)
        accept_one(proxy);
}

static void *run(void *memory)
{
    kit_proxy *proxy = memory;

    pthread_mutex_lock(&proxy->lock);
    while (!proxy->stopping)
        turn(proxy);
    end_all(proxy, true);
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

/* ----------------------------------------------------------------- control */

kit_proxy *kit_proxy_start(int port, kit_framing framing)
{
    kit_proxy *proxy = calloc(1, sizeof *proxy);

    if (!proxy)
        abort();
    proxy->target = port;
    proxy->framing = framing;
    proxy->listener = kit_listen(64, &proxy->port);
    if (proxy->listener < 0 || pipe2(proxy->wake, O_CLOEXEC) != 0 ||
        pthread_mutex_init(&proxy->lock, NULL) != 0 ||
        pthread_create(&proxy->thread, NULL, run, proxy) != 0)
        abort();
    return proxy;
}

int kit_proxy_port(const kit_proxy *proxy)
{
    return proxy->port;
}

static void lock(kit_proxy *proxy)
{
    (void)!write(proxy->wake[1], "x", 1);
    pthread_mutex_lock(&proxy->lock);
}

static void unlock(kit_proxy *proxy)
{
    (void)!write(proxy->wake[1], "x", 1);
    pthread_mutex_unlock(&proxy->lock);
}

void kit_proxy_stop(kit_proxy **proxy)
{
    kit_proxy *p = *proxy;

    if (!p)
        return;
    *proxy = NULL;
    lock(p);
    p->stopping = true;
    unlock(p);
    pthread_join(p->thread, NULL);
    close(p->listener);
    close(p->wake[0]);
    close(p->wake[1]);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static void begin_anew(kit_proxy *proxy)
{
    memset(proxy->count, 0, sizeof proxy->count);
    memset(proxy->mark_count, 0, sizeof proxy->mark_count);
    proxy->armed = proxy->fired = proxy->stalled = proxy->down = false;
}

void kit_proxy_arm(kit_proxy *proxy, kit_direction direction, size_t after,
                   kit_fault fault)
{
    lock(proxy);
    begin_anew(proxy);
    proxy->armed = true;
    proxy->direction = direction;
    proxy->after = after;
    proxy->fault = fault;
    unlock(proxy);
}

void kit_proxy_heal(kit_proxy *proxy)
{
    lock(proxy);
    begin_anew(proxy);
    unlock(proxy);
}

void kit_proxy_strike(kit_proxy *proxy, kit_fault fault)
{
    if (fault == KIT_GARBLE) {
        kit_proxy_arm(proxy, KIT_TO_CLIENT, 0, fault);
        return;
    }
    lock(proxy);
    strike(proxy, NULL, fault);
    if (fault == KIT_CLOSE || fault == KIT_RESET)
        end_all(proxy, fault == KIT_RESET);
    unlock(proxy);
}

bool kit_proxy_has_fired(kit_proxy *proxy)
{
    bool fired;

    lock(proxy);
    fired = proxy->fired;
    unlock(proxy);
    return fired;
}

size_t kit_proxy_count(kit_proxy *proxy, kit_direction direction)
{
    size_t count;

    lock(proxy);
    count = proxy->count[direction];
    unlock(proxy);
    return count;
}

size_t kit_proxy_marks(kit_proxy *proxy, kit_direction direction, size_t *out,
                       size_t max)
{
    size_t count;

    lock(proxy);
    count = proxy->mark_count[direction];
    count = count < max ? count : max;
    memcpy(out, proxy->marks[direction], count * sizeof *out);
    unlock(proxy);
    return count;
}

size_t kit_proxy_accepted(kit_proxy *proxy)
{
    size_t count;

    lock(proxy);
    count = proxy->accepted;
    unlock(proxy);
    return count;
}
