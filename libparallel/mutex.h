/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A mutex for the threads of a process, or with `.shared = true` of all processes that share memory. It survives its
 * owner: if a thread ends, or a process is killed, while it holds the mutex, the next one gets it and is told.
 *
 *     int code = parallel_mutex_lock(mutex, PARALLEL_NEVER);
 *     if (code == PARALLEL_EOWNERDIED) {       the mutex is held here
 *         repair(account);                     the dead owner may have left it half changed
 *         parallel_mutex_make_consistent(mutex);
 *     }
 *     account->balance += amount;
 *     parallel_mutex_unlock(mutex);
 *
 * Until somebody says that what it protects is repaired, each lock returns PARALLEL_EOWNERDIED: an owner that overlooks
 * it, or dies itself, hides nothing from the next one. (POSIX makes such a mutex unusable for ever, which turns one
 * overlooked code into a hang of all.) */
#ifndef LIBPARALLEL_MUTEX_H
#define LIBPARALLEL_MUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>

PARALLEL_BEGIN_C

typedef struct parallel_mutex parallel_mutex;

typedef struct parallel_mutex_options {
    bool shared; /* false: for the threads of this process; true: in shared memory, for all processes */
} parallel_mutex_options;

/* Makes an unlocked mutex; NULL options mean the defaults. 0; PARALLEL_EINVALID: no place for the result;
 * PARALLEL_ENOMEMORY, or as parallel_shared_alloc(). Any thread; whoever has the mutex destroys it, once. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_mutex_create(const parallel_mutex_options *options,
                                                           parallel_mutex **mutex);

/* Takes the mutex, waiting for it. 0: the caller holds it. PARALLEL_EOWNERDIED: the caller holds it, and what it protects
 * may be half changed. PARALLEL_ETIMEDOUT: not until the deadline. PARALLEL_EDEADLK: the caller holds it already.
 * Any thread, any process if shared. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_mutex_lock(parallel_mutex *mutex, uint64_t deadline_ns);

/* Says that what the mutex protects is in order again. 0; PARALLEL_EMISUSE: the caller does not hold the mutex. */
PARALLEL_API int parallel_mutex_make_consistent(parallel_mutex *mutex);

/* Gives the mutex back; it may be destroyed at once by whoever gets it next. 0; PARALLEL_EMISUSE: the caller does not
 * hold it. */
PARALLEL_API int parallel_mutex_unlock(parallel_mutex *mutex);

/* Frees a mutex that nobody holds or waits for; NULL does nothing. */
PARALLEL_API void parallel_mutex_destroy(parallel_mutex *mutex);

PARALLEL_END_C

#endif
