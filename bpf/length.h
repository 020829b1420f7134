/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The length of an IPv6 packet, from its fixed header on. */
#ifndef FLOWLABEL_LENGTH_H
#define FLOWLABEL_LENGTH_H

#include <bpf/bpf_endian.h>

#include "env.h"

/* 40 + payload length, but no more than FRAME_LENGTH says. Payload length 0: all that FRAME_LENGTH says; the jumbo
 * option (RFC 2675) is not read. Most packets are whole in P->data, so that FRAME_LENGTH need not be called. */
fl_inline __u32 fl_clamped_length(const struct fl_packet *p, const struct fl_ip6 *ip6,
				  __u32 (*const frame_length)(const struct fl_packet *p))
{
	__u32 claimed = FL_IP6_SIZE + bpf_ntohs(ip6->payload_length_be);
	__u32 present;

	if (fl_likely(ip6->payload_length_be && p->data + p->link.l3 + claimed <= p->data_end))
		return claimed;
	present = frame_length(p) - p->link.l3;
	return ip6->payload_length_be && claimed < present ? claimed : present;
}

/* Bytes of the packet on the wire. */
fl_inline __u64 fl_packet_bytes(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	return fl_clamped_length(p, ip6, fl_env_wire_length);
}

/* Bytes of the packet that can be read. */
fl_inline __u32 fl_readable_bytes(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	return fl_clamped_length(p, ip6, fl_env_frame_length);
}

#endif
