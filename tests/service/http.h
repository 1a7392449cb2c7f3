/* SPDX-License-Identifier: MIT */
/*
 * Just enough of a client: what is sent is up to the test, also if it is not
 * HTTP.
 */
#ifndef TESTS_SERVICE_HTTP_H
#define TESTS_SERVICE_HTTP_H

#include <stddef.h>

enum {
    HTTP_ANSWER_MAX = 256 * 1024,
};

typedef struct http_answer {
    int status; /* 0: the server closed without one */
    char *headers;
    char *body;
    char text[HTTP_ANSWER_MAX];
} http_answer;

/* A request as it is sent; `body` may be NULL. */
typedef struct http_request {
    const char *method;
    const char *path;
    const char *body;
} http_request;

/* Connects to 127.0.0.1. @return the socket */
int http_connect(int port);
/* @return whether all was taken */
int http_send(int fd, const char *bytes, size_t size);
/* Reads until the server closes, and closes. */
void http_receive(int fd, http_answer *out);

/* Sends a request on a connection of its own and does not wait. */
int http_begin(int port, const http_request *request);
/* Asks and waits. @return the status */
int http_ask(int port, const http_request *request, http_answer *out);
/* The value of a header. @return whether it is there */
int http_header(const http_answer *answer, const char *name, char *out,
                size_t size);

#endif
