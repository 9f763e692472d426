/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A participant is one thread of any process that works in the shared space. It has a record there: a robust mutex that
 * it holds for as long as it lives, so that the kernel tells the others when it is dead, however it died; a count of
 * the record's owners, so that a reused record is not mistaken for its last owner; and the claim that it has under way,
 * so that the others can undo it. docs/protocols/shared_space.md.
 *
 *     free ---- a thread takes the lock, incarnation + 1 ----> held ---- the thread ends ----> free
 *      ^                                                        | killed
 *      +---- whoever takes the lock undoes the claim <--------- dead
 *
 * Nobody ever waits for a record: all locking is by trylock. */
#ifndef LIBPARALLEL_MEMORY_PARTICIPANT_H
#define LIBPARALLEL_MEMORY_PARTICIPANT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/atomics.h"

struct pl_space;

enum {
    PL_PARTICIPANT_RECORD_BITS = 12,
    PL_PARTICIPANT_INCARNATION_BITS = 26,
    PL_PARTICIPANT_ID_BITS = PL_PARTICIPANT_RECORD_BITS + PL_PARTICIPANT_INCARNATION_BITS,
    /* Record 0 is nobody's. A thread that finds no record works on as nobody: only its death would be unnoticed. */
    PL_PARTICIPANT_RECORDS = 1 << PL_PARTICIPANT_RECORD_BITS,
    PL_NOBODY = 0,
};

/* Who: the record in the low bits, its incarnation above. PL_NOBODY is a valid one that never counts as dead. */
typedef uint64_t pl_participant_id;

struct pl_participant_record {
    _Alignas(PL_CACHE_LINE) pthread_mutex_t lock; /* robust; held by the owner for its whole life */
    _Atomic uint32_t state;                       /* of the lock: see participant.c */
    _Atomic uint32_t incarnation;                 /* written under the lock */
    _Atomic uint64_t claim;                       /* of large_blocks.c; written by the owner, or under the lock */
};

/* One process's view of the records. */
struct pl_participants {
    struct pl_participant_record *records;
    _Atomic uint32_t *used_count; /* records above were never used; grows only */
};

/* Places the records behind `offset` of a segment at `base`; returns the offset behind them. */
size_t pl_participants_place(struct pl_participants *participants, char *base, size_t offset);

/* The calling thread's id, PL_NOBODY if there is no record left. The first call of a thread, and the first one after a
 * fork, takes a record; the thread's end gives it back. */
pl_participant_id pl_participant_self(struct pl_space *space);

/* The record of an id: what fits into fewer bits. */
static inline uint32_t pl_participant_record_of(pl_participant_id id)
{
    return (uint32_t)(id & (PL_PARTICIPANT_RECORDS - 1));
}

/* True if this participant is known to be gone: died, or ended. What it left half done in the large blocks has been
 * undone then. False also if another process is looking at the record right now. */
bool pl_participant_is_gone(struct pl_space *space, pl_participant_id id);

/* Asks that of every record: undoes all that is left. */
void pl_participants_sweep(struct pl_space *space);

#endif
