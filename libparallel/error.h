/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Errors. The rule, once for the whole library:
 *
 * - A function that can fail returns 0, or a negative PARALLEL_E... code. Its results come through its last
 *   parameter and are untouched on failure. errno is not set.
 * - parallel_last_error() is the calling thread's most recent failure, with a message that names the offending part.
 * - The library never ends the program, but for the documented unwraps: name_await() of a failed call and a failed
 *   loop without .status write one line and abort(), as an uncaught exception would.
 * - It writes to stderr unasked only then, for an error that nobody looked at, and for two workers on one core: one
 *   line each, through the reporter, silenced by PARALLEL_QUIET=1. */
#ifndef LIBPARALLEL_ERROR_H
#define LIBPARALLEL_ERROR_H

#include <stddef.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* code, value, text: the one table from which codes, names and texts are made. */
#define PARALLEL_ERRORS(X)                                                                                    \
    X(PARALLEL_EINVALID, -1, "invalid argument")                                                              \
    X(PARALLEL_ENOMEMORY, -2, "out of memory")                                                                \
    X(PARALLEL_ESYSTEM, -3, "a system call failed")                                                           \
    X(PARALLEL_ETIMEDOUT, -4, "the deadline passed")                                                          \
    X(PARALLEL_ECANCELLED, -5, "cancelled")                                                                   \
    X(PARALLEL_ESHUTDOWN, -6, "the executor is shut down")                                                    \
    X(PARALLEL_EFORKED, -7, "belongs to the parent of this forked process")                                   \
    X(PARALLEL_EDEADLK, -8, "waiting here would never end")                                                   \
    X(PARALLEL_EMISUSE, -9, "called where it has no meaning")                                                 \
    X(PARALLEL_ERANGE, -10, "outside the allowed range")                                                      \
    X(PARALLEL_ESPECIFICATION, -11, "malformed executor specification")                                       \
    X(PARALLEL_ESETTING, -12, "malformed setting in the environment")                                         \
    X(PARALLEL_EPLACE, -13, "place outside the machine")                                                      \
    X(PARALLEL_ETOPOLOGY, -14, "the machine's topology cannot be read")                                       \
    X(PARALLEL_ERUNNING, -15, "already running; cancellation is requested")                                   \
    X(PARALLEL_EDONE, -16, "already ended")                                                                   \
    X(PARALLEL_EFULL, -17, "the executor's queue is full")                                                    \
    X(PARALLEL_EWRONGFUNCTION, -18, "the future belongs to another function")                                 \
    X(PARALLEL_EAMBIGUOUS, -19, "two functions share one registered name")                                    \
    X(PARALLEL_EUNKNOWNFUNCTION, -20, "the worker does not know this function")                               \
    X(PARALLEL_EARGUMENT, -21, "an argument cannot be carried to the worker")                                 \
    X(PARALLEL_EEXCEPTION, -22, "a C++ exception left the task")                                              \
    X(PARALLEL_EABANDONED, -23, "abandoned before a result was set")                                          \
    X(PARALLEL_EFAILED, -24, "the task reported failure")                                                     \
    X(PARALLEL_ECRASHED, -25, "the worker died")                                                              \
    X(PARALLEL_EINITIALIZER, -26, "the worker's initializer failed")                                          \
    X(PARALLEL_EWORKER, -27, "no worker could be started")                                                    \
    X(PARALLEL_EEMPTY, -28, "nothing is left")                                                                 \
    X(PARALLEL_ECLOSED, -29, "closed")                                                                        \
    X(PARALLEL_EOWNERDIED, -30, "the last owner died while it held this")                                     \
    X(PARALLEL_EINTERNAL, -31, "internal error of libparallel")                                               \
    X(PARALLEL_ETIMELIMIT, -32, "the call exceeded its time limit")

#define PARALLEL_ERROR_ENUMERATOR(code, value, text) code = value,
enum parallel_error_code { PARALLEL_OK = 0, PARALLEL_ERRORS(PARALLEL_ERROR_ENUMERATOR) };
#undef PARALLEL_ERROR_ENUMERATOR

#define PARALLEL_MESSAGE_SIZE 256

/* One failure. `message` is never empty when `code` is not 0 and always ends in a zero byte. */
typedef struct parallel_error {
    int code;          /* PARALLEL_E..., or the code a task passed to parallel_fail() */
    int system_errno;  /* errno of the failed system call, else 0 */
    char message[PARALLEL_MESSAGE_SIZE];
} parallel_error;

/* The name of a code, such as "PARALLEL_ETIMEDOUT"; "PARALLEL_OK" for 0; "unknown error" for a stranger. Static
 * storage; any thread. */
PARALLEL_API const char *parallel_error_name(int code);

/* The text of a code in English; any thread; static storage. */
PARALLEL_API const char *parallel_error_text(int code);

/* The calling thread's most recent failure; code 0 if there was none. Valid until this thread's next failure; never
 * NULL. A success does not clear it. */
PARALLEL_API const parallel_error *parallel_last_error(void);

/* Receives each line that the library would write to stderr, without a newline, in the thread that has the news;
 * several threads may have some at once. `report` must not call back into libparallel. NULL restores stderr. The
 * context is borrowed until the next call. May be called by any thread at any time; a line under way may still reach the
 * old reporter. */
PARALLEL_API void parallel_set_reporter(void (*report)(void *context, const char *line), void *context);

PARALLEL_END_C

#endif
