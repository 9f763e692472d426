/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel's list of this process's threads, read while it changes. */
#include "libparallel/workers/thread_count.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1 /* as gcc says it */
#endif
#endif

#ifdef __SANITIZE_THREAD__
enum { FOREIGN_THREADS = 2 }; /* the sanitizer's own: one, and in a forked child another one */
#else
enum { FOREIGN_THREADS = 0 };
#endif

/* The kernel's flag of a thread that ends, in field 9 of its stat, see proc(5): what was joined has it, and may be on the
 * list for some while yet. */
#define PF_EXITING 0x4U

/* Looks at a changing list before the count of the kernel is believed instead. */
enum { THREAD_LOOKS = 100 };

enum thread_state { THREAD_LIVES, THREAD_ENDS, THREAD_IS_GONE };

/* One that cannot be looked at may live. */
static enum thread_state look_at_thread(int threads, const char *thread)
{
    char path[32], line[512];
    unsigned flags;
    snprintf(path, sizeof path, "%.20s/stat", thread);
    int fd = openat(threads, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? THREAD_IS_GONE : THREAD_LIVES;
    ssize_t length = read(fd, line, sizeof line - 1);
    int read_errno = errno;
    close(fd);
    if (length < 0)
        return read_errno == ESRCH ? THREAD_IS_GONE : THREAD_LIVES;
    line[length] = '\0';
    const char *name_end = strrchr(line, ')');
    bool is_ending = name_end != NULL && sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
                     (flags & PF_EXITING) != 0;
    return is_ending ? THREAD_ENDS : THREAD_LIVES;
}

/* Counts who lives. False: threads went meanwhile, and then the list may end too early; *all is how many the kernel has, ending
 * ones too. */
static bool count_living(DIR *threads, int *living, int *all)
{
    bool is_whole = true;
    int listed = 0;
    *living = 0;
    rewinddir(threads);
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        enum thread_state state = look_at_thread(dirfd(threads), entry->d_name);
        listed++;
        *living += state == THREAD_LIVES;
        is_whole = is_whole && state != THREAD_IS_GONE;
    }
    struct stat status;
    *all = fstat(dirfd(threads), &status) == 0 ? (int)status.st_nlink - 2 : listed; /* a link each */
    return is_whole && listed >= *all;
}

int pl_thread_count(void)
{
    DIR *threads = opendir("/proc/self/task");
    if (threads == NULL)
        return errno == ENOENT ? 1 : 2; /* nobody can ever tell, or not now: then there may be others */
    int living, all;
    bool is_whole = false;
    for (int look = 0; look < THREAD_LOOKS && !is_whole; look++)
        is_whole = count_living(threads, &living, &all);
    closedir(threads);
    if (!is_whole && living < all)
        living = all;
    return living - FOREIGN_THREADS < 1 ? 1 : living - FOREIGN_THREADS;
}
