/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random numbers for loops: each iteration has a sequence of its own, which is a function of a seed, the name of a
 * stream, and the iteration's index. So a Monte Carlo program computes the same numbers on any number of workers, on any
 * executor, and in the serial elision, and no generator is shared.
 *
 *     parallel_random_stream darts = parallel_random_stream_make(seed, "darts");
 *     PARALLEL_REDUCE(i, 0, n, (+, inside)) {
 *         parallel_random random = parallel_random_at(&darts, (uint64_t)i);
 *         double x = parallel_random_double(&random);
 *         double y = parallel_random_double(&random);
 *         inside += x * x + y * y < 1;
 *     }
 *
 * A function called with the same seed, name and index gets the same sequence in every version of the library:
 * Philox4x64 with ten rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011), key
 * {seed, FNV-1a of the name}, counter {0, 1, 2, ...; index; 0; 0}. Sequences of different seeds, names or indexes do
 * not overlap; each is 2^66 numbers long. It passes the usual statistical tests; it is no source of secrets.
 *
 * Both structs are plain values: copy them, send them to another process, forget them. One parallel_random is used by one
 * thread at a time; a stream is only read. Nothing here fails. */
#ifndef LIBPARALLEL_RANDOM_H
#define LIBPARALLEL_RANDOM_H

#include <stdint.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* A family of sequences, one for each index. */
typedef struct parallel_random_stream {
    uint64_t key[2];
} parallel_random_stream;

/* One sequence, and how far it has been read. Numbers come in blocks of four: the first block alone, since most
 * iterations need no more, then four blocks at a time, which takes half as long for each. */
#define PARALLEL_RANDOM_BATCH 16
typedef struct parallel_random {
    uint64_t key[2];
    uint64_t index;
    uint64_t block;  /* the next one */
    uint32_t at;     /* the next number... */
    uint32_t filled; /* ...of so many in: */
    uint64_t numbers[PARALLEL_RANDOM_BATCH];
} parallel_random;

/* The stream `name` of a seed. Different uses of random numbers in a program have different names, so that a change in how
 * many numbers one of them takes changes nothing for the others. */
PARALLEL_API parallel_random_stream parallel_random_stream_make(uint64_t seed, const char *name);

/* For the functions below. */
PARALLEL_API void parallel_random_refill(parallel_random *random);

/* The beginning of the sequence `index` of a stream. Costs nothing; the first number computes a block. */
static inline parallel_random parallel_random_at(const parallel_random_stream *stream, uint64_t index)
{
    parallel_random random;
    random.key[0] = stream->key[0];
    random.key[1] = stream->key[1];
    random.index = index;
    random.block = 0;
    random.at = 0;
    random.filled = 0;
    return random;
}

/* The next number of the sequence: uniform in 0 to 2^64 - 1. */
static inline uint64_t parallel_random_uint64(parallel_random *random)
{
    if (random->at == random->filled)
        parallel_random_refill(random);
    return random->numbers[random->at++];
}

/* Uniform in 0 to 2^32 - 1: the upper half of the next number. */
static inline uint32_t parallel_random_uint32(parallel_random *random)
{
    return (uint32_t)(parallel_random_uint64(random) >> 32);
}

/* Uniform in [0, 1): one of the 2^53 multiples of 2^-53, from the upper bits of the next number. */
static inline double parallel_random_double(parallel_random *random)
{
    return (double)(parallel_random_uint64(random) >> 11) * 0x1.0p-53;
}

/* Uniform in 0 to bound - 1, each exactly as likely as any other: takes the next number, and another one as long as it
 * is among the few that do not divide evenly (Lemire: Fast Random Integer Generation in an Interval, 2019). A bound of 0
 * means 2^64. */
PARALLEL_API uint64_t parallel_random_below(parallel_random *random, uint64_t bound);

PARALLEL_END_C

#endif
