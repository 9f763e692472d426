/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a call in another process costs at least: a forked child bound to a core of its own, one word of shared memory to
 * it and one word back; both spin, or the child sleeps on a futex. */
#ifndef BENCH_PROCESSES_FLOOR_H
#define BENCH_PROCESSES_FLOOR_H

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../measure.h"

enum { FLOOR_ENDS = UINT32_MAX };

static cpu_set_t floor_cpus; /* ours; set by the program */

static struct floor {
    _Alignas(128) _Atomic uint32_t request;
    _Alignas(128) _Atomic uint32_t answer;
    _Alignas(128) _Atomic uint32_t is_asleep; /* the child says so, and sleeps until the request changes */
    _Atomic uint32_t sleeps;                  /* the child is to sleep when there is nothing to do */
    pid_t child;
} *floor_memory;

static _Noreturn void floor_answer(void)
{
    cpu_set_t first;
    int chosen = 0;
    CPU_ZERO(&first);
    while (chosen + 1 < CPU_SETSIZE && !CPU_ISSET(chosen, &floor_cpus))
        chosen++;
    CPU_SET(chosen, &first);
    sched_setaffinity(0, sizeof first, &first);
    for (uint32_t seen = 0;;) {
        uint32_t now;
        while ((now = atomic_load_explicit(&floor_memory->request, memory_order_acquire)) == seen)
            if (atomic_load_explicit(&floor_memory->sleeps, memory_order_relaxed) != 0)
                syscall(SYS_futex, &floor_memory->request, FUTEX_WAIT, seen, NULL, NULL, 0);
            else
                __builtin_ia32_pause();
        if (now == FLOOR_ENDS)
            _exit(0);
        seen = now;
        atomic_store_explicit(&floor_memory->answer, now, memory_order_release);
    }
}

static void floor_begin(bool sleeps)
{
    floor_memory = mmap(NULL, sizeof *floor_memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (floor_memory == MAP_FAILED)
        exit(1);
    floor_memory->sleeps = sleeps;
    floor_memory->child = fork();
    if (floor_memory->child < 0)
        exit(1);
    if (floor_memory->child == 0)
        floor_answer();
}

static void floor_round_trip(void)
{
    static uint32_t number;
    atomic_store_explicit(&floor_memory->request, ++number, memory_order_release);
    if (floor_memory->sleeps)
        syscall(SYS_futex, &floor_memory->request, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (atomic_load_explicit(&floor_memory->answer, memory_order_acquire) != number)
        __builtin_ia32_pause();
}

static void floor_end(void)
{
    atomic_store_explicit(&floor_memory->request, (uint32_t)FLOOR_ENDS, memory_order_release);
    syscall(SYS_futex, &floor_memory->request, FUTEX_WAKE, 1, NULL, NULL, 0);
    waitpid(floor_memory->child, NULL, 0);
    munmap(floor_memory, sizeof *floor_memory);
}

/* A call as lelo makes it without a library: a child a call. */
static void fork_and_wait(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child < 0 || waitpid(child, NULL, 0) != child)
        exit(1);
}

#endif
