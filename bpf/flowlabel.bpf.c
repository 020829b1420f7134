// SPDX-License-Identifier: GPL-2.0-only
/* The entry points, and those of an attachment that tracks connections. Each always returns the verdict that lets the
 * packet go on unchanged. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "hooks.h"

SEC("xdp.frags")
int flowlabel_xdp(struct xdp_md *ctx)
{
	fl_run_xdp(ctx, false);
	return XDP_PASS;
}

SEC("tc")
int flowlabel_tc_ingress(struct __sk_buff *skb)
{
	fl_run_tc_ingress(skb, false);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int flowlabel_tc_egress(struct __sk_buff *skb)
{
	fl_run_tc_egress(skb, false);
	return TC_ACT_UNSPEC;
}

SEC("xdp.frags")
int flowlabel_xdp_track(struct xdp_md *ctx)
{
	fl_run_xdp(ctx, true);
	return XDP_PASS;
}

SEC("tc")
int flowlabel_tc_ingress_track(struct __sk_buff *skb)
{
	fl_run_tc_ingress(skb, true);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int flowlabel_tc_egress_track(struct __sk_buff *skb)
{
	fl_run_tc_egress(skb, true);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
