/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The futex system call, wrapped once with every errno treated. A futex word is a plain 32-bit atomic; the kernel
 * sleeps the caller only while the word still holds the expected value. */
#ifndef LIBPARALLEL_BASE_FUTEX_H
#define LIBPARALLEL_BASE_FUTEX_H

#include <limits.h>

#include "libparallel/base/atomics.h"

enum pl_futex_scope {
    PL_FUTEX_PRIVATE, /* the threads of one process: the kernel needs no lookup of the page */
    PL_FUTEX_SHARED,  /* several processes that map the same memory */
};

enum pl_futex_result {
    PL_FUTEX_WOKEN,     /* woken, or for no reason at all: look at the word again */
    PL_FUTEX_CHANGED,   /* the word did not hold `expected` */
    PL_FUTEX_TIMED_OUT, /* the deadline passed */
};

enum { PL_FUTEX_WAKE_ALL = INT_MAX };

/* Sleeps while *word == expected, until the absolute deadline (PARALLEL_NEVER: no limit). */
enum pl_futex_result pl_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns,
                                   enum pl_futex_scope scope);

/* Wakes at most `count` sleepers; returns how many. The word's memory may already be gone or reused (the object that
 * held it was released by the thread that this call is for): then this wakes nobody, or wakes a stranger for nothing,
 * which is why every waiter looks at its word again. */
int pl_futex_wake(_Atomic uint32_t *word, int count, enum pl_futex_scope scope);

#endif
