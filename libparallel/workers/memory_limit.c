/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading and limiting the data memory of this process. */
#include "libparallel/workers/memory_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The sixth number of statm, in pages. */
uint64_t pl_memory_in_use(void)
{
    char text[128];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    uint64_t number = 0;
    int words = 0;
    for (ssize_t i = 0; i < length && words < 6; i++) {
        if (text[i] == ' ' && ++words < 6)
            number = 0;
        else if (text[i] >= '0' && text[i] <= '9')
            number = number * 10 + (uint64_t)(text[i] - '0');
    }
    return number * (uint64_t)sysconf(_SC_PAGESIZE);
}

int pl_memory_limit_enter(size_t bytes)
{
    rlim_t limit;
    if (__builtin_add_overflow((rlim_t)bytes, (rlim_t)pl_memory_in_use(), &limit))
        return 0; /* more than there are addresses */
    struct rlimit data;
    if (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_max < limit)
        limit = data.rlim_max;
    data = (struct rlimit){.rlim_cur = limit, .rlim_max = limit};
    return setrlimit(RLIMIT_DATA, &data) == 0 ? 0 : errno;
}
