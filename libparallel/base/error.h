/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library's side of errors: setting the calling thread's last error, and reporting a line. */
#ifndef LIBPARALLEL_BASE_ERROR_H
#define LIBPARALLEL_BASE_ERROR_H

#include <stdarg.h>

#include <libparallel/error.h>

/* Formats the message into the calling thread's last error and returns `code`, so that a failing function ends with
 * `return pl_error_set(PARALLEL_EINVALID, 0, "workers: %s is not a number", text);`. A message that is too long is
 * cut. `system_errno` is the errno of a failed system call, appended in words, or 0. */
int pl_error_set(int code, int system_errno, const char *format, ...) PARALLEL_PRINTF(3, 4);
int pl_error_set_arguments(int code, int system_errno, const char *format, va_list arguments) PARALLEL_PRINTF(3, 0);

/* Makes `error` the calling thread's last error and returns its code. */
int pl_error_set_copy(const parallel_error *error);

/* Fills `error` without touching the thread's last error; returns `code`. */
int pl_error_fill(parallel_error *error, int code, int system_errno, const char *format, ...) PARALLEL_PRINTF(4, 5);
int pl_error_fill_arguments(parallel_error *error, int code, int system_errno, const char *format,
                            va_list arguments) PARALLEL_PRINTF(4, 0);

/* A code in words: "PARALLEL_EFAILED", or "code 7" for one of the program's own. */
struct pl_code_words {
    char text[32];
};
struct pl_code_words pl_error_code_words(int code);

/* One line to the reporter, else to stderr; nothing with PARALLEL_QUIET=1. */
void pl_report(const char *format, ...) PARALLEL_PRINTF(1, 2);

/* One line that the user asked for by a setting, so PARALLEL_QUIET does not silence it. */
void pl_announce(const char *format, ...) PARALLEL_PRINTF(1, 2);

/* The same line, but never silenced, then abort(): for the documented unwraps alone. */
_Noreturn void pl_report_and_abort(const char *format, ...) PARALLEL_PRINTF(1, 2);

#endif
