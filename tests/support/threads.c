/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The new thread tells its id to the starter, who waits for it under a lock. */
#include "tests/support/threads.h"

#include <errno.h>
#include <unistd.h>

#include "tests/support/give_up.h"

static pthread_mutex_t id_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t id_is_known = PTHREAD_COND_INITIALIZER;

static void *tell_id_and_run(void *argument)
{
    struct test_thread *thread = argument;
    pthread_mutex_lock(&id_lock);
    thread->id = gettid();
    pthread_cond_broadcast(&id_is_known);
    pthread_mutex_unlock(&id_lock);
    return thread->body(thread->argument);
}

void start_thread(struct test_thread *thread, void *(*body)(void *argument), void *argument)
{
    *thread = (struct test_thread){.body = body, .argument = argument};
    int error = pthread_create(&thread->handle, NULL, tell_id_and_run, thread);
    if (error != 0) {
        errno = error;
        give_up("start_thread");
    }
    pthread_mutex_lock(&id_lock);
    while (thread->id == 0)
        pthread_cond_wait(&id_is_known, &id_lock);
    pthread_mutex_unlock(&id_lock);
}

void *join_thread(struct test_thread *thread)
{
    void *result = NULL;
    pthread_join(thread->handle, &result);
    return result;
}
