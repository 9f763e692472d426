/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The deques of an executor's workers. */
#include "libparallel/executors/victims.h"

struct pl_deque *pl_victims_enter(struct pl_victims *victims, size_t index,
                                  void (*call_thief)(void *context, bool has_work), void *context)
{
    if (index >= PL_VICTIM_LIMIT)
        return NULL;
    struct pl_deque *deque = pl_load_relaxed(&victims->deques[index]); /* relaxed: only this worker makes it */
    if (deque != NULL)
        return deque;
    deque = pl_deque_create((uint32_t)index + 1, victims, call_thief, context);
    if (deque == NULL)
        return NULL;
    pl_store_release(&victims->deques[index], deque); /* publishes its contents to thieves */
    uint32_t count = pl_load_relaxed(&victims->count);
    /* Seq_cst: a worker that falls asleep asks all that are counted; a new one begins with the request set. */
    while (count <= index && !pl_cas_seq_cst(&victims->count, &count, (uint32_t)index + 1))
        continue;
    return deque;
}

void pl_victims_destroy(struct pl_victims *victims)
{
    for (size_t i = 0; i < PL_VICTIM_LIMIT; i++)
        pl_deque_destroy(pl_load_relaxed(&victims->deques[i])); /* relaxed: all workers have been joined */
}

static struct pl_deque *at(struct pl_victims *victims, size_t index)
{
    return pl_load_acquire(&victims->deques[index]); /* pairs with pl_victims_enter() */
}

struct pl_deque *pl_victims_find(struct pl_victims *victims, uint32_t number)
{
    return at(victims, number - 1);
}

struct pl_deque *pl_victims_choose(struct pl_victims *victims, size_t index, uint32_t turn)
{
    uint32_t count = pl_load_acquire(&victims->count);
    if (count < 2)
        return NULL;
    return at(victims, pl_victims_number((uint32_t)(index % count), turn % (count - 1), count));
}

void pl_victims_request(struct pl_victims *victims)
{
    uint32_t count = pl_load_seq_cst(&victims->count);
    for (uint32_t i = 0; i < count; i++) {
        struct pl_deque *deque = at(victims, i);
        if (deque != NULL)
            pl_deque_request(deque);
    }
}

bool pl_victims_have_work(struct pl_victims *victims)
{
    uint32_t count = pl_load_seq_cst(&victims->count);
    for (uint32_t i = 0; i < count; i++) {
        struct pl_deque *deque = at(victims, i);
        if (deque != NULL && pl_deque_has_work(deque))
            return true;
    }
    return false;
}

struct pl_deque *pl_victims_find_or_force(struct pl_victims *victims, size_t thief_index)
{
    uint32_t count = pl_load_acquire(&victims->count);
    for (uint32_t turn = 0; turn + 1 < count; turn++) {
        struct pl_deque *deque = pl_victims_choose(victims, thief_index, turn);
        if (deque != NULL && (pl_deque_public_count(deque) > 0 || pl_deque_publish_by_force(deque)))
            return deque;
    }
    return NULL;
}
