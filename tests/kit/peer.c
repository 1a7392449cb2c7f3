/* SPDX-License-Identifier: MIT */
#include "kit/peer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 256, MESSAGE_MAX = 1024 * 1024, HEARD_MAX = 64 * 1024 };

struct kit_peer {
    kit_stage *stage;
    pthread_t thread;
    int fd;
    bool met; /* PostgreSQL: the first message has been heard */
    uint8_t *message;
};

struct kit_stage {
    kit_framing framing;
    kit_play play;
    void *context;
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock; /* all below */
    bool stopping;
    char heard[HEARD_MAX]; /* the first of what was said */
    size_t heard_size;
    size_t heard_count;
    kit_peer peers[PEERS_MAX];
    size_t peer_count;
};

static void note(kit_stage *stage, const uint8_t *data, size_t size)
{
    size_t room;

    pthread_mutex_lock(&stage->lock);
    room = HEARD_MAX - stage->heard_size;
    room = size < room ? size : room;
    memcpy(stage->heard + stage->heard_size, data, room);
    stage->heard_size += room;
    stage->heard_count += size;
    pthread_mutex_unlock(&stage->lock);
}

static bool read_all(kit_peer *peer, uint8_t *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(peer->fd, out + done, size - done, 0);

        if (got <= 0)
            return false;
        note(peer->stage, out + done, (size_t)got);
        done += (size_t)got;
    }
    return true;
}

static size_t big_endian(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
           at[3];
}

static bool read_head(kit_peer *peer, kit_message *out)
{
    uint8_t head[5];
    size_t size = peer->stage->framing == KIT_MYSQL || !peer->met ? 4 : 5;

    if (!read_all(peer, head, size))
        return false;
    if (peer->stage->framing == KIT_MYSQL) {
        out->size =
            (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
        out->sequence = head[3];
        return true;
    }
    if (size == 5)
        out->type = head[0];
    out->size = big_endian(head + size - 4) - 4;
    return true;
}

bool kit_hear(kit_peer *peer, kit_message *out)
{
    memset(out, 0, sizeof *out);
    if (!read_head(peer, out) || out->size > MESSAGE_MAX ||
        !read_all(peer, peer->message, out->size))
        return false;
    out->data = peer->message;
    /* What asks for encryption (8 bytes) is followed by another of its kind. */
    peer->met = peer->met || out->size != 4;
    return true;
}

bool kit_say(kit_peer *peer, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t sent = send(peer->fd, at, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool kit_say_packet(kit_peer *peer, uint8_t sequence_or_type, const void *data,
                    size_t size)
{
    size_t whole = size + 4;
    uint8_t head[5] = {(uint8_t)size, (uint8_t)(size >> 8),
                       (uint8_t)(size >> 16), sequence_or_type};
    size_t head_size = 4;

    if (peer->stage->framing == KIT_POSTGRES) {
        head_size = 5;
        head[0] = sequence_or_type;
        for (int i = 0; i < 4; i++)
            head[1 + i] = (uint8_t)(whole >> (24 - 8 * i));
    }
    return kit_say(peer, head, head_size) && kit_say(peer, data, size);
}

void kit_refuse(kit_peer *peer)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};

    /* The end first, then a reset: in this order it is EPIPE. */
    (void)shutdown(peer->fd, SHUT_WR);
    (void)connect(peer->fd, &none, sizeof none);
}

void kit_be_silent(kit_peer *peer)
{
    uint8_t byte;

    while (read_all(peer, &byte, 1))
        continue;
}

static void *play_one(void *memory)
{
    kit_peer *peer = memory;

    peer->stage->play(peer, peer->stage->context);
    (void)shutdown(peer->fd, SHUT_RDWR);
    return NULL;
}

static bool admit(kit_stage *stage, int fd)
{
    kit_peer *peer;
    bool taken = false;

    pthread_mutex_lock(&stage->lock);
    if (!stage->stopping && stage->peer_count < PEERS_MAX) {
        peer = &stage->peers[stage->peer_count];
        peer->stage = stage;
        peer->fd = fd;
        peer->message = malloc(MESSAGE_MAX);
        taken = peer->message &&
                pthread_create(&peer->thread, NULL, play_one, peer) == 0;
        if (taken)
            stage->peer_count++;
        else
            free(peer->message);
    }
    pthread_mutex_unlock(&stage->lock);
    return taken;
}

static void *run(void *memory)
{
    kit_stage *stage = memory;

    for (;;) {
        int fd = accept4(stage->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            return NULL;
        if (!admit(stage, fd))
            close(fd);
    }
}

kit_stage *kit_stage_start(kit_framing framing, kit_play play, void *context)
{
    kit_stage *stage = calloc(1, sizeof *stage);

    if (!stage)
        abort();
    stage->framing = framing;
    stage->play = play;
    stage->context = context;
    stage->listener = kit_listen(64, &stage->port);
    if (stage->listener < 0 || pthread_mutex_init(&stage->lock, NULL) != 0 ||
        pthread_create(&stage->thread, NULL, run, stage) != 0)
        abort();
    return stage;
}

int kit_stage_port(const kit_stage *stage)
{
    return stage->port;
}

void kit_stage_stop(kit_stage **stage)
{
    kit_stage *s = *stage;

    if (!s)
        return;
    *stage = NULL;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)shutdown(s->listener, SHUT_RDWR); /* ends accept() */
    for (size_t i = 0; i < s->peer_count; i++)
        (void)shutdown(s->peers[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->peer_count; i++) {
        pthread_join(s->peers[i].thread, NULL);
        close(s->peers[i].fd);
        free(s->peers[i].message);
    }
    close(s->listener);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool kit_stage_has_heard(kit_stage *stage, const char *text)
{
    bool found;

    pthread_mutex_lock(&stage->lock);
    found = memmem(stage->heard, stage->heard_size, text, strlen(text)) != NULL;
    pthread_mutex_unlock(&stage->lock);
    return found;
}

size_t kit_stage_heard(kit_stage *stage)
{
    size_t count;

    pthread_mutex_lock(&stage->lock);
    count = stage->heard_count;
    pthread_mutex_unlock(&stage->lock);
    return count;
}

size_t kit_stage_accepted(kit_stage *stage)
{
    size_t count;

    pthread_mutex_lock(&stage->lock);
    count = stage->peer_count;
    pthread_mutex_unlock(&stage->lock);
    return count;
}
