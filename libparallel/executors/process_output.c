/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output= of a processes executor: what its workers write.
 *
 *     tag      each worker has a channel of the relay, from its order to its end
 *     capture  each seat has a file. A worker empties it after each call; what is left there when it dies is what the call
 *              has written that it was making */
#include "libparallel/executors/processes.h"

#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/capture.h"
#include "libparallel/workers/relay.h"

int pl_processes_open_output(struct pl_processes *processes)
{
    return processes->output == PARALLEL_OUTPUT_TAG ? pl_relay_start(&processes->relay) : 0;
}

void pl_processes_close_output(struct pl_processes *processes)
{
    pl_relay_stop(processes->relay);
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++)
        if (processes->posts[index].capture != 0)
            close(processes->posts[index].capture - 1);
}

static int connect_relay(struct pl_processes *processes, struct pl_post *post, struct pl_seat *seat)
{
    int ends[2];
    post->channel = pl_relay_open(processes->relay, seat->name, ends);
    if (post->channel == NULL)
        return parallel_last_error()->code;
    return pl_outlet_describe(&seat->outlet, ends, true);
}

static int connect_capture(struct pl_post *post, struct pl_seat *seat)
{
    if (post->capture == 0)
        post->capture = pl_capture_open() + 1;
    if (post->capture == 0)
        return parallel_last_error()->code;
    const int ends[2] = {post->capture - 1, post->capture - 1};
    return pl_outlet_describe(&seat->outlet, ends, false);
}

void pl_processes_connect(struct pl_processes *processes, uint32_t index)
{
    struct pl_post *post = &processes->posts[index];
    struct pl_seat *seat = processes->seats[index];
    int code = 0;
    seat->outlet = (struct pl_outlet){.is_open = false};
    if (processes->output == PARALLEL_OUTPUT_TAG)
        code = connect_relay(processes, post, seat);
    else if (processes->output == PARALLEL_OUTPUT_CAPTURE)
        code = connect_capture(post, seat);
    if (code != 0)
        pl_report("worker %s writes where the program does: %s", seat->name, parallel_last_error()->message);
}

void pl_processes_disconnect(struct pl_processes *processes, uint32_t index)
{
    struct pl_post *post = &processes->posts[index];
    if (post->channel != NULL)
        pl_relay_finish(processes->relay, post->channel);
    post->channel = NULL;
    if (post->capture != 0)
        pl_capture_forget(post->capture - 1);
}

void pl_processes_show_output(const struct pl_processes *processes, uint32_t index, char *message, size_t size)
{
    if (processes->posts[index].capture != 0)
        pl_capture_append(processes->posts[index].capture - 1, message, size);
}

void pl_processes_bound_output(struct pl_processes *processes)
{
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++)
        if (processes->posts[index].capture != 0)
            pl_capture_bound(processes->posts[index].capture - 1);
}
