/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Slabs: memory for records of a few hundred bytes that live and die by the million, in any threads. A thread takes and
 * frees slots of its own slab without an atomic operation; a slot of another thread's slab is freed by one. Unlike
 * malloc's, this memory goes back to the system when the burst is over (docs/protocols/slabs.md says how, and by whom).
 *
 * Does not: take sizes above PL_SLAB_LARGEST; move or clear memory; serve other processes. Under the address sanitizer
 * it is malloc, so that misuse of a record is still found. */
#ifndef LIBPARALLEL_MEMORY_SLAB_H
#define LIBPARALLEL_MEMORY_SLAB_H

#include <stdbool.h>
#include <stddef.h>

/* A slot has the alignment of a cache line. */
#define PL_SLAB_LARGEST ((size_t)512)

/* A slot of at least `size` bytes, 1 to PL_SLAB_LARGEST; NULL: no memory. Any thread. */
void *pl_slab_allocate(size_t size);

/* Gives it back, with the size that was asked for. Any thread. NULL does nothing. */
void pl_slab_free(void *slot, size_t size);

/* True if there may be memory to give back: more than one region exists. */
bool pl_slab_is_worth_a_trim(void);

/* Gives back what is free, a bounded step of some 100 us at a time, starting with *position = 0. False: the pass is
 * complete. Steps of different threads may mix. */
bool pl_slab_trim(size_t *position);

/* Around the life of a thread that will call pl_slab_trim() from time to time; without any, frees do it. */
void pl_slab_trimmer_enter(void);
void pl_slab_trimmer_leave(void);

/* When it does so, from its falling idle on: a burst that follows sooner finds its memory warm, and after a second it is
 * gone. */
#define PL_SLAB_TRIM_DELAY_NS UINT64_C(500000000)

#endif
