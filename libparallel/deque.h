/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fork-join inside a task: the inlined half of name_spawn() and name_sync(). PARALLEL_FN generates the typed forms; a
 * program uses nothing of this file by hand.
 *
 * A spawned call is a record in the frame of its caller. Each worker keeps its records in a deque, newest on top. Only the
 * public part, below `split`, can be taken by other workers; spawning and syncing above it are a few plain stores and a
 * compare. docs/protocols/spawning.md is the whole story. Threads that are no workers have deques that are always full, so
 * there a spawn stores the arguments and its sync calls directly.
 *
 * The fields are plain integers touched by the compilers' __atomic built-ins, since this header is C++, too, where C11's
 * atomic types do not exist. */
#ifndef LIBPARALLEL_DEQUE_H
#define LIBPARALLEL_DEQUE_H

#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

struct parallel_deque;

/* The head of a spawned call: 4 words, then arguments and result. A spawn writes the first three; which deque and where in it
 * are kept here so that its sync need not ask the thread, nor wait for `top`. */
struct parallel_spawn {
    void (*call)(struct parallel_spawn *spawn); /* runs it on another worker */
    struct parallel_deque *deque;
    uint64_t index;
    union {
        const void *scope;   /* of the task that spawned it; set when it becomes public */
        const void *failure; /* set by a thief when it has run it, taken over by the sync */
    };
};

/* More records than this at once are not offered to others, and called directly by their sync: a depth that only
 * runaway recursion reaches, for each takes stack. */
#define PARALLEL_DEQUE_CAPACITY ((uint64_t)8192)

/* Bit of `split`: another worker wants work. Being the top bit, it also makes `index >= split` false. */
#define PARALLEL_DEQUE_REQUEST ((uint64_t)1 << 63)

/* The head of a deque. A worker's is aligned to two cache lines, since processors fetch a line together with its neighbour. The
 * type asks for no alignment: threads that are no workers have one in thread-local memory, and with more alignment than the
 * program began with, dlopen() would refuse the library. */
struct parallel_deque {
    uint64_t top;        /* written by the owner, like the next one */
    const void *section; /* the library's: which records are whose */
    uint64_t gap[14];
    uint64_t split; /* read by the owner at each operation, written when work changes hands */
};

/* A worker's records lie behind its deque, so many pointers from where that begins. */
#define PARALLEL_DEQUE_RECORDS (256 / sizeof(void *))

/* The calling thread's deque; never NULL. */
extern PARALLEL_API __attribute__((tls_model("initial-exec"))) __thread struct parallel_deque *parallel_deque_current;

/* A spawn has found a request: another worker has asked, and gets the older half of the private part. */
PARALLEL_API void parallel_spawn_answer(struct parallel_spawn *spawn);

/* The sync of a record that is public. 1: it was not stolen, the caller calls it. 0: another worker has run it. */
PARALLEL_API int parallel_spawn_recover(struct parallel_spawn *spawn);

/* A thief's side of the generated `call`: runs `body` as part of the task that spawned it. */
PARALLEL_API void parallel_spawn_run(struct parallel_spawn *spawn, void (*body)(struct parallel_spawn *spawn));

/* Syncs out of order, or none: a misuse; ends the program. */
PARALLEL_API void parallel_spawn_misuse(const char *function) __attribute__((noreturn));

static inline void parallel_spawn_push(struct parallel_spawn *spawn)
{
    struct parallel_deque *deque = parallel_deque_current;
    /* Relaxed: nobody else writes it, but for a thread's very first spawn off a worker, when it does not matter. */
    uint64_t index = __atomic_load_n(&deque->top, __ATOMIC_RELAXED);
    spawn->deque = deque;
    spawn->index = index;
    if (__builtin_expect(index < PARALLEL_DEQUE_CAPACITY, 1)) /* relaxed: published by the next store */
        __atomic_store_n((struct parallel_spawn **)deque + PARALLEL_DEQUE_RECORDS + index, spawn, __ATOMIC_RELAXED);
    /* Release: partner is the acquire of whoever publishes by force. */
    __atomic_store_n(&deque->top, index + 1, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the other side of the handshake is a membarrier */
    /* Relaxed: a request, no data. */
    if (__builtin_expect(__atomic_load_n(&deque->split, __ATOMIC_RELAXED) >> 63 != 0, 0))
        parallel_spawn_answer(spawn);
}

/* 1: the caller calls the function itself; 0: another worker has, and the result is in the record. */
static inline int parallel_spawn_pop(struct parallel_spawn *spawn, const char *function)
{
    struct parallel_deque *deque = spawn->deque;
    uint64_t index = spawn->index;
#ifndef NDEBUG
    if (__builtin_expect(deque->top != index + 1, 0))
        parallel_spawn_misuse(function);
#endif
    (void)function;
    __atomic_store_n(&deque->top, index, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    /* Relaxed: what is private was written by this thread. */
    if (__builtin_expect(index >= __atomic_load_n(&deque->split, __ATOMIC_RELAXED), 1))
        return 1;
    return parallel_spawn_recover(spawn);
}

PARALLEL_END_C

#endif
