/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Deaths of workers, of every kind: one call fails and says why, or is made again, and all others are as if nothing had
 * happened. */
#include <parallel.h>
#include <libparallel/shared.h>

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/process_group.h"
#include "tests/support/crashes.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static int add(int a, int b)
{
    return a + b;
}
PARALLEL_FN(int, add, int, int)

enum death { BY_ABORT, BY_SEGMENTATION, BY_STACK, BY_DIVISION, BY_KILL, BY_EXIT, BY_QUICK_EXIT };

static int die(int how)
{
    switch ((enum death)how) {
    case BY_ABORT:
        abort();
    case BY_SEGMENTATION:
        return crash_by_write(forbidden_page());
    case BY_STACK:
        return crash_by_recursion(NULL, 0);
    case BY_DIVISION:
        return crash_by_division();
    case BY_KILL:
        raise(SIGKILL);
        break;
    case BY_EXIT:
        exit(3);
    case BY_QUICK_EXIT:
        _exit(0);
    }
    return 0;
}
PARALLEL_FN(int, die, int)

static int wait_for_ever(_Atomic int *begun)
{
    if (begun != NULL)
        atomic_fetch_add(begun, 1);
    while (begun == NULL || atomic_load(begun) > 0)
        pause();
    return 0;
}
PARALLEL_FN(int, wait_for_ever, _Atomic int *)

static int count(_Atomic int *made)
{
    return atomic_fetch_add(made, 1);
}
PARALLEL_FN(int, count, _Atomic int *)

static int own_pid(void)
{
    return (int)getpid();
}
PARALLEL_FN(int, own_pid)

