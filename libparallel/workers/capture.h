/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What one worker process writes to stdout and stderr, kept in a file without a name (a memfd) for as long as the call
 * lasts, so that the error of a call that fails can end with it. A file never fills up as a pipe does: who writes much is
 * not held up. Its memory is bounded by pl_capture_bound(), called now and then: what is far from the end goes.
 *
 *     program: opens, bounds, reads what a dead worker has left       worker: enters, shows a call that failed, forgets */
#ifndef LIBPARALLEL_WORKERS_CAPTURE_H
#define LIBPARALLEL_WORKERS_CAPTURE_H

#include <stddef.h>

/* A descriptor, closed on exec. -1 and the calling thread's last error: PARALLEL_ESYSTEM. */
int pl_capture_open(void);

/* Ends a message with the end of what was written: "...; output: \"reading a.txt | bad header\"". Nothing if nothing was
 * written. The message is cut if it is too long for that. */
void pl_capture_append(int file, char *message, size_t size);

/* All that was written is gone; the next call begins with nothing. */
void pl_capture_forget(int file);

/* Gives the memory back of all but the end, if it has become much. */
void pl_capture_bound(int file);

#endif
