/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/mutex.h>

#include "libparallel/base/clock.h"
#include "tests/memory/space.h"
#include "tests/support/property.h"

static parallel_mutex *new_mutex(bool shared)
{
    parallel_mutex *mutex = NULL;
    ck_assert_ok(parallel_mutex_create(&(parallel_mutex_options){.shared = shared}, &mutex));
    return mutex;
}

static void *lock_and_end(void *mutex)
{
    return (void *)(intptr_t)parallel_mutex_lock(mutex, PARALLEL_NEVER);
}

static void owner_thread_ends(parallel_mutex *mutex)
{
    pthread_t owner;
    void *code;
    ck_assert_int_eq(pthread_create(&owner, NULL, lock_and_end, mutex), 0);
    ck_assert_int_eq(pthread_join(owner, &code), 0);
    ck_assert_int_eq((intptr_t)code, 0);
}

static void owner_process_is_killed(parallel_mutex *mutex)
{
    pid_t owner = fork();
    ck_assert_int_ge(owner, 0);
    if (owner == 0) {
        if (parallel_mutex_lock(mutex, PARALLEL_NEVER) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(owner, &status, 0), owner);
    ck_assert(WIFSIGNALED(status));
}

/* Told at each lock until somebody says that all is repaired, however long the lock is waited for. */
static void check_is_told(parallel_mutex *mutex)
{
    const uint64_t deadlines[] = {PARALLEL_POLL, PARALLEL_NEVER, parallel_deadline_in(60)};
    for (int i = 0; i < 3; i++) {
        ck_assert_fails(parallel_mutex_lock(mutex, deadlines[i]), PARALLEL_EOWNERDIED);
        ck_assert_ok(parallel_mutex_unlock(mutex));
    }
    ck_assert_fails(parallel_mutex_lock(mutex, PARALLEL_NEVER), PARALLEL_EOWNERDIED);
    ck_assert_ok(parallel_mutex_make_consistent(mutex));
    ck_assert_ok(parallel_mutex_unlock(mutex));
    ck_assert_ok(parallel_mutex_lock(mutex, PARALLEL_NEVER));
    ck_assert_ok(parallel_mutex_unlock(mutex));
}

PROPERTY(the_next_owner_learns_that_a_thread_ended_with_it)
{
    for (int shared = 0; shared < 2; shared++) {
        parallel_mutex *mutex = new_mutex(shared != 0);
        owner_thread_ends(mutex);
        check_is_told(mutex);
        parallel_mutex_destroy(mutex);
    }
}
PROPERTY_END

PROPERTY(the_next_owner_learns_that_a_process_was_killed_with_it)
{
    parallel_mutex *mutex = new_mutex(true);
    owner_process_is_killed(mutex);
    check_is_told(mutex);
    /* And once more, now that it was repaired. */
    owner_process_is_killed(mutex);
    check_is_told(mutex);
    parallel_mutex_destroy(mutex);
}
PROPERTY_END

static void *lock_code(void *mutex)
{
    return (void *)(intptr_t)parallel_mutex_lock(mutex, parallel_deadline_in(0.01));
}

PROPERTY(a_deadline_is_kept)
{
    parallel_mutex *mutex = new_mutex(false);
    ck_assert_ok(parallel_mutex_lock(mutex, PARALLEL_POLL));
    uint64_t before = pl_clock_now_ns();
    pthread_t other;
    void *code;
    ck_assert_int_eq(pthread_create(&other, NULL, lock_code, mutex), 0);
    ck_assert_int_eq(pthread_join(other, &code), 0);
    ck_assert_int_eq((intptr_t)code, PARALLEL_ETIMEDOUT);
    ck_assert_uint_ge(pl_clock_now_ns() - before, 10000000);
    ck_assert_ok(parallel_mutex_unlock(mutex));
    parallel_mutex_destroy(mutex);
}
PROPERTY_END

PROPERTY(misuse_is_an_error)
{
    parallel_mutex *mutex = new_mutex(false);
    ck_assert_fails(parallel_mutex_unlock(mutex), PARALLEL_EMISUSE);
    ck_assert_fails(parallel_mutex_make_consistent(mutex), PARALLEL_EMISUSE);
    ck_assert_ok(parallel_mutex_lock(mutex, PARALLEL_NEVER));
    ck_assert_fails(parallel_mutex_lock(mutex, PARALLEL_NEVER), PARALLEL_EDEADLK);
    ck_assert_ok(parallel_mutex_unlock(mutex));
    ck_assert_fails(parallel_mutex_create(NULL, NULL), PARALLEL_EINVALID);
    parallel_mutex_destroy(mutex);
    parallel_mutex_destroy(NULL);
}
PROPERTY_END

PROPERTIES(the_next_owner_learns_that_a_thread_ended_with_it, the_next_owner_learns_that_a_process_was_killed_with_it,
           a_deadline_is_kept, misuse_is_an_error)
