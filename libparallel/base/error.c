/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns the calling thread's last error, the tables of names and texts, and the reporter. The last error is plain
 * thread-local storage without a destructor, so it works in every thread, also in one that the library never saw.
 *
 * Everything here leaves errno alone: a failing function may format its message before it reads errno. */
#include "libparallel/base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/base/settings.h"

static _Thread_local parallel_error last_error;

/* Reporters change rarely and lines are rare: a lock is right here, and it keeps function and context together. */
static pthread_mutex_t reporter_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*reporter)(void *context, const char *line);
static void *reporter_context;

static void lock_reporter(void)
{
    pthread_mutex_lock(&reporter_lock);
}

static void unlock_reporter(void)
{
    pthread_mutex_unlock(&reporter_lock);
}

/* A child must be able to report, so no thread that it does not have may hold the lock at the fork. */
__attribute__((constructor)) static void hold_reporter_over_forks(void)
{
    int error = pthread_atfork(lock_reporter, unlock_reporter, unlock_reporter);
    (void)error; /* no memory before main: whoever needs it next says so to somebody who can listen */
}

const char *parallel_error_name(int code)
{
    switch (code) {
    case PARALLEL_OK:
        return "PARALLEL_OK";
#define NAME_CASE(name, value, text) case name: return #name;
        PARALLEL_ERRORS(NAME_CASE)
#undef NAME_CASE
    default:
        return "unknown error";
    }
}

struct pl_code_words pl_error_code_words(int code)
{
    struct pl_code_words words;
    switch (code) {
#define WORDS_CASE(name, value, text) case name:
        PARALLEL_ERRORS(WORDS_CASE)
#undef WORDS_CASE
        snprintf(words.text, sizeof words.text, "%s", parallel_error_name(code));
        break;
    default:
        snprintf(words.text, sizeof words.text, "code %d", code);
    }
    return words;
}

const char *parallel_error_text(int code)
{
    switch (code) {
    case PARALLEL_OK:
        return "success";
#define TEXT_CASE(name, value, text) case name: return text;
        PARALLEL_ERRORS(TEXT_CASE)
#undef TEXT_CASE
    default:
        return "unknown error";
    }
}

const parallel_error *parallel_last_error(void)
{
    return &last_error;
}

int pl_error_fill_arguments(parallel_error *error, int code, int system_errno, const char *format,
                            va_list arguments)
{
    /* The arguments may point into the error itself ("%s: %s" of an inner message): format aside first. */
    parallel_error fresh = {.code = code, .system_errno = system_errno};
    int saved_errno = errno;
    int length = vsnprintf(fresh.message, sizeof fresh.message, format, arguments);
    if (length < 0) /* a wide character that has no bytes in this locale: what was written so far is unspecified */
        length = snprintf(fresh.message, sizeof fresh.message, "%s", format);
    if (system_errno != 0 && (size_t)length < sizeof fresh.message) {
        char text[128];
        snprintf(fresh.message + length, sizeof fresh.message - (size_t)length, ": %s",
                 strerror_r(system_errno, text, sizeof text));
    }
    if (fresh.message[0] == '\0')
        snprintf(fresh.message, sizeof fresh.message, "%s", parallel_error_text(code));
    *error = fresh;
    errno = saved_errno;
    return code;
}

int pl_error_fill(parallel_error *error, int code, int system_errno, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pl_error_fill_arguments(error, code, system_errno, format, arguments);
    va_end(arguments);
    return code;
}

int pl_error_set_arguments(int code, int system_errno, const char *format, va_list arguments)
{
    return pl_error_fill_arguments(&last_error, code, system_errno, format, arguments);
}

int pl_error_set(int code, int system_errno, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pl_error_set_arguments(code, system_errno, format, arguments);
    va_end(arguments);
    return code;
}

int pl_error_set_copy(const parallel_error *error)
{
    if (error != &last_error)
        last_error = *error;
    return error->code;
}

void parallel_set_reporter(void (*report)(void *context, const char *line), void *context)
{
    pthread_mutex_lock(&reporter_lock);
    reporter = report;
    reporter_context = context;
    pthread_mutex_unlock(&reporter_lock);
}

/* One line to stderr, in one write if the kernel takes it whole, so that lines of several threads and processes do not
 * mix. */
static void write_line(const char *line)
{
    char whole[PARALLEL_MESSAGE_SIZE * 2 + 16];
    int length = snprintf(whole, sizeof whole, "libparallel: %s\n", line);
    if (length >= (int)sizeof whole) {
        length = (int)sizeof whole - 1;
        whole[length - 1] = '\n';
    }
    const char *rest = whole;
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, rest, (size_t)length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return; /* there is no other place to complain at */
        rest += written;
        length -= (int)written;
    }
}

static void report_arguments(const char *format, va_list arguments)
{
    char line[PARALLEL_MESSAGE_SIZE * 2];
    int saved_errno = errno;
    vsnprintf(line, sizeof line, format, arguments);
    pthread_mutex_lock(&reporter_lock);
    void (*report)(void *, const char *) = reporter;
    void *context = reporter_context;
    pthread_mutex_unlock(&reporter_lock);
    if (report != NULL)
        report(context, line);
    else
        write_line(line);
    errno = saved_errno;
}

void pl_report(const char *format, ...)
{
    if (pl_setting_flag(PL_SETTING_QUIET))
        return;
    va_list arguments;
    va_start(arguments, format);
    report_arguments(format, arguments);
    va_end(arguments);
}

void pl_announce(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_arguments(format, arguments);
    va_end(arguments);
}

_Noreturn void pl_report_and_abort(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_arguments(format, arguments);
    va_end(arguments);
    abort();
}
