/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The program runs itself again under a mask of one CPU, to see that the limit follows the mask it was
 * started with; and binds its main thread before it asks, to see that the limit follows nothing else. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/error.h>
#include <libparallel/topology.h>

#include "tests/support/property.h"

/* What a run of this program is asked to do, in the environment variable of this name. */
#define ROLE "LIBPARALLEL_TEST_ROLE"

/* Not with Check's assertions: it also runs where Check does not. */
static void bind_to_first(void)
{
    cpu_set_t mask;
    size_t cpu = 0;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0)
        abort();
    while (!CPU_ISSET(cpu, &mask))
        cpu++;
    CPU_ZERO(&mask);
    CPU_SET(cpu, &mask);
    if (sched_setaffinity(0, sizeof mask, &mask) != 0)
        abort();
}

static void *ask(void *out)
{
    parallel_limit *limit = out;
    if (parallel_worker_limit(limit) != 0)
        snprintf(limit->reason, sizeof limit->reason, "%s", parallel_last_error()->message);
    return NULL;
}

static int play(const char *role)
{
    if (strcmp(role, "bind, then ask") == 0)
        bind_to_first();
    parallel_limit limit;
    ask(&limit);
    puts(limit.reason);
    return EXIT_SUCCESS;
}

/* Runs this program in the role; `is_bound` starts it on one CPU. The answer is what it prints. */
static void run(const char *role, int is_bound, char *answer, int size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (is_bound)
            bind_to_first();
        setenv(ROLE, role, 1);
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    ck_assert_ptr_nonnull(fgets(answer, size, output));
    fclose(output);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

PROPERTY(a_mask_of_one_cpu_means_one_worker)
{
    char answer[PARALLEL_REASON_SIZE];
    run("ask", 1, answer, sizeof answer);
    ck_assert_int_eq(atoi(answer), 1);
}
PROPERTY_END

PROPERTY(binding_the_main_thread_later_changes_nothing)
{
    char before[PARALLEL_REASON_SIZE];
    char after[PARALLEL_REASON_SIZE];
    run("ask", 0, before, sizeof before);
    run("bind, then ask", 0, after, sizeof after);
    ck_assert_str_eq(before, after);
}
PROPERTY_END

PROPERTY(all_threads_and_forked_children_hear_the_same)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    parallel_limit limits[THREADS + 1];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &limits[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < THREADS; i++)
        ck_assert_str_eq(limits[0].reason, limits[i].reason);
    pid_t child = fork();
    if (child == 0) {
        ask(&limits[THREADS]);
        _exit(strcmp(limits[0].reason, limits[THREADS].reason) != 0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
PROPERTY_END

int main(void)
{
    if (getenv(ROLE) != NULL)
        return play(getenv(ROLE));
    const TTest *const tests[] = {a_mask_of_one_cpu_means_one_worker,
                                  binding_the_main_thread_later_changes_nothing,
                                  all_threads_and_forked_children_hear_the_same};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
