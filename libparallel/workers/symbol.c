/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names from the symbol table of the object's file. dladdr() alone knows exported functions only, and gives a
 * static one the name of its exported neighbour; the file's full table (.symtab, if it is not stripped) knows
 * both. No other program is run: a child that the user did not ask for would be seen by his wait(), and
 * addr2line need not be there. */
#include "libparallel/workers/symbol.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libparallel/workers/source_line.h"

struct object {
    const char *bytes;
    size_t size;
};

static bool open_object(const char *path, struct object *object)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    struct stat status;
    void *bytes = MAP_FAILED;
    if (fstat(file, &status) == 0 && status.st_size >= (off_t)sizeof(ElfW(Ehdr)))
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED)
        return false;
    *object = (struct object){.bytes = bytes, .size = (size_t)status.st_size};
    return true;
}

static bool is_inside(const struct object *object, uint64_t offset, uint64_t size)
{
    return offset <= object->size && size <= object->size - offset;
}

/* The section headers, if they are all there. */
static const ElfW(Shdr) *sections_of(const struct object *object, size_t *count)
{
    const ElfW(Ehdr) *header = (const void *)object->bytes;
    *count = header->e_shnum;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_shentsize != sizeof(ElfW(Shdr)) ||
        header->e_shoff % _Alignof(ElfW(Shdr)) != 0 ||
        !is_inside(object, header->e_shoff, *count * sizeof(ElfW(Shdr))))
        return NULL;
    return (const void *)(object->bytes + header->e_shoff);
}

/* The function of one symbol table that contains `offset`. */
static const char *find_in(const struct object *object, const ElfW(Shdr) *table, const ElfW(Shdr) *names,
                           uintptr_t offset, uintptr_t *start)
{
    if (!is_inside(object, table->sh_offset, table->sh_size) || !is_inside(object, names->sh_offset, names->sh_size) ||
        names->sh_size == 0 || object->bytes[names->sh_offset + names->sh_size - 1] != '\0')
        return NULL;
    const ElfW(Sym) *symbols = (const void *)(object->bytes + table->sh_offset);
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        const ElfW(Sym) *symbol = &symbols[i];
        bool is_function = (symbol->st_info & 0xf) == STT_FUNC && symbol->st_shndx != SHN_UNDEF;
        if (is_function && offset - symbol->st_value < symbol->st_size && symbol->st_name < names->sh_size) {
            *start = symbol->st_value;
            return object->bytes + names->sh_offset + symbol->st_name;
        }
    }
    return NULL;
}

/* Tries the full table first. */
static const char *find_function(const struct object *object, uintptr_t offset, uintptr_t *start)
{
    size_t count;
    const ElfW(Shdr) *sections = sections_of(object, &count);
    static const uint32_t types[] = {SHT_SYMTAB, SHT_DYNSYM};
    for (size_t t = 0; sections != NULL && t < 2; t++) {
        for (size_t i = 0; i < count; i++) {
            if (sections[i].sh_type != types[t] || sections[i].sh_link >= count)
                continue;
            const char *name = find_in(object, &sections[i], &sections[sections[i].sh_link], offset, start);
            if (name != NULL)
                return name;
        }
    }
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int pl_symbol_format(uintptr_t address, char *text, size_t size)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL) /* NOLINT: an address */
        return snprintf(text, size, "0x%zx", (size_t)address);
    bool is_program = map->l_name == NULL || map->l_name[0] == '\0';
    uintptr_t offset = address - map->l_addr;
    struct object object;
    uintptr_t start = 0;
    int length = -1;
    const char *path = is_program ? "/proc/self/exe" : map->l_name;
    if (open_object(path, &object)) {
        const char *name = find_function(&object, offset, &start);
        /* The compiler's variants of a function have a suffix that its author does not know: parse.isra.0 */
        int shown = name != NULL ? (int)strcspn(name + 1, ".") + 1 : 0;
        char line[96];
        if (name != NULL && pl_source_line_format(path, map->l_addr, address, line, sizeof line))
            length = snprintf(text, size, "%.*s+0x%zx (%s)", shown, name, (size_t)(offset - start), line);
        else if (name != NULL && is_program)
            length = snprintf(text, size, "%.*s+0x%zx", shown, name, (size_t)(offset - start));
        else if (name != NULL)
            length = snprintf(text, size, "%.*s+0x%zx (%s)", shown, name, (size_t)(offset - start),
                              base_name(map->l_name));
        munmap((void *)(uintptr_t)object.bytes, object.size);
    }
    if (length < 0)
        length = snprintf(text, size, "%s+0x%zx", base_name(is_program ? info.dli_fname : map->l_name), (size_t)offset);
    return length;
}
