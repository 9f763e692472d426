/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output=: what calls write in processes and fork executors arrives as it was written, or line by line with worker and pid
 * before it, or the end of it in the error of a call that fails; also of a worker that dies in the middle of it, and
 * however much it is. */
#include <parallel.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

enum { LINES = 50, LONG_LINE = 3000, MUCH = 8 << 20 };

/* Own pid, so that the tag can be checked. */
static int write_lines(int number)
{
    for (int i = 0; i < LINES; i++) {
        printf("call %d, line %d, of %d\n", number, i, (int)getpid());
        if (i % 10 == 0)
            fprintf(stderr, "note %d of call %d\n", i, number);
    }
    return (int)getpid();
}
PARALLEL_FN(int, write_lines, int)

static int die_writing(int number)
{
    printf("the last line of %d\n", number);
    fprintf(stderr, "and an unfinished one of %d", number);
    return raise(SIGKILL);
}
PARALLEL_FN(int, die_writing, int)

static int write_one_long_line(void)
{
    for (int i = 0; i < LONG_LINE; i++)
        putchar('x');
    putchar('\n');
    return 0;
}
PARALLEL_FN(int, write_one_long_line)

static int fail_writing(int number)
{
    printf("reading file %d\n", number);
    fprintf(stderr, "bad\theader");
    parallel_fail(5, "no file %d", number);
    return 0;
}
PARALLEL_FN(int, fail_writing, int)

static int write_much(int is_failing)
{
    static const char line[] = "0123456789012345678901234567890123456789012345678901234567890\n";
    for (size_t written = 0; written < MUCH; written += sizeof line - 1)
        fputs(line, stdout);
    if (is_failing)
        parallel_fail(6, "much");
    return 0;
}
PARALLEL_FN(int, write_much, int)

static int answer(void)
{
    return 42;
}
PARALLEL_FN(int, answer)

static const char *const kinds[] = {"processes", "fork"};

static parallel_executor *open_kind(const char *kind, const char *rest)
{
    parallel_executor *executor;
    char specification[128];
    snprintf(specification, sizeof specification, "%s:2,places=none,name=out%s", kind, rest);
    ck_assert_msg(parallel_executor_open(specification, &executor) == 0, "%s", parallel_last_error()->message);
    return executor;
}

