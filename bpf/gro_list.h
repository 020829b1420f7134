/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GRO can merge packets into a list (rx-gro-list of ethtool, SKB_GSO_FRAGLIST). Each packet of a list keeps its
 * own IPv6 header, and BPF can write only the first one. Then only a part of a flow would get the label. So
 * packets from an interface that makes lists are not stamped. The loader marks the interfaces that have
 * rx-gro-list on. If it is switched on later, the first list marks the interface.
 */
#ifndef FLOWLABEL_GRO_LIST_H
#define FLOWLABEL_GRO_LIST_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gso_type.h"
#include "maps.h"
#include "packet.h"

/* Number of marks. Interfaces whose indexes are equal modulo this number share a mark. */
#define FL_GRO_LIST_PLACES 1024

/* A mark of 1: packets that the interface receives are not stamped. Defined in hooks.h. */
extern __u8 fl_gro_lists[FL_GRO_LIST_PLACES] SEC(FL_GRO_LIST_MAP);

/* Is SKB, a super-packet, a list? If its type cannot be read, every received super-packet is taken for a list. GRO
 * makes lists only on receive, and what this machine sends itself has no ingress interface. */
fl_inline bool fl_is_gro_list(const struct __sk_buff *skb)
{
	__u32 gso_type;

	if (!config.skb_head)
		return skb->ingress_ifindex != 0;
	return !fl_read_gso_type(skb, &gso_type) || gso_type >> config.gso_list_bit & 1;
}

/* The mark of the interface that received SKB. */
fl_inline __u8 *fl_makes_gro_lists(const struct __sk_buff *skb)
{
	return &fl_gro_lists[skb->ingress_ifindex % FL_GRO_LIST_PLACES];
}

/* If SKB, a super-packet, is a list, marks the interface that received it. Not inlined, so that it takes no
 * registers from the path of single packets. */
static __attribute__((noinline)) int fl_note_gro_list(const struct __sk_buff *skb)
{
	__u8 *makes_lists = fl_makes_gro_lists(skb);

	if (!*makes_lists && fl_is_gro_list(skb))
		*makes_lists = 1;
	return 0;
}

#endif
