/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parallel-info: what libparallel sees and would do here: the machine, the number of workers and why, where they would
 * run, the settings in force. For a person, and as evidence in a batch job's log.
 *
 *     parallel-info                       everything
 *     parallel-info --machine             the part of the machine that this process may use
 *     parallel-info --workers             how many workers an executor has by default, and the reason
 *     parallel-info --places[=POLICY]     where the workers would be, a line each
 *     parallel-info --settings            the table of settings
 *     parallel-info --version */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <libparallel/error.h>
#include <libparallel/placement.h>
#include <libparallel/settings.h>
#include <libparallel/topology.h>

#include "config.h"

static int failed(const char *what)
{
    fflush(stdout);
    fprintf(stderr, "parallel-info: %s: %s\n", what, parallel_last_error()->message);
    return EXIT_FAILURE;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static int print_machine(void)
{
    parallel_topology machine;
    if (parallel_topology_describe(&machine) != 0)
        return failed("machine");
    printf("machine: %zu core%s and %zu PU%s; ours: %zu core%s and %zu PU%s (%s) in %zu package%s, %zu NUMA node%s, "
           "%zu L3 cache%s\n",
           machine.machine_core_count, plural(machine.machine_core_count), machine.machine_pu_count,
           plural(machine.machine_pu_count), machine.core_count, plural(machine.core_count), machine.pu_count,
           plural(machine.pu_count), machine.cpus, machine.package_count, plural(machine.package_count),
           machine.numa_count, plural(machine.numa_count), machine.l3_count, plural(machine.l3_count));
    if (machine.core_kind_count > 1)
        printf("machine: %zu kinds of cores; %zu core%s of the fastest\n", machine.core_kind_count,
               machine.fastest_core_count, plural(machine.fastest_core_count));
    if (!machine.is_this_machine)
        printf("machine: described by HWLOC_XMLFILE or HWLOC_SYNTHETIC; nothing is bound\n");
    return EXIT_SUCCESS;
}

static int print_workers(void)
{
    parallel_limit limit;
    if (parallel_worker_limit(&limit) != 0)
        return failed("workers");
    printf("workers: %s\n", limit.reason);
    return EXIT_SUCCESS;
}

static int print_places(const char *policy)
{
    return parallel_placement_print(policy, 0, stdout) == 0 ? EXIT_SUCCESS : failed("places");
}

static int print_settings(void)
{
    parallel_settings_print(stdout);
    return parallel_settings_check() == 0 ? EXIT_SUCCESS : failed("settings");
}

static int print_everything(void)
{
    printf("libparallel %s\n", PACKAGE_VERSION);
    int status = print_machine();
    status |= print_workers();
    status |= print_places(NULL);
    status |= print_settings();
    return status;
}

static int usage(void)
{
    fprintf(stderr, "usage: parallel-info [--machine] [--workers] [--places[=POLICY]] [--settings] [--version]\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    enum { SHOW_MACHINE = 1, SHOW_PLACES, SHOW_SETTINGS, SHOW_VERSION, SHOW_WORKERS };
    static const struct option options[] = {
        {"machine", no_argument, NULL, SHOW_MACHINE},
        {"places", optional_argument, NULL, SHOW_PLACES},
        {"settings", no_argument, NULL, SHOW_SETTINGS},
        {"version", no_argument, NULL, SHOW_VERSION},
        {"workers", no_argument, NULL, SHOW_WORKERS},
        {NULL, 0, NULL, 0},
    };
    int status = EXIT_SUCCESS;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case SHOW_MACHINE:
            status |= print_machine();
            break;
        case SHOW_PLACES:
            status |= print_places(optarg);
            break;
        case SHOW_SETTINGS:
            status |= print_settings();
            break;
        case SHOW_VERSION:
            printf("libparallel %s\n", PACKAGE_VERSION);
            break;
        case SHOW_WORKERS:
            status |= print_workers();
            break;
        default:
            return usage();
        }
    }
    if (optind < argc)
        return usage();
    return argc == 1 ? print_everything() : status;
}
