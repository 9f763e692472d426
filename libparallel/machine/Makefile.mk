# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/machine/binding.c \
	libparallel/machine/binding.h \
	libparallel/machine/cgroup.c \
	libparallel/machine/cgroup.h \
	libparallel/machine/cpu_set.c \
	libparallel/machine/cpu_set.h \
	libparallel/machine/crowd.c \
	libparallel/machine/crowd.h \
	libparallel/machine/initial_mask.c \
	libparallel/machine/initial_mask.h \
	libparallel/machine/limit.c \
	libparallel/machine/limit.h \
	libparallel/machine/memory_binding.c \
	libparallel/machine/memory_binding.h \
	libparallel/machine/occupancy.c \
	libparallel/machine/occupancy.h \
	libparallel/machine/place.c \
	libparallel/machine/place.h \
	libparallel/machine/place_list.c \
	libparallel/machine/place_private.h \
	libparallel/machine/placement.c \
	libparallel/machine/placement.h \
	libparallel/machine/policy.c \
	libparallel/machine/policy.h \
	libparallel/machine/topology.c \
	libparallel/machine/topology.h \
	libparallel/machine/topology_private.h \
	libparallel/machine/topology_tables.c \
	libparallel/machine/whereabouts.c \
	libparallel/machine/whereabouts.h
