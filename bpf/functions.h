/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The global functions that env_bpf.h declares. Every BPF object that runs the datapath includes this once. */
#ifndef FLOWLABEL_FUNCTIONS_H
#define FLOWLABEL_FUNCTIONS_H

#include "context.h"
#include "parse.h"
#include "segments.h"
#include "walk.h"

__attribute__((noinline)) int flowlabel_link_xdp(struct xdp_md *ctx, struct fl_link *link)
{
	struct fl_packet p = FL_PACKET_OF(ctx, FL_HOOK_XDP);

	return link ? (int)fl_pass_link(&p, link) : FL_OUTCOME_not_ipv6;
}

__attribute__((noinline)) int flowlabel_link_tc(struct __sk_buff *skb, struct fl_link *link)
{
	struct fl_packet p = FL_PACKET_OF(skb, FL_HOOK_TC_INGRESS);

	return link ? (int)fl_pass_link(&p, link) : FL_OUTCOME_not_ipv6;
}

__attribute__((noinline)) int flowlabel_walk_xdp(struct xdp_md *ctx, struct fl_walk *walk)
{
	struct fl_packet p = FL_PACKET_OF(ctx, FL_HOOK_XDP);

	if (walk)
		fl_walk_extensions(&p, walk);
	return 0;
}

__attribute__((noinline)) int flowlabel_walk_tc(struct __sk_buff *skb, struct fl_walk *walk)
{
	struct fl_packet p = FL_PACKET_OF(skb, FL_HOOK_TC_INGRESS);

	if (walk)
		fl_walk_extensions(&p, walk);
	return 0;
}

__attribute__((noinline)) int flowlabel_headers_tc(struct __sk_buff *skb, struct fl_walk *walk)
{
	struct fl_packet p = FL_PACKET_OF(skb, FL_HOOK_TC_INGRESS);

	p.segments = skb->gso_segs;
	p.segment_size = skb->gso_size;
	return walk ? (int)fl_segment_headers(&p, walk) : 0;
}

#endif
