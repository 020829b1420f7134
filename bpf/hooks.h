/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a struct fl_packet of what each hook receives, and runs the datapath on it. */
#ifndef FLOWLABEL_HOOKS_H
#define FLOWLABEL_HOOKS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "context.h"
#include "datapath.h"
#include "functions.h"

__u8 fl_gro_lists[FL_GRO_LIST_PLACES] SEC(FL_GRO_LIST_MAP);

fl_inline struct fl_counters *fl_counters_of(__u32 cpu)
{
	return bpf_map_lookup_elem(&counters, &cpu);
}

fl_inline struct fl_packet fl_xdp_packet(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return (struct fl_packet)FL_PACKET_OF(ctx, FL_HOOK_XDP, .cpu = cpu, .counters = fl_counters_of(cpu),
					      .link.announced = fl_announced_by(config.link_layer), .segments = 1);
}

fl_inline struct fl_packet fl_skb_packet(struct __sk_buff *skb, const enum fl_hook hook, __u8 announced)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return (struct fl_packet)FL_PACKET_OF(
		skb, hook, .cpu = cpu, .counters = fl_counters_of(cpu), .link.announced = announced,
		.link.protocol_be = skb->protocol, .link.vlan_tags = skb->vlan_present,
		.segments = skb->gso_segs ? skb->gso_segs : 1, .segment_size = skb->gso_segs ? 0 : skb->gso_size);
}

fl_inline void fl_run_xdp(struct xdp_md *ctx, const bool track)
{
	struct fl_packet p = fl_xdp_packet(ctx);

	if (p.counters)
		fl_datapath(&p, track);
}

/* Is the network header OFFSET bytes after skb->data? The helper counts from the network header and reads only the
 * linear part: it can read the last linear byte and not the one after it. If the linear part ends at OFFSET, there is
 * no last byte to read; drivers that put everything after the link layer into fragments leave such skbs. */
fl_inline bool fl_network_header_at(struct __sk_buff *skb, __u32 offset)
{
	__u32 linear = skb->data_end - skb->data;
	__u8 byte;

	if (linear < offset)
		return false;
	if (linear > offset &&
	    bpf_skb_load_bytes_relative(skb, linear - offset - 1, &byte, sizeof(byte), BPF_HDR_START_NET) != 0)
		return false;
	return bpf_skb_load_bytes_relative(skb, linear - offset, &byte, sizeof(byte), BPF_HDR_START_NET) != 0;
}

/* Is the network header at least OFFSET bytes after skb->data? Takes one call of the helper. */
fl_inline bool fl_network_header_from(struct __sk_buff *skb, __u32 offset)
{
	__u32 linear = skb->data_end - skb->data;
	__u8 byte;

	return linear >= offset &&
	       bpf_skb_load_bytes_relative(skb, linear - offset, &byte, sizeof(byte), BPF_HDR_START_NET) != 0;
}

/* Does skb->data begin with an Ethernet header? If its type is skb->protocol, the network header must follow. This
 * excludes a network header that only looks like an Ethernet header: it begins at skb->data itself. */
fl_inline bool fl_after_ethernet(const struct fl_packet *p, struct __sk_buff *skb)
{
	__u16 type_be;

	return (fl_likely(fl_env_load(p, FL_ETHERNET_SIZE - sizeof(type_be), &type_be, sizeof(type_be)) &&
			  type_be == p->link.protocol_be) &&
		fl_network_header_from(skb, FL_ETHERNET_SIZE)) ||
	       fl_network_header_at(skb, FL_ETHERNET_SIZE);
}

fl_inline void fl_run_tc_ingress(struct __sk_buff *skb, const bool track)
{
	struct fl_packet p = fl_skb_packet(skb, FL_HOOK_TC_INGRESS, FL_ANNOUNCED_PROTOCOL);

	if (!p.counters)
		return;
	/* After a generic xdp.frags program on the same device, skbs come without their Ethernet header. */
	if (config.link_layer == FL_LINK_ETHERNET && fl_likely(fl_after_ethernet(&p, skb))) {
		p.link.l3 = FL_ETHERNET_SIZE;
	} else if (!fl_network_header_at(skb, 0)) {
		fl_count(&p, link_unknown);
		return;
	}
	fl_datapath(&p, track);
}

/* On egress skb->data is at the link layer. The network header of a tagged frame is not reliable: a bridge and packet
 * sockets set it after the tags, while skb->protocol is still the outermost tag. */
fl_inline void fl_run_tc_egress(struct __sk_buff *skb, const bool track)
{
	struct fl_packet p = fl_skb_packet(skb, FL_HOOK_TC_EGRESS, fl_announced_by(config.link_layer));

	if (p.counters)
		fl_datapath(&p, track);
}

#endif
