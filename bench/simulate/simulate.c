/* SPDX-License-Identifier: BSD-3-Clause
 *
 * simulate KERNEL WORKERS...: simulates a kernel on so many workers, and prints a row for each number. All latencies and
 * the machine are options: --machine=DESCRIPTION --seed=N --asleep --wake=NS --transfer_l3=NS ... */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/simulate/simulation.h"

/* 8 packages of 4 nodes of 4 L3 caches, with 8 cores each: 1024 cores. */
static const char default_machine[] = "package:8 numa:4 l3:4 core:8 pu:1";

struct kernel {
    const char *name;
    bool is_tree;
    struct sim_tree tree;
    struct sim_loop loop;
};

static const struct kernel kernels[] = {
    {"fib", true, {SIM_FIB, 27, 1000}, {0}},
    {"search", true, {SIM_SEARCH, 9, 1000}, {0}},
    {"sort", true, {SIM_SORT, 10000000, 40}, {0}},
    {"uniform", false, {0}, {SIM_UNIFORM, 1 << 18, 1000, 3}},
    {"linear", false, {0}, {SIM_LINEAR, 1 << 18, 1000, 3}},
    {"power", false, {0}, {SIM_POWER, 1 << 18, 1000, 3}},
    {"short-1ms", false, {0}, {SIM_UNIFORM, 10000, 100, 9}},
    {"short-100us", false, {0}, {SIM_UNIFORM, 1000, 100, 17}},
    {"short-10us", false, {0}, {SIM_UNIFORM, 100, 100, 33}},
};

struct latency {
    const char *name;
    size_t offset;
};

#define LATENCY(name) {#name, offsetof(struct sim_latencies, name)}
static const struct latency latencies[] = {
    LATENCY(transfer_core), LATENCY(transfer_l3),      LATENCY(transfer_node), LATENCY(transfer_package),
    LATENCY(transfer_machine), LATENCY(shared_read),   LATENCY(spawn),         LATENCY(claim),
    LATENCY(turn),          LATENCY(eager_turn),       LATENCY(dispatch),      LATENCY(wake_call),
    LATENCY(wake),          LATENCY(barrier),          LATENCY(patience),
};

enum { KERNEL_COUNT = sizeof kernels / sizeof kernels[0], LATENCY_COUNT = sizeof latencies / sizeof latencies[0] };

static int explain(void)
{
    fprintf(stderr, "usage: simulate [OPTION]... KERNEL WORKERS...\nkernels:");
    for (size_t i = 0; i < KERNEL_COUNT; i++)
        fprintf(stderr, " %s", kernels[i].name);
    fprintf(stderr, "\noptions: --machine='%s' --seed=1 --asleep\nand in ns (patience: turns):", default_machine);
    struct sim_latencies defaults = sim_latencies_default();
    for (size_t i = 0; i < LATENCY_COUNT; i++)
        fprintf(stderr, " --%s=%" PRIu32, latencies[i].name,
                *(const uint32_t *)(const void *)((const char *)&defaults + latencies[i].offset));
    fprintf(stderr, "\n");
    return 2;
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= most;
}

static bool read_option(const char *option, struct sim_setup *setup)
{
    const char *value = strchr(option, '=');
    uint64_t number;
    if (strcmp(option, "--asleep") == 0)
        return setup->starts_asleep = true;
    if (value == NULL)
        return false;
    size_t length = (size_t)(value++ - option);
    if (strncmp(option, "--machine", length) == 0) {
        setup->machine = value;
        return true;
    }
    if (!read_number(value, UINT32_MAX, &number))
        return false;
    if (strncmp(option, "--seed", length) == 0) {
        setup->seed = number;
        return true;
    }
    for (size_t i = 0; i < LATENCY_COUNT; i++)
        if (strlen(latencies[i].name) == length - 2 && strncmp(option + 2, latencies[i].name, length - 2) == 0) {
            *(uint32_t *)(void *)((char *)&setup->latencies + latencies[i].offset) = (uint32_t)number;
            return true;
        }
    return false;
}

static int run(const struct kernel *kernel, const struct sim_setup *setup)
{
    struct sim_result result;
    int code = kernel->is_tree ? sim_run_tree(setup, &kernel->tree, &result)
                               : sim_run_loop(setup, &kernel->loop, &result);
    if (code != 0)
        return 1;
    if (result.units != result.expected_units || result.unit_sum != result.expected_sum) {
        fprintf(stderr, "simulate: %s on %" PRIu32 ": work was lost or repeated\n", kernel->name, setup->workers);
        return 1;
    }
    double speedup = (double)result.serial_ns / (double)result.elapsed_ns;
    double bound = (double)result.serial_ns / (double)(result.longest_ns > 0 ? result.longest_ns : 1);
    if (bound > setup->workers || !kernel->is_tree)
        bound = setup->workers;
    printf("%-11s %5" PRIu32 " %9.3f %9.3f %6.3f %12.1f %9" PRIu64 " %11" PRIu64 " %9" PRIu64 " %6" PRIu64 " %10" PRIu64 "\n",
           kernel->name, setup->workers, speedup, bound, speedup / setup->workers, (double)result.elapsed_ns / 1000,
           result.steals, result.failed_steals, result.requests, result.wakes, result.transfers);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct sim_setup setup = {default_machine, 1, 1, false, sim_latencies_default()};
    int next = 1;
    for (; next < argc && argv[next][0] == '-'; next++)
        if (!read_option(argv[next], &setup))
            return explain();
    const struct kernel *kernel = NULL;
    for (size_t i = 0; next < argc && i < KERNEL_COUNT; i++)
        if (strcmp(argv[next], kernels[i].name) == 0)
            kernel = &kernels[i];
    if (kernel == NULL || next + 1 == argc)
        return explain();
    printf("# %s, seed %" PRIu64 "\n# kernel   cores  speed-up     bound   each   time in us    steals      failed  requests"
           "  wakes  transfers\n", setup.machine, setup.seed);
    for (next++; next < argc; next++) {
        uint64_t workers;
        if (!read_number(argv[next], UINT32_MAX, &workers))
            return explain();
        setup.workers = (uint32_t)workers;
        if (run(kernel, &setup) != 0)
            return 1;
    }
    return 0;
}
