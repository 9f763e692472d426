/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The thread-local chain of frames. */
#include "libparallel/executors/frame.h"

_Thread_local struct pl_frame *pl_frame_innermost;
_Thread_local int pl_callback_depth;
