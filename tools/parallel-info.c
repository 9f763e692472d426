/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parallel-info: what libparallel sees and would do here: the machine, the number of workers and why, where they
 * would run, the settings in force. For a person, and as evidence in a batch job's log.
 *
 *     parallel-info                       everything
 *     parallel-info --machine             the part of the machine that this process may use
 *     parallel-info --workers             how many workers an executor has by default, and the reason
 *     parallel-info --places [POLICY]     where the workers would be, a line each
 *     parallel-info --places [POLICY] --workers N     where N workers would be
 *     parallel-info --settings            the table of settings
 *     parallel-info --version
 *     parallel-info --help
 *
 * With HWLOC_XMLFILE=FILE or HWLOC_SYNTHETIC=DESCRIPTION all this is told of another machine. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
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
    printf("machine: %zu core%s and %zu PU%s; ours: %zu core%s and %zu PU%s (%s) in %zu package%s, %zu NUMA "
           "node%s, "
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

static int print_places(const char *policy, size_t worker_count)
{
    return parallel_placement_print(policy, worker_count, stdout) == 0 ? EXIT_SUCCESS : failed("places");
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
    status |= print_places(NULL, 0);
    status |= print_settings();
    return status;
}

/* What the command line asks for. */
struct request {
    bool wants_machine;
    bool wants_workers;
    bool wants_places;
    bool wants_settings;
    bool wants_version;
    bool wants_help;
    const char *policy;       /* NULL: the one in force */
    const char *worker_count; /* NULL: the default number */
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: parallel-info [--machine] [--workers [N]] [--places [POLICY]] [--settings] [--version] [--help]\n");
}

/* "--places=POLICY" or "--places POLICY"; NULL if another option follows. */
static const char *optional_value(int argc, char **argv)
{
    if (optarg != NULL)
        return optarg;
    return optind < argc && argv[optind][0] != '-' ? argv[optind++] : NULL;
}

static bool read_request(int argc, char **argv, struct request *request)
{
    enum { SHOW_MACHINE = 1, SHOW_PLACES, SHOW_SETTINGS, SHOW_VERSION, SHOW_WORKERS, SHOW_HELP };
    static const struct option options[] = {
        {"help", no_argument, NULL, SHOW_HELP},
        {"machine", no_argument, NULL, SHOW_MACHINE},
        {"places", optional_argument, NULL, SHOW_PLACES},
        {"settings", no_argument, NULL, SHOW_SETTINGS},
        {"version", no_argument, NULL, SHOW_VERSION},
        {"workers", optional_argument, NULL, SHOW_WORKERS},
        {NULL, 0, NULL, 0},
    };
    /* "+": in order, so that the word after an option is its value. */
    for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (option) {
        case SHOW_MACHINE:
            request->wants_machine = true;
            break;
        case SHOW_PLACES:
            request->wants_places = true;
            request->policy = optional_value(argc, argv);
            break;
        case SHOW_SETTINGS:
            request->wants_settings = true;
            break;
        case SHOW_VERSION:
            request->wants_version = true;
            break;
        case SHOW_WORKERS:
            request->worker_count = optional_value(argc, argv);
            request->wants_workers = request->worker_count == NULL;
            request->wants_places |= request->worker_count != NULL;
            break;
        case SHOW_HELP:
            request->wants_help = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc;
}

/* A whole number from 1; what is too large for a worker count is for the library to say. */
static bool read_count(const char *text, size_t *count)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *count = (size_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number > 0;
}

static int answer(const struct request *request)
{
    size_t worker_count = 0;
    if (request->worker_count != NULL && !read_count(request->worker_count, &worker_count)) {
        fprintf(stderr, "parallel-info: --workers %s: expected a whole number from 1\n",
                request->worker_count);
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    if (request->wants_help)
        print_usage(stdout);
    if (request->wants_version)
        printf("libparallel %s\n", PACKAGE_VERSION);
    if (request->wants_machine)
        status |= print_machine();
    if (request->wants_workers)
        status |= print_workers();
    if (request->wants_places)
        status |= print_places(request->policy, worker_count);
    if (request->wants_settings)
        status |= print_settings();
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {.policy = NULL};
    if (!read_request(argc, argv, &request)) {
        print_usage(stderr);
        return EXIT_FAILURE;
    }
    return argc == 1 ? print_everything() : answer(&request);
}
