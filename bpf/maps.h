/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of one attachment. The loader sets the sizes that depend on the machine and pins every map but .rodata. */
#ifndef FLOWLABEL_MAPS_H
#define FLOWLABEL_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "flowlabel/abi.h"

/* Possible CPUs times the sets of one CPU; CPU n owns the n-th part, so that no packet needs an atomic. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_set);
} table SEC(".maps");

/* An entry for each possible CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_counters);
} counters SEC(".maps");

/* Records of flows that left the table: possible CPUs times the records of one CPU's ring. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_slot);
} ring SEC(".maps");

/* Where the programs and the reader stand in them: an entry for each possible CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fl_ring);
} ring_positions SEC(".maps");

/* Read by the loader alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_ENTRIES);
	__type(key, __u32);
	__type(value, struct fl_info);
} info SEC(".maps");

const volatile struct fl_config config SEC(".rodata");

struct fl_secrets secrets[FL_ENTRIES] SEC(".data.secrets");

#endif
