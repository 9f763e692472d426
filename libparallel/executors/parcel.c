/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Loading goes over the portion twice with the same code: once to measure, once to copy. */
#include "libparallel/executors/parcel.h"

#include <stdint.h>
#include <string.h>

#include <libparallel/shared.h>

#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"
#include "libparallel/base/size.h"

enum {
    LARGEST_ALIGNMENT = PL_CACHE_LINE, /* of blocks, and of what is in a slot behind its first line */
    ARRAY_ALIGNMENT = 16, /* what malloc gives, and so what any array may count on */
    FIRST_LINE_BYTES = PL_CACHE_LINE - offsetof(struct pl_slot, inline_payload) % PL_CACHE_LINE, /* of it in a slot */
};

/* Where the payload grows. `base` is NULL while it is only measured. */
struct load {
    const struct pl_portion *portion;
    char *base;
    size_t used;
};

/* Sizes are at most those of arrays that exist, so nothing overflows. */
static void *reserve(struct load *load, size_t size, size_t alignment)
{
    size_t offset = pl_align_up(load->used, alignment);
    load->used = offset + size;
    return load->base != NULL ? load->base + offset : NULL;
}

static bool is_shared(const void *pointer, size_t size)
{
    return parallel_shared_contains(pointer) &&
           (size == 0 || parallel_shared_contains((const char *)pointer + size - 1));
}

static bool is_map(const struct pl_portion *portion)
{
    return portion->columns != NULL;
}

static bool is_pointer(const parallel_parameter *parameter)
{
    return parameter->kind != PARALLEL_PARAMETER_VALUE;
}

/* Where argument k of call i is, in the program. */
static const void *argument(const struct pl_portion *portion, size_t i, int k)
{
    const parallel_parameter *parameter = &portion->function->parameters[k];
    if (is_map(portion))
        return (const char *)portion->columns[k] + i * parameter->size;
    return (const char *)portion->arguments + parameter->offset;
}

/* The value that the pointer argument k of call i gets in the payload. */
static int load_pointer(struct load *load, size_t i, int k, void **carried)
{
    const parallel_function *function = load->portion->function;
    enum parallel_parameter_kind kind = function->parameters[k].kind;
    void *pointer;
    memcpy(&pointer, argument(load->portion, i, k), sizeof pointer);
    *carried = pointer;
    if (kind == PARALLEL_PARAMETER_POINTER) {
        if (pointer == NULL || parallel_shared_contains(pointer))
            return 0;
        return pl_error_set(PARALLEL_EARGUMENT, 0,
                            "%s: argument %d is a bare pointer to private memory, which a worker process does not see: "
                            "say what it points to (PARALLEL_IN, ...), or use parallel_shared_alloc()",
                            function->name, k + 1);
    }
    const void *same = NULL;
    size_t bytes = 0;
    int code = pl_portion_extent(load->portion, i, k, &same, &bytes);
    if (code != 0 || bytes == 0 || is_shared(pointer, bytes))
        return code;
    *carried = reserve(load, bytes, bytes < LARGEST_ALIGNMENT ? ARRAY_ALIGNMENT : LARGEST_ALIGNMENT);
    if (*carried != NULL && kind != PARALLEL_PARAMETER_OUT)
        memcpy(*carried, pointer, bytes);
    return 0;
}

static size_t results_offset(const parallel_function *function)
{
    return pl_align_up(function->argument_size, function->result_alignment);
}

/* What a slot says beside its payload. */
static void fill_head(const struct pl_portion *portion, struct pl_slot *slot)
{
    slot->map_count = is_map(portion) ? portion->last - portion->first : 0;
    if (is_map(portion)) /* a worker may die before it says which call it makes */
        pl_store_relaxed(&slot->performance.index, 0); /* relaxed: published with the hint */
}

/* ---- One call ---- */

static int load_call(struct load *load)
{
    const parallel_function *function = load->portion->function;
    char *arguments = reserve(load, function->argument_size, LARGEST_ALIGNMENT);
    (void)reserve(load, function->result_size, function->result_alignment); /* at results_offset() */
    if (arguments != NULL && function->argument_size > 0)
        memcpy(arguments, load->portion->arguments, function->argument_size);
    for (int k = 0; k < function->parameter_count; k++) {
        void *carried;
        if (!is_pointer(&function->parameters[k]))
            continue;
        int code = load_pointer(load, 0, k, &carried);
        if (code != 0)
            return code;
        if (arguments != NULL)
            memcpy(arguments + function->parameters[k].offset, &carried, sizeof carried);
    }
    return 0;
}

