/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Modules as dl_iterate_phdr() shows them; so this works in static programs too, where dlopen() does not. */
#include "libparallel/workers/module.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

/* Asked for only where it is there anyway: a static program would otherwise be linked with a loader that it does not want. */
#pragma weak dlopen
#pragma weak dlerror

/* FNV-1a, 64 bits: it tells files apart that nobody has made alike on purpose. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_loaded(const struct dl_phdr_info *module, const ElfW(Phdr) *part)
{
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && segment->p_vaddr <= part->p_vaddr &&
            part->p_vaddr + part->p_filesz <= segment->p_vaddr + segment->p_filesz)
            return true;
    }
    return false;
}

static uint64_t fingerprint_of(const struct dl_phdr_info *module)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &module->dlpi_phdr[i];
        hash = mix(hash, part, sizeof *part); /* as it is in the file */
        if (part->p_type == PT_NOTE && is_loaded(module, part))
            hash = mix(hash, (const void *)((uintptr_t)module->dlpi_addr + (uintptr_t)part->p_vaddr), part->p_filesz);
    }
    return hash;
}

struct list {
    struct pl_module *modules;
    size_t capacity;
    size_t count;
};

static int add(struct dl_phdr_info *module, size_t size, void *context)
{
    (void)size;
    struct list *list = context;
    if (list->count++ >= list->capacity)
        return 0;
    struct pl_module *entry = &list->modules[list->count - 1];
    entry->base = (uint64_t)module->dlpi_addr;
    entry->fingerprint = fingerprint_of(module);
    entry->base_there = 0;
    entry->is_there = false;
    entry->trouble[0] = '\0';
    snprintf(entry->name, sizeof entry->name, "%s", module->dlpi_name);
    return 0;
}

size_t pl_modules_list(struct pl_module *modules, size_t capacity)
{
    struct list list = {.modules = modules, .capacity = capacity};
    dl_iterate_phdr(add, &list);
    return list.count;
}

static void complain(struct pl_module *module, const char *what)
{
    snprintf(module->trouble, sizeof module->trouble, "%s", what);
}

static int find(struct dl_phdr_info *here, size_t size, void *context)
{
    (void)size;
    struct pl_module *module = context;
    if (strcmp(here->dlpi_name, module->name) != 0)
        return 0;
    module->is_there = fingerprint_of(here) == module->fingerprint;
    if (module->is_there)
        module->base_there = (uint64_t)here->dlpi_addr;
    else
        complain(module, "belongs to a file that has been replaced since the program was started, so workers have another");
    return 1;
}

static bool load(struct pl_module *module)
{
    if (dlopen == NULL) {
        complain(module, "was loaded by the program, and worker processes of a static one cannot load anything");
        return false;
    }
    if (dlopen(module->name, RTLD_NOW | RTLD_LOCAL) != NULL)
        return true;
    const char *why = dlerror();
    snprintf(module->trouble, sizeof module->trouble, "was loaded by the program, and the workers could not load it: %s",
             why != NULL ? why : "no reason given");
    return false;
}

void pl_modules_match(struct pl_module *modules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pl_module *module = &modules[i];
        if (strlen(module->name) == PL_MODULE_NAME_SIZE - 1) {
            complain(module, "belongs to a file whose name is too long");
            continue;
        }
        if (dl_iterate_phdr(find, module) == 0 && strchr(module->name, '/') != NULL && load(module) &&
            dl_iterate_phdr(find, module) == 0)
            complain(module, "was loaded by the program under a name that means another file now");
        if (!module->is_there && module->trouble[0] == '\0')
            complain(module, "is in no file that a worker could load");
    }
}
