# SPDX-License-Identifier: BSD-3-Clause
dist_man_MANS += \
	docs/man/libparallel.7 \
	docs/man/parallel-info.1

EXTRA_DIST += \
	docs/openmp.md \
	docs/protocols/bell.md \
	docs/protocols/claiming.md \
	docs/protocols/fork-call.md \
	docs/protocols/forked-loop.md \
	docs/protocols/named-loops.md \
	docs/protocols/parking.md \
	docs/protocols/parking.pml \
	docs/protocols/process-line.md \
	docs/protocols/process-line.pml \
	docs/protocols/process-worker.md \
	docs/protocols/process-worker.pml \
	docs/protocols/queue.md \
	docs/protocols/queue.pml \
	docs/protocols/shared_space.md \
	docs/protocols/slabs.md \
	docs/protocols/spawning.md \
	docs/protocols/spawning.pml \
	docs/protocols/start-methods.md \
	docs/protocols/threads.md \
	docs/scaling-calls.svg \
	docs/scaling-loops.svg \
	docs/scaling.md
