/* SPDX-License-Identifier: BSD-3-Clause
 *
 * __wrap_malloc() and its like stand where the linker saw calls of malloc(); __real_malloc() is the true one. The
 * addresses of live blocks are kept in a list, because free() also gets blocks that other libraries allocated, which
 * must not be counted.
 *
 * An allocator that the library begins to use is added here and to failing_allocation_ldflags. */
#include "tests/support/failing_allocation.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/error.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
void __wrap_free(void *block);

static _Thread_local size_t allocations_until_failure; /* this one included; 0: none fails */
static _Thread_local bool has_failed;

static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static void **live; /* in no order; creation tests have few blocks, so it is searched from the end */
static size_t live_count, live_capacity;

static bool fails_now(void)
{
    if (allocations_until_failure == 0 || --allocations_until_failure > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

static void *remember(void *block)
{
    if (block == NULL)
        return NULL;
    pthread_mutex_lock(&live_lock);
    if (live_count == live_capacity) {
        live_capacity = live_capacity == 0 ? 1024 : 2 * live_capacity;
        live = __real_realloc(live, live_capacity * sizeof live[0]);
        if (live == NULL)
            abort();
    }
    live[live_count++] = block;
    pthread_mutex_unlock(&live_lock);
    return block;
}

static void forget(void *block)
{
    pthread_mutex_lock(&live_lock);
    for (size_t i = live_count; i > 0; i--) {
        if (live[i - 1] == block) {
            live[i - 1] = live[--live_count];
            break;
        }
    }
    pthread_mutex_unlock(&live_lock);
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : remember(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : remember(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails_now())
        return NULL;
    /* Forgotten first: once it is freed another thread may be given the same address. */
    forget(block);
    void *moved = __real_realloc(block, size);
    remember(moved != NULL ? moved : block);
    return moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : remember(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    if (fails_now())
        return ENOMEM;
    int error = __real_posix_memalign(block, alignment, size);
    if (error == 0)
        remember(*block);
    return error;
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : remember(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails_now() ? NULL : remember(__real_strndup(text, size));
}

void __wrap_free(void *block)
{
    if (block != NULL)
        forget(block);
    __real_free(block);
}

void fail_allocation(size_t number)
{
    allocations_until_failure = number;
    if (number > 0)
        has_failed = false;
}

bool allocation_failed(void)
{
    return has_failed;
}

size_t live_allocations(void)
{
    pthread_mutex_lock(&live_lock);
    size_t count = live_count;
    pthread_mutex_unlock(&live_lock);
    return count;
}

const char *fail_each_allocation(int (*attempt)(void *context), void *context)
{
    static _Thread_local char fault[160];
    for (size_t number = 1;; number++) {
        size_t live_before = live_allocations();
        fail_allocation(number);
        int status = attempt(context);
        fail_allocation(0);
        size_t live_after = live_allocations();
        int expected = has_failed ? PARALLEL_ENOMEMORY : 0;
        if (status != expected) {
            snprintf(fault, sizeof fault, "allocation %zu %s, and the attempt returned %d instead of %d", number,
                     has_failed ? "failed" : "was never made", status, expected);
            return fault;
        }
        if (live_after != live_before) {
            snprintf(fault, sizeof fault, "allocation %zu %s, and blocks left behind by the attempt: %td", number,
                     has_failed ? "failed" : "was never made", (ptrdiff_t)(live_after - live_before));
            return fault;
        }
        if (!has_failed)
            return NULL;
    }
}
