/* SPDX-License-Identifier: MIT */
#include "mysql/played.h"

#include <stdio.h>
#include <string.h>

enum { COM_QUIT = 1, COM_QUERY = 3, COM_PREPARE = 22, COM_EXECUTE = 23 };
enum { COM_LONG_DATA = 24, COM_CLOSE = 25 };

static const char ok[] = "\0\0\0\x02\0\0\0";
static const char prepared[] = "\0\1\0\0\0\0\0\0\0\0\0\0";

static bool say_error(kit_peer *peer, uint8_t sequence, const played *script)
{
    char packet[512];
    int size = snprintf(packet, sizeof packet, "\xFF%c%c#%.5s%s", 1, 1,
                        script->state, script->text);

    packet[1] = (char)(script->code & 0xFF);
    packet[2] = (char)(script->code >> 8);
    return kit_say_packet(peer, sequence, packet, (size_t)size);
}

/* @return whether the connection goes on */
static bool misbehave(kit_peer *peer, uint8_t sequence, const played *script)
{
    if (script->silent)
        kit_be_silent(peer);
    else if (script->code != 0)
        (void)say_error(peer, sequence, script);
    else
        (void)kit_say(peer, script->bytes, script->size);
    return script->goes_on && !script->silent;
}

static bool greet(kit_peer *peer, const played *script)
{
    /* Behind the version: thread 7, what the server can, utf8mb4, OK. */
    static const char middle[] = "\7\0\0\0AAAAAAAA\0\x0B\xA2\xFF\x02\0"
                                 "\xBE\0\x15\0\0\0\0\0\0\0\0\0\0"
                                 "BBBBBBBBBBBB";
    const char *version = script->version ? script->version : "8.0.36";
    const char *plugin =
        script->plugin ? script->plugin : "mysql_native_password";
    char packet[256];
    size_t size = 0;

    packet[size++] = 10;
    memcpy(packet + size, version, strlen(version) + 1);
    size += strlen(version) + 1;
    memcpy(packet + size, middle, sizeof middle);
    size += sizeof middle;
    memcpy(packet + size, plugin, strlen(plugin) + 1);
    size += strlen(plugin) + 1;
    return kit_say_packet(peer, 0, packet, size);
}

static bool is_commit(const kit_message *heard)
{
    return heard->data[0] == COM_QUERY && heard->size == 7 &&
           memcmp(heard->data + 1, "COMMIT", 6) == 0;
}

static played_place place_of(const kit_message *heard)
{
    if (heard->data[0] == COM_PREPARE)
        return PLAYED_PREPARE;
    if (heard->data[0] == COM_EXECUTE)
        return PLAYED_EXECUTE;
    return is_commit(heard) ? PLAYED_COMMIT : PLAYED_NOWHERE;
}

/* @return whether the connection goes on */
static bool answer(kit_peer *peer, const kit_message *heard, played *script)
{
    uint8_t command = heard->size > 0 ? heard->data[0] : COM_QUIT;

    if (command == COM_QUIT)
        return false;
    if (command == COM_CLOSE || command == COM_LONG_DATA)
        return true;
    if (place_of(heard) == script->place && script->place != PLAYED_NOWHERE) {
        if (script->times == 1)
            script->place = PLAYED_NOWHERE;
        return misbehave(peer, 1, script);
    }
    if (command == COM_PREPARE)
        return kit_say_packet(peer, 1, prepared, 12);
    return kit_say_packet(peer, 1, ok, 7);
}

void played_server(kit_peer *peer, void *memory)
{
    played *script = memory;
    kit_message heard;

    if (script->place == PLAYED_GREETING && !misbehave(peer, 0, script))
        return;
    if (!greet(peer, script) || !kit_hear(peer, &heard))
        return;
    if (script->place == PLAYED_LOGIN && !misbehave(peer, 2, script))
        return;
    if (script->place == PLAYED_LOGIN && !kit_hear(peer, &heard))
        return;
    if (!kit_say_packet(peer, (uint8_t)(heard.sequence + 1), ok, 7))
        return;
    while (kit_hear(peer, &heard) && answer(peer, &heard, script))
        continue;
}
