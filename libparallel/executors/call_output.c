/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the process of a forked call writes. */
#include "libparallel/executors/call_output.h"

#include <stddef.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/capture.h"
#include "libparallel/workers/outlet.h"
#include "libparallel/workers/relay.h"

/* Of a message that ends with output: a map puts "call 23 of parse: " before it. */
enum { MESSAGE_LIMIT = PARALLEL_MESSAGE_SIZE - 24 };

void pl_call_output_connect(struct pl_call_output *output, enum parallel_output mode, struct pl_relay *relay,
                            const char *name)
{
    output->is_connected = false;
    switch (mode) {
    case PARALLEL_OUTPUT_INHERIT:
        return;
    case PARALLEL_OUTPUT_TAG:
        output->channel = pl_relay_open(relay, name, output->ends);
        output->is_connected = output->channel != NULL;
        break;
    case PARALLEL_OUTPUT_CAPTURE:
        if (output->capture == 0)
            output->capture = pl_capture_open() + 1;
        output->is_connected = output->capture != 0;
        output->ends[0] = output->ends[1] = output->capture - 1;
        break;
    }
    if (!output->is_connected)
        pl_report("a call writes where the program does: %s", parallel_last_error()->message);
}

void pl_call_output_enter(const struct pl_call_output *output)
{
    if (output->is_connected)
        pl_outlet_enter(output->ends, output->channel != NULL);
}

void pl_call_output_bound(const struct pl_call_output *output)
{
    if (output->capture != 0)
        pl_capture_bound(output->capture - 1);
}

void pl_call_output_disconnect(struct pl_call_output *output, struct pl_relay *relay, parallel_failure *failure)
{
    if (output->channel != NULL)
        pl_relay_finish(relay, output->channel);
    output->channel = NULL;
    if (output->capture == 0)
        return;
    if (failure != NULL)
        pl_capture_append(output->capture - 1, failure->message, MESSAGE_LIMIT);
    pl_capture_forget(output->capture - 1);
}

void pl_call_output_close(struct pl_call_output *output)
{
    if (output->capture != 0)
        close(output->capture - 1);
}
