/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A process beside the program that shares its memory, and system calls that touch nothing of the C library:
 * no errno, no thread-local storage, no sanitizer's bookkeeping. forked_process.c says what they are for.
 * x86-64; elsewhere PL_HAS_SIDE_CLONE is 0. */
#ifndef LIBPARALLEL_WORKERS_SIDE_CLONE_H
#define LIBPARALLEL_WORKERS_SIDE_CLONE_H

#include <sys/syscall.h>

#if defined(__has_attribute)
#if __has_attribute(disable_sanitizer_instrumentation) /* clang: no_sanitize keeps the entry and exit hooks */
#define PL_UNINSTRUMENTED __attribute__((noinline, disable_sanitizer_instrumentation))
#endif
#endif
#ifndef PL_UNINSTRUMENTED
#define PL_UNINSTRUMENTED                                                                                     \
    __attribute__((noinline, no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))
#endif

#if defined(__x86_64__)
#define PL_HAS_SIDE_CLONE 1

/* clone(2) with `body(context)` on the stack that ends at `stack_end`; it must not return. Returns the
 * process id, or a negative errno. `pidfd` as for CLONE_PIDFD. */
long pl_side_clone(unsigned long flags, void *stack_end, int *pidfd, void (*body)(void *), void *context);

/* A system call of up to five arguments; returns what the kernel returns: a negative errno on failure. */
static inline __attribute__((always_inline)) long pl_side_call(long number, long a, long b, long c, long d, long e)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

/* The kernel's struct sigaction of x86-64. */
struct pl_side_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

/* Sets the action for a signal in the calling process's own table, and tells the former one; NULL: not. */
static inline __attribute__((always_inline)) void pl_side_set_action(int signal, const struct pl_side_action *action,
                                                                      struct pl_side_action *former)
{
    pl_side_call(SYS_rt_sigaction, signal, (long)action, (long)former, sizeof action->mask, 0);
}
#else
#define PL_HAS_SIDE_CLONE 0
#endif

#endif
