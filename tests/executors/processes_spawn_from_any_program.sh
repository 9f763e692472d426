#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A second run becomes the zygote of every sort of program: position independent or not, linked with the static library by
# --wrap=main or with a call of the hook, static altogether, after OpenMP, with functions that came by dlopen(), and with a
# file that has been deleted. What cannot be is refused: a static program without the hook, a function that came
# later, a module that was replaced.
. "$top_srcdir/tests/support/script.sh"

cat >"$work/program.c" <<'END'
#include <parallel.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int value = 1;

__attribute__((constructor)) static void construct(void) { value = 2; }

static int add(int x) { return x + value; }
PARALLEL_FN(int, add, int)
static int subtract(int x) { return x - value; }
PARALLEL_FN(int, subtract, int)

static void *live(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void say(parallel_future *future)
{
    parallel_failure failure;
    if (parallel_future_wait(future, PARALLEL_NEVER) == 0 && parallel_future_error(future, &failure) == 0 && failure.code != 0)
        printf("%s: %s\n", parallel_error_name(failure.code), failure.message);
    else
        printf("no failure\n");
    parallel_future_release(future);
}

#ifdef PLUGIN
#define PLUGIN_CALL "plugin_call"
static void *load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW);
    if (module == NULL)
        printf("%s\n", dlerror());
    return module;
}

static parallel_future *call(void *module, parallel_executor *executor)
{
    parallel_future *(*function)(parallel_executor *, int);
    void *found = dlsym(module, PLUGIN_CALL);
    memcpy(&function, &found, sizeof function);
    return function(executor, 20);
}
#endif

int main(int argc, char **argv)
{
#ifdef HOOK
    parallel_main_hook(argc, argv);
#endif
    value = 1000;
#ifdef OPENMP
    int team = 0;
#pragma omp parallel num_threads(2) reduction(+ : team)
    team++;
    printf("team of %d\n", team);
#else
    pthread_t thread;
    for (int i = 0; i < 3; i++) /* two may be taken for the thread sanitizer's own */
        pthread_create(&thread, NULL, live, NULL);
#endif
#ifdef PLUGIN
    void *early = load(argv[1]), *replaced = load(argv[2]);
    rename(argv[4], argv[2]);
#endif
#ifdef DELETED
    unlink(argv[0]);
#endif
    parallel_executor *executor;
    if (parallel_executor_open("processes:2,places=none", &executor) != 0) {
        printf("%s\n", parallel_last_error()->message);
        return 1;
    }
    parallel_executor_info info;
    if (parallel_executor_describe(executor, &info) != 0)
        return 1;
    printf("%s, %d, %d\n", info.start, add_await(add_on(executor, 40)), subtract_await(subtract_on(executor, 40)));
#ifdef PLUGIN
    void *late = load(argv[3]);
    say(call(early, executor));
    say(call(replaced, executor));
    say(call(late, executor));
#else
    say(add_on(executor, 1));
#endif
    (void)argc, (void)argv;
    return parallel_executor_close(executor);
}
END
cat >"$work/plugin.c" <<'END'
#include <parallel.h>
static int from_plugin(int x) { return x + 1; }
PARALLEL_FN(int, from_plugin, int)
parallel_future *plugin_call(parallel_executor *executor, int x);
parallel_future *plugin_call(parallel_executor *executor, int x) { return from_plugin_on(executor, x + OFFSET); }
#ifdef OTHER
int plugin_other(int x);
int plugin_other(int x) { return from_plugin(x) * 3; }
#endif
END

flags="$SANITIZER_FLAGS -std=gnu11 -D_GNU_SOURCE -O1 -I$top_srcdir -I$top_srcdir/macros"
libraries=$(cd "$top_builddir/.libs" && pwd)

# build NAME FLAG...: with the shared library.
build() {
    name=$1
    shift
    # shellcheck disable=SC2086 # a list
    succeeds $CC $flags "$@" -o "$work/$name" "$work/program.c" -L"$libraries" -lparallel -Wl,-rpath,"$libraries" -lpthread
}

# works NAME ARGUMENT...: calls come back from workers in which main() has not run.
works() {
    name=$1
    shift
    "$work/$name" "$@" >"$work/printed" 2>&1 || {
        cat "$work/printed" >&2
        fail "$name ends with an error"
    }
    expect 'spawn, 42, 38' "$work/printed"
}

build independent -fPIE -pie
works independent
build deleted -DDELETED
works deleted
if [ "$SANITIZER" != thread ]; then # it wants position independent programs
    build dependent -fno-pie -no-pie
    works dependent
fi

# Functions of modules that were loaded before are found; of others they are refused, by name.
for name in early replaced late other; do
    more=
    [ "$name" = other ] && more=-DOTHER
    # shellcheck disable=SC2086 # lists
    succeeds $CC $flags -fPIC -shared -DOFFSET=1 $more -o "$work/$name.so" "$work/plugin.c"
done
build loading -DPLUGIN -ldl
works loading "$work/early.so" "$work/replaced.so" "$work/late.so" "$work/other.so"
expect 'no failure' "$work/printed"
expect 'EUNKNOWNFUNCTION: from_plugin belongs to a file that has been replaced' "$work/printed"
expect 'EUNKNOWNFUNCTION: from_plugin was loaded after' "$work/printed"

# After a region of each OpenMP runtime that is here.
if [ "$SANITIZER" = no ]; then
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || continue
        # shellcheck disable=SC2086 # a list
        $compiler $flags -DOPENMP -fopenmp -o "$work/openmp" "$work/program.c" -L"$libraries" -lparallel \
            -Wl,-rpath,"$libraries" >/dev/null 2>&1 || continue
        works openmp
        expect 'team of 2' "$work/printed"
    done
fi

# With the static library. What hwloc asks of libudev, which rarely exists as a static library, is not needed.
archive=$libraries/libparallel.a
if ! [ -e "$archive" ] || [ "$SANITIZER" != no ]; then
    exit 0
fi
cat >"$work/udev.c" <<'END'
#define NONE(name) void *name(void); __attribute__((weak)) void *name(void) { return 0; }
NONE(udev_new) NONE(udev_unref) NONE(udev_device_unref) NONE(udev_device_get_property_value)
NONE(udev_device_new_from_subsystem_sysname)
END

# static NAME FLAG...: false: it cannot be linked here.
static() {
    name=$1
    shift
    # shellcheck disable=SC2086 # a list
    $CC $flags "$@" -o "$work/$name" "$work/program.c" "$work/udev.c" "$archive" -lhwloc -lm -lpthread >"$work/output" 2>&1
}

static archived -Wl,--wrap=main -Wl,--no-as-needed && works archived
static hooked -DHOOK && works hooked
static careless && {
    fails "$work/careless"
    expect 'needs a hook before main()' "$work/output"
}
static wrapped -static -no-pie -fno-pie -Wl,--wrap=main || {
    echo 'no static program can be linked here; the rest was tried'
    exit 0
}
works wrapped
static called -static -no-pie -fno-pie -DHOOK && works called
static movable -static-pie -fPIE -Wl,--wrap=main && works movable
exit 0
