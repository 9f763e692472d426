/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Descriptors of processes; glibc has functions for them from 2.36 on. */
#ifndef LIBPARALLEL_WORKERS_PIDFD_H
#define LIBPARALLEL_WORKERS_PIDFD_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* -1 with errno: ESRCH, no such process; EMFILE and the like, no descriptor to be had. */
static inline int pl_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Whether the process has ended within that time; -1: for ever. Nothing is known of a negative descriptor; one that was
 * closed reads as ended. */
static inline bool pl_pidfd_wait(int pidfd, int timeout_ms)
{
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};
    int result;
    while ((result = poll(&wait, 1, timeout_ms)) < 0 && errno == EINTR)
        continue;
    return result > 0;
}

#endif
