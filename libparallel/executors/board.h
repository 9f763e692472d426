/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The board of an executor: where the owner of some work posts it so that searching workers, who look there all the
 * time, come and take part. No allocation, no lock, no queue; protocol: docs/protocols/named-loops.md.
 *
 *   owner:                                          worker that searches:
 *     post = pl_board_take(board)                     post = pl_board_find(board, reader)
 *     pl_post_open(post, work, ahead, places)         work = pl_post_join(post, reader)
 *     ... its own part of the work ...                work->take_part(work, index)
 *     pl_post_close(post)      waits for those inside  pl_post_leave(post)
 *     pl_board_give_back(post)
 *
 * Does not: know what the work is; wake anybody who sleeps (threads.c). */
#ifndef LIBPARALLEL_EXECUTORS_BOARD_H
#define LIBPARALLEL_EXECUTORS_BOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/base/atomics.h"

enum {
    /* Loops of one executor that are open at once and get help. More than there are workers on most machines; a worker
     * has several only while they are nested. */
    PL_BOARD_SIZE = 64,
    PL_POST_LARGEST_PLACES = (1 << 15) - 1,
};

/* In the owner's frame. */
struct pl_joint_work {
    /* Called by each helper, in its own thread, with its worker index. */
    void (*take_part)(struct pl_joint_work *work, uint32_t worker);
    bool is_worth_a_wake; /* helpers call others while places are left */
};

/* | sequence 32 | waited 1 | places 15 | inside 16 | */
struct pl_post {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t word;
    _Atomic(struct pl_joint_work *) work;
    _Atomic(const void *) ahead;
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t is_taken;
    uint32_t number;
    void *kept; /* by the floor above, from work to work: one allocated block; freed with the board */
};

struct pl_board {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t used;    /* posts with lower numbers have been in use; grows */
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint64_t debt_ns; /* what loops would have gained that woke nobody; owners */
    struct pl_post posts[PL_BOARD_SIZE];
};

/* A worker's view. */
struct pl_board_reader {
    uint32_t home;                   /* the post where it was last */
    uint32_t next;                   /* the one to look at beside */
    uint64_t seen;                   /* its word */
    uint32_t visited[PL_BOARD_SIZE]; /* sequence in which it was inside of each */
};

void pl_board_open(struct pl_board *board);
void pl_board_close(struct pl_board *board);

/* A free post, which the caller then owns; NULL: all are taken. */
struct pl_post *pl_board_take(struct pl_board *board);

static inline void pl_board_give_back(struct pl_post *post)
{
    pl_store_release(&post->is_taken, 0); /* publishes `kept` to the acquire in pl_board_take() */
}

/* Workers may join from now on, at most `places` of them. They fetch the first two cache lines of the work, and the one at
 * `ahead`, while they join. */
void pl_post_open(struct pl_post *post, struct pl_joint_work *work, const void *ahead, uint32_t places);

/* The number of this opening, which a helper's join has confirmed; never 0. Owner: between take and open, of the next. */
uint32_t pl_post_next_sequence(const struct pl_post *post);

/* Nobody joins any more; waits for those inside. What they wrote is visible. */
void pl_post_close(struct pl_post *post);

enum { PL_POST_PLACE_SHIFT = 16, PL_POST_SEQUENCE_SHIFT = 32 };

#define PL_POST_INSIDE_MASK ((uint64_t)0xffff)
#define PL_POST_PLACES_MASK ((uint64_t)PL_POST_LARGEST_PLACES << PL_POST_PLACE_SHIFT)
#define PL_POST_WAITED      ((uint64_t)1 << 31)

static inline uint32_t pl_post_sequence_of(uint64_t word)
{
    return (uint32_t)(word >> PL_POST_SEQUENCE_SHIFT);
}

static inline uint32_t pl_post_places(struct pl_post *post)
{
    /* Relaxed: places of one opening only go, so with none left that is so for whoever has joined, and for the owner. Of
     * others' posts it is a hint. */
    return (uint32_t)((pl_load_relaxed(&post->word) & PL_POST_PLACES_MASK) >> PL_POST_PLACE_SHIFT);
}

/* True if the post is open and the reader has not been inside with this sequence; keeps the word. */
static inline bool pl_post_is_open_to(struct pl_board *board, struct pl_board_reader *reader, uint32_t number)
{
    /* Seq_cst: as part of a worker's last look it comes after its step out of the crew (named-loops.md); a plain load on
     * x86. Also acquires `work`, for the fetch ahead of the join. */
    uint64_t word = pl_load_seq_cst(&board->posts[number].word);
    if ((word & PL_POST_PLACES_MASK) == 0 || reader->visited[number] == pl_post_sequence_of(word))
        return false;
    reader->seen = word;
    return true;
}

/* Looks at the reader's home and at one other post. NULL: neither is open. */
static inline struct pl_post *pl_board_find(struct pl_board *board, struct pl_board_reader *reader)
{
    uint32_t used = pl_load_relaxed(&board->used); /* relaxed: a new post is found a turn later; the last look is exact */
    if (used == 0)
        return NULL;
    if (pl_post_is_open_to(board, reader, reader->home))
        return &board->posts[reader->home];
    reader->next = reader->next + 1 < used ? reader->next + 1 : 0;
    return pl_post_is_open_to(board, reader, reader->next) ? &board->posts[reader->next] : NULL;
}

/* True if any post is open to the reader: after its step out of the crew. */
bool pl_board_is_open_to(struct pl_board *board, struct pl_board_reader *reader);

/* Enters the work that pl_board_find() has seen; NULL if that is not possible any more. */
struct pl_joint_work *pl_post_join(struct pl_post *post, struct pl_board_reader *reader);

/* The last access to the work. */
void pl_post_leave(struct pl_post *post);

/* How many workers are inside of any post but `own`; NULL: of any. */
uint32_t pl_board_inside(struct pl_board *board, const struct pl_post *own);

#endif
