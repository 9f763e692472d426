/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An inline loop on an executor of processes: each iteration runs once, in a child that was forked at the loop and ends at its
 * end. */
#include <parallel.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/macros/process_loops.h"
#include "tests/support/kernel_view.h"
#include "tests/support/sanitizer.h"

enum { COUNT = 1800 };

static int count_wrong(const atomic_int *marks, int first, int last, int expected)
{
    int wrong = 0;
    for (int i = first; i < last; i++)
        wrong += marks[i] != expected;
    return wrong;
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

PROPERTY(each_iteration_once)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        atomic_int *marks = share_zeroed(COUNT * sizeof *marks);
        atomic_int *after = share_zeroed(sizeof *after);
        int used = -1;
        for (int round = 0; round < 2; round++) {
            PARALLEL_FOR(i, 0, COUNT, .executor = executor, .fork = fork_of_form(form))
                marks[i]++;
            ++*after; /* a child that came here would count too */
            PARALLEL_FOR_STEP(i, COUNT - 1, -1, -1, .executor = executor, .fork = fork_of_form(form), .grain = 300)
                marks[i]++;
            PARALLEL_FOR_2D(i, 0, COUNT / 60, j, 0, 60, .executor = executor, .fork = fork_of_form(form))
                marks[i * 60 + j]++;
            ck_assert_int_eq(count_wrong(marks, 0, COUNT, 3 * (round + 1)), 0);
            if (round == 0)
                used = open_descriptors();
        }
        ck_assert_int_eq(*after, 2);
        ck_assert_int_eq(open_descriptors(), used);
        parallel_shared_free(marks);
        parallel_shared_free(after);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(also_the_only_one_and_none)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        atomic_int *pid = share_zeroed(sizeof *pid);
        PARALLEL_FOR(i, 7, 8, .executor = executor, .fork = fork_of_form(form), .inline_below = 100)
            *pid = (int)getpid() + i - 7;
        ck_assert_int_ne(*pid, 0);
        ck_assert_int_ne(*pid, (int)getpid());
        PARALLEL_FOR(i, 8, 8, .executor = executor, .fork = fork_of_form(form))
            *pid = 0;
        ck_assert_int_ne(*pid, 0);
        parallel_shared_free(pid);
        close_executor(executor);
    }
}
PROPERTY_END

static int count_different(const atomic_int *numbers, int count)
{
    int different = 0;
    for (int i = 0; i < count; i++) {
        int k = 0;
        while (numbers[k] != numbers[i])
            k++;
        different += k == i;
    }
    return different;
}

PROPERTY(on_a_copy_of_memory_as_it_is_at_the_loop)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        atomic_int *seen = share_zeroed(100 * sizeof *seen);
        int mine = 5;
        int *heap = malloc(sizeof *heap);
        ck_assert_ptr_nonnull(heap);
        *heap = 50;
        mine = 6;
        PARALLEL_FOR(i, 0, 100, .executor = executor, .fork = fork_of_form(form), .grain = 1) {
            seen[i] = *heap + mine - 56 + i;
            if (fork_of_form(form) == PARALLEL_FORK_PER_CHUNK)
                *heap = mine = 1000;
        }
        for (int i = 0; i < 100; i++)
            ck_assert_int_eq(seen[i], i);
        ck_assert_int_eq(*heap + mine, 56);
        free(heap);
        parallel_shared_free(seen);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(as_many_of_them_as_there_are_workers_or_chunks)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        atomic_int *pids = share_zeroed(30 * sizeof *pids), *met = share_zeroed(sizeof *met);
        atomic_int *workers = share_zeroed(30 * sizeof *workers);
        bool per_chunk = fork_of_form(form) == PARALLEL_FORK_PER_CHUNK;
        PARALLEL_FOR(i, 0, 30, .executor = executor, .fork = fork_of_form(form), .grain = 2) {
            pids[i] = (int)getpid();
            workers[i] = parallel_worker_index();
            if (i % 2 == 0 && i < 6) /* nobody takes a second chunk before all are there */
                for (++*met; *met < 3;)
                    sched_yield();
        }
        ck_assert_int_eq(count_different(pids, 30), per_chunk ? 15 : 3);
        ck_assert_int_eq(count_different(workers, 30), 3);
        for (int i = 0; i < 30; i++)
            ck_assert(workers[i] >= 0 && workers[i] < 3);
        *met = 0;
        PARALLEL_FOR(i, 0, 30, .executor = executor, .fork = fork_of_form(form), .workers = 2)
            pids[i] = parallel_worker_index();
        ck_assert_int_le(count_different(pids, 30), 2);
        parallel_shared_free(workers);
        parallel_shared_free(met);
        parallel_shared_free(pids);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(uneven_iterations_are_taken_by_whoever_is_free)
{
    parallel_executor *executor = open_form(0);
    atomic_int *done = share_zeroed(sizeof *done);
    /* The first iteration ends when all others have been run by somebody else. */
    PARALLEL_FOR(i, 0, 200, .executor = executor, .grain = 1) {
        while (i == 0 && *done < 199)
            sched_yield();
        ++*done;
    }
    ck_assert_int_eq(*done, 200);
    parallel_shared_free(done);
    close_executor(executor);
}
PROPERTY_END

