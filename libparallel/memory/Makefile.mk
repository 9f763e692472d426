# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/memory/large_blocks.c \
	libparallel/memory/large_blocks.h \
	libparallel/memory/participant.c \
	libparallel/memory/participant.h \
	libparallel/memory/segment.c \
	libparallel/memory/segment.h \
	libparallel/memory/shared.c \
	libparallel/memory/slab.c \
	libparallel/memory/slab.h \
	libparallel/memory/slab_stock.c \
	libparallel/memory/slab_stock.h \
	libparallel/memory/small_blocks.c \
	libparallel/memory/small_blocks.h \
	libparallel/memory/space.c \
	libparallel/memory/space.h
