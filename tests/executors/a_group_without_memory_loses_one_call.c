/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel kills a worker since the control group has no memory left: its call fails and says so, and the others go on.
 * In a group of the test's own, which takes the right to make one. */
#include <parallel.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/property.h"

enum { LIMIT_MIB = 256, TOO_MANY_MIB = 1024 };

static char group[512], home[512]; /* folders of the control groups; home is where this process was */

/* Returns how much it has touched. */
static int touch_mib(int count)
{
    for (int i = 0; i < count; i++) {
        char *memory = malloc(1 << 20);
        if (memory == NULL)
            return i;
        memset(memory, i | 1, 1 << 20);
        __asm__ volatile("" : : "r"(memory) : "memory"); /* or the compiler leaves it out */
    }
    return count;
}
PARALLEL_FN(int, touch_mib, int)

static int twice(int x)
{
    return 2 * x;
}
PARALLEL_FN(int, twice, int)

PROPERTY(the_call_says_that_memory_ran_out)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:2,places=none", &executor), 0);
    parallel_future *greedy = touch_mib_on(executor, TOO_MANY_MIB);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(twice_await(twice_on(executor, i)), 2 * i);
    parallel_failure failure;
    ck_assert_int_eq(parallel_future_wait(greedy, parallel_deadline_in(50.0)), 0);
    ck_assert_int_eq(parallel_future_error(greedy, &failure), 0);
    ck_assert_int_eq(failure.code, PARALLEL_ECRASHED);
    ck_assert_int_eq(failure.signal, SIGKILL);
    ck_assert_msg(strstr(failure.message, "probably out of memory") != NULL, "%s", failure.message);
    parallel_future_release(greedy);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(twice_await(twice_on(executor, i)), 2 * i);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static bool write_number(const char *folder, const char *file, long number)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *stream = fopen(path, "we");
    bool is_written = stream != NULL && fprintf(stream, "%ld", number) > 0;
    return stream != NULL && fclose(stream) == 0 && is_written;
}

/* Where the memory controller has this process: of version 1, or of 2. */
static bool find_home(bool *is_version_1)
{
    char line[400];
    FILE *file = fopen("/proc/self/cgroup", "re");
    home[0] = '\0';
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *controllers = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        *is_version_1 = strncmp(controllers, ":memory:", 8) == 0;
        if (*is_version_1) {
            snprintf(home, sizeof home, "/sys/fs/cgroup/memory%s", controllers + 8);
            break;
        }
        if (strncmp(controllers, "::", 2) == 0)
            snprintf(home, sizeof home, "/sys/fs/cgroup%s", controllers + 2);
    }
    if (file != NULL)
        fclose(file);
    return home[0] != '\0';
}

static bool enter_group(void)
{
    bool is_version_1 = false;
    if (!find_home(&is_version_1))
        return false;
    snprintf(group, sizeof group, "%.400s/libparallel-test-%ld", home, (long)getpid());
    if (mkdir(group, 0755) != 0)
        return false;
    /* Where there is swap, and it can be told: none of it. */
    (void)write_number(group, is_version_1 ? "memory.swappiness" : "memory.swap.max", 0);
    const char *limit = is_version_1 ? "memory.limit_in_bytes" : "memory.max";
    if (write_number(group, limit, LIMIT_MIB * 1048576L) && write_number(group, "cgroup.procs", getpid()))
        return true;
    rmdir(group);
    return false;
}

int main(void)
{
    if (!enter_group()) {
        printf("no control group of one's own with a limit of memory (needs root, or a delegated group)\n");
        return 77;
    }
    const TTest *const tests[] = {the_call_says_that_memory_ran_out};
    int result = property_run(__FILE__, tests, 1);
    if (!write_number(home, "cgroup.procs", getpid()) || rmdir(group) != 0) {
        fprintf(stderr, "%s is left\n", group);
        return EXIT_FAILURE;
    }
    return result;
}
