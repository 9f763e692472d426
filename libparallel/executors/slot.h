/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A slot has one call at a time out in a worker process. Each call in a slot has a generation, one higher than that
 * before, and one word, which no step but these four ever writes, decides who may do what:
 *
 *     generation 32 | worker number 16 | state 16
 *
 *                             claim (worker n)                   finish (worker n)
 *     g - 1, whatever state -------------------> g, n, RUNNING --------------------> g, n, DONE
 *               |                                      |
 *               | withdraw: program                    | stop: program
 *               v                                      v
 *        g, 0, WITHDRAWN                         g, n, STOPPED
 *
 * A call g that is out and whose slot bears g - 1 still is PENDING: to publish it is to give a hint with its generation
 * (crew.h), and to end it is the program's own affair, so a word's line remains in the cache of a worker that claims and
 * finishes calls there.
 *
 * Every step is a compare-and-swap of the whole word, so exactly one party wins it, whoever is killed when. A worker whose
 * finish fails has been stopped: it is to be killed, and touches nothing any more. After the death of n is proven, what is
 * RUNNING or STOPPED under n belongs to the program.
 *
 * What stands in the slot is the program's until the hint, the worker's from claim to finish, the program's afterwards.
 * docs/protocols/process-worker.md. */
#ifndef LIBPARALLEL_EXECUTORS_SLOT_H
#define LIBPARALLEL_EXECUTORS_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/base/atomics.h"
#include "libparallel/base/usage.h"
#include "libparallel/executors/portion.h"

enum pl_slot_state {
    PL_SLOT_UNUSED, /* it never had a call */
    PL_SLOT_PENDING, /* in no word: the word bears the generation before */
    PL_SLOT_RUNNING,
    PL_SLOT_DONE,
    PL_SLOT_STOPPED,
    PL_SLOT_WITHDRAWN,
};

enum {
    PL_SLOT_BYTES = 768,
    PL_SLOT_INLINE_BYTES = 352, /* enough for the arguments and the result of nearly every call */
    PL_SLOT_ALIGNMENT = 16, /* of the payload */
};

struct pl_slot {
    /* The worker's line, but for `asked`. */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t word;
    struct pl_performance performance; /* `asked` and the call are pl_slot_tag() */
    uint64_t result; /* of a call that came with its hint */
    /* What the calls are, if they did not come with the hint: written by the program before that. */
    _Alignas(PL_CACHE_LINE) const parallel_function *function;
    char *payload; /* in `inline_payload`, or a block of shared memory */
    uint64_t map_count; /* 0: a single call */
    _Alignas(PL_SLOT_ALIGNMENT) char inline_payload[PL_SLOT_INLINE_BYTES];
    parallel_error failure; /* if performance.has_failed */
    struct pl_usage usage;  /* of the call, if calls are accounted for */
};

_Static_assert(sizeof(struct pl_slot) == PL_SLOT_BYTES, "slots are an array of whole cache lines");
_Static_assert(offsetof(struct pl_slot, function) == PL_CACHE_LINE, "what the worker writes takes one line");

static inline uint32_t pl_slot_generation_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static inline uint16_t pl_slot_number_of(uint64_t word)
{
    return (uint16_t)(word >> 16);
}

static inline uint64_t pl_slot_word(uint64_t generation, uint16_t number, enum pl_slot_state state)
{
    return generation << 32 | (uint64_t)number << 16 | (uint64_t)state;
}

/* Of a call that is out, or was the last one that was. */
static inline enum pl_slot_state pl_slot_state_of(uint64_t word, uint64_t generation)
{
    return pl_slot_generation_of(word) == (uint32_t)generation ? (enum pl_slot_state)(word & 0xffff) : PL_SLOT_PENDING;
}

/* A worker has claimed the call; it may have ended since. */
static inline bool pl_slot_is_begun(uint64_t word, uint64_t generation)
{
    enum pl_slot_state state = pl_slot_state_of(word, generation);
    return state == PL_SLOT_RUNNING || state == PL_SLOT_DONE || state == PL_SLOT_STOPPED;
}

/* Names a call of its slot for good, and is never 0. Takes the whole generation: words and cells have 32 bits of it, which come
 * again after an hour. */
static inline uint64_t pl_slot_tag(uint64_t generation)
{
    return generation + 1;
}

/* Names a call for good, as no other one has this slot and generation: pl_seat.call. */
static inline uint64_t pl_slot_call(uint64_t generation, uint32_t index)
{
    return generation << 32 | (index + 1);
}

/* Acquire: pairs with the release of the step into what is seen. */
static inline uint64_t pl_slot_look(struct pl_slot *slot)
{
    return pl_load_acquire(&slot->word);
}

/* From the generation before to another state of this one. */
static inline bool pl_slot_take(struct pl_slot *slot, uint64_t generation, uint16_t number, enum pl_slot_state state)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: the swap decides */
    return pl_slot_generation_of(word) == (uint32_t)(generation - 1) &&
           /* Acquire-release: in one order with the steps of others. */
           pl_cas_acq_rel(&slot->word, &word, pl_slot_word(generation, number, state));
}

/* PENDING -> RUNNING by worker `number`. False: it is not pending. */
static inline bool pl_slot_claim(struct pl_slot *slot, uint64_t generation, uint16_t number)
{
    return pl_slot_take(slot, generation, number, PL_SLOT_RUNNING);
}

/* PENDING -> WITHDRAWN. */
static inline bool pl_slot_withdraw(struct pl_slot *slot, uint64_t generation)
{
    return pl_slot_take(slot, generation, 0, PL_SLOT_WITHDRAWN);
}

/* RUNNING -> DONE by the worker that runs it. False: it was stopped. */
static inline bool pl_slot_finish(struct pl_slot *slot, uint64_t generation, uint16_t number)
{
    uint64_t word = pl_slot_word(generation, number, PL_SLOT_RUNNING);
    return pl_cas_acq_rel(&slot->word, &word, pl_slot_word(generation, number, PL_SLOT_DONE)); /* publishes the outcome */
}

/* RUNNING -> STOPPED. The number of the worker that is to be killed for it, or 0: it does not run. */
static inline uint16_t pl_slot_stop(struct pl_slot *slot, uint64_t generation)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: the swap decides */
    if (pl_slot_state_of(word, generation) != PL_SLOT_RUNNING)
        return 0;
    uint16_t number = pl_slot_number_of(word);
    /* Acquire-release: in one order with the worker's finish. */
    return pl_cas_acq_rel(&slot->word, &word, pl_slot_word(generation, number, PL_SLOT_STOPPED)) ? number : 0;
}

#endif
