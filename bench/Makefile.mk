# SPDX-License-Identifier: BSD-3-Clause
# `make bench` builds the benchmarks and runs them beside their peers. Nothing of this is built by `make` or tested by
# `make check`: peers are optional, and a missing one is named.
EXTRA_PROGRAMS += bench/compare bench/futures/floor bench/futures/memory bench/futures/parallel \
	bench/fork_join/parallel bench/fork_join/one-worker bench/fork_join/elided bench/fork_join/serial \
	bench/processes/parallel

# Programs that are compared begin their loops and functions on a cache line. Otherwise chance decides whether an inner loop
# lies in one line or in two, which moves the sparse product by 6 % (AMD EPYC 7003, gcc 12): more than what is compared.
bench_layout = -falign-functions=64 -falign-loops=64
bench_cflags = -O3 $(bench_layout) $(AM_CFLAGS) -Wno-conversion -Wno-shadow -Wno-pedantic

bench_compare_LDADD = -lm
bench_fork_join_sources = bench/fork_join/parallel.c bench/fork_join/kernels.h
bench_fork_join_parallel_SOURCES = $(bench_fork_join_sources)
bench_fork_join_parallel_CFLAGS = $(bench_cflags) -O2 -DNDEBUG -DBENCH_WORKERS=2
bench_fork_join_parallel_LDADD = libparallel.la -lm
bench_fork_join_one_worker_SOURCES = $(bench_fork_join_sources)
bench_fork_join_one_worker_CFLAGS = $(bench_cflags) -O2 -DNDEBUG -DBENCH_WORKERS=1
bench_fork_join_one_worker_LDADD = libparallel.la -lm
bench_fork_join_elided_SOURCES = $(bench_fork_join_sources)
bench_fork_join_elided_CFLAGS = $(bench_cflags) -O2 -DNDEBUG -DPARALLEL_SERIAL -DBENCH_WORKERS=1
bench_fork_join_elided_LDADD = libparallel.la -lm
bench_fork_join_serial_SOURCES = $(bench_fork_join_sources)
bench_fork_join_serial_CFLAGS = $(bench_cflags) -O2 -DBENCH_SERIAL
bench_fork_join_serial_LDADD = -lm

# Peers are compiled by their own compilers, so automake's rules do not fit; so are our loops, for they and their peers
# must have the same compiler and the same flags (CFLAGS of the user's come last, and their -O2 would win over -O3, with which
# gcc 12 vectorises no loop whose length it does not know).
EXTRA_DIST += \
	bench/fork_join/openmp.c \
	bench/fork_join/run.sh \
	bench/fork_join/tbb.cc \
	bench/loops/floor.cc \
	bench/loops/kernels.h \
	bench/loops/named.c \
	bench/loops/numerical.h \
	bench/loops/openmp.c \
	bench/loops/parallel.c \
	bench/loops/pthreadpool.cc \
	bench/loops/region.c \
	bench/loops/run.sh \
	bench/loops/serial.c \
	bench/loops/tbb.cc
bench_schedules = static dynamic-1 dynamic-64 guided
bench_partitioners = auto static affinity
bench_loops_ours = bench/loops/ours-libgomp bench/loops/ours-libomp
bench_loops_peers = bench/loops/serial $(bench_schedules:%=bench/loops/libgomp-%) \
	$(bench_schedules:%=bench/loops/libomp-%) $(bench_partitioners:%=bench/loops/tbb-%) bench/loops/pthreadpool
