/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the threads of a loop team live: worker k of a team has the place that the placement of so many workers gives
 * it, and steals from the workers that live near it first. A thread moves in when it first takes part in a loop of
 * the team, by itself: it binds itself to its place and writes down its neighbours in order.
 *
 * Worker 0 is the thread that opens the loops: it is the program's own, and is never bound. With OMP_PROC_BIND and its
 * likes the program has told the OpenMP runtime where threads go, and nobody is bound here. */
#ifndef LIBPARALLEL_TASKS_HOME_H
#define LIBPARALLEL_TASKS_HOME_H

#include <stddef.h>
#include <stdint.h>

#include <libparallel/loop.h>

struct pl_homes {
    uint32_t id; /* never 0; another one for each homes, until 2^32 have been made */
    uint32_t count;
    struct pl_placement *placement;
    uint32_t **victims; /* of each worker that has moved in: the others, near ones first; written by that worker */
};

/* What a thread knows of the homes it last moved into. They may be gone: only `shared` may be looked at before
 * pl_shared_is_of() has said that they are those of the loop at hand. */
struct pl_tenant {
    struct parallel_loop_shared *shared; /* of the team's loops; its memory is a team's for ever */
    uint32_t home_id;
    uint32_t worker;
    const uint32_t *victims; /* count - 1 of them; NULL: there was no memory */
};

extern _Thread_local struct pl_tenant pl_tenant __attribute__((tls_model("initial-exec")));

/* Places for `count` workers by the setting PARALLEL_PLACES; with PARALLEL_SHOW_PLACES=1 says which. 0, or an error
 * of pl_placement_create() or pl_topology_get(). */
int pl_homes_create(uint32_t count, struct pl_homes **out);

/* While no loop of the team runs. NULL is fine. */
void pl_homes_destroy(struct pl_homes *homes);

/* The calling thread is worker k of the team with this shared part from now on. A place that it cannot be bound to is
 * reported, once a process. */
void pl_homes_move_in(struct pl_homes *homes, struct parallel_loop_shared *shared, uint32_t k);

#endif
