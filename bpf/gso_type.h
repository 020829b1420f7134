/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The type of a super-packet (SKB_GSO_*, include/linux/skbuff.h). BPF programs of tc have no access to it, so it
 * is read from the kernel's structures, at offsets that the loader takes from the kernel's BTF.
 */
#ifndef FLOWLABEL_GSO_TYPE_H
#define FLOWLABEL_GSO_TYPE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "maps.h"
#include "packet.h"

/* False: GSO_TYPE cannot be read. The context of a tc program is the sk_buff. */
fl_inline bool fl_read_gso_type(const struct __sk_buff *skb, __u32 *gso_type)
{
	const __u8 *head;
	__u32 end;

	return config.skb_head &&
	       bpf_probe_read_kernel(&head, sizeof(head), (const __u8 *)skb + config.skb_head) == 0 &&
	       bpf_probe_read_kernel(&end, sizeof(end), (const __u8 *)skb + config.skb_end) == 0 &&
	       bpf_probe_read_kernel(gso_type, sizeof(*gso_type), head + end + config.gso_type) == 0;
}

#endif
