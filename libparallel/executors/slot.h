/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A slot carries one call to a worker process and its outcome back. One word decides who may do what:
 *
 *     generation 32 | worker number 16 | state 16
 *
 *              publish               claim (worker n)              finish (worker n)
 *     FREE ------------> PENDING ----------------------> RUNNING -------------------> DONE
 *      ^  program           |                              |                           |
 *      |                    | withdraw: program            | stop: program             | collect: program
 *      |                    v                              v                           |
 *      +---------------- WITHDRAWN                      STOPPED                        |
 *      |                                                   | n is known to be dead     |
 *      +---------------------------------------------------+---------------------------+
 *
 * Every step out of PENDING and RUNNING is a compare-and-swap of the whole word, so exactly one party wins it, whoever is
 * killed when. A worker whose finish fails has been stopped: it is to be killed, and touches nothing any more. After the
 * death of n is proven, what is RUNNING or STOPPED under n belongs to the program.
 *
 * The payload is the program's until it publishes, the worker's from claim to finish, the program's afterwards.
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
    PL_SLOT_FREE,
    PL_SLOT_PENDING,
    PL_SLOT_RUNNING,
    PL_SLOT_DONE,
    PL_SLOT_STOPPED,
    PL_SLOT_WITHDRAWN,
};

enum {
    PL_SLOT_BYTES = 640,
    PL_SLOT_HEAD_BYTES = 48, /* before the payload: 16 bytes of it are left in the first line */
    PL_SLOT_INLINE_BYTES = 272, /* enough for the arguments and the result of nearly every call */
    PL_SLOT_ALIGNMENT = 16, /* of the payload */
};

struct pl_slot {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t word;
    /* The calls: written by the program before PENDING. */
    const parallel_function *function;
    char *payload; /* in `inline_payload`, or a block of shared memory */
    uint64_t map_count; /* 0: a single call */
    /* Written by the worker, but for `is_asked`. */
    struct pl_performance performance;
    _Alignas(PL_SLOT_ALIGNMENT) char inline_payload[PL_SLOT_INLINE_BYTES];
    parallel_error failure; /* if performance.has_failed */
    struct pl_usage usage;  /* of the call, if calls are accounted for */
};

_Static_assert(sizeof(struct pl_slot) == PL_SLOT_BYTES, "slots are an array of whole cache lines");
_Static_assert(offsetof(struct pl_slot, inline_payload) == PL_SLOT_HEAD_BYTES, "a call of two words takes one line");

static inline enum pl_slot_state pl_slot_state_of(uint64_t word)
{
    return (enum pl_slot_state)(word & 0xffff);
}

/* A worker has claimed the call; it may have ended since. */
static inline bool pl_slot_is_begun(uint64_t word)
{
    enum pl_slot_state state = pl_slot_state_of(word);
    return state == PL_SLOT_RUNNING || state == PL_SLOT_DONE || state == PL_SLOT_STOPPED;
}

static inline uint16_t pl_slot_number_of(uint64_t word)
{
    return (uint16_t)(word >> 16);
}

static inline uint64_t pl_slot_word(uint64_t word_before, uint16_t number, enum pl_slot_state state)
{
    return (word_before & ~UINT64_C(0xffffffff)) | (uint64_t)number << 16 | (uint64_t)state;
}

static inline uint32_t pl_slot_generation_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

/* Names a call for good, as no other one has this slot and generation: pl_seat.call. */
static inline uint64_t pl_slot_call(uint64_t word, uint32_t index)
{
    return (word & ~UINT64_C(0xffffffff)) | (index + 1);
}

/* Acquire: pairs with the release of the step into what is seen. */
static inline uint64_t pl_slot_look(struct pl_slot *slot)
{
    return pl_load_acquire(&slot->word);
}

/* Asks for the lines of a small call, which another process has written and this one will write: the first one is. */
static inline void pl_slot_fetch(struct pl_slot *slot)
{
    pl_prefetch_to_write(slot);
    __builtin_prefetch((const char *)slot + PL_CACHE_LINE);
}

/* The generation that the next call in this slot will have. For its owner, as the next one. */
static inline uint32_t pl_slot_next_generation(struct pl_slot *slot)
{
    return pl_slot_generation_of(pl_load_relaxed(&slot->word)) + 1; /* relaxed: nobody else changes a free slot */
}

/* FREE -> PENDING of the next generation. */
static inline void pl_slot_publish(struct pl_slot *slot, uint32_t generation)
{
    /* Release: publishes the call to pl_slot_claim(). */
    pl_store_release(&slot->word, (uint64_t)generation << 32 | PL_SLOT_PENDING);
}

/* PENDING -> RUNNING by worker `number`. False: it is not pending. */
static inline bool pl_slot_claim(struct pl_slot *slot, uint16_t number)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: the swap decides */
    return pl_slot_state_of(word) == PL_SLOT_PENDING &&
           pl_cas_acq_rel(&slot->word, &word, pl_slot_word(word, number, PL_SLOT_RUNNING)); /* pairs with publish */
}

/* RUNNING -> DONE by the worker that runs it, with the word that it has made by claiming. False: it was stopped. */
static inline bool pl_slot_finish(struct pl_slot *slot, uint16_t number, uint32_t *generation)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: written by this worker, or stopped since */
    *generation = pl_slot_generation_of(word);
    return word == pl_slot_word(word, number, PL_SLOT_RUNNING) &&
           pl_cas_acq_rel(&slot->word, &word, pl_slot_word(word, number, PL_SLOT_DONE)); /* publishes the outcome */
}

/* PENDING -> WITHDRAWN. */
static inline bool pl_slot_withdraw(struct pl_slot *slot)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: the swap decides */
    return pl_slot_state_of(word) == PL_SLOT_PENDING &&
           pl_cas_acq_rel(&slot->word, &word, pl_slot_word(word, 0, PL_SLOT_WITHDRAWN)); /* pairs with publish */
}

/* RUNNING -> STOPPED. The number of the worker that is to be killed for it, or 0: it does not run. */
static inline uint16_t pl_slot_stop(struct pl_slot *slot)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed: the swap decides */
    if (pl_slot_state_of(word) != PL_SLOT_RUNNING)
        return 0;
    uint16_t number = pl_slot_number_of(word);
    /* Acquire-release: in one order with the worker's finish. */
    return pl_cas_acq_rel(&slot->word, &word, pl_slot_word(word, number, PL_SLOT_STOPPED)) ? number : 0;
}

/* Anything but PENDING and RUNNING -> FREE, by the program, which owns it. RUNNING too, after its worker's death. */
static inline void pl_slot_free(struct pl_slot *slot)
{
    uint64_t word = pl_load_relaxed(&slot->word); /* relaxed, both: the slot is this process's alone */
    pl_store_relaxed(&slot->word, pl_slot_word(word, 0, PL_SLOT_FREE));
}

/* The same without a look, which would wait for a line that is under way. */
static inline void pl_slot_free_blindly(struct pl_slot *slot, uint32_t generation)
{
    pl_store_relaxed(&slot->word, (uint64_t)generation << 32 | PL_SLOT_FREE); /* relaxed: as above */
}

#endif
