/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loaded segments, sorted. */
#include "libparallel/workers/known_code.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h>

struct range {
    uintptr_t begin;
    uintptr_t end;
};

struct pl_known_code {
    size_t count;
    size_t capacity;
    struct range *ranges;
    bool has_failed;
};

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
        known->ranges[known->count++] = (struct range){begin, begin + (uintptr_t)segment->p_memsz};
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
    free(known);
}

bool pl_known_code_contains(const struct pl_known_code *known, const void *address)
{
    size_t below = 0, above = known->count; /* ranges[below - 1].begin <= address < ranges[above].begin */
    while (below < above) {
        size_t middle = below + (above - below) / 2;
        if (known->ranges[middle].begin <= (uintptr_t)address)
            below = middle + 1;
        else
            above = middle;
    }
    return below > 0 && (uintptr_t)address < known->ranges[below - 1].end;
}
