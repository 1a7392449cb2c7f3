/* SPDX-License-Identifier: MIT */
/*
 * Result sets as packets. libmariadb reads whole packets into its own buffer;
 * what is in them is read here, without copies for a stream and with one copy
 * for rows that are kept. Its notes about whether the protocol is busy are
 * kept true by wmy_rows_over().
 */
#include "wmy.h"

#include <string.h>

enum { DRAIN_LOOK = 256 };
enum { EOF_MARK = 0xFE, OK_MARK = 0x00, FILE_MARK = 0xFB, EOF_SIZE_MAX = 9 };

static bool is_end(wmy_span packet)
{
    return packet.size > 0 && packet.size < EOF_SIZE_MAX &&
           packet.data[0] == EOF_MARK;
}

/* At the end of rows the server says that the session has changed, not how. */
static void set_status(wmy_conn *conn, const uint8_t *at)
{
    conn->mysql->server_status = (unsigned)(at[0] | at[1] << 8);
    if (conn->mysql->server_status & SERVER_SESSION_STATE_CHANGED)
        conn->dirty = true;
}

static bool read_packet(wmy_conn *conn, wmy_span *out)
{
    unsigned long size = mysql_net_read_packet(conn->mysql);

    if (size == packet_error)
        return false;
    *out = (wmy_span){conn->mysql->net.read_pos, size};
    return true;
}

wmy_packet wmy_next_packet(wmy_conn *conn, wmy_span *out)
{
    if (!read_packet(conn, out))
        return WMY_PACKET_ERROR;
    if (!is_end(*out))
        return WMY_PACKET_ROW;
    if (out->size >= 5)
        set_status(conn, out->data + 3);
    return WMY_PACKET_END;
}

void wmy_rows_over(wmy_stmt *stmt)
{
    wmy_conn *conn = stmt->conn;

    stmt->has_rows = false;
    conn->reading = NULL;
    conn->mysql->status = MYSQL_STATUS_READY;
    if (stmt->handle)
        stmt->handle->state = MYSQL_STMT_FETCH_DONE;
    wmy_running_end(conn);
}

/* ----------------------------------------------------- results nobody wants */

/* Counts of rows and the generated key stand before the status. */
static bool read_ok(wmy_conn *conn, wmy_span packet)
{
    const uint8_t *at = packet.data + 1;
    const uint8_t *end = at + packet.size - 1;
    uint64_t affected;
    uint64_t key;

    if (!wmy_read_length(&at, end, &affected) ||
        !wmy_read_length(&at, end, &key) || end - at < 2)
        return false;
    set_status(conn, at);
    return true;
}

static wmy_packet skip_to_end(wmy_conn *conn)
{
    wmy_span packet;
    wmy_packet found;

    do
        found = wmy_next_packet(conn, &packet);
    while (found == WMY_PACKET_ROW);
    return found;
}

/* Either what a statement did, or columns and rows. */
static weir_status drop_one(wmy_conn *conn, weir_error *err)
{
    wmy_span packet;
    uint8_t first;

    if (!read_packet(conn, &packet))
        return wmy_fail(conn, err);
    first = packet.size > 0 ? packet.data[0] : FILE_MARK;
    if (first == FILE_MARK)
        return wmy_malformed(conn, err);
    if (first == OK_MARK)
        return read_ok(conn, packet) ? WEIR_OK : wmy_malformed(conn, err);
    for (int part = 0; part < 2; part++) {
        if (skip_to_end(conn) != WMY_PACKET_END)
            return wmy_fail(conn, err);
    }
    return WEIR_OK;
}

weir_status wmy_drop_results(wmy_conn *conn, weir_error *err)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK &&
           (conn->mysql->server_status & SERVER_MORE_RESULTS_EXIST))
        status = drop_one(conn, err);
    conn->mysql->server_status &= ~(unsigned)SERVER_MORE_RESULTS_EXIST;
    return status;
}

void wmy_drop_rows(wmy_stmt *stmt)
{
    wmy_conn *conn = stmt->conn;
    wmy_packet found = WMY_PACKET_ROW;
    weir_error ignored;
    wmy_span packet;

    for (unsigned i = 1; found == WMY_PACKET_ROW; i++) {
        found = wmy_next_packet(conn, &packet);
        if (i % DRAIN_LOOK == 0 && !wmy_wait_go_on(&conn->wait))
            break;
    }
    if (found == WMY_PACKET_END)
        (void)wmy_drop_results(conn, &ignored);
    else if (found == WMY_PACKET_ERROR)
        (void)wmy_fail(conn, &ignored);
    else
        conn->lost = true;
}

/* ------------------------------------------------------------- rows to keep */

static bool keep_packet(wmy_stmt *stmt, wmy_span packet)
{
    const weir_services *services = stmt->conn->services;
    size_t size = stmt->rows.size + sizeof(uint32_t) + packet.size + 1;
    uint32_t count = (uint32_t)packet.size;
    char *at;

    if (size > stmt->rows.capacity &&
        weir_buffer_reserve(services, &stmt->rows, size) != WEIR_OK)
        return false;
    at = stmt->rows.data + stmt->rows.size;
    memcpy(at, &count, sizeof count);
    memcpy(at + sizeof count, packet.data, packet.size);
    stmt->rows.size = size;
    return true;
}

/* Out of memory is told once the protocol is idle again. */
weir_status wmy_take_rows(wmy_stmt *stmt, weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    bool has_room = true;
    wmy_packet found;
    wmy_span packet;
    weir_status status;

    while ((found = wmy_next_packet(conn, &packet)) == WMY_PACKET_ROW) {
        if (!has_room)
            continue;
        has_room = keep_packet(stmt, packet);
        stmt->row_count++;
    }
    status = found == WMY_PACKET_END ? wmy_drop_results(conn, err)
                                     : wmy_fail(conn, err);
    if (status == WEIR_OK && !has_room)
        status = wmy_nomem(err);
    return status;
}
