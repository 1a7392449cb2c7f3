/* SPDX-License-Identifier: MIT */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

/* Streams ten million rows; ends the process if memory grew. */
void stream_run(const char *url);

#endif
