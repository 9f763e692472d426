/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Serial elision. -DPARALLEL_SERIAL (or -DPARALLEL_SERIAL=1) makes every annotation of this file's includers mean what
 * it means to one thread: inline loops are loops, for a debugger, for a profiler, or to be sure. So does
 * compiling without the compiler's OpenMP flag. Results are the same, bit by bit, sums of floating-point numbers included.
 * Only -DPARALLEL_SERIAL also keeps loops that name an executor in the caller, and makes a spawn the call. */
#ifndef PARALLEL_SERIAL_H
#define PARALLEL_SERIAL_H

#include <libparallel/compiler.h>

#ifndef PARALLEL_SERIAL
#define PARALLEL_SERIAL 0
#endif

#if defined(_OPENMP) && !PARALLEL_SERIAL
#define PARALLEL_USES_OPENMP 1
#else
#define PARALLEL_USES_OPENMP 0
#endif

/* PARALLEL_SIMD(reduction(+ : sum)) is `#pragma omp simd reduction(+ : sum)`, also serially, for it uses no thread and
 * the result shall be the same; nothing without OpenMP. */
#define PARALLEL_PRAGMA(...) _Pragma(#__VA_ARGS__)
#ifdef _OPENMP
#define PARALLEL_SIMD(...) PARALLEL_PRAGMA(omp simd __VA_ARGS__)
#else
#define PARALLEL_SIMD(...)
#endif

#if PARALLEL_USES_OPENMP

/* PARALLEL_OPENMP(parallel num_threads(n)) is `#pragma omp parallel num_threads(n)`, and nothing without OpenMP. */
#define PARALLEL_OPENMP(...) PARALLEL_PRAGMA(omp __VA_ARGS__)

PARALLEL_BEGIN_C
/* OpenMP's own functions under names of ours, so that this header neither needs nor contradicts <omp.h>. */
extern int parallel_openmp_thread(void) __asm__("omp_get_thread_num") __attribute__((nothrow));
extern int parallel_openmp_threads(void) __asm__("omp_get_num_threads") __attribute__((nothrow));
extern int parallel_openmp_is_inside(void) __asm__("omp_in_parallel") __attribute__((nothrow));
PARALLEL_END_C

#else

#define PARALLEL_OPENMP(...)
#define parallel_openmp_thread()    0
#define parallel_openmp_threads()   1
#define parallel_openmp_is_inside() 1

#endif

#endif
