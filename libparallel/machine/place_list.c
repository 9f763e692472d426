/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Explicit places in hwloc's syntax (man 7 hwloc, "Location Specification"):
 *
 *   list      item { blanks item }
 *   item      object { "." object }  |  mask  |  "all"  |  "root"
 *   object    type ":" indexes           type: core, pu, package, numa, l3, l2, die, group0, machine, ...
 *   indexes   X | X-Y | X- | X:N | all | odd | even
 *   mask      0x... , in blocks of 8 digits parted by commas, or in one piece
 *
 * An object to the right of a dot is looked for inside the one to the left, and indexes count from 0 in
 * there. Each object that is named becomes a place; a mask, "all" and "root" become one place. hwloc's tools
 * add all items up to one set, so their prefixes ~ x ^, which take away from the sum, mean nothing here. Also
 * left out: physical indexes, I/O devices, and types given as a depth, which would make "0-3" ambiguous. */
#include "libparallel/machine/place_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"

/* The state of one item's parsing. */
struct reader {
    struct pl_places *places;
    const struct pl_topology *topology;
    hwloc_topology_t hwloc; /* its tree */
    const char *item;       /* the whole item, for messages */
};

/* A sequence of indexes: first, first + step, ..., wrapping at the end of the level. */
struct indexes {
    size_t first;
    size_t step;
    size_t count;
};

/* A part of the item that is no part of the language. Long ones are cut, so that the message has room for
 * both. */
static int malformed(const struct reader *reader, const char *what, size_t length, const char *part)
{
    enum { LONGEST = 60 };
    return pl_error_set(PARALLEL_ESPECIFICATION, 0, "places: %.*s: %s: \"%.*s\"", LONGEST, reader->item, what,
                        length < LONGEST ? (int)length : LONGEST, part);
}

/* Well-formed indexes of which not all exist. */
static int outside(const struct reader *reader, size_t length, const char *part, size_t available)
{
    return pl_error_set(PARALLEL_EPLACE, 0, "places: %.60s: %.*s: %zu of them %s ours%s", reader->item,
                        length < 60 ? (int)length : 60, part, available, available == 1 ? "is" : "are",
                        available > 0 ? ", counted from 0" : "");
}

/* One place of all PUs of ours in `cpus`. */
static int add_place(const struct reader *reader, const struct pl_cpu_set *cpus, const char *kind,
                     int32_t index)
{
    struct pl_place *place = pl_places_append(reader->places, reader->topology);
    if (place == NULL)
        return PARALLEL_ENOMEMORY;
    for (size_t i = 0; i < reader->topology->core_count; i++)
        pl_place_add_core(place, reader->topology, &reader->topology->cores[i], cpus);
    pl_place_name(place, kind, index);
    return 0;
}

/* Names an object as the policies do; a PU by its core. */
static int add_object(const struct reader *reader, hwloc_obj_t object)
{
    struct pl_cpu_set cpus;
    int error = pl_cpu_set_from_hwloc(object->cpuset, &cpus);
    if (error != 0)
        return error;
    char kind[32];
    int32_t index = (int32_t)object->logical_index;
    switch (object->type) {
    case HWLOC_OBJ_PU:
        for (size_t i = 0; i < reader->topology->pu_count; i++) {
            if (reader->topology->pus[i].cpu == object->os_index)
                index = reader->topology->cores[reader->topology->pus[i].core].label;
        }
        /* fall through */
    case HWLOC_OBJ_CORE:
        return add_place(reader, &cpus, "core", index);
    case HWLOC_OBJ_NUMANODE:
        return add_place(reader, &cpus, "NUMA node", index);
    case HWLOC_OBJ_PACKAGE:
        return add_place(reader, &cpus, "package", index);
    default:
        hwloc_obj_type_snprintf(kind, sizeof kind, object, 0);
        return add_place(reader, &cpus, kind, index);
    }
}