/* Runs `body` in a child whose stdout and stderr go to a file each; their contents, which the caller frees. */
static void record(void (*body)(const char *kind), const char *kind, char *texts[2])
{
    int files[2];
    for (int k = 0; k < 2; k++) {
        files[k] = memfd_create("output", 0);
        ck_assert_int_ge(files[k], 0);
        /* Two processes that write at once: only this makes each go on behind the other. A memfd's position is under no lock. */
        ck_assert_int_eq(fcntl(files[k], F_SETFL, O_APPEND), 0);
    }
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(files[0], STDOUT_FILENO);
        dup2(files[1], STDERR_FILENO);
        body(kind);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    for (int k = 0; k < 2; k++) {
        off_t size = lseek(files[k], 0, SEEK_END);
        texts[k] = calloc(1, (size_t)size + 1);
        ck_assert_ptr_nonnull(texts[k]);
        ck_assert_int_eq(pread(files[k], texts[k], (size_t)size, 0), size);
        close(files[k]);
    }
    ck_assert_msg(status == 0, "%s: status %d: %s", kind, status, texts[1]);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* In the child: no assertion of Check's, which writes to a parent that is another one. */
static void need(bool is_true)
{
    if (!is_true)
        _exit(1);
}

static void call_many(const char *kind, const char *rest)
{
    parallel_executor *executor = open_kind(kind, rest);
    parallel_future *futures[4];
    for (int i = 0; i < 4; i++)
        futures[i] = write_lines_on(executor, i);
    for (int i = 0; i < 4; i++)
        need(write_lines_await(futures[i]) > 0);
    need(parallel_executor_close(executor) == 0);
}

static void call_inheriting(const char *kind)
{
    call_many(kind, ",output=inherit");
}

static void call_tagged(const char *kind)
{
    call_many(kind, ",output=tag");
}

PROPERTY(inherited_lines_are_untouched)
{
    for (int i = 0; i < 2; i++) {
        char *texts[2];
        record(call_inheriting, kinds[i], texts);
        ck_assert_uint_eq(count_of(texts[0], "call "), 4 * LINES);
        ck_assert_uint_eq(count_of(texts[0], "["), 0);
        ck_assert_uint_eq(count_of(texts[1], "note "), 4 * LINES / 10);
        free(texts[0]);
        free(texts[1]);
    }
}
PROPERTY_END

PROPERTY(each_line_is_tagged_with_worker_and_pid)
{
    for (int i = 0; i < 2; i++) {
        char *texts[2];
        record(call_tagged, kinds[i], texts);
        size_t count = 0;
        int next[4] = {0};
        for (char *rest = texts[0], *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0'; count++) {
            int worker, pid, number, index, own_pid;
            ck_assert_msg(sscanf(line, "[out-%d %d] call %d, line %d, of %d", &worker, &pid, &number, &index, &own_pid) == 5,
                          "%s: %s", kinds[i], line);
            ck_assert_int_eq(pid, own_pid);
            ck_assert_int_ge(worker, 0);
            ck_assert_int_lt(worker, 2);
            ck_assert_int_eq(index, next[number]++); /* in order */
        }
        ck_assert_uint_eq(count, 4 * LINES);
        ck_assert_uint_eq(count_of(texts[1], "[out-"), 4 * LINES / 10);
        ck_assert_uint_eq(count_of(texts[1], "] note "), 4 * LINES / 10);
        free(texts[0]);
        free(texts[1]);
    }
}
PROPERTY_END

static void die_tagged(const char *kind)
{
    parallel_executor *executor = open_kind(kind, ",output=tag");
    for (int i = 0; i < 5; i++) {
        parallel_future *future = die_writing_on(executor, i);
        int value;
        need(die_writing_result(future, &value) == PARALLEL_ECRASHED);
        parallel_future_release(future);
    }
    need(write_one_long_line_await(write_one_long_line_on(executor)) == 0);
    need(parallel_executor_close(executor) == 0);
}

PROPERTY(what_a_worker_wrote_last_is_not_lost)
{
    for (int i = 0; i < 2; i++) {
        char *texts[2];
        record(die_tagged, kinds[i], texts);
        ck_assert_uint_eq(count_of(texts[0], "] the last line of "), 5);
        ck_assert_uint_eq(count_of(texts[1], "] and an unfinished one of "), 5);
        ck_assert_uint_eq(count_of(texts[1], "\n"), 5);
        ck_assert_uint_eq(count_of(texts[0], "x"), LONG_LINE);
        free(texts[0]);
        free(texts[1]);
    }
}
PROPERTY_END

static void check_message(const char *message, const char *end)
{
    size_t length = strlen(message), of_end = strlen(end);
    ck_assert_msg(length >= of_end && strcmp(message + length - of_end, end) == 0, "no \"%s\" at the end of: %s", end,
                  message);
}

PROPERTY(captured_output_ends_the_error)
{
    for (int i = 0; i < 2; i++) {
        parallel_executor *executor = open_kind(kinds[i], ",output=capture");
        int value;
        for (int round = 0; round < 3; round++) {
            parallel_future *before = write_lines_on(executor, round); /* is not in the next one's error */
            parallel_future *future = fail_writing_on(executor, round);
            ck_assert_int_eq(fail_writing_result(future, &value), 5);
            char expected[128];
            snprintf(expected, sizeof expected, "no file %d; output: \"reading file %d | bad?header\"", round, round);
            check_message(parallel_last_error()->message, expected);
            parallel_future_release(future);
            ck_assert_int_gt(write_lines_await(before), 0);
            future = die_writing_on(executor, round);
            ck_assert_int_eq(die_writing_result(future, &value), PARALLEL_ECRASHED);
            snprintf(expected, sizeof expected, "; output: \"the last line of %d | and an unfinished one of %d\"", round,
                     round);
            check_message(parallel_last_error()->message, expected);
            parallel_future_release(future);
            ck_assert_int_eq(answer_await(answer_on(executor)), 42);
        }
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

PROPERTY(who_writes_much_is_not_held_up)
{
    for (int i = 0; i < 2; i++) {
        parallel_executor *executor = open_kind(kinds[i], ",output=capture");
        parallel_future *futures[2] = {write_much_on(executor, 0), write_much_on(executor, 1)};
        int value;
        ck_assert_int_eq(write_much_await(futures[0]), 0);
        ck_assert_int_eq(write_much_result(futures[1], &value), 6);
        check_message(parallel_last_error()->message, "34567890\"");
        ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "much; output: \"..."));
        parallel_future_release(futures[1]);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

static size_t count_open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

PROPERTY(no_thread_and_no_file_is_left)
{
    static const char *const modes[] = {",output=tag", ",output=capture"};
    for (int round = 0; round < 2; round++) { /* what the library opens once and keeps is there after the first one */
        size_t files = count_open_files(), threads = thread_count();
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 2; k++) {
                parallel_executor *executor = open_kind(kinds[i], modes[k]);
                ck_assert_int_eq(answer_await(answer_on(executor)), 42);
                ck_assert_int_eq(parallel_executor_close(executor), 0);
            }
        ck_assert(round == 0 || count_open_files() == files);
        if (round > 0)
            wait_until_thread_count_is(threads);
    }
}
PROPERTY_END

PROPERTY(other_kinds_and_other_words_are_refused)
{
    static const char *const specifications[] = {"threads:1,output=tag", "serial,output=capture", "processes,output=",
                                                 "fork,output=loud", "processes,output=tag,output=tag"};
    parallel_executor *executor;
    for (size_t i = 0; i < sizeof specifications / sizeof specifications[0]; i++)
        ck_assert_int_eq(parallel_executor_open(specifications[i], &executor), PARALLEL_ESPECIFICATION);
}
PROPERTY_END

PROPERTIES(inherited_lines_are_untouched, each_line_is_tagged_with_worker_and_pid, what_a_worker_wrote_last_is_not_lost,
           captured_output_ends_the_error, who_writes_much_is_not_held_up, no_thread_and_no_file_is_left,
           other_kinds_and_other_words_are_refused)
