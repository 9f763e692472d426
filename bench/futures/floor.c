/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What any future costs at least: one word to a thread on another core, one word back. The other thread spins, or sleeps on
 * a futex where the kernel is about that. Each is bound to a core of its own: waking a thread on one's own core is cheaper,
 * and no parallelism. */
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pthread.h>

static _Alignas(128) _Atomic uint32_t request;
static _Alignas(128) _Atomic uint32_t answer;
static bool sleeps;

/* To the first or the last of the CPUs that are ours. */
static void bind_to(bool last)
{
    cpu_set_t ours, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof ours, &ours) != 0)
        exit(1);
    int chosen = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &ours) && (last || chosen < 0))
            chosen = cpu;
    CPU_SET(chosen, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        exit(1);
}

static void *answer_requests(void *unused)
{
    bind_to(true);
    for (uint32_t seen = 0;;) {
        uint32_t now;
        while ((now = atomic_load_explicit(&request, memory_order_acquire)) == seen)
            if (sleeps)
                syscall(SYS_futex, &request, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
            else
                __builtin_ia32_pause();
        seen = now;
        atomic_store_explicit(&answer, now + 1, memory_order_release);
    }
    return unused;
}

static void submit(uint32_t number)
{
    atomic_store_explicit(&request, number, memory_order_release);
    if (sleeps)
        syscall(SYS_futex, &request, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static uint32_t await_answer(void)
{
    static uint32_t last;
    uint32_t now;
    while ((now = atomic_load_explicit(&answer, memory_order_acquire)) == last)
        __builtin_ia32_pause();
    last = now;
    return now;
}

/* The numbers differ from call to call, so that each is a new word; what is awaited is the difference. */
static uint32_t call_number;
#define BENCH_FUTURE                 uint32_t
#define BENCH_SUBMIT(future, number) ((void)(future = (uint32_t)(number)), submit(call_number += 2))
#define BENCH_AWAIT(future)          (await_answer() - call_number + future)
#define BENCH_SUITS(kernel)          BENCH_IS_SINGLE(kernel)
#define BENCH_BEGIN()                                                                                         \
    do {                                                                                                      \
        pthread_t thread;                                                                                     \
        sleeps = argc == 3 && strcmp(argv[1], "asleep") == 0;                                                 \
        if (pthread_create(&thread, NULL, answer_requests, NULL) != 0)                                        \
            return 1;                                                                                         \
        bind_to(false);                                                                                       \
    } while (0)

#include "kernels.h"
