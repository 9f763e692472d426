/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Threads of a test that know their kernel id, so that the test can wait until one of them sleeps. Checks belong into
 * the test's own thread: a thread returns what it saw. */
#ifndef TESTS_SUPPORT_THREADS_H
#define TESTS_SUPPORT_THREADS_H

#include <pthread.h>
#include <sys/types.h>

struct test_thread {
    pthread_t handle;
    pid_t id; /* gettid() of the thread, known when start_thread() returns */
    void *(*body)(void *argument);
    void *argument;
};

/* Starts body(argument) in a thread; ends the test if there is none to be had. `thread` lives until it is joined. */
void start_thread(struct test_thread *thread, void *(*body)(void *argument), void *argument);

/* Waits for the thread's end; returns what its body returned. */
void *join_thread(struct test_thread *thread);

#endif