/* The depth of a type of object in the tree; `length` characters at `name`. */
static int find_depth(const struct reader *reader, const char *name, size_t length, int *depth)
{
    char text[32];
    hwloc_obj_type_t type;
    bool has_number = length < sizeof text && strcspn(name, "0123456789") < length;
    if (length == 0 || length >= sizeof text)
        return malformed(reader, "no type of object", length, name);
    memcpy(text, name, length);
    text[length] = '\0';
    if (hwloc_type_sscanf_as_depth(text, &type, reader->hwloc, depth) != 0 ||
        (!hwloc_obj_type_is_normal(type) && type != HWLOC_OBJ_NUMANODE))
        return malformed(reader, "no type of object with CPUs", length, name);
    /* hwloc reads "core7" as core; a digit has a meaning in caches and groups alone. */
    if (has_number && !hwloc_obj_type_is_cache(type) && type != HWLOC_OBJ_GROUP)
        return malformed(reader, "no type of object with CPUs", length, name);
    if (*depth == HWLOC_TYPE_DEPTH_UNKNOWN)
        return pl_error_set(PARALLEL_EPLACE, 0, "places: %.60s: this machine shows no %s", reader->item,
                            text);
    if (*depth == HWLOC_TYPE_DEPTH_MULTIPLE)
        return malformed(reader, "there are several kinds, add a digit", length, name);
    return 0;
}

