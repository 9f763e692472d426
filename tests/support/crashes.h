/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ways for a process to die, for tests of who notices. To be included by one file of a test program: it also
 * tells the sanitizers to leave the crash signals alone, since their own handlers would turn a signal into an
 * exit status. */
#ifndef TESTS_SUPPORT_CRASHES_H
#define TESTS_SUPPORT_CRASHES_H

#include <fenv.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CRASH_OPTIONS "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0"

const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return CRASH_OPTIONS;
}
const char *__tsan_default_options(void)
{
    return CRASH_OPTIONS;
}
const char *__ubsan_default_options(void)
{
    return CRASH_OPTIONS;
}

/* Where nobody may read or write; the same address in all forked processes if asked for before. */
static inline void *forbidden_page(void)
{
    static void *page;
    if (page == NULL)
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page;
}

__attribute__((noinline, unused)) static int crash_by_write(void *where)
{
    *(volatile int *)where = 1;
    return 1;
}

__attribute__((noinline, unused)) static int crash_by_division(void)
{
    if (feenableexcept(FE_DIVBYZERO) != -1) {
        volatile double zero = 0;
        volatile double quotient = 1 / zero;
        (void)quotient;
    }
    return raise(SIGFPE); /* a processor that does not trap */
}

__attribute__((noinline, unused)) static int crash_by_recursion(const volatile char *outer, int depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return outer == NULL && depth > 0 ? 0 : crash_by_recursion(frame, depth + 1) + frame[0];
}

#endif
