/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The conformance suite: one row of behaviours a file, every row run on every kind of executor to which it applies. A
 * row file writes its properties with PROPERTY() and ends with
 *
 *     ROW(cancel, {a_property, HAS_WORKERS}, {another_property, 0})
 *
 * where the number says which traits of the kind a property needs, and is listed in ROWS below. Each property runs in a
 * process of its own, with a fresh page of marks (marks.h) that was mapped before any executor opened. A property opens
 * executors of the kind under test by open_executor(). */
#ifndef TESTS_EXECUTORS_SUITE_H
#define TESTS_EXECUTORS_SUITE_H

#include <parallel.h>

#include "tests/executors/kind.h"
#include "tests/executors/marks.h"
#include "tests/support/property.h"

#define ROWS(X)                                                                                               \
    X(as_completed)                                                                                           \
    X(bounded_queue)                                                                                          \
    X(callbacks)                                                                                              \
    X(cancel)                                                                                                 \
    X(chain)                                                                                                  \
    X(chain_rows)                                                                                             \
    X(fd)                                                                                                     \
    X(initializer)                                                                                            \
    X(map)                                                                                                    \
    X(names)                                                                                                  \
    X(nested_wait)                                                                                            \
    X(outcome)                                                                                                \
    X(promise)                                                                                                \
    X(resize)                                                                                                 \
    X(resources)                                                                                              \
    X(reuse_of_idle_workers)                                                                                  \
    X(shutdown)                                                                                               \
    X(submit)                                                                                                 \
    X(wait_modes)                                                                                             \
    X(worker_counts)

struct row_property {
    const TTest *test;
    unsigned needs; /* traits of kind.h, or-ed */
};

struct row {
    const char *name;
    const struct row_property *properties;
    size_t count;
};

void add_row(Suite *suite, const struct row *row);

#define ROW(name, ...)                                                                                        \
    void add_row_##name(Suite *suite);                                                                        \
    void add_row_##name(Suite *suite)                                                                         \
    {                                                                                                         \
        const struct row_property properties[] = {__VA_ARGS__};                                               \
        add_row(suite, &(struct row){#name, properties, sizeof properties / sizeof properties[0]});           \
    }

/* Opens an executor of the kind under test with `workers` workers (ignored by kinds without) that run where they like,
 * and further options such as "queue=1" (NULL: none). Ends the property if that fails. */
parallel_executor *open_executor(size_t workers, const char *options);

/* The same as text, for who opens it himself, with nothing added but the options. `text` has room for 160 bytes. */
const char *specify(char *text, size_t workers, const char *options);

/* Closes it; that must succeed. */
void close_executor(parallel_executor *executor);

/* How often a property repeats what it would like to repeat `wanted` times: a fiftieth of it (at least one)
 * where each call starts a process, for thousands of those take longer than a property may. */
int repetitions(int wanted);

/* The same where it opens an executor each time: a tenth where that starts processes, which takes tenths of a second under a
 * sanitizer. */
int openings(int wanted);

/* Ends the property unless the code is the expected one, and shows the last error's message. */
#define ck_assert_code(call, expected)                                                                        \
    do {                                                                                                      \
        int code_ = (call);                                                                                   \
        int expected_ = (expected);                                                                           \
        ck_assert_msg(code_ == expected_, "%s is %d (%s: %s), not %d (%s)", #call, code_,                     \
                      parallel_error_name(code_), parallel_last_error()->message, expected_,                  \
                      parallel_error_name(expected_));                                                        \
    } while (0)

#define ck_assert_ok(call) ck_assert_code(call, 0)

#endif
