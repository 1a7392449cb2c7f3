/* SPDX-License-Identifier: MIT */
/* A client over plain sockets. */
#include "http.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    PATIENCE_S = 30, /* longer than any answer may take: then the test fails */
};

int http_connect(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

int http_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return 0;
        bytes += sent;
        size -= (size_t)sent;
    }
    return 1;
}

void http_receive(int fd, http_answer *out)
{
    size_t size = 0;
    ssize_t got;
    char *end;

    while (size < sizeof out->text - 1 &&
           (got = recv(fd, out->text + size, sizeof out->text - 1 - size, 0)) >
               0)
        size += (size_t)got;
    close(fd);
    out->text[size] = '\0';
    out->headers = out->body = out->text + size;
    out->status = 0;
    sscanf(out->text, "HTTP/1.%*c %d", &out->status);
    end = strstr(out->text, "\r\n\r\n");
    if (!end)
        return;
    out->headers = out->text;
    out->body = end + 4;
    end[2] = '\0';
}

int http_begin(int port, const http_request *request)
{
    const char *body = request->body ? request->body : "";
    size_t size = strlen(body) + strlen(request->path) + 256;
    char *text = malloc(size);
    int fd = http_connect(port), length;

    length = snprintf(text, size,
                      "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                      "Content-Type: application/json\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      request->method, request->path, strlen(body), body);
    if (fd >= 0)
        http_send(fd, text, (size_t)length);
    free(text);
    return fd;
}

int http_ask(int port, const http_request *request, http_answer *out)
{
    int fd = http_begin(port, request);

    out->status = 0;
    if (fd >= 0)
        http_receive(fd, out);
    return out->status;
}

int http_header(const http_answer *answer, const char *name, char *out,
                size_t size)
{
    size_t length = strlen(name);

    for (const char *line = answer->headers; line;
         line = strstr(line, "\r\n")) {
        line += strspn(line, "\r\n");
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1 + strspn(line + length + 1, " ");
            snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return 1;
        }
    }
    return 0;
}
