/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output= of the fork executor: what one call's process writes goes through a channel of the relay (tag), opened for the
 * call, or into a file (capture) that is kept from call to call and is empty in between. */
#ifndef LIBPARALLEL_EXECUTORS_CALL_OUTPUT_H
#define LIBPARALLEL_EXECUTORS_CALL_OUTPUT_H

#include <stdbool.h>

#include <libparallel/executor.h>
#include <libparallel/failure.h>

struct pl_relay;
struct pl_relay_channel;

/* All zero at first; of one worker thread, and read by its forked process. */
struct pl_call_output {
    struct pl_relay_channel *channel; /* NULL: none */
    int capture;                      /* file + 1; 0: none yet */
    bool is_connected;                /* the process writes to these: */
    int ends[2];
};

/* Before the fork. A failure is reported: the call then writes where the program does. */
void pl_call_output_connect(struct pl_call_output *output, enum parallel_output mode, struct pl_relay *relay,
                            const char *name);

/* In the process. */
void pl_call_output_enter(const struct pl_call_output *output);

/* Now and then meanwhile: what is captured takes no more than some memory. */
void pl_call_output_bound(const struct pl_call_output *output);

/* After the process's end. `failure`, NULL if the call is done, ends with what was captured. */
void pl_call_output_disconnect(struct pl_call_output *output, struct pl_relay *relay, parallel_failure *failure);

/* Closes what is kept. */
void pl_call_output_close(struct pl_call_output *output);

#endif
