/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program with busy workers is killed at random moments, from its first steps on: nothing that it has started lives a
 * second longer. */
#include <parallel.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/process_group.h"

#define PROPERTY_TIME_LIMIT 300
#include "tests/support/property.h"

static int work(int x)
{
    for (volatile int i = 0; i < x; i++)
        continue;
    return x;
}
PARALLEL_FN(int, work, int)

static void pause_for_us(long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static void live(void)
{
    setpgid(0, 0);
    parallel_executor *executor;
    if (parallel_executor_open("processes:3,places=none", &executor) != 0)
        _exit(1);
    for (;;) {
        parallel_future *futures[20];
        for (int i = 0; i < 20; i++)
            futures[i] = work_on(executor, i * 1000);
        for (int i = 0; i < 20; i++)
            (void)work_await(futures[i]);
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

PROPERTY(no_worker_survives_its_program_by_a_second)
{
    unsigned random = (unsigned)time(NULL);
    printf("seed %u\n", random);
    fflush(stdout); /* before children inherit it */
    for (int round = 0; round < 100; round++) {
        pid_t program = fork();
        ck_assert_int_ge(program, 0);
        if (program == 0)
            live();
        setpgid(program, program);
        random = random * 1103515245u + 12345u;
        pause_for_us((long)(random >> 8) % (round % 2 == 0 ? 5000 : 50000));
        ck_assert_int_eq(kill(program, SIGKILL), 0);
        int status;
        ck_assert_int_eq(waitpid(program, &status, 0), program);
        ck_assert_msg(WIFSIGNALED(status), "the program ended by itself in round %d: status %d", round, status);
        double end = seconds_now() + 1.0;
        size_t left;
        while ((left = processes_of_group(program, "", NULL, 0)) > 0 && seconds_now() < end)
            pause_for_us(1000);
        ck_assert_msg(left == 0, "%zu processes are left in round %d", left, round);
    }
}
PROPERTY_END

PROPERTIES(no_worker_survives_its_program_by_a_second)