bool pl_parcel_is_plain(const struct pl_portion *portion)
{
    const parallel_function *function = portion->function;
    bool is_plain = !is_map(portion) && function->argument_alignment <= PL_SLOT_ALIGNMENT &&
                    function->result_alignment <= PL_SLOT_ALIGNMENT &&
                    results_offset(function) + function->result_size <= PL_SLOT_INLINE_BYTES;
    for (int k = 0; k < function->parameter_count && is_plain; k++)
        is_plain = !is_pointer(&function->parameters[k]);
    return is_plain;
}

void pl_parcel_load_plain(const struct pl_portion *portion, struct pl_slot *slot)
{
    const parallel_function *function = portion->function;
    slot->payload = slot->inline_payload;
    pl_copy_small(slot->payload, portion->arguments, function->argument_size);
    fill_head(portion, slot);
}

/* ---- Calls of a map ---- */

static int load_column(struct load *load, int k, char **carried)
{
    const struct pl_portion *portion = load->portion;
    const parallel_parameter *parameter = &portion->function->parameters[k];
    char *column = (char *)(uintptr_t)argument(portion, portion->first, k);
    size_t bytes = (portion->last - portion->first) * parameter->size;
    *carried = column;
    if (!is_pointer(parameter) && is_shared(column, bytes))
        return 0;
    *carried = reserve(load, bytes, LARGEST_ALIGNMENT);
    if (*carried != NULL)
        memcpy(*carried, column, bytes);
    for (size_t i = portion->first; i < portion->last && is_pointer(parameter); i++) {
        void *element;
        int code = load_pointer(load, i, k, &element);
        if (code != 0)
            return code;
        if (*carried != NULL)
            memcpy(*carried + (i - portion->first) * sizeof element, &element, sizeof element);
    }
    return 0;
}

/* The first bytes of the payload: a pointer for each column, and the last one for the results. */
static size_t pointers_size(const parallel_function *function)
{
    return ((size_t)function->parameter_count + 1) * sizeof(char *);
}

static void put_pointer(char *pointers, int k, const char *pointer)
{
    if (pointers != NULL)
        memcpy(pointers + (size_t)k * sizeof pointer, &pointer, sizeof pointer);
}

static char *get_pointer(const char *pointers, int k)
{
    char *pointer;
    memcpy(&pointer, pointers + (size_t)k * sizeof pointer, sizeof pointer);
    return pointer;
}

static int load_map(struct load *load)
{
    const struct pl_portion *portion = load->portion;
    const parallel_function *function = portion->function;
    char *pointers = reserve(load, pointers_size(function), LARGEST_ALIGNMENT);
    char *results = portion->results;
    size_t bytes = (portion->last - portion->first) * function->result_size;
    if (bytes > 0 && !is_shared(results, bytes))
        results = reserve(load, bytes, LARGEST_ALIGNMENT);
    put_pointer(pointers, function->parameter_count, results);
    for (int k = 0; k < function->parameter_count; k++) {
        char *column;
        int code = load_column(load, k, &column);
        if (code != 0)
            return code;
        put_pointer(pointers, k, column);
    }
    return 0;
}

/* ---- Both ---- */

static int load_once(struct load *load)
{
    return is_map(load->portion) ? load_map(load) : load_call(load);
}

static int measure(const struct pl_portion *portion, size_t *bytes)
{
    const parallel_function *function = portion->function;
    if (function->argument_alignment > LARGEST_ALIGNMENT || function->result_alignment > LARGEST_ALIGNMENT)
        return pl_error_set(PARALLEL_EARGUMENT, 0, "%s: arguments or a result aligned to more than %d bytes",
                            function->name, LARGEST_ALIGNMENT);
    struct load load = {.portion = portion};
    int code = load_once(&load);
    *bytes = load.used;
    return code;
}

