/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the zygote does; zygote.h says what it is. */
#ifndef LIBPARALLEL_WORKERS_ZYGOTE_PROCESS_H
#define LIBPARALLEL_WORKERS_ZYGOTE_PROCESS_H

#include "libparallel/base/futex.h"
#include "libparallel/workers/zygote.h"

/* The life of a zygote, in a fresh process with one thread. `program` is a pidfd of the program, `lifeline` the reading
 * end of a pipe that nobody writes to. */
_Noreturn void pl_zygote_live(struct pl_zygote_board *board, int program, int lifeline);

/* Tells the program that there is something to look at. The collector sleeps on this word. */
static inline void pl_zygote_ring(struct pl_zygote_board *board)
{
    pl_add_seq_cst(&board->bell, 1); /* partner: the collector's read before its last look */
    pl_futex_wake(&board->bell, PL_FUTEX_WAKE_ALL, PL_FUTEX_SHARED);
}

#endif
