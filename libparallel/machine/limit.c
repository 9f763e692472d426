/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The chain of limits. Each link is a count and a few words; the smallest count wins, and the reason tells
 * every link that is tighter than the machine, in ascending order:
 *
 *   cores in machine       all cores that hwloc finds
 *   allowed set            those of them with a PU in the allowed set (cpusets of control groups)
 *   affinity mask          those with a PU in the mask that the process was started with
 *   cgroup quota           CPU time a period, in whole CPUs: 2.5 is 2 workers, since three would be throttled
 *                          together, in the middle of a loop; but at least 1
 *   SLURM_CPUS_PER_TASK    what the batch job was given for each task
 *   OMP_NUM_THREADS        its first number (of "4,2"): the user who limits OpenMP means us too
 *   PARALLEL_WORKERS       our own
 *
 * Slurm's and OpenMP's variables belong to others, so a malformed one is no error, but it is named in the
 * reason. Where the topology is another machine's (HWLOC_XMLFILE), the quota of this one says nothing about
 * it and is left out. */
#include "libparallel/machine/limit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/cgroup.h"
#include "libparallel/machine/topology_private.h"

enum { LINK_SIZE = 64, LINK_COUNT = 7 };

struct link {
    size_t count;
    bool is_machine;
    char words[LINK_SIZE];
};

/* Sorted by count, equal ones in the order of the chain. */
struct chain {
    struct link links[LINK_COUNT];
    size_t length;
    size_t cap;   /* smallest count of the links that count no cores */
    size_t share; /* smallest count that somebody who runs the machine gave without saying which cores */
};

static struct link *add_link(struct chain *chain, size_t count)
{
    size_t at = chain->length++;
    while (at > 0 && chain->links[at - 1].count > count) {
        chain->links[at] = chain->links[at - 1];
        at--;
    }
    chain->links[at] = (struct link){.count = count};
    return &chain->links[at];
}

static struct link *add_cap(struct chain *chain, size_t count)
{
    if (count < chain->cap)
        chain->cap = count;
    return add_link(chain, count);
}

static struct link *add_share(struct chain *chain, size_t count)
{
    if (count < chain->share)
        chain->share = count;
    return add_cap(chain, count);
}

static void add_machine(struct chain *chain, const struct pl_topology *topology)
{
    struct link *link = add_link(chain, topology->machine_core_count);
    link->is_machine = true;
    snprintf(link->words, sizeof link->words, "%zu core%s in %s", topology->machine_core_count,
             topology->machine_core_count == 1 ? "" : "s",
             topology->is_this_machine ? "machine" : "a machine that is not this one");
}

/* "affinity mask 0-1", with the number of cores where it cannot be seen from the list. */
static void add_cpus(struct chain *chain, const char *name, const struct pl_cpu_set *cpus, size_t core_count)
{
    char list[32];
    pl_cpu_set_format(cpus, list, sizeof list);
    struct link *link = add_link(chain, core_count);
    bool is_cut = strstr(list, "...") != NULL;
    if (pl_cpu_set_count(cpus) == core_count && !is_cut)
        snprintf(link->words, sizeof link->words, "%s %s", name, list);
    else
        snprintf(link->words, sizeof link->words, "%s %s (%zu core%s)", name, list, core_count,
                 core_count == 1 ? "" : "s");
}

/* Prints thousandths without needless zeros, but with one digit after the point: 4.0, 2.5, 0.125. */
static void add_quota(struct chain *chain, uint64_t millicores)
{
    uint64_t whole = millicores / 1000;
    struct link *link = add_share(chain, whole > 0 ? (size_t)whole : 1);
    int length = snprintf(link->words, sizeof link->words, "cgroup quota %llu.%03llu",
                          (unsigned long long)whole, (unsigned long long)(millicores % 1000));
    for (int zeros = 0; zeros < 2 && link->words[length - 1] == '0'; zeros++)
        link->words[--length] = '\0';
}

/* The number at the beginning of a list such as "4,2", with blanks around it; 0 if it is none, or absurd. */
static size_t read_count(const char *text)
{
    static const char blanks[] = " \t";
    size_t count = 0;
    text += strspn(text, blanks);
    for (; *text >= '0' && *text <= '9' && count <= PL_LARGEST_COUNT; text++)
        count = 10 * count + (size_t)(*text - '0');
    text += strspn(text, blanks);
    return (*text == '\0' || *text == ',') && count <= PL_LARGEST_COUNT ? count : 0;
}

