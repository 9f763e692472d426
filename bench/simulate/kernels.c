/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The work that is simulated: trees of calls and costs of iterations, as functions of a seed. */
#include <math.h>
#include <stdlib.h>

#include "bench/simulate/simulation.h"

enum {
    CALL_NS = 2,        /* an inner call of fib */
    SORT_LEAF = 4096,   /* elements that are sorted without further calls */
    POWER_LIMIT = 1000, /* the dearest iteration, in mean ones */
};

/* The finaliser of splitmix64 (Steele, Lea, Flood, 2014): scatters every bit over all. */
static uint64_t scatter(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* In [0, 1). */
static double fraction_of(uint64_t identity)
{
    return (double)(scatter(identity) >> 11) * 0x1p-53;
}

/* ---- Trees ---- */

struct sim_node sim_tree_root(const struct sim_tree *tree, uint64_t seed)
{
    return (struct sim_node){scatter(seed), tree->size};
}

static void add_child(const struct sim_node *node, struct sim_call *call, uint64_t size)
{
    call->children[call->child_count] = (struct sim_node){scatter(node->identity + call->child_count + 1), size};
    call->child_count++;
}

static void expand_fib(const struct sim_tree *tree, const struct sim_node *node, struct sim_call *call)
{
    call->before_ns = node->size < 2 ? tree->unit_ns : CALL_NS;
    if (node->size >= 2) {
        add_child(node, call, node->size - 1);
        add_child(node, call, node->size - 2);
    }
}

/* Geometric: after each child there is a next one with probability 4/5, so four in the mean, but at most eight. */
static void expand_search(const struct sim_tree *tree, const struct sim_node *node, struct sim_call *call)
{
    call->before_ns = tree->unit_ns;
    if (node->size == 0)
        return;
    double u = fraction_of(node->identity);
    uint32_t count = u < 1 - 0x1p-20 ? (uint32_t)(log(1 - u) / log(0.8)) : SIM_MOST_CHILDREN;
    if (node->size == tree->size) /* the root always has all */
        count = SIM_MOST_CHILDREN;
    for (uint32_t i = 0; i < count && i < SIM_MOST_CHILDREN; i++)
        add_child(node, call, node->size - 1);
}

/* The pivot is somewhere in the middle half, as the median of three mostly is. */
static void expand_sort(const struct sim_tree *tree, const struct sim_node *node, struct sim_call *call)
{
    double partition_ns = (double)node->size * tree->unit_ns / 10;
    if (node->size <= SORT_LEAF) {
        call->before_ns = (uint32_t)(partition_ns * log2((double)node->size + 1));
        return;
    }
    call->before_ns = (uint32_t)partition_ns;
    uint64_t left = (uint64_t)((double)node->size * (0.25 + fraction_of(node->identity) / 2));
    add_child(node, call, left);
    add_child(node, call, node->size - left);
}

void sim_tree_expand(const struct sim_tree *tree, const struct sim_node *node, struct sim_call *call)
{
    call->after_ns = 0;
    call->child_count = 0;
    switch (tree->kind) {
    case SIM_FIB:
        expand_fib(tree, node, call);
        break;
    case SIM_SEARCH:
        expand_search(tree, node, call);
        break;
    case SIM_SORT:
        expand_sort(tree, node, call);
        break;
    }
}

/* Returns the longest chain below the node. */
static uint64_t run_serially(const struct sim_tree *tree, const struct sim_node *node, struct sim_result *result)
{
    struct sim_call call;
    sim_tree_expand(tree, node, &call);
    uint64_t work = (uint64_t)call.before_ns + call.after_ns, longest = 0;
    result->serial_ns += work;
    result->expected_units++;
    result->expected_sum += node->identity;
    for (uint32_t i = 0; i < call.child_count; i++) {
        uint64_t below = run_serially(tree, &call.children[i], result);
        longest = below > longest ? below : longest;
    }
    return work + longest;
}

void sim_tree_run_serially(const struct sim_tree *tree, uint64_t seed, struct sim_result *result)
{
    struct sim_node root = sim_tree_root(tree, seed);
    result->longest_ns = run_serially(tree, &root, result);
}

/* ---- Loops ---- */

uint32_t *sim_loop_costs(const struct sim_loop *loop, uint64_t seed)
{
    uint32_t *costs = calloc(loop->iterations, sizeof *costs);
    if (costs == NULL)
        return NULL;
    for (uint32_t i = 0; i < loop->iterations; i++) {
        double share = 1;
        if (loop->kind == SIM_LINEAR)
            share = 2 * ((double)i + 0.5) / loop->iterations;
        if (loop->kind == SIM_POWER) /* Pareto with exponent 3/2 and mean 1 */
            share = fmin(pow(1 - fraction_of(seed + i), -2.0 / 3) / 3, POWER_LIMIT);
        costs[i] = (uint32_t)(share * loop->unit_ns);
    }
    return costs;
}
