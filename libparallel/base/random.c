/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random numbers by counting: a block of four numbers is Philox4x64 with ten rounds of (key, counter), and nothing is
 * kept from block to block. The function itself is Random123's; programs that use the library do not need its header.
 *
 *     key:      seed, hash of the stream's name
 *     counter:  block, index, 0, 0 */
#include <libparallel/random.h>

#include <Random123/philox.h>

enum { BLOCK_SIZE = 4 };

_Static_assert(PARALLEL_RANDOM_BATCH % BLOCK_SIZE == 0, "a batch is whole blocks");

/* FNV-1a with 64 bits (Fowler, Noll, Vo): two names of a program that have the same hash are a matter of 2^-64. */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

parallel_random_stream parallel_random_stream_make(uint64_t seed, const char *name)
{
    parallel_random_stream stream = {{seed, hash_of(name)}};
    return stream;
}

static void fill_block(parallel_random *random, uint32_t first)
{
    philox4x64_key_t key = {{random->key[0], random->key[1]}};
    philox4x64_ctr_t counter = {{random->block++, random->index, 0, 0}};
    philox4x64_ctr_t result = philox4x64_R(10, counter, key);
    for (uint32_t i = 0; i < BLOCK_SIZE; i++)
        random->numbers[first + i] = result.v[i];
}

void parallel_random_refill(parallel_random *random)
{
    random->filled = random->block == 0 ? BLOCK_SIZE : PARALLEL_RANDOM_BATCH;
    /* Blocks do not depend on each other, so the processor computes several at once. */
    for (uint32_t first = 0; first < random->filled; first += BLOCK_SIZE)
        fill_block(random, first);
    random->at = 0;
}

/* The two halves of a * b. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

uint64_t parallel_random_below(parallel_random *random, uint64_t bound)
{
    if (bound == 0)
        return parallel_random_uint64(random);
    uint64_t low;
    uint64_t result = multiply(parallel_random_uint64(random), bound, &low);
    if (low >= bound)
        return result;
    /* 2^64 modulo bound numbers are too many: those whose product has so small a lower half. */
    uint64_t surplus = (0 - bound) % bound;
    while (low < surplus)
        result = multiply(parallel_random_uint64(random), bound, &low);
    return result;
}
