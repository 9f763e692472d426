/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loaded segments, sorted, each with the distance to where the workers have it. */
#include "libparallel/workers/known_code.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

struct range {
    uintptr_t begin;
    uintptr_t end;
    uintptr_t base; /* of its module */
    uintptr_t shift; /* to be added, modulo the address space */
    const struct pl_module *missing; /* NULL: the workers have it */
};

struct pl_known_code {
    size_t count;
    size_t capacity;
    struct range *ranges;
    struct pl_module *modules; /* NULL: as here */
    bool has_failed;
};

static const struct pl_module unlisted = {.trouble = "was loaded while the first processes executor was opened"};

static int add_module(struct dl_phdr_info *module, size_t size, void *context)
{
    (void)size;
    struct pl_known_code *known = context;
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        if (known->count == known->capacity) {
            size_t capacity = known->capacity == 0 ? 64 : 2 * known->capacity;
            struct range *larger = realloc(known->ranges, capacity * sizeof *larger);
            if (larger == NULL) {
                known->has_failed = true;
                return 1;
            }
            known->ranges = larger;
            known->capacity = capacity;
        }
        uintptr_t begin = (uintptr_t)module->dlpi_addr + (uintptr_t)segment->p_vaddr;
        known->ranges[known->count++] = (struct range){.begin = begin,
                                                       .end = begin + (uintptr_t)segment->p_memsz,
                                                       .base = (uintptr_t)module->dlpi_addr};
    }
    return 0;
}

static int by_begin(const void *one, const void *other)
{
    uintptr_t a = ((const struct range *)one)->begin, b = ((const struct range *)other)->begin;
    return a < b ? -1 : a > b;
}

struct pl_known_code *pl_known_code_create(void)
{
    struct pl_known_code *known = calloc(1, sizeof *known);
    if (known == NULL)
        return NULL;
    dl_iterate_phdr(add_module, known);
    if (known->has_failed) {
        pl_known_code_destroy(known);
        return NULL;
    }
    qsort(known->ranges, known->count, sizeof known->ranges[0], by_begin);
    return known;
}

void pl_known_code_destroy(struct pl_known_code *known)
{
    if (known == NULL)
        return;
    free(known->ranges);
    free(known->modules);
    free(known);
}

int pl_known_code_move(struct pl_known_code *known, const struct pl_module *modules, size_t count)
{
    struct pl_module *copy = malloc((count + 1) * sizeof *copy);
    if (copy == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the table of what is loaded");
    memcpy(copy, modules, count * sizeof *copy);
    for (size_t i = 0; i < known->count; i++) {
        struct range *range = &known->ranges[i];
        const struct pl_module *module = copy;
        while (module < copy + count && module->base != range->base)
            module++;
        range->shift = 0;
        range->missing = &unlisted;
        if (module < copy + count) {
            range->shift = (uintptr_t)(module->base_there - module->base);
            range->missing = module->is_there ? NULL : module;
        }
    }
    free(known->modules);
    known->modules = copy;
    return 0;
}

static const struct range *find(const struct pl_known_code *known, const void *address)
{
    size_t below = 0, above = known->count; /* ranges[below - 1].begin <= address < ranges[above].begin */
    while (below < above) {
        size_t middle = below + (above - below) / 2;
        if (known->ranges[middle].begin <= (uintptr_t)address)
            below = middle + 1;
        else
            above = middle;
    }
    return below > 0 && (uintptr_t)address < known->ranges[below - 1].end ? &known->ranges[below - 1] : NULL;
}

const void *pl_known_code_there(const struct pl_known_code *known, const void *address)
{
    const struct range *range = find(known, address);
    if (range == NULL || range->missing != NULL)
        return NULL;
    return (const void *)((uintptr_t)address + range->shift);
}

const char *pl_known_code_trouble(const struct pl_known_code *known, const void *address)
{
    const struct range *range = find(known, address);
    if (range == NULL || range->missing == NULL)
        return "was loaded after the first processes executor was opened";
    return range->missing->trouble;
}
