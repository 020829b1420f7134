// SPDX-License-Identifier: GPL-2.0-only
/* The sweep. The loader runs it on each CPU as an XDP test run with live frames, which has softirqs off on every
 * kernel. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sweep.h"

struct fl_sweep_result sweep_result;

struct fl_sweep {
	struct fl_sweep_request request;
	struct fl_sweep_result result;
};

/* Sweeps the next set of this CPU. After the last one begins the part of another CPU. */
static long fl_sweep_next(__u32 index, void *context)
{
	struct fl_sweep *sweep = context;
	struct fl_sweep_result *result = &sweep->result;
	__u32 cpu = result->cpu;
	struct fl_packet p = {.cpu = cpu, .counters = bpf_map_lookup_elem(&counters, &cpu)};
	struct fl_set *set;

	if (!p.counters || result->next >> (config.slots_shift - FL_WAYS_SHIFT) ||
	    result->ended + FL_WAYS > sweep->request.ends)
		return 1;
	set = fl_env_table_set(&p, result->next);
	if (!set)
		return 1;
	if (!fl_sweep_set(&p, set, &sweep->request, &result->ended)) {
		result->ring_full = 1;
		return 1;
	}
	result->next++;
	(void)index;
	return 0;
}

SEC("xdp")
int flowlabel_sweep(struct xdp_md *ctx)
{
	const struct fl_sweep_request *request = (void *)(long)ctx->data;
	struct fl_sweep sweep = {};

	if ((void *)(request + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	sweep.request = *request;
	sweep.result.next = request->first;
	sweep.result.cpu = (__u16)bpf_get_smp_processor_id();
	if (sweep.result.cpu == request->cpu)
		bpf_loop(request->sets, fl_sweep_next, &sweep, 0);
	sweep_result = sweep.result;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
