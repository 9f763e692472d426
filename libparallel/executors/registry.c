/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/registry.h"

#include <pthread.h>

#include <libparallel/deadline.h>

#include "libparallel/base/futex.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct parallel_executor *first; /* under the lock, as the next */
static uint64_t next_number = 1;

void pl_registry_lock(void)
{
    pthread_mutex_lock(&lock);
}

void pl_registry_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void pl_registry_forget(void)
{
    first = NULL;
}

void pl_registry_enter(struct parallel_executor *executor)
{
    pthread_mutex_lock(&lock);
    executor->number = next_number++;
    executor->fork_count = pl_fork_count();
    atomic_init(&executor->borrowers, 0);
    executor->next = first;
    first = executor;
    pthread_mutex_unlock(&lock);
}

/* Under the lock: the link that points to the executor, or NULL if it is not open. Compares, never dereferences. */
static struct parallel_executor **find(const struct parallel_executor *executor)
{
    for (struct parallel_executor **link = &first; *link != NULL; link = &(*link)->next)
        if (*link == executor)
            return link;
    return NULL;
}

bool pl_registry_leave(struct parallel_executor *executor)
{
    pthread_mutex_lock(&lock);
    struct parallel_executor **link = find(executor);
    if (link != NULL)
        *link = executor->next;
    pthread_mutex_unlock(&lock);
    return link != NULL;
}

/* ---- Borrowing ---- */

/* Under the lock: keeps the executor from being destroyed. */
static void borrow(struct parallel_executor *executor)
{
    pl_add_relaxed(&executor->borrowers, 1); /* relaxed: the close comes under the lock */
}

bool pl_registry_borrow(struct parallel_executor *executor, uint64_t number)
{
    pthread_mutex_lock(&lock);
    bool is_found = find(executor) != NULL && (number == PL_REGISTRY_ANY_NUMBER || executor->number == number);
    if (is_found)
        borrow(executor);
    pthread_mutex_unlock(&lock);
    return is_found;
}

struct parallel_executor *pl_registry_borrow_youngest(uint64_t below)
{
    pthread_mutex_lock(&lock);
    struct parallel_executor *executor = NULL;
    for (struct parallel_executor *each = first; each != NULL; each = each->next)
        if (each->number < below && (executor == NULL || each->number > executor->number))
            executor = each;
    if (executor != NULL)
        borrow(executor);
    pthread_mutex_unlock(&lock);
    return executor;
}

void pl_registry_give_back(struct parallel_executor *executor)
{
    /* Release: pairs with the acquire of the close, which then destroys. The wake touches the address only. */
    if (pl_sub_release(&executor->borrowers, 1) == 1)
        pl_futex_wake(&executor->borrowers, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

void pl_registry_wait_for_borrowers(struct parallel_executor *executor)
{
    uint32_t borrowers;
    while ((borrowers = pl_load_acquire(&executor->borrowers)) > 0) /* pairs with pl_registry_give_back() */
        pl_futex_wait(&executor->borrowers, borrowers, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
}
