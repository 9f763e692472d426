/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Loading goes over the call twice with the same code: once to measure, once to copy. */
#include "libparallel/executors/parcel.h"

#include <stdint.h>
#include <string.h>

#include <libparallel/function.h>
#include <libparallel/shared.h>

#include "libparallel/base/error.h"

enum { LARGEST_ALIGNMENT = PL_CACHE_LINE }; /* of slots and blocks */

/* Where the payload grows. `base` is NULL while it is only measured. */
struct load {
    char *base;
    size_t used;
    bool is_too_large;
    const struct pl_away_call *call;
    size_t index; /* map: which call */
};

static void *reserve(struct load *load, size_t size, size_t alignment)
{
    size_t offset = (load->used + alignment - 1) & ~(alignment - 1);
    if (offset < load->used || size > SIZE_MAX / 4 - offset) {
        load->is_too_large = true;
        return NULL;
    }
    load->used = offset + size;
    return load->base != NULL ? load->base + offset : NULL;
}

/* The largest power of two that divides the size, which any type of that size is content with. */
static size_t alignment_of_size(size_t size)
{
    size_t alignment = size & (~size + 1);
    return alignment == 0 || alignment > LARGEST_ALIGNMENT ? LARGEST_ALIGNMENT : alignment;
}

static bool is_shared(const void *pointer, size_t size)
{
    return parallel_shared_contains(pointer) && (size == 0 || parallel_shared_contains((const char *)pointer + size - 1));
}

/* ---- What a pointer points to ---- */

static int refuse(const struct load *load, int parameter, const char *what)
{
    const char *name = load->call->function->name;
    if (load->call->last > 0)
        return pl_error_set(PARALLEL_EARGUMENT, 0, "argument %d of call %zu of %s: %s", parameter + 1, load->index, name,
                            what);
    return pl_error_set(PARALLEL_EARGUMENT, 0, "argument %d of %s: %s", parameter + 1, name, what);
}

/* Where argument k of the call is, in the program. */
static const void *argument(const struct load *load, int k)
{
    const struct pl_away_call *call = load->call;
    const parallel_parameter *parameter = &call->function->parameters[k];
    if (call->last > 0)
        return (const char *)call->columns[k] + load->index * parameter->size;
    return (const char *)call->arguments + parameter->offset;
}

static bool read_count(const struct load *load, int k, size_t *count)
{
    const parallel_parameter *parameter = &load->call->function->parameters[k];
    const void *value = argument(load, k);
    uint64_t wide = 0;
    switch (parameter->size) {
    case 1:
        wide = parameter->is_unsigned ? *(const uint8_t *)value : (uint64_t)(int64_t)*(const int8_t *)value;
        break;
    case 2:
        wide = parameter->is_unsigned ? *(const uint16_t *)value : (uint64_t)(int64_t)*(const int16_t *)value;
        break;
    case 4:
        wide = parameter->is_unsigned ? *(const uint32_t *)value : (uint64_t)(int64_t)*(const int32_t *)value;
        break;
    case 8:
        wide = *(const uint64_t *)value;
        break;
    default:
        return false;
    }
    *count = (size_t)wide;
    return parameter->kind == PARALLEL_PARAMETER_VALUE && wide <= INT64_MAX && wide <= SIZE_MAX;
}

/* Bytes of an array parameter. */
static int measure_array(const struct load *load, int k, size_t *bytes)
{
    const parallel_function *function = load->call->function;
    const parallel_parameter *parameter = &function->parameters[k];
    *bytes = parameter->element_size;
    for (int i = 0; i < 2; i++) {
        int counter = parameter->counts[i];
        if (counter == 0)
            continue;
        size_t count;
        if (counter < 0 || counter > function->parameter_count)
            return refuse(load, k, "its number of elements is no argument");
        if (!read_count(load, counter - 1, &count))
            return refuse(load, k, "its number of elements is negative or no integer");
        if (__builtin_mul_overflow(*bytes, count, bytes) || *bytes > SIZE_MAX / 4)
            return refuse(load, k, "its number of elements is too large");
    }
    return 0;
}

