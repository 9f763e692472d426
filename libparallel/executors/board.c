/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Posting work and joining it. Protocol: docs/protocols/named-loops.md. */
#include "libparallel/executors/board.h"

#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/futex.h"
#include "libparallel/executors/executor.h"

enum {
    /* An owner waits for helpers that have begun, usually as long as the owner itself has worked; first without pauses,
     * since the shortest loops are over in 100 ns, then as long as waking it would take (50 ns a turn). */
    EAGER_TURNS = 200,
    PATIENT_TURNS = 1000,
};

/* Where the calling thread's last post was: its lines are still near. Only a hint, whatever the board. */
static _Thread_local uint32_t last_number __attribute__((tls_model("initial-exec")));

void pl_board_open(struct pl_board *board)
{
    memset(board, 0, sizeof *board);
    for (uint32_t i = 0; i < PL_BOARD_SIZE; i++)
        board->posts[i].number = i;
}

void pl_board_close(struct pl_board *board)
{
    for (uint32_t i = 0; i < PL_BOARD_SIZE; i++)
        free(board->posts[i].kept);
}

struct pl_post *pl_board_take(struct pl_board *board)
{
    for (uint32_t i = 0; i < PL_BOARD_SIZE; i++) {
        struct pl_post *post = &board->posts[(last_number + i) % PL_BOARD_SIZE];
        uint32_t free = 0;
        /* Relaxed look; the swap acquires what the last owner kept, and pairs with pl_board_give_back(). */
        if (pl_load_relaxed(&post->is_taken) != 0 || !pl_cas_acquire(&post->is_taken, &free, 1))
            continue;
        last_number = post->number;
        uint32_t used = pl_load_relaxed(&board->used);
        /* Seq_cst: before the opening, so that a last look that comes after the opening counts this post. */
        while (used <= post->number && !pl_cas_seq_cst(&board->used, &used, post->number + 1))
            continue;
        return post;
    }
    return NULL;
}

uint32_t pl_post_next_sequence(const struct pl_post *post)
{
    uint32_t sequence = pl_post_sequence_of(pl_load_relaxed(&post->word)) + 1; /* relaxed: the owner's alone */
    return sequence != 0 ? sequence : 1;
}

void pl_post_open(struct pl_post *post, struct pl_joint_work *work, const void *ahead, uint32_t places)
{
    pl_store_relaxed(&post->work, work); /* relaxed, both: published by the word */
    pl_store_relaxed(&post->ahead, ahead);
    uint64_t word = (uint64_t)pl_post_next_sequence(post) << PL_POST_SEQUENCE_SHIFT;
    /* Publishes the work to the join; before the read of the crew that decides who is called (step O2). */
    pl_store_seq_cst(&post->word, word | (uint64_t)places << PL_POST_PLACE_SHIFT);
}

/* The half of the word that changes while the post is in use. */
static _Atomic uint32_t *futex_word(struct pl_post *post)
{
    return (_Atomic uint32_t *)&post->word + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 1);
}

/* Nobody stands in for the owner meanwhile: who is inside is at work, or has somebody who stands in for him if he waits, so
 * the owner's return does not depend on a worker more, and more bodies than workers would run once it is back. */
static void sleep_until_left(struct pl_post *post)
{
    for (;;) {
        /* Acquire: if nobody is inside any more, pairs with pl_post_leave(). */
        uint64_t word = atomic_fetch_or_explicit(&post->word, PL_POST_WAITED, memory_order_acquire);
        if ((word & PL_POST_INSIDE_MASK) == 0)
            break;
        pl_futex_wait(futex_word(post), (uint32_t)(word | PL_POST_WAITED), PARALLEL_NEVER, PL_FUTEX_PRIVATE);
    }
}

void pl_post_close(struct pl_post *post)
{
    uint64_t word = pl_load_acquire(&post->word); /* acquire, here and below: pairs with pl_post_leave() */
    if ((word & PL_POST_PLACES_MASK) != 0)
        word = atomic_fetch_and_explicit(&post->word, ~PL_POST_PLACES_MASK, memory_order_acquire);
    for (uint32_t turn = 0; (word & PL_POST_INSIDE_MASK) != 0; turn++) {
        if (turn >= EAGER_TURNS + PATIENT_TURNS) {
            sleep_until_left(post);
            return;
        }
        if (turn >= EAGER_TURNS)
            pl_spin_pause();
        word = pl_load_acquire(&post->word);
    }
}

bool pl_board_is_open_to(struct pl_board *board, struct pl_board_reader *reader)
{
    uint32_t used = pl_load_seq_cst(&board->used); /* see pl_board_take() */
    for (uint32_t i = 0; i < used; i++)
        if (pl_post_is_open_to(board, reader, i))
            return true;
    return false;
}

struct pl_joint_work *pl_post_join(struct pl_post *post, struct pl_board_reader *reader)
{
    /* Relaxed: published by the word that was seen; what is read here is used if the swap finds that word unchanged. */
    struct pl_joint_work *work = pl_load_relaxed(&post->work);
    /* All are under way while the swap waits for the post's own line; a stale address does no harm. */
    __builtin_prefetch(work);
    __builtin_prefetch((const char *)work + PL_CACHE_LINE);
    __builtin_prefetch(pl_load_relaxed(&post->ahead));
    uint64_t word = reader->seen;
    do {
        if ((word & PL_POST_PLACES_MASK) == 0 || pl_post_sequence_of(word) != pl_post_sequence_of(reader->seen))
            return NULL;
        /* Seq_cst: before the look at the queue that follows (step H4). */
    } while (!pl_cas_seq_cst(&post->word, &word, word - ((uint64_t)1 << PL_POST_PLACE_SHIFT) + 1));
    reader->home = post->number;
    reader->visited[post->number] = pl_post_sequence_of(word);
    return work;
}

void pl_post_leave(struct pl_post *post)
{
    /* Release: what the helper did happens before the owner's return. Seq_cst: before the look at the queue that
     * follows, and after which the executor may have finished. */
    uint64_t word = pl_sub_seq_cst(&post->word, 1);
    if ((word & PL_POST_INSIDE_MASK) == 1 && (word & PL_POST_WAITED) != 0)
        pl_futex_wake(futex_word(post), 1, PL_FUTEX_PRIVATE);
}

uint32_t pl_board_inside(struct pl_board *board, const struct pl_post *own)
{
    uint32_t used = pl_load_seq_cst(&board->used); /* seq_cst, both: see named-loops.md */
    uint32_t inside = 0;
    for (uint32_t i = 0; i < used; i++)
        if (&board->posts[i] != own)
            inside += (uint32_t)(pl_load_seq_cst(&board->posts[i].word) & PL_POST_INSIDE_MASK);
    return inside;
}
