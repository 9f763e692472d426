/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A robust POSIX mutex, and a flag beside it that outlives POSIX's own notice: the notice is taken back
 * at once, so that the mutex stays usable whatever its owner does, and the flag stays until it is cleared.
 *
 *     lock: POSIX says "owner died" --> is_damaged = true, then the notice is taken back
 *
 * A death between the two is announced once more, by POSIX, to the next owner. The owner's id is kept beside it, to tell
 * misuse: a second lock, an unlock by somebody else. */
#include <libparallel/mutex.h>

#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libparallel/base/atomics.h"
#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/fork.h"
#include "libparallel/memory/object.h"

struct parallel_mutex {
    pthread_mutex_t lock;
    bool is_damaged;        /* under the lock */
    _Atomic uint32_t owner; /* written under the lock; 0: nobody. Relaxed: only a thread itself writes its own id */
};

/* The thread sanitizers of gcc 12 and clang 14 do not know pthread_mutex_clocklock(), and glibc before 2.30 does not
 * have it. */
#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define UNDER_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define UNDER_THREAD_SANITIZER 0
#endif

#if HAVE_PTHREAD_MUTEX_CLOCKLOCK && !UNDER_THREAD_SANITIZER
static int lock_until(pthread_mutex_t *lock, uint64_t deadline_ns)
{
    struct timespec deadline = pl_timespec_of_ns(deadline_ns);
    return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &deadline);
}
#else
/* pthread_mutex_timedlock() is no way out: its deadline is on a clock that the user can set. */
static int lock_until(pthread_mutex_t *lock, uint64_t deadline_ns)
{
    const struct timespec pause = {.tv_nsec = 200000}; /* 200 us: what waking a sleeper takes anyway */
    int error;
    while ((error = pthread_mutex_trylock(lock)) == EBUSY && !pl_deadline_passed(deadline_ns))
        nanosleep(&pause, NULL);
    return error == EBUSY ? ETIMEDOUT : error;
}
#endif

/* The calling thread's id in the kernel, which no living thread of any process shares. */
static uint32_t self_id(void)
{
    static _Thread_local uint32_t id, fork_count;
    if (id == 0 || fork_count != pl_fork_count()) {
        id = (uint32_t)syscall(SYS_gettid);
        fork_count = pl_fork_count();
    }
    return id;
}

static bool is_owner(parallel_mutex *mutex)
{
    return pl_load_relaxed(&mutex->owner) == self_id();
}

int parallel_mutex_create(const parallel_mutex_options *options, parallel_mutex **mutex)
{
    if (mutex == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "mutex: the result is NULL");
    bool is_shared = options != NULL && options->shared;
    void *block;
    int code = pl_object_create(sizeof(parallel_mutex), is_shared, &block);
    if (code != 0)
        return code;
    parallel_mutex *made = block;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, is_shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    int error = pthread_mutex_init(&made->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    if (error != 0) {
        pl_object_destroy(made);
        return pl_error_set(PARALLEL_ESYSTEM, error, "mutex: the system has no robust mutexes");
    }
    *mutex = made;
    return 0;
}

int parallel_mutex_lock(parallel_mutex *mutex, uint64_t deadline_ns)
{
    int error = pthread_mutex_trylock(&mutex->lock);
    /* Asked only now: a thread may have the id of an owner that died. */
    if (error == EBUSY && is_owner(mutex))
        return pl_error_set(PARALLEL_EDEADLK, 0, "mutex: this thread holds it already");
    if (error == EBUSY && deadline_ns != PARALLEL_POLL)
        error = deadline_ns == PARALLEL_NEVER ? pthread_mutex_lock(&mutex->lock)
                                              : lock_until(&mutex->lock, deadline_ns);
    switch (error) {
    case EOWNERDEAD:
        mutex->is_damaged = true;
        pthread_mutex_consistent(&mutex->lock);
        /* fall through */
    case 0:
        pl_store_relaxed(&mutex->owner, self_id());
        if (!mutex->is_damaged)
            return 0;
        return pl_error_set(PARALLEL_EOWNERDIED, 0, "mutex: held now, but what it protects may be half changed");
    case EBUSY:
    case ETIMEDOUT:
        return pl_error_set(PARALLEL_ETIMEDOUT, 0, "mutex: somebody else holds it");
    default:
        return pl_error_set(PARALLEL_ESYSTEM, error, "mutex: lock");
    }
}

int parallel_mutex_make_consistent(parallel_mutex *mutex)
{
    if (!is_owner(mutex))
        return pl_error_set(PARALLEL_EMISUSE, 0, "mutex: made consistent by a thread that does not hold it");
    mutex->is_damaged = false;
    return 0;
}

int parallel_mutex_unlock(parallel_mutex *mutex)
{
    bool is_ours = is_owner(mutex);
    if (is_ours)
        pl_store_relaxed(&mutex->owner, 0);
    /* It fails for a thread that has the id of an owner that died. */
    if (!is_ours || pthread_mutex_unlock(&mutex->lock) != 0)
        return pl_error_set(PARALLEL_EMISUSE, 0, "mutex: unlocked by a thread that does not hold it");
    return 0;
}

void parallel_mutex_destroy(parallel_mutex *mutex)
{
    if (mutex == NULL)
        return;
    pthread_mutex_destroy(&mutex->lock);
    pl_object_destroy(mutex);
}
