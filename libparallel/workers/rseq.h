/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Restartable sequences: libc registers a piece of each thread's storage where the kernel writes the number
 * of the CPU, and sched_getcpu() reads it there. A process that was forked by way of a clone with shared
 * memory is not registered, and would read the number of the thread that forked it for ever. */
#ifndef LIBPARALLEL_WORKERS_RSEQ_H
#define LIBPARALLEL_WORKERS_RSEQ_H

/* Registers the calling thread as libc would have, if it is not. Async-signal-safe. */
void pl_rseq_register(void);

#endif