static int threads_of_a_region(void)
{
    atomic_int threads = 0;
#ifdef _OPENMP
#pragma omp parallel
#endif
    threads++;
    return threads;
}

static void spin(int turns)
{
    for (volatile int i = 0; i < turns; i++)
        continue;
}

PROPERTY(after_regions_and_with_a_region_inside)
{
    parallel_executor *executors[PROCESS_LOOP_FORMS];
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++)
        executors[form] = open_form(form);
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        atomic_int *marks = share_zeroed(100 * sizeof *marks);
        for (int round = 0; round < 2; round++) {
            PARALLEL_FOR(i, 0, 1000, .workers = 2)
                spin(i);
            PARALLEL_FOR(i, 0, 100, .executor = executors[form], .fork = fork_of_form(form)) {
                int sum = 0;
                PARALLEL_REDUCE(k, 0, 10, (+, sum))
                    sum += k;
                marks[i] += sum * threads_of_a_region();
            }
        }
        ck_assert_int_eq(count_wrong(marks, 0, 100, 90), 0);
        parallel_shared_free(marks);
        close_executor(executors[form]);
    }
}
PROPERTY_END

PROPERTY(but_not_inside_a_region_or_a_child)
{
    parallel_executor *executor = open_form(0);
    int *codes = share_zeroed(2 * sizeof *codes);
    PARALLEL_FOR(i, 0, 1, .executor = executor) {
        parallel_error status;
        PARALLEL_FOR(k, 0, 10, .executor = executor, .status = &status)
            codes[1] += k;
        codes[0] = status.code;
    }
#if defined _OPENMP && !PARALLEL_SERIAL
    ck_assert_int_eq(codes[0], PARALLEL_EFORKED);
    ck_assert_int_eq(codes[1], 0);
    PARALLEL_FOR(i, 0, 1) {
        parallel_error status;
        PARALLEL_FOR(k, 0, 10, .executor = executor, .status = &status)
            codes[1] += k;
        codes[0] = status.code;
        ck_assert_ptr_nonnull(strstr(status.message, "inside an OpenMP region"));
    }
    ck_assert_int_eq(codes[0], PARALLEL_EMISUSE);
    ck_assert_int_eq(codes[1], 0);
#endif
    parallel_shared_free(codes);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(unseen_by_the_program)
{
    adopt_orphans();
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (int form = 0; form < PROCESS_LOOP_FORMS; form += 2) {
        parallel_executor *executor = open_form(form);
        atomic_int *seen = share_zeroed(sizeof *seen);
        sigaction(SIGCHLD, &ignore, NULL);
        errno = 77;
        PARALLEL_FOR(i, 0, 1000, .executor = executor, .fork = fork_of_form(form))
            if (i == 500)
                *seen = (int)waitpid(-1, NULL, WNOHANG);
        ck_assert_int_eq(errno, 77);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);
        ck_assert_int_eq(*seen, -1);
        ck_assert_int_eq((int)current_children(NULL, 0), 0);
        parallel_shared_free(seen);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(with_what_they_print)
{
    int pipe_ends[2];
    char text[64] = "";
    ck_assert_int_eq(pipe(pipe_ends), 0);
    parallel_executor *executor = open_form(0);
    fflush(stdout);
    int terminal = dup(1);
    dup2(pipe_ends[1], 1);
    printf("mine "); /* not flushed: nobody else writes it */
    PARALLEL_FOR(i, 0, 1, .executor = executor)
        printf("child%d ", i);
    fflush(stdout);
    dup2(terminal, 1);
    ck_assert_int_eq(read(pipe_ends[0], text, sizeof text - 1), 12);
    ck_assert_str_eq(text, "child0 mine ");
    close(terminal);
    close_executor(executor);
}
PROPERTY_END

static atomic_int is_over;

static void *allocate(void *unused)
{
    while (!is_over)
        free(malloc(100));
    return unused;
}

PROPERTY(of_a_program_with_threads)
{
    if (UNDER_ADDRESS_SANITIZER) /* its allocator takes no locks around a fork: docs/protocols/fork-call.md */
        return;
    parallel_executor *executor = open_form(0);
    atomic_int *marks = share_zeroed(100 * sizeof *marks);
    pthread_t threads[2];
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(pthread_create(&threads[k], NULL, allocate, NULL), 0);
    for (int round = 0; round < 4; round++)
        PARALLEL_FOR(i, 0, 100, .executor = executor, .fork = process_forks[round % 2]) {
            char *volatile memory = malloc(1000 + (size_t)i);
            marks[i] += memory != NULL;
            free(memory);
        }
    is_over = 1;
    for (int k = 0; k < 2; k++)
        pthread_join(threads[k], NULL);
    ck_assert_int_eq(count_wrong(marks, 0, 100, 4), 0);
    parallel_shared_free(marks);
    close_executor(executor);
}
PROPERTY_END

static int lines_seen;
static char last_line[256];

static void keep_line(void *context, const char *line)
{
    (void)context;
    lines_seen++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

PROPERTY(whose_progress_the_program_shows)
{
    setenv("PARALLEL_PROGRESS", "lines", 1);
    parallel_executor *executor = open_form(0);
    parallel_set_reporter(keep_line, NULL);
    for (int form = 0; form < PROCESS_LOOP_FORMS; form += 2) {
        lines_seen = 0;
        PARALLEL_FOR(i, 0, 1000, .executor = executor, .fork = fork_of_form(form), .progress = true, .label = "rows")
            spin(i);
        ck_assert_int_ge(lines_seen, 1);
        ck_assert_msg(strncmp(last_line, "rows: 100 % 1000/1000 [", 23) == 0, "%s", last_line);
    }
    parallel_set_reporter(NULL, NULL);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(not_on_an_executor_that_is_shut_down)
{
    parallel_executor *executor = open_form(0);
    parallel_executor_request_shutdown(executor);
    parallel_error status;
    int64_t where = 12;
    PARALLEL_FOR(i, 0, 10, .executor = executor, .status = &status, .stopped_at = &where)
        ck_abort_msg("%d ran", i);
    ck_assert_int_eq(status.code, PARALLEL_ESHUTDOWN);
    ck_assert_int_eq((int)where, 12);
    close_executor(executor);
}
PROPERTY_END

PROPERTIES(each_iteration_once, also_the_only_one_and_none, on_a_copy_of_memory_as_it_is_at_the_loop,
           as_many_of_them_as_there_are_workers_or_chunks, uneven_iterations_are_taken_by_whoever_is_free,
           after_regions_and_with_a_region_inside, but_not_inside_a_region_or_a_child, unseen_by_the_program,
           with_what_they_print, of_a_program_with_threads, whose_progress_the_program_shows,
           not_on_an_executor_that_is_shut_down)
