/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A forked process of a program with busy threads can allocate, knows its CPU, gets signals, sees a copy of
 * memory, uses resources that are counted, and ends when its time is up or somebody kills it. */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/base/usage.h"
#include "libparallel/workers/forked_process.h"

#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static struct pl_forked_process process;
static _Atomic uint32_t is_over;

static void init(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    pl_forked_process_init(&process, &mask);
}

static int status_of(void (*body)(void *context), void *context)
{
    ck_assert_int_eq(pl_forked_process_run(&process, body, context, 0), 0);
    ck_assert(process.end.is_status_known);
    ck_assert(WIFEXITED(process.end.status));
    return WEXITSTATUS(process.end.status);
}

static void *allocate(void *context)
{
    (void)context;
    for (unsigned size = 1; pl_load_relaxed(&is_over) == 0; size = size * 5 % 100003) {
        void *volatile block = malloc(size);
        free(block);
    }
    return NULL;
}

static void allocate_much(void *context)
{
    (void)context;
    for (size_t size = 1; size < 1 << 22; size *= 3) {
        char *block = malloc(size);
        if (block == NULL)
            _exit(1);
        memset(block, 1, size);
        free(block);
    }
    _exit(2);
}

PROPERTY(it_allocates_while_threads_of_the_program_do)
{
    /* Of gcc 12 and clang 14. Its allocator does not take its own locks around a fork, so a child finds them as another
     * thread held them: a plain fork() in place of pl_forked_process_run() hangs here just the same. */
    if (UNDER_ADDRESS_SANITIZER)
        return;
    init();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, allocate, NULL), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(status_of(allocate_much, NULL), 2);
    pl_store_relaxed(&is_over, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}
PROPERTY_END

/* Moves to each allowed CPU in turn and asks libc where it is. */
static void look_where_it_is(void *context)
{
    (void)context;
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0 || (unsigned)sched_getcpu() != cpu)
            _exit(1);
    }
    _exit(2);
}

PROPERTY(it_knows_its_cpu)
{
    init();
    ck_assert_int_eq(status_of(look_where_it_is, NULL), 2);
}
PROPERTY_END

static void look_at_its_signals(void *context)
{
    const sigset_t *expected = context;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    struct sigaction action;
    sigaction(SIGINT, NULL, &action);
    bool is_right = action.sa_handler == SIG_IGN;
    for (int signal = 1; signal < 32; signal++)
        is_right = is_right && sigismember(&mask, signal) == sigismember(expected, signal);
    _exit(is_right ? 2 : 1);
}

PROPERTY(its_signals_are_those_of_the_program)
{
    sigset_t mask, all;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pl_forked_process_init(&process, &mask);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL); /* as in a worker thread */
    ck_assert_int_eq(status_of(look_at_its_signals, &mask), 2);
}
PROPERTY_END

static void change(void *context)
{
    int *value = context;
    _exit((*value)++);
}

PROPERTY(it_works_on_a_copy_of_memory)
{
    init();
    int value = 5;
    ck_assert_int_eq(status_of(change, &value), 5);
    ck_assert_int_eq(status_of(change, &value), 5);
}
PROPERTY_END

enum { TOUCHED = 32 << 20 };

static void touch_memory(void *context)
{
    (void)context;
    char *block = malloc(TOUCHED);
    for (size_t i = 0; block != NULL && i < TOUCHED; i += 4096)
        ((volatile char *)block)[i] = 1;
    _exit(block != NULL ? 2 : 1);
}

PROPERTY(what_it_used_is_counted)
{
    init();
    ck_assert_int_eq(status_of(touch_memory, NULL), 2);
    struct pl_usage resources;
    pl_usage_of_rusage(&process.end.usage, &resources);
    ck_assert_uint_ge(resources.peak_bytes, TOUCHED);
    ck_assert_uint_gt(resources.minor_faults, 0);
    ck_assert_uint_gt(resources.user_ns + resources.system_ns, 0);
}
PROPERTY_END

static void wait_for_ever(void *context)
{
    (void)context;
    for (;;)
        pause();
}

PROPERTY(it_ends_when_its_time_is_up)
{
    init();
    ck_assert_int_eq(pl_forked_process_run(&process, wait_for_ever, NULL, 1000000), 0);
    ck_assert(process.is_late);
    ck_assert(WIFSIGNALED(process.end.status));
    ck_assert_int_eq(WTERMSIG(process.end.status), SIGKILL);
}
PROPERTY_END

static void stop_itself(void *context)
{
    (void)context;
    raise(SIGSTOP);
    _exit(0);
}

PROPERTY(its_time_is_up_though_it_is_stopped)
{
    init();
    ck_assert_int_eq(pl_forked_process_run(&process, stop_itself, NULL, 1000000), 0);
    ck_assert_int_eq(WTERMSIG(process.end.status), SIGKILL);
}
PROPERTY_END

PROPERTY(a_kill_that_comes_before_the_birth_is_kept)
{
    init();
    pl_forked_process_prepare(&process);
    pl_forked_process_kill(&process);
    ck_assert_int_eq(pl_forked_process_run(&process, wait_for_ever, NULL, 0), 0);
    ck_assert(process.is_kill_wanted);
    ck_assert_int_eq(WTERMSIG(process.end.status), SIGKILL);
}
PROPERTY_END

PROPERTIES(it_allocates_while_threads_of_the_program_do, it_knows_its_cpu, its_signals_are_those_of_the_program,
           it_works_on_a_copy_of_memory, what_it_used_is_counted, it_ends_when_its_time_is_up,
           its_time_is_up_though_it_is_stopped, a_kill_that_comes_before_the_birth_is_kept)
