/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each hook hands over, as a packet context. */
#ifndef FLOWLABEL_HOOKS_H
#define FLOWLABEL_HOOKS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "datapath.h"
#include "functions.h"

__u8 fl_gro_lists[FL_GRO_LIST_PLACES] SEC(FL_GRO_LIST_MAP);

fl_inline struct fl_counters *fl_counters_of(__u32 cpu)
{
	return bpf_map_lookup_elem(&counters, &cpu);
}

fl_inline void fl_run_xdp(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct fl_packet p = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.cpu = cpu,
		.counters = fl_counters_of(cpu),
		.hook = FL_HOOK_XDP,
		.link.announced = fl_config.link_layer == FL_LINK_ETHERNET ? FL_ANNOUNCED_LINK : FL_ANNOUNCED_NOTHING,
		.segments = 1,
	};

	if (p.counters)
		fl_datapath(&p);
}

/* Is the network header OFFSET octets behind skb->data? The helper reads relative to the network header and only as
 * far as the linear part goes, so the last linear octet is where it must be and the one behind it is not. A linear part
 * that ends at OFFSET, as a driver leaves it that puts all but the link layer into fragments, has no such last octet. */
fl_inline bool fl_network_header_at(struct __sk_buff *skb, __u32 offset)
{
	__u32 linear = skb->data_end - skb->data;
	__u8 octet;

	if (linear < offset)
		return false;
	if (linear > offset &&
	    bpf_skb_load_bytes_relative(skb, linear - offset - 1, &octet, sizeof(octet), BPF_HDR_START_NET) != 0)
		return false;
	return bpf_skb_load_bytes_relative(skb, linear - offset, &octet, sizeof(octet), BPF_HDR_START_NET) != 0;
}

/* Is the octet OFFSET octets behind skb->data the network header's, or one before it? The same with one call. */
fl_inline bool fl_network_header_from(struct __sk_buff *skb, __u32 offset)
{
	__u32 linear = skb->data_end - skb->data;
	__u8 octet;

	return linear >= offset &&
	       bpf_skb_load_bytes_relative(skb, linear - offset, &octet, sizeof(octet), BPF_HDR_START_NET) != 0;
}

/* Does skb->data begin with an Ethernet header? One whose type is skb->protocol's is followed by what that says. It could
 * be a network header that looks like one, but then the network header would not lie behind it. */
fl_inline bool fl_behind_ethernet(const struct fl_packet *p, struct __sk_buff *skb)
{
	__u16 type_be;

	return (fl_likely(fl_env_load(p, FL_ETHERNET_SIZE - sizeof(type_be), &type_be, sizeof(type_be)) &&
			  type_be == p->link.protocol_be) &&
		fl_network_header_from(skb, FL_ETHERNET_SIZE)) ||
	       fl_network_header_at(skb, FL_ETHERNET_SIZE);
}

fl_inline void fl_run_tc_ingress(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct fl_packet p = {
		.ctx = skb,
		.data = (void *)(long)skb->data,
		.data_end = (void *)(long)skb->data_end,
		.cpu = cpu,
		.counters = fl_counters_of(cpu),
		.hook = FL_HOOK_TC_INGRESS,
		.link.announced = FL_ANNOUNCED_PROTOCOL,
		.link.protocol_be = skb->protocol,
		.link.vlan_tags = skb->vlan_present,
		.segments = skb->gso_segs ? skb->gso_segs : 1,
		.segment_size = skb->gso_segs ? 0 : skb->gso_size,
	};

	if (!p.counters)
		return;
	/* Behind a generic xdp.frags program on the same device, skbs come without their Ethernet header. */
	if (fl_config.link_layer == FL_LINK_ETHERNET && fl_likely(fl_behind_ethernet(&p, skb)))
		p.link.l3 = FL_ETHERNET_SIZE;
	else if (!fl_network_header_at(skb, 0)) {
		fl_count(&p, link_unknown);
		return;
	}
	fl_datapath(&p);
}

/* On egress skb->data is at the link layer, while the network header of a tagged frame may be anywhere: a bridge and
 * packet sockets set it behind the tags and leave skb->protocol at the outermost one. */
fl_inline void fl_run_tc_egress(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct fl_packet p = {
		.ctx = skb,
		.data = (void *)(long)skb->data,
		.data_end = (void *)(long)skb->data_end,
		.cpu = cpu,
		.counters = fl_counters_of(cpu),
		.hook = FL_HOOK_TC_EGRESS,
		.link.announced = fl_config.link_layer == FL_LINK_ETHERNET ? FL_ANNOUNCED_LINK : FL_ANNOUNCED_NOTHING,
		.link.vlan_tags = skb->vlan_present,
		.segments = skb->gso_segs ? skb->gso_segs : 1,
		.segment_size = skb->gso_segs ? 0 : skb->gso_size,
	};

	if (p.counters)
		fl_datapath(&p);
}

#endif