static void pause_for_us(long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static parallel_executor *open_processes(const char *specification)
{
    parallel_executor *executor;
    ck_assert_msg(parallel_executor_open(specification, &executor) == 0, "%s", parallel_last_error()->message);
    return executor;
}

static void check_still_works(parallel_executor *executor)
{
    for (int i = 0; i < 50; i++) {
        int sum;
        parallel_future *future = add_on(executor, i, 1);
        ck_assert_msg(add_result(future, &sum) == 0, "%s", parallel_last_error()->message);
        ck_assert_int_eq(sum, i + 1);
        parallel_future_release(future);
    }
}

PROPERTY(each_death_is_named)
{
    (void)forbidden_page(); /* at one address in all workers */
    parallel_executor *executor = open_processes("processes:2,places=none,name=named");
    const struct {
        enum death how;
        int signal, exit_status;
        const char *texts[2];
    } deaths[] = {{BY_ABORT, SIGABRT, -1, {" died of SIGABRT (abort)", " < die+0x"}},
                  {BY_SEGMENTATION, SIGSEGV, -1, {"SIGSEGV (invalid memory access) at address 0x", " in crash_by_write+0x"}},
                  {BY_STACK, SIGSEGV, -1, {"stack overflow (SIGSEGV) in crash_by_recursion+0x", " times"}},
                  {BY_DIVISION, SIGFPE, -1, {"SIGFPE (invalid arithmetic)", "crash_by_division+0x"}},
                  {BY_KILL, SIGKILL, -1, {"SIGKILL (killed from outside)"}},
                  {BY_EXIT, 0, 3, {" left by exit(3)"}},
                  {BY_QUICK_EXIT, 0, 0, {" left by _exit(0)"}}};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        parallel_future *future = die_on(executor, (int)deaths[i].how);
        parallel_failure failure;
        ck_assert_int_eq(parallel_future_wait(future, PARALLEL_NEVER), 0);
        ck_assert_int_eq(parallel_future_error(future, &failure), 0);
        ck_assert_int_eq(failure.code, PARALLEL_ECRASHED);
        ck_assert_int_eq(failure.signal, deaths[i].signal);
        ck_assert_int_eq(failure.exit_status, deaths[i].exit_status);
        ck_assert_int_gt(failure.pid, 0);
        for (int k = 0; k < 2 && deaths[i].texts[k] != NULL; k++)
            ck_assert_msg(strstr(failure.message, deaths[i].texts[k]) != NULL, "no \"%s\" in: %s", deaths[i].texts[k],
                          failure.message);
        char who[64];
        snprintf(who, sizeof who, "die: worker named-%d, process %d ", failure.worker, failure.pid);
        ck_assert_msg(strncmp(failure.message, who, strlen(who)) == 0, "%s", failure.message);
        parallel_future_release(future);
        check_still_works(executor);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(a_call_over_its_time_ends_and_the_next_one_is_not_hit)
{
    parallel_executor *executor = open_processes("processes:1,places=none,timeout=0.05");
    parallel_future *late = wait_for_ever_on(executor, NULL);
    parallel_future *next = add_on(executor, 1, 2);
    int result;
    parallel_failure failure;
    ck_assert_int_eq(wait_for_ever_result(late, &result), PARALLEL_ETIMELIMIT);
    ck_assert_int_eq(parallel_future_error(late, &failure), 0);
    ck_assert_ptr_nonnull(strstr(failure.message, "timeout=0.05"));
    ck_assert_int_eq(add_result(next, &result), 0);
    ck_assert_int_eq(result, 3);
    parallel_future_release(late);
    parallel_future_release(next);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(a_running_call_is_killed_and_a_pending_one_cancelled)
{
    _Atomic int *begun = parallel_shared_alloc(sizeof *begun);
    parallel_executor *executor = open_processes("processes:1,places=none");
    parallel_future *running = wait_for_ever_on(executor, begun);
    parallel_future *pending = wait_for_ever_on(executor, begun);
    while (atomic_load(begun) == 0)
        pause_for_us(100);
    ck_assert(parallel_future_is_running(running));
    ck_assert_int_eq(parallel_future_state(pending), PARALLEL_PENDING);
    ck_assert_int_eq(parallel_future_kill(pending), 0);
    ck_assert_int_eq(parallel_future_state(pending), PARALLEL_CANCELLED);
    ck_assert_int_eq(parallel_future_cancel(running), PARALLEL_ERUNNING);
    ck_assert_int_eq(parallel_future_kill(running), 0);
    ck_assert_int_eq(parallel_future_wait(running, PARALLEL_NEVER), 0);
    ck_assert_int_eq(parallel_future_state(running), PARALLEL_CANCELLED);
    parallel_future_release(running);
    parallel_future_release(pending);
    check_still_works(executor);
    ck_assert_int_eq(atomic_load(begun), 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free((void *)begun);
}
PROPERTY_END

static int die_at_first(_Atomic int *tries, int deaths)
{
    int before = atomic_fetch_add(tries, 1);
    if (before < deaths)
        raise(SIGKILL);
    return before;
}
PARALLEL_FN(int, die_at_first, _Atomic int *, int)

PROPERTY(retries_make_a_call_again_and_a_poisoned_one_fails_alone)
{
    _Atomic int *tries = parallel_shared_alloc(2 * sizeof *tries);
    parallel_executor *executor = open_processes("processes:2,places=none,retries=2");
    parallel_future *lucky = die_at_first_on(executor, &tries[0], 2);
    parallel_future *poisoned = die_at_first_on(executor, &tries[1], 1000);
    parallel_future *others[50];
    int result;
    for (int i = 0; i < 50; i++)
        others[i] = add_on(executor, i, 1);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(add_await(others[i]), i + 1);
    ck_assert_int_eq(die_at_first_result(lucky, &result), 0);
    ck_assert_int_eq(result, 2);
    ck_assert_int_eq(die_at_first_result(poisoned, &result), PARALLEL_ECRASHED);
    ck_assert_int_eq(atomic_load(&tries[1]), 3);
    parallel_future_release(lucky);
    parallel_future_release(poisoned);
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free((void *)tries);
}
PROPERTY_END

PROPERTY(a_worker_serves_as_many_calls_as_max_tasks_says)
{
    parallel_executor *executor = open_processes("processes:1,places=none,max_tasks=2");
    parallel_future *futures[6];
    int pids[6];
    for (int i = 0; i < 6; i++)
        futures[i] = own_pid_on(executor);
    for (int i = 0; i < 6; i++)
        pids[i] = own_pid_await(futures[i]);
    for (int i = 0; i < 6; i += 2) {
        ck_assert_int_eq(pids[i], pids[i + 1]);
        ck_assert(i == 0 || pids[i] != pids[i - 1]);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(workers_are_replaced_while_calls_wait_and_the_executor_closes)
{
    _Atomic int *made = parallel_shared_alloc(sizeof *made);
    parallel_executor *executor = open_processes("processes:2,places=none,max_tasks=1");
    for (int i = 0; i < 20; i++)
        parallel_future_release(count_on(executor, made));
    ck_assert_int_eq(parallel_executor_close(executor), 0); /* waits for what was submitted */
    ck_assert_int_eq(atomic_load(made), 20);
    parallel_shared_free((void *)made);
}
PROPERTY_END

/* At any moment of a call's life: it ends as one or the other, once, and the next one is not hit. */
PROPERTY(a_call_is_killed_at_any_moment)
{
    parallel_executor *executor = open_processes("processes:2,places=none");
    for (int i = 0; i < 60; i++) {
        parallel_future *future = wait_for_ever_on(executor, NULL), *next = add_on(executor, i, i);
        for (volatile int turn = 0; turn < i * 3000; turn++)
            continue;
        ck_assert_int_eq(parallel_future_kill(future), 0);
        ck_assert_int_eq(parallel_future_wait(future, PARALLEL_NEVER), 0);
        ck_assert(parallel_future_is_cancelled(future));
        ck_assert_int_eq(add_await(next), 2 * i);
        parallel_future_release(future);
    }
    parallel_future *ended = add_on(executor, 1, 1);
    ck_assert_int_eq(parallel_future_wait(ended, PARALLEL_NEVER), 0);
    ck_assert_int_eq(parallel_future_kill(ended), PARALLEL_EDONE);
    parallel_future_release(ended);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int refuse_all_but_first(void *context)
{
    return atomic_fetch_add((_Atomic int *)context, 1) == 0 ? 0 : 19;
}

PROPERTY(an_initializer_that_fails_in_a_replacement_fails_what_waits)
{
    _Atomic int *starts = parallel_shared_alloc(sizeof *starts);
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "processes";
    options.workers = 1;
    options.places = "none";
    options.initializer = refuse_all_but_first;
    options.initializer_context = (void *)starts;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_future *good = add_on(executor, 1, 1), *bad = die_on(executor, BY_KILL), *next = add_on(executor, 2, 2);
    int result;
    ck_assert_int_eq(add_result(good, &result), 0);
    ck_assert_int_eq(die_result(bad, &result), PARALLEL_ECRASHED);
    ck_assert_int_eq(add_result(next, &result), PARALLEL_EINITIALIZER);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "returned 19"));
    parallel_future_release(good);
    parallel_future_release(bad);
    parallel_future_release(next);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    parallel_shared_free((void *)starts);
}
PROPERTY_END

/* As most programs do that find no memory. */
static int use_up_memory(int is_polite)
{
    for (;;) {
        volatile char *block = malloc(1 << 16);
        if (block == NULL && is_polite)
            exit(1);
        if (block == NULL)
            abort();
        block[0] = 1;
    }
}
PARALLEL_FN(int, use_up_memory, int)

PROPERTY(lack_of_memory_is_named)
{
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER) /* their malloc ends the process where libc's returns NULL */
        return;
    parallel_executor *executor = open_processes("processes:1,places=none,memory=16MiB");
    for (int is_polite = 0; is_polite < 2; is_polite++) {
        parallel_future *future = use_up_memory_on(executor, is_polite);
        int result;
        ck_assert_int_eq(use_up_memory_result(future, &result), PARALLEL_ECRASHED);
        ck_assert_msg(strstr(parallel_last_error()->message, is_polite ? "exit(1)" : "SIGABRT") != NULL &&
                          strstr(parallel_last_error()->message, "probably out of memory") != NULL,
                      "%s", parallel_last_error()->message);
        parallel_future_release(future);
    }
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int map_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    munmap(memory, size);
    return 0;
}
PARALLEL_FN(int, map_memory, size_t)

PROPERTY(memory_is_limited)
{
    parallel_executor *executor = open_processes("processes:1,places=none,memory=64MiB");
    parallel_future *future = map_memory_on(executor, (size_t)16 << 20);
    ck_assert_int_eq(map_memory_await(future), 0);
    future = map_memory_on(executor, (size_t)256 << 20);
    ck_assert_int_eq(map_memory_await(future), 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int refuse(void *context)
{
    (void)context;
    return 17;
}

static int crash(void *context)
{
    (void)context;
    abort();
}

PROPERTY(an_initializer_that_fails_or_crashes_fails_every_call)
{
    for (int round = 0; round < 2; round++) {
        parallel_executor_options options = parallel_executor_options_default();
        options.kind = "processes";
        options.workers = 2;
        options.places = "none";
        options.initializer = round == 0 ? refuse : crash;
        parallel_executor *executor;
        ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
        parallel_future *futures[5];
        int sum;
        for (int i = 0; i < 5; i++)
            futures[i] = add_on(executor, i, i);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(add_result(futures[i], &sum), PARALLEL_EINITIALIZER);
            ck_assert_msg(strstr(parallel_last_error()->message, round == 0 ? "returned 17" : " died of SIGABRT") != NULL,
                          "%s", parallel_last_error()->message);
            parallel_future_release(futures[i]);
        }
        parallel_future *later = add_on(executor, 1, 1);
        ck_assert_int_eq(add_result(later, &sum), PARALLEL_EINITIALIZER);
        parallel_future_release(later);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PROPERTY(the_death_of_idle_workers_fails_nothing)
{
    ck_assert_int_eq(setpgid(0, 0), 0);
    parallel_executor *executor = open_processes("processes:2,places=none,name=idle");
    for (int round = 0; round < 20; round++) {
        check_still_works(executor);
        pid_t workers[2];
        size_t count = processes_of_group(getpid(), "idle-", workers, 2);
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(kill(workers[i], SIGKILL), 0);
    }
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static void stop_and_wait(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    char path[64], line[512] = "", *end = NULL;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    while (end == NULL || end[2] != 'T') {
        FILE *stat = fopen(path, "re");
        ck_assert_ptr_nonnull(stat);
        ck_assert_ptr_nonnull(fgets(line, sizeof line, stat));
        fclose(stat);
        end = strrchr(line, ')');
    }
}

/* What broke: the only worker that had been started was stopped, counted as one that was awake, and no other one was
 * started. */
PROPERTY(a_stopped_worker_holds_up_no_other_call)
{
    parallel_executor *executor = open_processes("processes:2,places=none");
    pid_t first = (pid_t)own_pid_await(own_pid_on(executor));
    stop_and_wait(first);
    for (int round = 0; round < 3; round++)
        ck_assert_int_ne(own_pid_await(own_pid_on(executor)), first);
    ck_assert_int_eq(kill(first, SIGCONT), 0);
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(other_kinds_refuse_what_only_processes_can)
{
    static const char *const specifications[] = {"threads:1,timeout=1", "serial,memory=64MiB", "threads:1,retries=1",
                                                 "serial,max_tasks=3"};
    parallel_executor *executor;
    for (size_t i = 0; i < sizeof specifications / sizeof specifications[0]; i++)
        ck_assert_int_eq(parallel_executor_open(specifications[i], &executor), PARALLEL_ESPECIFICATION);
}
PROPERTY_END

PROPERTIES(each_death_is_named, a_call_over_its_time_ends_and_the_next_one_is_not_hit,
           a_running_call_is_killed_and_a_pending_one_cancelled,
           retries_make_a_call_again_and_a_poisoned_one_fails_alone, a_worker_serves_as_many_calls_as_max_tasks_says,
           workers_are_replaced_while_calls_wait_and_the_executor_closes, a_call_is_killed_at_any_moment,
           an_initializer_that_fails_in_a_replacement_fails_what_waits, memory_is_limited, lack_of_memory_is_named,
           an_initializer_that_fails_or_crashes_fails_every_call, the_death_of_idle_workers_fails_nothing,
           a_stopped_worker_holds_up_no_other_call, other_kinds_refuse_what_only_processes_can)
