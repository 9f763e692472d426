/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many threads this process has, for a fork copies but one. */
#ifndef LIBPARALLEL_WORKERS_THREAD_COUNT_H
#define LIBPARALLEL_WORKERS_THREAD_COUNT_H

/* Those that are the program's own, at least 1. One that has been joined is not counted, also if the kernel has not yet taken
 * it off its list. Where the list cannot be read to its end, too many rather than too few. Any thread; changes errno. */
int pl_thread_count(void);

#endif
