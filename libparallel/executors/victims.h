/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The deques of all workers of one executor, as thieves see them. A deque is born with its worker's first start and lives
 * until the executor is destroyed, so a thief may look at any of them at any time.
 *
 * The order of stealing: worker numbers are contiguous within a place (placement.h), so those with near numbers are near:
 * number + 1, - 1, + 2, - 2 and so on. docs/scaling.md says why not nearest first throughout. */
#ifndef LIBPARALLEL_EXECUTORS_VICTIMS_H
#define LIBPARALLEL_EXECUTORS_VICTIMS_H

#include "libparallel/executors/deque.h"

struct parallel_statistics;

/* Workers beyond these have no deque: what they spawn they call themselves. */
enum { PL_VICTIM_LIMIT = 2048 };

struct pl_victims {
    _Atomic(struct pl_deque *) deques[PL_VICTIM_LIMIT];
    _Atomic uint32_t count; /* 1 + the highest index in use */
};

/* The deque of worker `index`, made at the first call; NULL beyond the limit or without memory. Only by that worker. */
struct pl_deque *pl_victims_enter(struct pl_victims *victims, size_t index,
                                  void (*call_thief)(void *context, bool has_work), void *context);
void pl_victims_destroy(struct pl_victims *victims);

/* The one of that number (from 1), which exists. */
struct pl_deque *pl_victims_find(struct pl_victims *victims, uint32_t number);

/* The number of the other of `count` > 1 that is met at turn 0, 1, 2, 3 ... of a search by number `self` < count: self + 1,
 * - 1, + 2, - 2 and so on, modulo count. Turns 0 to count - 2 meet each other one once. */
static inline uint32_t pl_victims_number(uint32_t self, uint32_t turn, uint32_t count)
{
    uint32_t distance = turn / 2 + 1;
    return (turn % 2 == 0 ? self + distance : self + count - distance) % count;
}

/* The victim of turn `turn` of a search by worker `index`, or NULL. */
struct pl_deque *pl_victims_choose(struct pl_victims *victims, size_t index, uint32_t turn);

/* Asks every worker to publish at its next spawn or sync. */
void pl_victims_request(struct pl_victims *victims);

/* True if any holds a call that nobody has begun. After pl_victims_request() and pl_deque_barrier(): none is missed. */
bool pl_victims_have_work(struct pl_victims *victims);

/* Adds what worker `worker`, or all (PARALLEL_ALL_WORKERS), have counted. PARALLEL_ERANGE. In statistics.c. */
int pl_victims_count(struct pl_victims *victims, int worker, struct parallel_statistics *sum);

/* One of the others that has public work, if need be because this publishes it for an owner that does not answer; or NULL. */
struct pl_deque *pl_victims_find_or_force(struct pl_victims *victims, size_t thief_index);

#endif