/* The value that the pointer argument k gets in the payload. */
static int carry_pointer(struct load *load, int k, void **carried)
{
    const parallel_parameter *parameter = &load->call->function->parameters[k];
    void *pointer;
    memcpy(&pointer, argument(load, k), sizeof pointer);
    *carried = pointer;
    size_t bytes = 0;
    switch (parameter->kind) {
    case PARALLEL_PARAMETER_POINTER:
        if (pointer == NULL || parallel_shared_contains(pointer))
            return 0;
        return refuse(load, k, "a bare pointer to private memory; say what it points to with PARALLEL_IN, PARALLEL_OUT, "
                               "PARALLEL_INOUT or PARALLEL_STRING, or use parallel_shared_alloc()");
    case PARALLEL_PARAMETER_STRING:
        if (pointer == NULL || parallel_shared_contains(pointer))
            return 0;
        bytes = strlen(pointer) + 1;
        break;
    default: {
        int code = measure_array(load, k, &bytes);
        if (code != 0)
            return code;
        if (pointer == NULL && bytes > 0)
            return refuse(load, k, "NULL where there should be elements");
        if (bytes == 0 || is_shared(pointer, bytes))
            return 0;
        break;
    }
    }
    *carried = reserve(load, bytes, alignment_of_size(parameter->element_size | 16));
    if (*carried != NULL && parameter->kind != PARALLEL_PARAMETER_OUT)
        memcpy(*carried, pointer, bytes);
    return 0;
}

static bool is_pointer(const parallel_parameter *parameter)
{
    return parameter->kind != PARALLEL_PARAMETER_VALUE;
}

/* ---- Loading ---- */

static int load_call(struct load *load, struct pl_slot *slot)
{
    const parallel_function *function = load->call->function;
    char *arguments = reserve(load, function->argument_size, LARGEST_ALIGNMENT);
    (void)reserve(load, function->result_size, function->result_alignment);
    slot->result_offset = (uint32_t)(load->used - function->result_size);
    if (arguments != NULL && function->argument_size > 0)
        memcpy(arguments, load->call->arguments, function->argument_size);
    for (int k = 0; k < function->parameter_count; k++) {
        void *carried;
        if (!is_pointer(&function->parameters[k]))
            continue;
        int code = carry_pointer(load, k, &carried);
        if (code != 0)
            return code;
        if (arguments != NULL)
            memcpy(arguments + function->parameters[k].offset, &carried, sizeof carried);
    }
    return 0;
}

static int load_column(struct load *load, int k, char **carried)
{
    const struct pl_away_call *call = load->call;
    const parallel_parameter *parameter = &call->function->parameters[k];
    char *column = (char *)(uintptr_t)call->columns[k] + call->first * parameter->size;
    size_t bytes = (call->last - call->first) * parameter->size;
    *carried = column;
    if (!is_pointer(parameter) && is_shared(column, bytes))
        return 0;
    *carried = reserve(load, bytes, alignment_of_size(parameter->size));
    if (*carried != NULL)
        memcpy(*carried, column, bytes);
    if (!is_pointer(parameter))
        return 0;
    for (load->index = call->first; load->index < call->last; load->index++) {
        void *element;
        int code = carry_pointer(load, k, &element);
        if (code != 0)
            return code;
        if (*carried != NULL)
            memcpy(*carried + (load->index - call->first) * sizeof element, &element, sizeof element);
    }
    return 0;
}

static int load_map(struct load *load, struct pl_slot *slot)
{
    const struct pl_away_call *call = load->call;
    const parallel_function *function = call->function;
    (void)reserve(load, sizeof(struct pl_away_failure), LARGEST_ALIGNMENT);
    char *columns = reserve(load, (size_t)(function->parameter_count + 1) * sizeof(char *), sizeof(char *));
    slot->columns_offset = (uint32_t)(load->used - (size_t)(function->parameter_count + 1) * sizeof(char *));
    /* The last of the pointers is that to the results. */
    char *results = (char *)call->results + (call->results != NULL ? call->first * function->result_size : 0);
    size_t bytes = (call->last - call->first) * function->result_size;
    if (bytes > 0 && !is_shared(results, bytes))
        results = reserve(load, bytes, function->result_alignment);
    if (columns != NULL)
        memcpy(columns + (size_t)function->parameter_count * sizeof(char *), &results, sizeof results);
    for (int k = 0; k < function->parameter_count; k++) {
        char *column;
        int code = load_column(load, k, &column);
        if (code != 0)
            return code;
        if (columns != NULL)
            memcpy(columns + (size_t)k * sizeof(char *), &column, sizeof column);
    }
    return 0;
}

static int load_once(struct load *load, struct pl_slot *slot)
{
    return load->call->last > 0 ? load_map(load, slot) : load_call(load, slot);
}