bench_named = bench/loops/named bench/loops/floor
bench_regions = bench/loops/region-libgomp bench/loops/region-libomp
CLEANFILES += $(bench_named) $(bench_regions) bench/loops/named.dat
CLEANFILES += $(bench_loops_ours) $(bench_loops_peers) bench/loops/*.log bench/loops/loops.dat bench/loops/loops.svg bench/loops/loops.png

# Each prints nothing and leaves no program where its compiler or library is missing; run.sh names what is missing.
bench_quietly = 2>$@.log || { echo "not built: $@ (see $@.log)"; rm -f $@; }

bench_link_ours = $(LIBTOOL) --silent --tag=CC --mode=link

bench/loops/ours-libgomp: bench/loops/parallel.c bench/loops/kernels.h bench/loops/numerical.h bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ gcc -O3 $(bench_layout) -fopenmp -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/loops/parallel.c -o $@.o && \
		$(bench_link_ours) gcc -fopenmp $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/loops/ours-libomp: bench/loops/parallel.c bench/loops/kernels.h bench/loops/numerical.h bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ clang -O3 $(bench_layout) -fopenmp -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/loops/parallel.c -o $@.o && \
		$(bench_link_ours) clang -fopenmp $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/loops/region-libgomp: bench/loops/region.c bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ gcc -O3 $(bench_layout) -fopenmp -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/loops/region.c -o $@.o && \
		$(bench_link_ours) gcc -fopenmp $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/loops/region-libomp: bench/loops/region.c bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ clang -O3 $(bench_layout) -fopenmp -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/loops/region.c -o $@.o && \
		$(bench_link_ours) clang -fopenmp $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/loops/named: bench/loops/named.c bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ gcc -O3 $(bench_layout) -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/loops/named.c -o $@.o && \
		$(bench_link_ours) gcc $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/loops/floor: bench/loops/floor.cc bench/loops/kernels.h bench/loops/numerical.h
	@$(MKDIR_P) $(@D)
	@$(CXX) -std=c++17 -O3 $(bench_layout) $< -o $@ -lpthread -lm $(bench_quietly)

bench/loops/serial: bench/loops/serial.c bench/loops/kernels.h bench/loops/numerical.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@gcc -O3 $(bench_layout) $< -o $@ -lm $(bench_quietly)

bench/loops/libgomp-%: bench/loops/openmp.c bench/loops/kernels.h bench/loops/numerical.h
	@$(MKDIR_P) $(@D)
	@gcc -O3 $(bench_layout) -fopenmp -DBENCH_SCHEDULE="$$(echo $* | tr - ,)" $< -o $@ -lm $(bench_quietly)

bench/loops/libomp-%: bench/loops/openmp.c bench/loops/kernels.h bench/loops/numerical.h
	@$(MKDIR_P) $(@D)
	@clang -O3 $(bench_layout) -fopenmp -DBENCH_SCHEDULE="$$(echo $* | tr - ,)" $< -o $@ -lm $(bench_quietly)

bench/loops/tbb-%: bench/loops/tbb.cc bench/loops/kernels.h bench/loops/numerical.h
	@$(MKDIR_P) $(@D)
	@$(CXX) -std=c++17 -O3 $(bench_layout) -DBENCH_PARTITIONER=tbb::$*_partitioner $< -o $@ -ltbb -lm $(bench_quietly)

bench/loops/pthreadpool: bench/loops/pthreadpool.cc bench/loops/kernels.h bench/loops/numerical.h
	@$(MKDIR_P) $(@D)
	@$(CXX) -std=c++17 -O3 $(bench_layout) $< -o $@ -lpthreadpool -lpthread -lm $(bench_quietly)

bench_fork_join_peers = bench/fork_join/libgomp bench/fork_join/libomp bench/fork_join/tbb
bench_fork_join_ours = bench/fork_join/ours-libomp
CLEANFILES += $(bench_fork_join_peers) $(bench_fork_join_ours) bench/fork_join/*.log bench/fork_join/*.dat

bench/fork_join/ours-libomp: bench/fork_join/parallel.c bench/fork_join/kernels.h bench/measure.h libparallel.la
	@$(MKDIR_P) $(@D)
	@{ clang -O2 $(bench_layout) -DNDEBUG -DBENCH_WORKERS=2 -I$(srcdir) -I$(srcdir)/macros -c $(srcdir)/bench/fork_join/parallel.c -o $@.o && \
		$(bench_link_ours) clang $@.o -o $@ libparallel.la -lm; } $(bench_quietly)

bench/fork_join/libgomp: bench/fork_join/openmp.c bench/fork_join/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@gcc -O2 $(bench_layout) -fopenmp $< -o $@ -lm $(bench_quietly)

bench/fork_join/libomp: bench/fork_join/openmp.c bench/fork_join/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@clang -O2 $(bench_layout) -fopenmp $< -o $@ -lm $(bench_quietly)

bench/fork_join/tbb: bench/fork_join/tbb.cc bench/fork_join/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@$(CXX) -std=c++17 -O2 $(bench_layout) $< -o $@ -ltbb -lm $(bench_quietly)

bench_futures_parallel_SOURCES = bench/futures/parallel.c bench/futures/kernels.h bench/measure.h
bench_futures_parallel_CFLAGS = $(bench_cflags) -O2
bench_futures_parallel_LDADD = libparallel.la -lm
bench_futures_memory_CFLAGS = $(bench_cflags) -O2
bench_futures_memory_LDADD = libparallel.la
bench_futures_floor_SOURCES = bench/futures/floor.c bench/futures/kernels.h bench/measure.h
bench_futures_floor_CFLAGS = $(bench_cflags) -O2
bench_futures_floor_LDADD = -lm
EXTRA_DIST += bench/futures/c11threads.c bench/futures/libuv.c bench/futures/python.py bench/futures/run.sh \
	bench/futures/tbb.cc
bench_futures_peers = bench/futures/c11threads bench/futures/libuv bench/futures/tbb
CLEANFILES += $(bench_futures_peers) bench/futures/futures.dat

bench/futures/c11threads: bench/futures/c11threads.c bench/futures/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@gcc -O2 $(bench_layout) $< -o $@ -lpthread -lm $(bench_quietly)

bench/futures/libuv: bench/futures/libuv.c bench/futures/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@gcc -O2 $(bench_layout) $< -o $@ -luv -lpthread -lm $(bench_quietly)

bench/futures/tbb: bench/futures/tbb.cc bench/futures/kernels.h bench/measure.h
	@$(MKDIR_P) $(@D)
	@$(CXX) -std=c++17 -O2 $(bench_layout) $< -o $@ -ltbb -lpthread -lm $(bench_quietly)

bench_processes_parallel_SOURCES = bench/processes/floor.h bench/processes/parallel.c bench/measure.h
bench_processes_parallel_CFLAGS = $(bench_cflags) -O2
bench_processes_parallel_LDADD = libparallel.la -lm
EXTRA_DIST += bench/processes/python.py bench/processes/run.sh

# The simulator has the library's own code inside. Its owners of stolen calls wait in simulated time.
EXTRA_PROGRAMS += bench/simulate/simulate
simulation_sources = bench/simulate/engine.c bench/simulate/engine.h bench/simulate/fork_join.c \
	bench/simulate/fork_join_crew.c bench/simulate/fork_join_crew.h bench/simulate/kernels.c bench/simulate/loop.c \
	bench/simulate/simulation.h
simulation_ldflags = -Wl,--wrap=parallel_spawn_recover
bench_simulate_simulate_SOURCES = bench/simulate/simulate.c $(simulation_sources)
bench_simulate_simulate_LDFLAGS = $(AM_LDFLAGS) $(simulation_ldflags)
bench_simulate_simulate_LDADD = libparallel-internal.la -lm

EXTRA_DIST += bench/simulate/scaling.sh
CLEANFILES += bench/simulate/scaling.dat bench/simulate/scaling-calls.png bench/simulate/scaling-calls.svg \
	bench/simulate/scaling-loops.png bench/simulate/scaling-loops.svg
.PHONY: scaling
scaling: bench/simulate/simulate
	@sh $(srcdir)/bench/simulate/scaling.sh bench/simulate/simulate bench/simulate $(GNUPLOT)

# One after the other, whatever -j says, and then one table of all.
EXTRA_DIST += bench/table.sh
CLEANFILES += bench/bench.dat bench/bench.png bench/bench.svg bench/table.txt
bench_suites = bench-loops bench-fork-join bench-futures bench-processes
.PHONY: bench $(bench_suites)
bench:
	@$(MKDIR_P) bench && rm -f bench/table.txt
	@for suite in $(bench_suites); do \
		BENCH_TABLE=bench/table.txt $(MAKE) --no-print-directory $$suite || exit 1; \
	done
	@sh $(srcdir)/bench/table.sh bench/table.txt bench $(GNUPLOT)
bench-processes: bench/processes/parallel
	@sh $(srcdir)/bench/processes/run.sh bench/processes $(srcdir)/bench/processes
bench-futures: bench/compare bench/futures/floor bench/futures/memory bench/futures/parallel $(bench_futures_peers)
	@sh $(srcdir)/bench/futures/run.sh bench/futures $(srcdir)/bench/futures
bench-fork-join: bench/compare bench/fork_join/parallel bench/fork_join/one-worker bench/fork_join/elided \
	bench/fork_join/serial $(bench_fork_join_ours) $(bench_fork_join_peers)
	@sh $(srcdir)/bench/fork_join/run.sh bench/fork_join
bench-loops: bench/compare $(bench_named) $(bench_regions) $(bench_loops_ours) $(bench_loops_peers)
	@sh $(srcdir)/bench/loops/run.sh bench/loops "$(bench_loops_ours:bench/loops/%=%) $(bench_loops_peers:bench/loops/%=%)" $(GNUPLOT)
