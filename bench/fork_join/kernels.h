/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Recursive programs, every call a task, written once. A peer's file defines
 *
 *     BENCH_DECLARE(type, f, parameter types...)  after the declaration of f
 *     BENCH_FORK(f, n)                            opens a scope for up to n calls of f
 *     BENCH_SPAWN(f, k, target, arguments...)     call number k may run elsewhere; its result goes to `target`
 *     BENCH_JOIN(f, n, targets)                   waits for the calls 0 to n - 1; targets(k) is where result k goes
 *     BENCH_ROOT(type, f, arguments...)           runs f on the workers and is its result
 *
 * and includes this. A program is called as `PEER KERNEL SECONDS`, as the loops are (bench/loops/kernels.h). */
#ifndef BENCH_FORK_JOIN_KERNELS_H
#define BENCH_FORK_JOIN_KERNELS_H

#include "../measure.h"

/* ---- fib: nothing but tasks. Of 32 beside the peers, some of which take minutes for 37 ---- */

static long fib(int n);
BENCH_DECLARE(long, fib, int)

__attribute__((noinline)) static long fib(int n)
{
    if (n < 2)
        return n;
    long a, b;
    BENCH_FORK(fib, 1);
    BENCH_SPAWN(fib, 0, a, n - 1);
    b = fib(n - 2);
    BENCH_JOIN(fib, 1, a);
    return a + b;
}

/* ---- n-queens: up to 11 tasks at a node, boards by value; from row `queens_cut` on by plain calls ---- */

struct board {
    int row;
    unsigned columns, left, right;
};
enum { QUEENS = 11 };
static int queens_cut;

/* Places a queen in the first free column of the row, which it takes out of *free_columns. */
static struct board place_queen(struct board board, unsigned *free_columns)
{
    unsigned bit = *free_columns & (0u - *free_columns);
    *free_columns &= *free_columns - 1;
    struct board next = {board.row + 1, board.columns | bit, (board.left | bit) << 1, (board.right | bit) >> 1};
    return next;
}

static unsigned free_columns_of(struct board board)
{
    return ((1u << QUEENS) - 1) & ~(board.columns | board.left | board.right);
}

static long queens_plainly(struct board board)
{
    if (board.row == QUEENS)
        return 1;
    long all = 0;
    for (unsigned free_columns = free_columns_of(board); free_columns != 0;)
        all += queens_plainly(place_queen(board, &free_columns));
    return all;
}

static long queens(struct board board);
BENCH_DECLARE(long, queens, struct board)

static long queens(struct board board)
{
    if (board.row == queens_cut)
        return queens_plainly(board);
    long counts[QUEENS];
    int count = 0;
    BENCH_FORK(queens, QUEENS);
    /* The count is bounded by the free columns; the compiler needs to be told. */
    for (unsigned free_columns = free_columns_of(board); free_columns != 0 && count < QUEENS; count++) {
        struct board next = place_queen(board, &free_columns);
        BENCH_SPAWN(queens, count, counts[count], next);
    }
    BENCH_JOIN(queens, count, counts[k]);
    long all = 0;
    for (int i = 0; i < count; i++)
        all += counts[i];
    return all;
}

/* ---- A tree whose shape only its own hash knows: geometric branching, as in the UTS benchmark's idea. Below depth
 * `tree_cut` by plain calls ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

enum { MOST_CHILDREN = 7 };

static int tree_cut;

static int children_of(uint64_t node, int depth)
{
    return depth == 0 ? 0 : (int)(mix(node) % (MOST_CHILDREN + 1));
}

static long tree_plainly(uint64_t node, int depth)
{
    long all = 1;
    for (int i = 0, children = children_of(node, depth); i < children; i++)
        all += tree_plainly(mix(node + (uint64_t)i + 1), depth - 1);
    return all;
}

static long tree(uint64_t node, int depth);
BENCH_DECLARE(long, tree, uint64_t, int)

static long tree(uint64_t node, int depth)
{
    if (depth < tree_cut)
        return tree_plainly(node, depth);
    int children = children_of(node, depth);
    long counts[MOST_CHILDREN];
    BENCH_FORK(tree, MOST_CHILDREN);
    for (int i = 0; i < children; i++) {
        uint64_t child = mix(node + (uint64_t)i + 1);
        BENCH_SPAWN(tree, i, counts[i], child, depth - 1);
    }
    BENCH_JOIN(tree, children, counts[k]);
    long all = 1;
    for (int i = 0; i < children; i++)
        all += counts[i];
    return all;
}

/* ---- Quicksort of 10^7 numbers; up to `sort_cut` of them by plain calls, few by insertion. The first partitions, which would
 * be half a core's work, are made by two tasks each ---- */

enum { SORT_COUNT = 10000000, SORT_BY_INSERTION = 16, SORT_SPLIT_IN_TWO = 1 << 18 };
static uint32_t *numbers;
static long sort_cut;

