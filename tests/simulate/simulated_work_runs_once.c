/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/simulate/simulation.h"

#include <string.h>

#include "tests/support/property.h"

/* 2 packages of 2 nodes of 2 L3 caches, with 4 cores each. */
static const char machine[] = "package:2 numa:2 l3:2 core:4 pu:1";

static const uint32_t worker_counts[] = {1, 2, 3, 7, 16, 32};
enum { COUNTS = sizeof worker_counts / sizeof worker_counts[0] };

static const struct sim_tree trees[] = {{SIM_FIB, 14, 500}, {SIM_SEARCH, 5, 300}, {SIM_SORT, 200000, 20}};
static const struct sim_loop loops[] = {
    {SIM_UNIFORM, 3000, 100, 3}, {SIM_LINEAR, 3001, 400, 2}, {SIM_POWER, 2000, 300, 2}, {SIM_UNIFORM, 40, 50, 20},
    {SIM_UNIFORM, 1, 100, 2},    {SIM_LINEAR, 500, 2000, 1},
};
enum { TREES = sizeof trees / sizeof trees[0], LOOPS = sizeof loops / sizeof loops[0] };

static struct sim_setup setup_of(uint32_t workers)
{
    return (struct sim_setup){machine, workers, 42, false, sim_latencies_default()};
}

/* Kernels are numbered, trees first. */
static struct sim_result run(const struct sim_setup *setup, int kernel)
{
    struct sim_result result;
    memset(&result, 0, sizeof result);
    int code = kernel < TREES ? sim_run_tree(setup, &trees[kernel], &result)
                              : sim_run_loop(setup, &loops[kernel - TREES], &result);
    ck_assert_int_eq(code, 0);
    return result;
}

PROPERTY(each_unit_on_any_number_of_workers)
{
    for (int kernel = 0; kernel < TREES + LOOPS; kernel++)
        for (int i = 0; i < COUNTS; i++) {
            struct sim_setup setup = setup_of(worker_counts[i]);
            struct sim_result result = run(&setup, kernel);
            ck_assert_msg(result.units == result.expected_units && result.unit_sum == result.expected_sum,
                          "kernel %d, %u workers", kernel, worker_counts[i]);
        }
}
PROPERTY_END

PROPERTY(no_faster_than_there_are_cores)
{
    for (int kernel = 0; kernel < TREES + LOOPS; kernel++)
        for (int i = 0; i < COUNTS; i++) {
            struct sim_setup setup = setup_of(worker_counts[i]);
            struct sim_result result = run(&setup, kernel);
            ck_assert_msg(result.elapsed_ns * worker_counts[i] >= result.serial_ns, "kernel %d, %u workers", kernel,
                          worker_counts[i]);
            ck_assert_msg(kernel >= TREES || result.elapsed_ns >= result.longest_ns, "kernel %d, %u workers", kernel,
                          worker_counts[i]);
        }
}
PROPERTY_END

/* Where the library costs nothing. */
PROPERTY(one_core_takes_the_serial_time)
{
    struct sim_setup setup = setup_of(1);
    setup.latencies.spawn = setup.latencies.claim = setup.latencies.dispatch = 0;
    for (int kernel = 0; kernel < TREES + LOOPS; kernel++) {
        struct sim_result result = run(&setup, kernel);
        ck_assert_uint_eq(result.elapsed_ns, result.serial_ns);
        ck_assert_uint_eq(result.transfers, 0);
        ck_assert_uint_eq(result.steals, 0);
    }
}
PROPERTY_END

PROPERTY(the_same_seed_gives_the_same_numbers)
{
    struct sim_setup setup = setup_of(16);
    for (int kernel = 0; kernel < TREES + LOOPS; kernel++) {
        struct sim_result one = run(&setup, kernel), other = run(&setup, kernel);
        ck_assert_mem_eq(&one, &other, sizeof one);
    }
    struct sim_result one = run(&setup, 1);
    setup.seed++;
    struct sim_result other = run(&setup, 1);
    ck_assert_uint_ne(one.expected_sum, other.expected_sum);
}
PROPERTY_END

PROPERTY(sleepers_are_woken_for_it)
{
    struct sim_setup setup = setup_of(8);
    setup.starts_asleep = true;
    struct sim_result result = run(&setup, 0);
    ck_assert_uint_eq(result.units, result.expected_units);
    ck_assert_uint_ge(result.wakes, 1);
    ck_assert_uint_gt(result.elapsed_ns, setup.latencies.wake);
}
PROPERTY_END

PROPERTY(more_workers_than_cores_are_refused)
{
    struct sim_setup setup = setup_of(33);
    struct sim_result result;
    ck_assert_int_ne(sim_run_tree(&setup, &trees[0], &result), 0);
    ck_assert_int_ne(sim_run_loop(&setup, &loops[0], &result), 0);
    setup = setup_of(2);
    setup.machine = "nonsense";
    ck_assert_int_ne(sim_run_tree(&setup, &trees[0], &result), 0);
}
PROPERTY_END

PROPERTIES(each_unit_on_any_number_of_workers, no_faster_than_there_are_cores, one_core_takes_the_serial_time,
           the_same_seed_gives_the_same_numbers, sleepers_are_woken_for_it, more_workers_than_cores_are_refused)
