/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the public headers ask of the compiler: visibility, must-check results, printf checking, C linkage.
 * gcc 9 or clang 10 and later; nothing here has state. */
#ifndef LIBPARALLEL_COMPILER_H
#define LIBPARALLEL_COMPILER_H

#define PARALLEL_API                 __attribute__((visibility("default")))
#define PARALLEL_MUST_CHECK          __attribute__((warn_unused_result))
#define PARALLEL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PARALLEL_UNUSED              __attribute__((unused))

#ifdef __cplusplus
#define PARALLEL_BEGIN_C extern "C" {
#define PARALLEL_END_C   }
#else
#define PARALLEL_BEGIN_C
#define PARALLEL_END_C
#endif

#endif
