/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GRO can merge packets into a list (ethtool's rx-gro-list, SKB_GSO_FRAGLIST). Each packet of a list keeps an IPv6
 * header of its own, and BPF can write the first one only. A flow whose packets sometimes arrive in lists would be
 * labelled in part, so nothing is stamped that was received by an interface that makes lists. The loader marks the
 * interfaces that have rx-gro-list on; the first list that is met marks one where somebody switched it on later.
 */
#ifndef FLOWLABEL_GRO_LIST_H
#define FLOWLABEL_GRO_LIST_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gso_type.h"
#include "maps.h"
#include "packet.h"

/* A place for each interface index; indexes that are equal modulo this number share one. */
#define FL_GRO_LIST_PLACES 1024

/* 1: what the interface receives is not stamped. Defined beside the entries. */
extern __u8 fl_gro_lists[FL_GRO_LIST_PLACES] SEC(FL_GRO_LIST_MAP);

/* Is SKB, which was merged, a list? Where its type cannot be read, all that was received is taken for one: GRO makes
 * lists on receive only, and what the host sends itself has no ingress interface. */
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

/* Marks the interface that received SKB, which was merged, if that is a list. A function, which takes no registers from
 * the way of a packet that comes alone. */
static __attribute__((noinline)) int fl_note_gro_list(const struct __sk_buff *skb)
{
	__u8 *makes_lists = fl_makes_gro_lists(skb);

	if (!*makes_lists && fl_is_gro_list(skb))
		*makes_lists = 1;
	return 0;
}

#endif
