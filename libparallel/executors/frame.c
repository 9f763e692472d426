/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The thread-local chain of frames. */
#include "libparallel/executors/frame.h"

_Thread_local struct pl_frame *pl_frame_innermost;
_Thread_local int pl_callback_depth;

bool pl_frame_is_inside(const struct parallel_executor *executor)
{
    for (const struct pl_frame *frame = pl_frame_innermost; frame != NULL; frame = frame->outer)
        if (frame->executor == executor)
            return true;
    return false;
}
