/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What pending futures weigh, and whether their memory comes back: bytes of resident memory for each of COUNT, the time
 * of the first round (which also touches the memory for the first time) beside that of a bare first touch, what is left a
 * second after it, and the time where the memory is warm: the last of several rounds that follow at once, since half a
 * second later it would have been given back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

enum { COUNT = 10000000, WARM_COUNT = 1000000, WARM_ROUNDS = 5 };

static long add_one(long number)
{
    return number + 1;
}
PARALLEL_FN(long, add_one, long)

static parallel_future *futures[COUNT];

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static double resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        exit(1);
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double submit_all(parallel_executor *executor, int count)
{
    double begin = now_ns();
    for (int i = 0; i < count; i++)
        futures[i] = add_one_on(executor, i);
    return (now_ns() - begin) / count;
}

static void await_all(int count)
{
    for (int i = 0; i < count; i++)
        if (add_one_await(futures[i]) != i + 1)
            exit(1);
}

static double first_touch(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        exit(1);
    double begin = now_ns();
    for (size_t at = 0; at < size; at += 4096)
        memory[at] = 1;
    double each = (now_ns() - begin) / COUNT;
    munmap(memory, size);
    return each;
}

int main(void)
{
    parallel_executor *executor;
    if (parallel_executor_open("threads:1", &executor) != 0)
        return 1;
    memset(futures, 1, sizeof futures);
    (void)add_one_await(add_one_on(executor, 0));
    double before = resident_bytes();
    double cold = submit_all(executor, COUNT);
    double each = (resident_bytes() - before) / COUNT;
    await_all(COUNT);
    sleep(1);
    double left = resident_bytes() - before;
    double warm = 0;
    for (int round = 0; round < WARM_ROUNDS; round++) {
        warm = submit_all(executor, WARM_COUNT);
        await_all(WARM_COUNT);
    }
    double touch = first_touch((size_t)(each * COUNT));
    printf("memory: %.0f bytes a pending future (goal 192); one second after 10^7 of them %.2f MiB more than before (goal 1)\n"
           "submission: %.0f ns cold (first touch of as much memory alone: %.0f ns), %.0f ns warm (goal 200)\n",
           each, left / (1 << 20), cold, touch, warm);
    return parallel_executor_close(executor) == 0 ? 0 : 1;
}