/* Reads digits up to `end`; false if there are none. What is larger than any index stays just that. */
static bool read_index(const char **at, const char *end, size_t *out)
{
    const char *from = *at;
    size_t number = 0;
    for (; *at < end && isdigit((unsigned char)**at); (*at)++) {
        if (number <= PL_CPU_LIMIT)
            number = 10 * number + (size_t)(**at - '0');
    }
    *out = number;
    return *at > from;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* Reads the indexes of objects of which there are `available`. */
static int read_indexes(const struct reader *reader, const char *text, size_t length, size_t available,
                        struct indexes *out)
{
    const char *at = text;
    const char *end = text + length;
    size_t last = 0;
    *out = (struct indexes){.first = 0, .step = 1, .count = available};
    if (is_word(text, length, "all"))
        return 0;
    if (is_word(text, length, "even") || is_word(text, length, "odd")) {
        out->first = text[0] == 'o';
        out->step = 2;
        out->count = (available + (text[0] == 'e')) / 2;
        return 0;
    }
    if (!read_index(&at, end, &out->first))
        return malformed(reader, "no index", length, text);
    last = out->first;
    if (at == end) {
        out->count = 1;
    } else if (*at == ':') {
        at++;
        if (!read_index(&at, end, &out->count) || at != end || out->count == 0)
            return malformed(reader, "no count after the index", length, text);
        if (out->count > available)
            return outside(reader, length, text, available);
    } else if (*at == '-' && at + 1 == end) {
        out->count = out->first < available ? available - out->first : 0;
    } else if (*at == '-') {
        at++;
        if (!read_index(&at, end, &last) || at != end || last < out->first)
            return malformed(reader, "no range of indexes", length, text);
        out->count = last - out->first + 1;
    } else {
        return malformed(reader, "no index", length, text);
    }
    if (last >= available)
        return outside(reader, length, text, available);
    return 0;
}

/* Adds the objects of a chain "type:indexes.type:indexes" that lie in `within`; returns at the first error.
 * `part` is the number of the chain's first object, so that a chain cannot be deeper than a tree. */
static int add_chain(const struct reader *reader, const char *chain, size_t part, hwloc_const_cpuset_t within)
{
    hwloc_topology_t hwloc = reader->hwloc;
    size_t length = strcspn(chain, ".");
    const char *colon = memchr(chain, ':', length);
    if (isdigit((unsigned char)chain[0]))
        return malformed(reader, "say pu:0-3 for indexes, or 0xf for a mask", length, chain);
    if (colon == NULL)
        return malformed(reader,
                         "neither a policy (cores, pus, l3, numa, packages, inherit, none) nor type:index",
                         length, chain);
    if (part == PL_PLACE_LEVELS)
        return malformed(reader, "too many parts", length, chain);
    int depth;
    int error = find_depth(reader, chain, (size_t)(colon - chain), &depth);
    if (error != 0)
        return error;
    size_t available = hwloc_get_nbobjs_inside_cpuset_by_depth(hwloc, within, depth);
    struct indexes indexes;
    error = read_indexes(reader, colon + 1, length - (size_t)(colon + 1 - chain), available, &indexes);
    if (error == 0 && indexes.count == 0)
        error = outside(reader, length, chain, available);
    for (size_t i = 0; i < indexes.count && error == 0; i++) {
        size_t index = (indexes.first + i * indexes.step) % available;
        hwloc_obj_t object = hwloc_get_obj_inside_cpuset_by_depth(hwloc, within, depth, (unsigned)index);
        error = chain[length] == '.' ? add_chain(reader, chain + length + 1, part + 1, object->cpuset)
                                     : add_object(reader, object);
    }
    return error;
}

static bool read_mask(const char *text, hwloc_bitmap_t mask)
{
    if (text[strspn(text, "0123456789abcdefABCDEFxX,.")] != '\0')
        return false;
    /* One piece of any length, else blocks of 32 bits. */
    return strchr(text, ',') == NULL && strchr(text, '.') == NULL
               ? hwloc_bitmap_taskset_sscanf(mask, text) == 0
               : hwloc_bitmap_sscanf(mask, text) == 0;
}

/* A mask names CPUs by the kernel's numbers, so each one must be ours. "0xf...f" has no end: its tail is cut
 * to ours. */
static int add_mask(const struct reader *reader)
{
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    if (mask == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "places: out of memory");
    hwloc_const_bitmap_t ours = hwloc_topology_get_topology_cpuset(reader->hwloc);
    struct pl_cpu_set cpus;
    int error = 0;
    if (!read_mask(reader->item, mask))
        error = malformed(reader, "no mask", strlen(reader->item), reader->item);
    else if (hwloc_bitmap_iszero(mask))
        error = malformed(reader, "the mask is empty", strlen(reader->item), reader->item);
    if (error == 0 && hwloc_bitmap_last(mask) < 0)
        hwloc_bitmap_and(mask, mask, ours);
    if (error == 0 && !hwloc_bitmap_isincluded(mask, ours)) {
        char list[64];
        pl_cpu_set_format(&reader->topology->cpus, list, sizeof list);
        hwloc_bitmap_andnot(mask, mask, ours);
        error = pl_error_set(PARALLEL_EPLACE, 0, "places: %.80s: PU %d is not ours (PU %s are)", reader->item,
                             hwloc_bitmap_first(mask), list);
    }
    if (error == 0)
        error = pl_cpu_set_from_hwloc(mask, &cpus);
    if (error == 0)
        error = add_place(reader, &cpus, "mask", -1);
    hwloc_bitmap_free(mask);
    return error;
}

static int add_item(const struct reader *reader)
{
    const char *item = reader->item;
    if (strncmp(item, "0x", 2) == 0 || strncmp(item, "0X", 2) == 0)
        return add_mask(reader);
    if (strcmp(item, "all") == 0 || strcmp(item, "root") == 0)
        return add_place(reader, &reader->topology->cpus, "machine", -1);
    if (item[0] == '~' || item[0] == '^')
        return malformed(reader, "a list of places is no sum, so nothing can be taken from it", 1, item);
    return add_chain(reader, item, 0, hwloc_topology_get_topology_cpuset(reader->hwloc));
}

int pl_places_parse(struct pl_places *places, const struct pl_topology *topology, const char *list)
{
    static const char blanks[] = " \t\n";
    const char *at = list + strspn(list, blanks);
    if (*at == '\0')
        return pl_error_set(PARALLEL_ESPECIFICATION, 0, "places: the list is empty");
    hwloc_topology_t hwloc;
    int error = pl_topology_tree(topology, &hwloc);
    while (error == 0 && *at != '\0') {
        size_t length = strcspn(at, blanks);
        char *item = strndup(at, length);
        if (item == NULL)
            return pl_error_set(PARALLEL_ENOMEMORY, 0, "places: out of memory");
        error = add_item(&(struct reader){places, topology, hwloc, item});
        free(item);
        at += length;
        at += strspn(at, blanks);
    }
    return error;
}
