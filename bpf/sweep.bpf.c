// SPDX-License-Identifier: GPL-2.0-only
/* The sweep. The loader runs it on each CPU as an XDP test run with live frames, which has softirqs off on every
 * kernel. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "connection_table.h"
#include "flow_table.h"
#include "sweep.h"

struct fl_sweep_result sweep_result;

struct fl_sweep {
	struct fl_sweep_request request;
	struct fl_sweep_result result;
};

/* Sweeps the next set of this CPU. After the last one begins the part of another CPU. MAP: that of the table. */
fl_inline long fl_sweep_next(struct fl_sweep *sweep, void *map, const struct fl_swept_table functions)
{
	struct fl_sweep_result *result = &sweep->result;
	__u32 cpu = result->cpu;
	struct fl_packet p = {.cpu = cpu, .counters = bpf_map_lookup_elem(&counters, &cpu)};
	void *set;

	if (!p.counters || result->next >> (config.slots_shift - FL_WAYS_SHIFT) ||
	    result->ended + FL_WAYS > sweep->request.ends)
		return 1;
	set = fl_set_of_map(&p, map, result->next);
	if (!set)
		return 1;
	if (!fl_sweep_set(&p, functions, set, result->next, &sweep->request, &result->ended)) {
		result->ring_full = 1;
		return 1;
	}
	result->next++;
	return 0;
}

fl_inline int fl_sweep_part(struct xdp_md *ctx, long (*const next)(__u32 index, void *sweep))
{
	const struct fl_sweep_request *request = (void *)(long)ctx->data;
	struct fl_sweep sweep = {};

	if ((void *)(request + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	sweep.request = *request;
	sweep.result.next = request->first;
	sweep.result.cpu = (__u16)bpf_get_smp_processor_id();
	if (sweep.result.cpu == request->cpu)
		bpf_loop(request->sets, next, &sweep, 0);
	sweep_result = sweep.result;
	return XDP_DROP;
}

#define FL_SWEEP_PROGRAM(name, set, used)                                                                              \
	static long fl_sweep_next_of_##name(__u32 index, void *sweep)                                                  \
	{                                                                                                              \
		const struct fl_swept_table functions = {.first_seen = fl_##name##_first_seen,                         \
							 .last_seen = fl_##name##_last_seen,                           \
							 .end = fl_##name##_end};                                      \
                                                                                                                       \
		(void)index;                                                                                           \
		return fl_sweep_next(sweep, &(name), functions);                                                       \
	}                                                                                                              \
                                                                                                                       \
	SEC("xdp")                                                                                                     \
	int flowlabel_sweep_##name(struct xdp_md *ctx)                                                                 \
	{                                                                                                              \
		return fl_sweep_part(ctx, fl_sweep_next_of_##name);                                                    \
	}

FL_TABLES(FL_SWEEP_PROGRAM)

char LICENSE[] SEC("license") = "GPL";
