/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of an attachment. The loader sets the sizes and pins every map except .rodata. */
#ifndef FLOWLABEL_MAPS_H
#define FLOWLABEL_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "flowlabel/abi.h"

/* A table: the sets of all possible CPUs. CPU n owns the n-th part, so no packet needs an atomic operation. */
#define FL_TABLE_MAP(name, set, used)                                                                                  \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                     \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, struct set);                                                                             \
	} name SEC(".maps");

FL_TABLES(FL_TABLE_MAP)

/* The history of each slot of the table of connections; without tracking, one entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_history);
} history SEC(".maps");

/* One entry for each possible CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_counters);
} counters SEC(".maps");

/* Records of flows that left the table: the rings of all possible CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, union fl_record);
} ring SEC(".maps");

/* The history of each record of connections; without tracking, one entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_history);
} ring_history SEC(".maps");

/* The positions of the programs and of the reader in each ring: one entry for each possible CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_ring);
} ring_positions SEC(".maps");

/* Only the loader reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_ENTRIES);
	__type(key, __u32);
	__type(value, struct fl_info);
} info SEC(".maps");

const volatile struct fl_config config SEC(".rodata");

struct fl_secrets secrets[FL_ENTRIES] SEC(".data.secrets");

#endif
