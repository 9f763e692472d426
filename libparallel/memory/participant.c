/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Taking a record, and finding out whether its owner is gone. A thread never gives its record back: it simply ends with
 * the lock held, and the kernel marks the lock as it does for one that was killed. So there is one path and no
 * destructor that a thread could miss. */
#include "libparallel/memory/participant.h"

#include <errno.h>

#include "libparallel/base/fork.h"
#include "libparallel/memory/space.h"

/* Of a record's lock. A process that is killed while it makes one leaves that one record unusable. */
enum { LOCK_NEW, LOCK_UNDER_WAY, LOCK_READY };

enum { INCARNATION_MASK = (1 << PL_PARTICIPANT_INCARNATION_BITS) - 1 };

_Static_assert(sizeof(struct pl_participant_record) == PL_CACHE_LINE, "a record owns exactly one cache line");

/* After fork() the child's thread is not the participant that its parent's thread is: the fork count tells. */
static _Thread_local struct {
    bool is_known; /* false: this thread has not asked yet */
    uint32_t fork_count;
    pl_participant_id id;
} self;

size_t pl_participants_place(struct pl_participants *participants, char *base, size_t offset)
{
    participants->records = (struct pl_participant_record *)(void *)(base + offset);
    /* Record 0 is nobody's, so its bytes are free for the count. */
    participants->used_count = &participants->records[PL_NOBODY].incarnation;
    return offset + PL_PARTICIPANT_RECORDS * sizeof(struct pl_participant_record);
}

/* A robust mutex cannot be all zeros, and making all of them at once would touch every page. */
static bool has_lock(struct pl_participant_record *record)
{
    /* Acquire: pairs with the release below; the lock is made. */
    uint32_t state = pl_load_acquire(&record->state);
    if (state != LOCK_NEW)
        return state == LOCK_READY;
    /* Relaxed: it only elects who makes the lock. */
    if (!pl_cas_relaxed(&record->state, &state, LOCK_UNDER_WAY))
        return false;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&record->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pl_store_release(&record->state, LOCK_READY); /* publishes the lock to the acquire above */
    return true;
}

/* Gets the lock of a record whose owner is gone, if there is one to get, and undoes what it left half done. If this
 * process is killed here, the lock is dead again and the claim still stands: the next one undoes it once more. */
static bool lock_and_undo(struct pl_space *space, uint32_t index)
{
    struct pl_participant_record *record = &space->participants.records[index];
    if (!has_lock(record))
        return false;
    int error = pthread_mutex_trylock(&record->lock);
    if (error == EOWNERDEAD) {
        pl_large_blocks_undo(space, index);
        pthread_mutex_consistent(&record->lock);
        error = 0;
    }
    return error == 0;
}

static void raise_used_count(struct pl_participants *participants, uint32_t count)
{
    /* Relaxed: a record is published by its own lock; a sweep that reads an old count misses only newcomers. */
    uint32_t used = pl_load_relaxed(participants->used_count);
    while (used < count && !pl_cas_relaxed(participants->used_count, &used, count))
        continue;
}

static uint32_t next_incarnation(struct pl_participant_record *record)
{
    /* Relaxed: written under the lock only. */
    uint32_t incarnation = (pl_load_relaxed(&record->incarnation) + 1) & INCARNATION_MASK;
    /* Release: pairs with the acquire in pl_participant_is_gone(), which may conclude from the new incarnation that
     * the last owner's claim is undone. */
    pl_store_release(&record->incarnation, incarnation);
    return incarnation;
}

static pl_participant_id take_record(struct pl_space *space)
{
    for (uint32_t index = PL_NOBODY + 1; index < PL_PARTICIPANT_RECORDS; index++) {
        if (!lock_and_undo(space, index))
            continue;
        raise_used_count(&space->participants, index + 1);
        uint64_t incarnation = next_incarnation(&space->participants.records[index]);
        return incarnation << PL_PARTICIPANT_RECORD_BITS | index;
    }
    return PL_NOBODY;
}

pl_participant_id pl_participant_self(struct pl_space *space)
{
    if (!self.is_known || self.fork_count != pl_fork_count()) {
        self.id = take_record(space);
        self.fork_count = pl_fork_count();
        self.is_known = true;
    }
    return self.id;
}

bool pl_participant_is_gone(struct pl_space *space, pl_participant_id id)
{
    uint32_t index = pl_participant_record_of(id);
    if (index == PL_NOBODY)
        return false;
    struct pl_participant_record *record = &space->participants.records[index];
    uint64_t incarnation = id >> PL_PARTICIPANT_RECORD_BITS;
    /* Acquire: pairs with the release in next_incarnation(). */
    if (pl_load_acquire(&record->incarnation) != incarnation)
        return true;
    if (!lock_and_undo(space, index))
        return false;
    if (pl_load_relaxed(&record->incarnation) == incarnation) /* written under the lock, which is held here */
        next_incarnation(record);
    pthread_mutex_unlock(&record->lock);
    return true;
}

void pl_participants_sweep(struct pl_space *space)
{
    uint32_t count = pl_load_relaxed(space->participants.used_count); /* see raise_used_count() */
    for (uint32_t index = PL_NOBODY + 1; index < count; index++) {
        struct pl_participant_record *record = &space->participants.records[index];
        if (!lock_and_undo(space, index))
            continue;
        next_incarnation(record);
        pthread_mutex_unlock(&record->lock);
    }
}
