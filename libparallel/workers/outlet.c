/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Redirection of a worker process. */
#include "libparallel/workers/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/relay.h"

int pl_outlet_describe(struct pl_outlet *outlet, const int ends[2], bool is_relayed)
{
    struct pl_outlet described = {.is_open = true, .is_relayed = is_relayed, .program = (int32_t)getpid()};
    for (int k = 0; k < 2; k++) {
        struct stat status;
        if (fstat(ends[k], &status) != 0)
            return pl_error_set(PARALLEL_ESYSTEM, errno, "the file that a worker is to write to is gone");
        described.ends[k] = ends[k];
        described.inodes[k] = (uint64_t)status.st_ino;
    }
    *outlet = described;
    return 0;
}

void pl_outlet_enter(const int ends[2], bool is_relayed)
{
    if (is_relayed)
        pl_relay_greet(ends);
    dup2(ends[0], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* -1 with errno: it is not to be had. */
static int open_of_program(const struct pl_outlet *outlet, int k)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", outlet->program, outlet->ends[k]);
    int access = outlet->is_relayed ? O_WRONLY : O_RDWR | O_APPEND;
    int file = open(path, access | O_CLOEXEC);
    struct stat status;
    if (file < 0 || (fstat(file, &status) == 0 && (uint64_t)status.st_ino == outlet->inodes[k]))
        return file;
    close(file); /* the program has closed what is not its own */
    errno = EBADF;
    return -1;
}

int pl_outlet_enter_of_program(const struct pl_outlet *outlet, int *kept)
{
    int ends[2];
    ends[0] = open_of_program(outlet, 0);
    ends[1] = ends[0] >= 0 ? open_of_program(outlet, 1) : -1;
    if (ends[1] < 0) {
        int cause = errno;
        if (ends[0] >= 0)
            close(ends[0]);
        return pl_error_set(PARALLEL_ESYSTEM, cause, "stdout and stderr cannot be connected with the program");
    }
    pl_outlet_enter(ends, outlet->is_relayed);
    close(ends[1]);
    *kept = ends[0];
    return 0;
}
