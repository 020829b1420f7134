/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet that every hook initialises and the datapath works on, and the states of its steps. */
#ifndef FLOWLABEL_PACKET_H
#define FLOWLABEL_PACKET_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "flowlabel/abi.h"

/* What is known of the header at fl_link.l3. */
enum fl_announced {
	FL_ANNOUNCED_LINK,     /* it is an Ethernet header */
	FL_ANNOUNCED_PROTOCOL, /* fl_link.protocol_be is its ethertype */
	FL_ANNOUNCED_NOTHING,  /* it is an IP header; its first four bits have the version */
};

/* What became of a packet: the OUTCOME counters of FL_COUNTERS. The value is the index of the counter in struct
 * fl_counters. */
#define FL_OUTCOME_VALUE(name, text) FL_OUTCOME_##name = offsetof(struct fl_counters, name) / sizeof(__u64),

enum fl_outcome {
	FL_GO_ON = sizeof(struct fl_counters) / sizeof(__u64), /* no outcome yet: the next step decides */
	FL_COUNTERS(FL_COUNTER_NONE, FL_COUNTER_NONE, FL_OUTCOME_VALUE)
};

/* The parser of the link layer: its position, which in the end is the network header. */
struct fl_link {
	__u32 l3;          /* offset of the next header from data */
	__u32 vlan_tags;   /* number so far, with the tag that the device stripped */
	__u16 protocol_be; /* ethertype of the next header, if announced */
	__u8 announced;    /* enum fl_announced */
	__u8 mpls;         /* an MPLS stack came before */
};

struct fl_packet {
	void *ctx;  /* XDP: struct xdp_md, tc: struct __sk_buff, user space: struct fl_user_frame */
	__u8 *data; /* the bytes that can be read without a helper */
	__u8 *data_end;
	__u32 cpu;                    /* this CPU's number */
	struct fl_counters *counters; /* this CPU's */
	enum fl_hook hook;            /* a constant in every entry */
	struct fl_link link;
	__u32 segments;     /* packets that cross the wire, at least 1 */
	__u32 segment_size; /* payload bytes of each, if only these are known; otherwise 0 */
};

/* What is known of the first byte of a frame (enum fl_announced), from the device's LINK_LAYER (enum fl_link_layer). */
fl_inline __u8 fl_announced_by(__u8 link_layer)
{
	return link_layer == FL_LINK_ETHERNET ? FL_ANNOUNCED_LINK : FL_ANNOUNCED_NOTHING;
}

/* The fixed header, RFC 8200 section 3, as on the wire. */
struct fl_ip6 {
	__u32 word_be; /* version 4, traffic class 8, flow label 20 */
	__u16 payload_length_be;
	__u8 next_header;
	__u8 hop_limit;
	__u64 src[2];
	__u64 dst[2];
};

#define FL_IP6_SIZE 40
FL_STATIC_ASSERT(sizeof(struct fl_ip6) == FL_IP6_SIZE, "the fixed header has 40 bytes");

/* Why the extension-header walk stopped. */
enum fl_walk_end {
	FL_WALK_UPPER,     /* at a header that is not an extension header */
	FL_WALK_FRAGMENT,  /* a fragment, also the first one, that is not atomic */
	FL_WALK_TOO_MANY,  /* a ninth extension header */
	FL_WALK_TRUNCATED, /* a truncated extension header */
};

/* The walk over the extension headers: its position, and in the end where it stopped. */
struct fl_walk {
	__u32 l3;       /* offset of the IPv6 header from the start of the frame */
	__u32 limit;    /* bytes of the packet that can be read, from the IPv6 header */
	__u32 offset;   /* of the current header, from the IPv6 header */
	__u32 protocol; /* number of the current header */
	enum fl_walk_end end;
	__u8 atomic_fragment;      /* there was one (RFC 6946) */
	__u8 misplaced_hop_by_hop; /* there was one */
	__u8 reserved[2];
};

#endif
