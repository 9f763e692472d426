/* SPDX-License-Identifier: BSD-3-Clause
 *
 * C11 atomics with the memory order in the operation's name, so that an order is chosen at each use and never by
 * default. At each use that is not relaxed a comment names the partner and what is published; at each relaxed use, why
 * no order is needed. */
#ifndef LIBPARALLEL_BASE_ATOMICS_H
#define LIBPARALLEL_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stdint.h>

/* 64 bytes is the line of every x86-64 and most arm64 cores; the adjacent-line prefetcher of x86 pairs two lines, so
 * what different threads write is kept two lines apart where it is hot. */
#define PL_CACHE_LINE 64

#define pl_load_relaxed(p)            atomic_load_explicit((p), memory_order_relaxed)
#define pl_load_acquire(p)            atomic_load_explicit((p), memory_order_acquire)
#define pl_load_seq_cst(p)            atomic_load_explicit((p), memory_order_seq_cst)
#define pl_store_relaxed(p, v)        atomic_store_explicit((p), (v), memory_order_relaxed)
#define pl_store_release(p, v)        atomic_store_explicit((p), (v), memory_order_release)
#define pl_store_seq_cst(p, v)        atomic_store_explicit((p), (v), memory_order_seq_cst)
#define pl_exchange_relaxed(p, v)     atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define pl_exchange_acquire(p, v)     atomic_exchange_explicit((p), (v), memory_order_acquire)
#define pl_exchange_release(p, v)     atomic_exchange_explicit((p), (v), memory_order_release)
#define pl_exchange_acq_rel(p, v)     atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define pl_exchange_seq_cst(p, v)     atomic_exchange_explicit((p), (v), memory_order_seq_cst)
#define pl_add_relaxed(p, v)          atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define pl_add_acq_rel(p, v)          atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define pl_add_seq_cst(p, v)          atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define pl_sub_relaxed(p, v)          atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)
#define pl_sub_release(p, v)          atomic_fetch_sub_explicit((p), (v), memory_order_release)
#define pl_sub_acq_rel(p, v)          atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define pl_sub_seq_cst(p, v)          atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define pl_or_relaxed(p, v)           atomic_fetch_or_explicit((p), (v), memory_order_relaxed)
#define pl_or_acquire(p, v)           atomic_fetch_or_explicit((p), (v), memory_order_acquire)
#define pl_or_acq_rel(p, v)           atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define pl_or_seq_cst(p, v)           atomic_fetch_or_explicit((p), (v), memory_order_seq_cst)
#define pl_and_acq_rel(p, v)          atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)
#define pl_and_release(p, v)          atomic_fetch_and_explicit((p), (v), memory_order_release)

/* Strong compare-and-swap; *expected receives what was found when it fails. A failed swap is relaxed unless the name
 * says otherwise: loop, or do nothing with what the failed read would have published. */
#define pl_cas_relaxed(p, expected, v)                                                                        \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed, memory_order_relaxed)
#define pl_cas_acquire(p, expected, v)                                                                        \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acquire, memory_order_acquire)
#define pl_cas_release(p, expected, v)                                                                        \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_release, memory_order_relaxed)
#define pl_cas_acq_rel(p, expected, v)                                                                        \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acq_rel, memory_order_acquire)
#define pl_cas_seq_cst(p, expected, v)                                                                        \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_seq_cst, memory_order_seq_cst)

/* Asks for a line that another processor has written and this one will write: it comes once and for good, while one that is
 * read first has to be taken away from the other's cache by a second message. GCC and clang make a prefetch for reading of
 * __builtin_prefetch(p, 1) unless they are told that the processor knows the instruction; every x86-64 one does, or takes it
 * for no operation (Intel SDM, AMD APM: PREFETCHW), but for the first 64-bit Pentium 4. */
static inline void pl_prefetch_to_write(const void *line)
{
#if defined(__x86_64__)
    __asm__ __volatile__("prefetchw (%0)" : : "r"(line));
#else
    __builtin_prefetch(line, 1);
#endif
}

/* For right after a read-modify-write of the same thread: all that was before it is before all that follows, as by a sequentially
 * consistent fence, which costs x86-64 nothing there, since its locked instructions are one (Intel SDM 3A, 9.2.3.9). */
static inline void pl_fence_after_rmw(void)
{
#if defined(__x86_64__)
    __asm__ __volatile__("" : : : "memory");
#else
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* One turn of a spinning wait. */
static inline void pl_spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

#endif
