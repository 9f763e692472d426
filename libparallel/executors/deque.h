/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The deque of spawned calls of one worker; docs/protocols/spawning.md. The owner's fast half is libparallel/deque.h;
 * this is the rest of the owner's, and the thieves'. */
#ifndef LIBPARALLEL_EXECUTORS_DEQUE_H
#define LIBPARALLEL_EXECUTORS_DEQUE_H

#include <stdbool.h>

#include <libparallel/deque.h>

#include "libparallel/base/lock.h"
#include "libparallel/executors/counters.h"
#include "libparallel/executors/scope.h"

struct pl_victims;

/* The records of one task, of all that a deque holds: from `first` on, up to where the next section begins. On the stack of
 * the worker that runs the task. */
struct pl_section {
    const struct pl_section *outer;
    struct pl_scope *scope;
    uint64_t first;
};

struct pl_deque {
    _Alignas(2 * PL_CACHE_LINE) struct parallel_deque shared; /* first: the inlined half's pointer is to this */
    _Alignas(2 * PL_CACHE_LINE) struct parallel_spawn *records[PARALLEL_DEQUE_CAPACITY];
    _Atomic uintptr_t slots[PARALLEL_DEQUE_CAPACITY];    /* a record, or one of the marks of deque.c */
    _Alignas(PL_CACHE_LINE) struct pl_lock lock;         /* who moves the split */
    _Atomic uint32_t completions;                        /* futex word: stolen calls that have come back to a sleeper */
    uint32_t number;                                     /* from 1; constant: names the thief in a slot */
    struct pl_victims *peers;                            /* constant: all deques of the executor, this one too */
    void (*call_thief)(void *context, bool has_work);    /* constant: called without locks when there is work to be had, or
                                                          * when a call was stolen, and others may have some */
    void *context;
    struct pl_counters counters;                         /* the owner's, of what it does as a thief, like the next two */
    struct pl_deque *last_victim;                        /* from which it stole last; NULL: never */
    uint64_t last_index;                                 /* the slot there */
};

/* The calling worker's; NULL on any other thread. */
extern __attribute__((tls_model("initial-exec"))) __thread struct pl_deque *pl_deque_current;

/* Of a record that a worker has spawned. */
static inline struct pl_deque *pl_deque_of(const struct parallel_spawn *spawn)
{
    return (struct pl_deque *)spawn->deque;
}

/* Makes it the calling thread's; NULL: the thread is no worker, or none any more. */
void pl_deque_make_current(struct pl_deque *deque);

/* Where the calling worker counts; NULL on any other thread. */
static inline struct pl_counters *pl_counters_of_caller(void)
{
    return pl_deque_current != NULL ? &pl_deque_current->counters : NULL;
}

/* Zeroed pages that cost nothing until they are used; NULL without memory. Freed by pl_deque_destroy(). */
struct pl_deque *pl_deque_create(uint32_t number, struct pl_victims *peers,
                                 void (*call_thief)(void *context, bool has_work), void *context);
void pl_deque_destroy(struct pl_deque *deque);

/* Asks the kernel, once, for membarrier; called before there are workers (registering later takes milliseconds). */
void pl_deque_prepare(void);

/* Makes `section` the innermost one. Who publishes a record by force reads the sections, under the lock; with no record in
 * the deque nobody does. */
static inline void pl_deque_change_section(struct pl_deque *deque, const struct pl_section *section)
{
    bool is_read = deque->shared.top > 0;
    if (is_read)
        pl_lock_acquire(&deque->lock);
    /* Relaxed: published by the lock, or by the next spawn (P2). */
    __atomic_store_n(&deque->shared.section, section, __ATOMIC_RELAXED);
    if (is_read)
        pl_lock_release(&deque->lock);
}

/* The caller begins what may spawn: as pl_scope_enter(), and what it spawns until it leaves the section belongs to that scope.
 * Pairs with pl_section_leave(), in reverse order. Not to have synced all by then is a misuse, which ends the program and names
 * `function`. */
static inline void pl_section_enter(struct pl_section *section, struct pl_scope *scope,
                                    bool (*is_cancelled)(const struct pl_scope *))
{
    struct pl_deque *deque = pl_deque_current;
    pl_scope_enter(scope, is_cancelled);
    section->scope = scope;
    if (deque == NULL)
        return;
    section->outer = (const struct pl_section *)deque->shared.section;
    section->first = deque->shared.top;
    pl_deque_change_section(deque, section);
}

static inline void pl_section_leave(const struct pl_section *section, const char *function)
{
    struct pl_deque *deque = pl_deque_current;
    if (deque != NULL) { /* NULL, too, where a forked child goes on with the task of its parent's worker */
        if (deque->shared.top != section->first)
            parallel_spawn_misuse(function);
        pl_deque_change_section(deque, section->outer);
    }
    pl_scope_leave(section->scope);
}

/* Every store of every running thread of this process that came before is visible to what comes after. */
void pl_deque_barrier(void);

/* True if it holds a call that nobody has begun, as far as the caller can see. */
bool pl_deque_has_work(struct pl_deque *deque);

/* How many it holds that can be stolen right now; counts to 2 at most. */
int pl_deque_public_count(struct pl_deque *deque);

/* Asks the owner to publish at its next spawn or sync. */
void pl_deque_request(struct pl_deque *deque);

/* Publishes for an owner that does not answer; true if something became public. */
bool pl_deque_publish_by_force(struct pl_deque *deque);

/* Takes the oldest public call, for the worker whose deque is `thief`; NULL if there was none. It has been run when its thief
 * says so by pl_deque_return(), which is true if it had to wake the owner. */
struct parallel_spawn *pl_deque_steal(struct pl_deque *victim, struct pl_deque *thief, uint64_t *index);
bool pl_deque_return(struct pl_deque *victim, uint64_t index);

/* Takes one, runs it and gives it back; false if there was none. `thief` is the caller's deque. Before it runs it, it calls
 * call_thief. */
bool pl_deque_steal_and_run(struct pl_deque *victim, struct pl_deque *thief);

/* The owner's sync below the split. True: not stolen, call it. False: stolen. *thief is 0 if it is back; else the number of
 * the deque that has it, pl_deque_is_back() tells when it is back, and *index is its slot, which stays in use, as part of the
 * deque, until pl_deque_clear(). */
bool pl_deque_take_back(struct pl_deque *deque, uint64_t *index, uint32_t *thief);
bool pl_deque_is_back(struct pl_deque *deque, uint64_t index);

void pl_deque_sleep_until_back(struct pl_deque *deque, uint64_t index);

/* It is back: its slot, which is the topmost one, is free. */
void pl_deque_clear(struct pl_deque *deque, uint64_t index);

#endif