static uint32_t choose_pivot(const uint32_t *first, long count)
{
    uint32_t a = first[0], b = first[count / 2], c = first[count - 1];
    return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* Neither part is empty. */
static long partition(uint32_t *first, long count)
{
    uint32_t pivot = choose_pivot(first, count);
    long low = 0, high = count - 1;
    for (;;) {
        while (first[low] < pivot)
            low++;
        while (first[high] > pivot)
            high--;
        if (low >= high)
            return high + 1;
        uint32_t swap = first[low];
        first[low++] = first[high];
        first[high--] = swap;
    }
}

static void sort_serially(uint32_t *first, long count)
{
    while (count > SORT_BY_INSERTION) {
        long middle = partition(first, count);
        sort_serially(first, middle);
        first += middle;
        count -= middle;
    }
    for (long i = 1; i < count; i++) {
        uint32_t value = first[i];
        long k = i;
        for (; k > 0 && first[k - 1] > value; k--)
            first[k] = first[k - 1];
        first[k] = value;
    }
}

static long split(uint32_t *first, long count, uint32_t pivot);
BENCH_DECLARE(long, split, uint32_t *, long, uint32_t)

/* Brings those below the pivot to the front, and returns how many there are; there may be none. */
static long split(uint32_t *first, long count, uint32_t pivot)
{
    long low = 0, high = count - 1;
    for (;;) {
        while (low <= high && first[low] < pivot)
            low++;
        while (low <= high && first[high] >= pivot)
            high--;
        if (low >= high)
            return low;
        uint32_t swap = first[low];
        first[low++] = first[high];
        first[high--] = swap;
    }
}

static long partition_by_two(uint32_t *first, long count)
{
    uint32_t pivot = choose_pivot(first, count);
    long half = count / 2, left, right;
    BENCH_FORK(split, 1);
    BENCH_SPAWN(split, 0, left, first, half, pivot);
    right = split(first + half, count - half, pivot);
    BENCH_JOIN(split, 1, left);
    /* | left, below the pivot | above | right, below | above |: the middle two change places, the shorter one as a whole */
    long moved = half - left < right ? half - left : right;
    for (long k = 0; k < moved; k++) {
        uint32_t swap = first[left + k];
        first[left + k] = first[half + right - moved + k];
        first[half + right - moved + k] = swap;
    }
    return left + right > 0 ? left + right : partition(first, count); /* the pivot is the least */
}

static int sort(uint32_t *first, long count);
BENCH_DECLARE(int, sort, uint32_t *, long)

static int sort(uint32_t *first, long count)
{
    if (count <= sort_cut) {
        sort_serially(first, count);
        return 0;
    }
    long middle = count >= SORT_SPLIT_IN_TWO ? partition_by_two(first, count) : partition(first, count);
    int left, right;
    BENCH_FORK(sort, 1);
    BENCH_SPAWN(sort, 0, left, first, middle);
    right = sort(first + middle, count - middle);
    BENCH_JOIN(sort, 1, left);
    return left + right;
}

/* ---- Matrix product by quarters, 512 x 512 doubles, leaves of 16 x 16 or 32 x 32 ---- */

enum { MATRIX_SIZE = 512, SMALL_LEAF = 16, LARGE_LEAF = 32 };
static double *matrix_a, *matrix_b, *matrix_c;
static int matrix_leaf;

struct block {
    const double *a, *b;
    double *c;
    int size;
};

/* What a leaf costs is not what is compared: clang vectorises it at -O2, gcc only if asked to. */
#if defined(__GNUC__) && !defined(__clang__)
#define BENCH_VECTORISED __attribute__((optimize("O3")))
#else
#define BENCH_VECTORISED
#endif

#define BENCH_MULTIPLY(name, size)                                                                            \
    BENCH_VECTORISED static void name(const double *__restrict a, const double *__restrict b, double *__restrict c) \
    {                                                                                                         \
        for (int i = 0; i < size; i++)                                                                        \
            for (int k = 0; k < size; k++)                                                                    \
                for (int j = 0; j < size; j++)                                                                \
                    c[i * MATRIX_SIZE + j] += a[i * MATRIX_SIZE + k] * b[k * MATRIX_SIZE + j];                \
    }
BENCH_MULTIPLY(multiply_small, SMALL_LEAF)
BENCH_MULTIPLY(multiply_large, LARGE_LEAF)

static int multiply(struct block block);
BENCH_DECLARE(int, multiply, struct block)

static int multiply(struct block block)
{
    if (block.size == matrix_leaf) {
        (matrix_leaf == LARGE_LEAF ? multiply_large : multiply_small)(block.a, block.b, block.c);
        return 0;
    }
    int half = block.size / 2, all = 0;
    for (int step = 0; step < 2; step++) { /* the two products that go into one quarter come after one another */
        int done[4];
        BENCH_FORK(multiply, 4);
        for (int quarter = 0; quarter < 4; quarter++) {
            int row = quarter / 2 * half, column = quarter % 2 * half, inner = step * half;
            struct block part = {block.a + row * MATRIX_SIZE + inner, block.b + inner * MATRIX_SIZE + column,
                                 block.c + row * MATRIX_SIZE + column, half};
            BENCH_SPAWN(multiply, quarter, done[quarter], part);
        }
        BENCH_JOIN(multiply, 4, done[k]);
        for (int quarter = 0; quarter < 4; quarter++)
            all += done[quarter];
    }
    return all;
}

/* ---- Batches of 64 leaves of 1, 5 and 20 us ---- */

static double leaf(long turns);
BENCH_DECLARE(double, leaf, long)

__attribute__((noinline)) static double leaf(long turns)
{
    double x = 1;
    __asm__ volatile("" : "+r"(turns)); /* not pure: or the serial program would call it once for all */
    for (long i = 0; i < turns; i++)
        x = x * 0.999999 + 1e-7;
    return x;
}

enum { BATCH = 64 };

static double batch(long turns);
BENCH_DECLARE(double, batch, long)

static double batch(long turns)
{
    double parts[BATCH];
    BENCH_FORK(leaf, BATCH);
    for (int i = 0; i < BATCH; i++)
        BENCH_SPAWN(leaf, i, parts[i], turns);
    BENCH_JOIN(leaf, BATCH, parts[k]);
    double all = 0;
    for (int i = 0; i < BATCH; i++)
        all += parts[i];
    return all;
}

/* ---- The table ---- */

static double run_fib(void)
{
    return (double)BENCH_ROOT(long, fib, 32);
}

static double run_fib_37(void)
{
    return (double)BENCH_ROOT(long, fib, 37);
}

static double count_queens(int cut)
{
    struct board empty = {0, 0, 0, 0};
    queens_cut = cut;
    return (double)BENCH_ROOT(long, queens, empty);
}

static double run_queens(void)
{
    return count_queens(QUEENS);
}

/* Leaves of some 3 us. */
static double run_queens_cut(void)
{
    return count_queens(4);
}

static double search_tree(int cut)
{
    tree_cut = cut;
    return (double)BENCH_ROOT(long, tree, (uint64_t)6, 10);
}

static double run_tree(void)
{
    return search_tree(0);
}

/* Leaves of some 3 us, some of them 20. */
static double run_tree_cut(void)
{
    return search_tree(6);
}

static void shuffle_numbers(void)
{
    if (numbers == NULL)
        numbers = (uint32_t *)bench_allocate(SORT_COUNT, sizeof *numbers);
    for (uint32_t i = 0; i < SORT_COUNT; i++)
        numbers[i] = (uint32_t)mix(i + 1);
}

static double sort_numbers(long cut)
{
    sort_cut = cut;
    (void)BENCH_ROOT(int, sort, numbers, (long)SORT_COUNT);
    return numbers[SORT_COUNT / 2];
}

static double run_sort(void)
{
    return sort_numbers(SORT_BY_INSERTION);
}

/* Leaves of some 30 us. */
static double run_sort_cut(void)
{
    return sort_numbers(1000);
}

static double multiply_matrices(int leaf_size)
{
    matrix_leaf = leaf_size;
    if (matrix_a == NULL) {
        size_t count = (size_t)MATRIX_SIZE * MATRIX_SIZE;
        matrix_a = (double *)bench_allocate(count, sizeof(double));
        matrix_b = (double *)bench_allocate(count, sizeof(double));
        matrix_c = (double *)bench_allocate(count, sizeof(double));
        for (size_t i = 0; i < count; i++) {
            matrix_a[i] = (double)(i % 7);
            matrix_b[i] = (double)(i % 11);
        }
    }
    memset(matrix_c, 0, (size_t)MATRIX_SIZE * MATRIX_SIZE * sizeof(double));
    struct block whole = {matrix_a, matrix_b, matrix_c, MATRIX_SIZE};
    (void)BENCH_ROOT(int, multiply, whole);
    return matrix_c[MATRIX_SIZE + 1];
}

/* Leaves of some 1 us. */
static double run_matrix(void)
{
    return multiply_matrices(SMALL_LEAF);
}

/* Leaves of some 8 us. */
static double run_matrix_cut(void)
{
    return multiply_matrices(LARGE_LEAF);
}

/* 2.8 ns a turn on the machine on which this was written. */
static double run_leaves_1us(void)
{
    return BENCH_ROOT(double, batch, 360L);
}

static double run_leaves_5us(void)
{
    return BENCH_ROOT(double, batch, 1800L);
}

static double run_leaves_20us(void)
{
    return BENCH_ROOT(double, batch, 7200L);
}

static const struct bench_kernel bench_kernels[] = {
    {"fib", run_fib, 0, NULL},
    {"fib-37", run_fib_37, 0, NULL},
    {"queens", run_queens, 0, NULL},
    {"queens-cut", run_queens_cut, 0, NULL},
    {"tree", run_tree, 0, NULL},
    {"tree-cut", run_tree_cut, 0, NULL},
    {"sort", run_sort, 0, shuffle_numbers},
    {"sort-cut", run_sort_cut, 0, shuffle_numbers},
    {"matrix", run_matrix, 0, NULL},
    {"matrix-cut", run_matrix_cut, 0, NULL},
    {"leaves-1us", run_leaves_1us, 0, NULL},
    {"leaves-5us", run_leaves_5us, 0, NULL},
    {"leaves-20us", run_leaves_20us, 0, NULL},
};

#endif