/* Goes over the call without copying anything. */
static int measure(const struct pl_away_call *call, struct pl_slot *slot, size_t *bytes)
{
    if (call->function->argument_alignment > LARGEST_ALIGNMENT || call->function->result_alignment > LARGEST_ALIGNMENT)
        return pl_error_set(PARALLEL_EARGUMENT, 0, "%s: arguments or a result aligned to more than %d bytes",
                            call->function->name, LARGEST_ALIGNMENT);
    struct load load = {.call = call};
    int code = load_once(&load, slot);
    if (code == 0 && load.is_too_large)
        code = pl_error_set(PARALLEL_ENOMEMORY, 0, "%s: the arguments are larger than any memory",
                            call->function->name);
    *bytes = load.used > sizeof(struct pl_away_failure) ? load.used : sizeof(struct pl_away_failure);
    return code;
}

int pl_parcel_check(const struct pl_away_call *call)
{
    struct pl_slot offsets; /* of no interest here */
    size_t bytes;
    return measure(call, &offsets, &bytes);
}

int pl_parcel_load(const struct pl_away_call *call, struct pl_slot *slot)
{
    slot->payload = NULL;
    size_t bytes;
    int code = measure(call, slot, &bytes);
    if (code != 0)
        return code;
    slot->payload = slot->inline_payload;
    if (bytes > PL_SLOT_INLINE_BYTES) {
        slot->payload = parallel_shared_alloc(bytes);
        if (slot->payload == NULL)
            return parallel_last_error()->code;
    }
    struct load load = {.call = call, .base = slot->payload};
    (void)load_once(&load, slot); /* as the first time */
    slot->function = call->function;
    slot->first = call->first;
    slot->last = call->last;
    slot->has_failed = 0;
    return 0;
}

void pl_parcel_release(struct pl_slot *slot)
{
    if (slot->payload != slot->inline_payload && slot->payload != NULL)
        parallel_shared_free(slot->payload);
    slot->payload = NULL;
}

/* ---- The worker's side ---- */

void pl_parcel_open(struct pl_slot *slot, struct pl_away_call *call)
{
    const parallel_function *function = slot->function;
    *call = (struct pl_away_call){.function = function, .is_cancel_requested = &slot->is_cancel_requested};
    if (slot->last == 0) {
        call->arguments = slot->payload;
        call->result = slot->payload + slot->result_offset;
        return;
    }
    char *columns = slot->payload + slot->columns_offset;
    call->columns = (const void *const *)(const void *)columns;
    memcpy(&call->results, columns + (size_t)function->parameter_count * sizeof(char *), sizeof call->results);
    call->last = (size_t)(slot->last - slot->first);
}

/* ---- Unloading ---- */

static bool is_written_back(const parallel_parameter *parameter)
{
    return parameter->kind == PARALLEL_PARAMETER_OUT || parameter->kind == PARALLEL_PARAMETER_INOUT;
}

/* `carried` is where the pointer argument k is in the payload. */
static void write_back(const struct load *load, int k, const char *carried)
{
    void *theirs, *ours;
    size_t bytes;
    memcpy(&theirs, carried, sizeof theirs);
    memcpy(&ours, argument(load, k), sizeof ours);
    if (theirs != ours && measure_array(load, k, &bytes) == 0)
        memcpy(ours, theirs, bytes);
}

static void unload_map(const struct pl_away_call *call, const struct pl_slot *slot)
{
    const parallel_function *function = call->function;
    const char *columns = slot->payload + slot->columns_offset;
    size_t last = call->last;
    if (slot->has_failed)
        last = call->first + ((const struct pl_away_failure *)(const void *)slot->payload)->index;
    size_t bytes = (last - call->first) * function->result_size;
    if (bytes > 0) {
        char *theirs;
        char *ours = (char *)call->results + call->first * function->result_size;
        memcpy(&theirs, columns + (size_t)function->parameter_count * sizeof(char *), sizeof theirs);
        if (theirs != ours)
            memcpy(ours, theirs, bytes);
    }
    for (int k = 0; k < function->parameter_count; k++) {
        if (!is_written_back(&function->parameters[k]))
            continue;
        const char *column;
        memcpy(&column, columns + (size_t)k * sizeof(char *), sizeof column);
        struct load load = {.call = call};
        for (load.index = call->first; load.index < last; load.index++)
            write_back(&load, k, column + (load.index - call->first) * sizeof(char *));
    }
}

void pl_parcel_unload(const struct pl_away_call *call, const struct pl_slot *slot)
{
    const parallel_function *function = call->function;
    if (call->last > 0) {
        unload_map(call, slot);
        return;
    }
    if (slot->has_failed)
        return;
    if (function->result_size > 0)
        memcpy(call->result, slot->payload + slot->result_offset, function->result_size);
    const struct load load = {.call = call};
    for (int k = 0; k < function->parameter_count; k++)
        if (is_written_back(&function->parameters[k]))
            write_back(&load, k, slot->payload + function->parameters[k].offset);
}
