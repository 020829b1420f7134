/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The walk over the extension headers (RFC 8200 section 4). It finds ports. Whether a packet is counted does
 * not depend on it. */
#ifndef FLOWLABEL_WALK_H
#define FLOWLABEL_WALK_H

#include <bpf/bpf_endian.h>

#include "env.h"
#include "length.h"

#define FL_NEXT_HOP_BY_HOP 0
#define FL_NEXT_TCP 6
#define FL_NEXT_UDP 17
#define FL_NEXT_DCCP 33
#define FL_NEXT_ROUTING 43
#define FL_NEXT_FRAGMENT 44
#define FL_NEXT_AH 51
#define FL_NEXT_ICMPV6 58
#define FL_NEXT_DESTINATION 60
#define FL_NEXT_SCTP 132
#define FL_NEXT_MOBILITY 135
#define FL_NEXT_UDPLITE 136
#define FL_NEXT_HIP 139
#define FL_NEXT_SHIM6 140

#define FL_WALK_LIMIT 8

/* Offset and M flag of a fragment header, without the two reserved bits between them (RFC 8200 section 4.5). */
#define FL_FRAGMENT_MASK 0xFFF9

/* The first bytes of every extension header. Only fragment headers have the last field. */
struct fl_extension {
	__u8 next_header;
	__u8 length;
	__u16 fragment_be;
};

fl_inline bool fl_is_extension(__u32 header)
{
	switch (header) {
	case FL_NEXT_HOP_BY_HOP:
	case FL_NEXT_ROUTING:
	case FL_NEXT_FRAGMENT:
	case FL_NEXT_AH:
	case FL_NEXT_DESTINATION:
	case FL_NEXT_MOBILITY:
	case FL_NEXT_HIP:
	case FL_NEXT_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Bytes of an extension header. The length of AH is in units of 4 bytes, minus 2 (RFC 4302 section 2.2). */
fl_inline __u32 fl_extension_size(__u32 header, const struct fl_extension *extension)
{
	switch (header) {
	case FL_NEXT_FRAGMENT:
		return 8;
	case FL_NEXT_AH:
		return (extension->length + 2u) * 4;
	default:
		return (extension->length + 1u) * 8;
	}
}

/* Continues WALK. Of P it needs only ctx, data, data_end and hook. */
fl_inline void fl_walk_extensions(const struct fl_packet *p, struct fl_walk *walk)
{
	walk->end = FL_WALK_TOO_MANY;
/* Unrolled, because clang makes a loop whose last instruction falls through to its first. Linux 6.1 refuses that
 * ("back-edge"). */
#pragma clang loop unroll(full)
	for (int i = 0; i <= FL_WALK_LIMIT; i++) {
		struct fl_extension extension;
		__u32 size;

		if (!fl_is_extension(walk->protocol)) {
			walk->end = FL_WALK_UPPER;
			return;
		}
		if (i == FL_WALK_LIMIT)
			return;
		if (walk->offset + 8 > walk->limit ||
		    !fl_env_load(p, walk->l3 + walk->offset, &extension, sizeof(extension))) {
			walk->end = FL_WALK_TRUNCATED;
			return;
		}
		size = fl_extension_size(walk->protocol, &extension);
		if (walk->offset + size > walk->limit) {
			walk->end = FL_WALK_TRUNCATED;
			return;
		}
		if (walk->protocol == FL_NEXT_HOP_BY_HOP && i > 0)
			walk->misplaced_hop_by_hop = 1;
		if (walk->protocol == FL_NEXT_FRAGMENT) {
			if (extension.fragment_be & bpf_htons(FL_FRAGMENT_MASK)) {
				walk->end = FL_WALK_FRAGMENT;
				return;
			}
			walk->atomic_fragment = 1;
		}
		walk->protocol = extension.next_header;
		walk->offset += size;
	}
}

/* Most packets have no extension header. For the others, the environment calls fl_walk_extensions(). */
fl_inline struct fl_walk fl_walk_headers(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	struct fl_walk walk = {
		.l3 = p->link.l3,
		.limit = fl_readable_bytes(p, ip6),
		.offset = FL_IP6_SIZE,
		.protocol = ip6->next_header,
		.end = FL_WALK_UPPER,
	};

	if (fl_unlikely(fl_is_extension(ip6->next_header)))
		fl_env_walk_extensions(p, &walk);
	return walk;
}

#endif
