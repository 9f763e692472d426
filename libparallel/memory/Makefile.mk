# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/memory/barrier.c \
	libparallel/memory/bell.c \
	libparallel/memory/bell.h \
	libparallel/memory/cell_ring.c \
	libparallel/memory/cell_ring.h \
	libparallel/memory/event.c \
	libparallel/memory/halves.h \
	libparallel/memory/large_blocks.c \
	libparallel/memory/large_blocks.h \
	libparallel/memory/mutex.c \
	libparallel/memory/nap.c \
	libparallel/memory/nap.h \
	libparallel/memory/object.c \
	libparallel/memory/object.h \
	libparallel/memory/participant.c \
	libparallel/memory/participant.h \
	libparallel/memory/queue.c \
	libparallel/memory/segment.c \
	libparallel/memory/segment.h \
	libparallel/memory/semaphore.c \
	libparallel/memory/shared.c \
	libparallel/memory/slab.c \
	libparallel/memory/slab.h \
	libparallel/memory/slab_stock.c \
	libparallel/memory/slab_stock.h \
	libparallel/memory/small_blocks.c \
	libparallel/memory/small_blocks.h \
	libparallel/memory/space.c \
	libparallel/memory/space.h
