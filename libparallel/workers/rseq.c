/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Registration where libc (glibc from 2.35) says where its piece is; elsewhere there is nothing to register.
 * */
#include "libparallel/workers/rseq.h"

#if defined(__has_include)
#if __has_include(<sys/rseq.h>)
#define HAS_RSEQ 1
#endif
#endif
#ifndef HAS_RSEQ
#define HAS_RSEQ 0
#endif

#if HAS_RSEQ
#include <errno.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The size that every kernel with the call accepts, and that libc reserves at least. */
enum { FIRST_SIZE = 32 };

void pl_rseq_register(void)
{
    if (__rseq_size == 0) /* libc was told not to use it */
        return;
    struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    if (syscall(SYS_rseq, area, FIRST_SIZE, 0, RSEQ_SIG) != 0 && errno != EBUSY) /* busy: it is registered */
        area->cpu_id = (unsigned)RSEQ_CPU_ID_REGISTRATION_FAILED; /* sched_getcpu() asks the kernel then */
}
#else
void pl_rseq_register(void)
{
}
#endif