static void add_variable(struct chain *chain, struct link *(*add)(struct chain *chain, size_t count),
                         const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    size_t count = read_count(value);
    struct link *link = add(chain, count > 0 ? count : SIZE_MAX);
    if (count > 0)
        snprintf(link->words, sizeof link->words, "%s %zu", name, count);
    else
        snprintf(link->words, sizeof link->words, "%s \"%.24s\" ignored", name, value);
}

static void add_workers(struct chain *chain, size_t workers)
{
    if (workers == 0)
        return;
    struct link *link = add_cap(chain, workers);
    snprintf(link->words, sizeof link->words, "PARALLEL_WORKERS %zu", workers);
}

/* One line for all that is tighter than the machine, the machine, and what was ignored. */
static void write_reason(const struct chain *chain, const struct pl_topology *topology, parallel_limit *out)
{
    /* Number and colon, then each link with a separator. */
    _Static_assert(PARALLEL_REASON_SIZE >= 24 + LINK_COUNT * (LINK_SIZE + 2),
                   "the reason has room for every link");
    size_t used = (size_t)snprintf(out->reason, sizeof out->reason, "%zu:", out->count);
    const char *separator = " ";
    for (size_t i = 0; i < chain->length; i++) {
        const struct link *link = &chain->links[i];
        if (link->count >= topology->machine_core_count && link->count != SIZE_MAX && !link->is_machine)
            continue;
        used +=
            (size_t)snprintf(out->reason + used, sizeof out->reason - used, "%s%s", separator, link->words);
        separator = "; ";
    }
}

void pl_limit_compute(const struct pl_limit_sources *sources, struct pl_limit *out)
{
    const struct pl_topology *topology = sources->topology;
    struct chain chain = {.cap = SIZE_MAX, .share = SIZE_MAX};
    if (topology->allowed_core_count < topology->machine_core_count)
        add_cpus(&chain, "allowed set", &topology->allowed, topology->allowed_core_count);
    if (topology->core_count < topology->allowed_core_count)
        add_cpus(&chain, "affinity mask", &topology->cpus, topology->core_count);
    if (sources->quota_millicores != PL_NO_QUOTA && topology->is_this_machine)
        add_quota(&chain, sources->quota_millicores);
    add_variable(&chain, add_share, "SLURM_CPUS_PER_TASK", sources->slurm_cpus_per_task);
    add_variable(&chain, add_cap, "OMP_NUM_THREADS", sources->omp_num_threads);
    add_workers(&chain, sources->workers);
    add_machine(&chain, topology);
    out->cap = chain.cap;
    out->workers = sources->workers > 0 ? sources->workers : SIZE_MAX;
    out->is_share = chain.share < topology->core_count;
    out->text.count = chain.links[0].count;
    write_reason(&chain, topology, &out->text);
}

/* The one of this process. Written under `once`, constant afterwards. */
static struct {
    pthread_once_t once;
    struct pl_limit limit;
    parallel_error error; /* code 0 if it was computed */
} process = {.once = PTHREAD_ONCE_INIT};

static int compute_process_limit(void)
{
    struct pl_limit_sources sources = {
        .slurm_cpus_per_task = getenv("SLURM_CPUS_PER_TASK"),
        .omp_num_threads = getenv("OMP_NUM_THREADS"),
        .workers = pl_setting_count(PL_SETTING_WORKERS),
    };
    int error = parallel_settings_check();
    if (error == 0)
        error = pl_cgroup_quota("", &sources.quota_millicores);
    if (error == 0)
        error = pl_topology_get(&sources.topology);
    if (error == 0)
        pl_limit_compute(&sources, &process.limit);
    return error;
}

static void compute_once(void)
{
    if (compute_process_limit() != 0)
        process.error = *parallel_last_error();
}

int pl_limit_get(struct pl_limit *out)
{
    pthread_once(&process.once, compute_once);
    if (process.error.code != 0)
        return pl_error_set_copy(&process.error);
    *out = process.limit;
    return 0;
}

int parallel_worker_limit(parallel_limit *out)
{
    struct pl_limit limit;
    int error = pl_limit_get(&limit);
    if (error == 0)
        *out = limit.text;
    return error;
}
