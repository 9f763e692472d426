/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reads /proc. A file that vanishes while it is read belongs to a process that has just ended, which is no error; any
 * other surprise ends the test, with the reason. */
#include "tests/support/kernel_view.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/give_up.h"

static DIR *open_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        give_up(path);
    return directory;
}

/* The first line of a file in /proc; false if there is none (any more). */
static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool is_read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    return is_read;
}

/* What stands behind the name in a "stat" file: "S 4711 ..." (state, parent); NULL if the process or thread is gone. The
 * name stands in parentheses and may itself contain parentheses and blanks. */
static const char *read_state(const char *stat_path, char *line, size_t size)
{
    const char *end_of_name = read_line(stat_path, line, size) ? strrchr(line, ')') : NULL;
    return end_of_name == NULL ? NULL : end_of_name + 2;
}

size_t current_children(pid_t children[], size_t capacity)
{
    size_t count = 0;
    DIR *processes = open_directory("/proc");
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char path[300], line[512];
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        const char *state = read_state(path, line, sizeof line);
        if (state == NULL || strtol(state + 2, NULL, 10) != getpid())
            continue;
        if (count < capacity)
            children[count] = (pid_t)strtol(entry->d_name, NULL, 10);
        count++;
    }
    closedir(processes);
    return count;
}

void adopt_orphans(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) != 0)
        give_up("PR_SET_CHILD_SUBREAPER");
}

void wait_until_no_child_is_left(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

size_t thread_count(void)
{
    size_t count = 0;
    DIR *threads = open_directory("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(threads);
    return count;
}

void wait_until_thread_count_is(size_t count)
{
    while (thread_count() != count)
        sched_yield();
}

uint64_t cpu_time_used_ns(pid_t process)
{
    clockid_t clock;
    struct timespec used;
    errno = clock_getcpuclockid(process, &clock);
    if (errno != 0 || clock_gettime(clock, &used) != 0)
        give_up("CPU time");
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Where "syscall" may not be read, being asleep is all that can be seen; in what, only where it may. */
static bool is_asleep(pid_t thread, const void *word)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)thread);
    const char *state = read_state(path, line, sizeof line);
    if (state == NULL)
        give_up(path);
    if (*state != 'S')
        return false;
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)thread);
    if (word == NULL || !read_line(path, line, sizeof line))
        return true;
    long number;
    unsigned long first_argument;
    return sscanf(line, "%ld %lx", &number, &first_argument) == 2 && number == SYS_futex &&
           first_argument == (unsigned long)(uintptr_t)word;
}

void wait_until_asleep(pid_t thread, const void *word)
{
    while (!is_asleep(thread, word))
        sched_yield();
}