int pl_parcel_check(const struct pl_portion *portion)
{
    size_t bytes = 0;
    return measure(portion, &bytes);
}

int pl_parcel_load(const struct pl_portion *portion, struct pl_slot *slot)
{
    slot->payload = NULL;
    size_t bytes = 0;
    int code = measure(portion, &bytes);
    if (code != 0)
        return code;
    slot->payload = slot->inline_payload + FIRST_LINE_BYTES;
    if (bytes > PL_SLOT_INLINE_BYTES - FIRST_LINE_BYTES) {
        slot->payload = parallel_shared_alloc(bytes);
        if (slot->payload == NULL)
            return parallel_last_error()->code;
    }
    struct load load = {.portion = portion, .base = slot->payload};
    (void)load_once(&load); /* as the first time */
    fill_head(portion, slot);
    return 0;
}

void pl_parcel_release(struct pl_slot *slot)
{
    if (slot->payload != NULL && slot->payload != slot->inline_payload &&
        slot->payload != slot->inline_payload + FIRST_LINE_BYTES)
        parallel_shared_free(slot->payload);
    slot->payload = NULL;
}

void pl_parcel_open(struct pl_slot *slot, struct pl_portion *portion)
{
    const parallel_function *function = slot->function;
    *portion = (struct pl_portion){.function = function, .first = 0, .last = 1};
    if (slot->map_count == 0) {
        portion->arguments = slot->payload;
        portion->results = slot->payload + results_offset(function);
        return;
    }
    portion->columns = (const void *const *)(const void *)slot->payload;
    portion->results = get_pointer(slot->payload, function->parameter_count);
    portion->last = (size_t)slot->map_count;
}

/* ---- Unloading ---- */

/* `carried` is where the pointer argument k of call i is in the payload. */
static void write_back(const struct pl_portion *portion, size_t i, int k, const char *carried)
{
    enum parallel_parameter_kind kind = portion->function->parameters[k].kind;
    if (kind != PARALLEL_PARAMETER_OUT && kind != PARALLEL_PARAMETER_INOUT)
        return;
    const void *theirs = get_pointer(carried, 0);
    const void *same;
    size_t bytes;
    void *ours;
    memcpy(&ours, argument(portion, i, k), sizeof ours);
    if (theirs != ours && pl_portion_extent(portion, i, k, &same, &bytes) == 0)
        memcpy(ours, theirs, bytes);
}

static void unload_map(const struct pl_portion *portion, const struct pl_slot *slot)
{
    const parallel_function *function = portion->function;
    size_t last = portion->last;
    if (slot->performance.has_failed)
        last = portion->first + pl_load_relaxed(&slot->performance.index); /* relaxed: published with DONE */
    size_t bytes = (last - portion->first) * function->result_size;
    const char *results = get_pointer(slot->payload, function->parameter_count);
    if (bytes > 0 && results != portion->results)
        memcpy(portion->results, results, bytes);
    for (int k = 0; k < function->parameter_count; k++) {
        const char *column = get_pointer(slot->payload, k);
        for (size_t i = portion->first; i < last && is_pointer(&function->parameters[k]); i++)
            write_back(portion, i, k, column + (i - portion->first) * sizeof(char *));
    }
}

void pl_parcel_unload_small(const struct pl_portion *portion, const struct pl_slot *slot)
{
    if (!slot->performance.has_failed)
        pl_copy_small(portion->results, &slot->result, portion->function->result_size);
}

void pl_parcel_unload_plain(const struct pl_portion *portion, const struct pl_slot *slot)
{
    const parallel_function *function = portion->function;
    if (!slot->performance.has_failed)
        pl_copy_small(portion->results, slot->payload + results_offset(function), function->result_size);
}

void pl_parcel_unload(const struct pl_portion *portion, const struct pl_slot *slot)
{
    const parallel_function *function = portion->function;
    if (is_map(portion)) {
        unload_map(portion, slot);
        return;
    }
    pl_parcel_unload_plain(portion, slot);
    if (slot->performance.has_failed)
        return;
    for (int k = 0; k < function->parameter_count; k++)
        if (is_pointer(&function->parameters[k]))
            write_back(portion, 0, k, slot->payload + function->parameters[k].offset);
}
