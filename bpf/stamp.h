/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Computes and writes the keyed label (RFC 6437 section 3) of packets with label 0. */
#ifndef FLOWLABEL_STAMP_H
#define FLOWLABEL_STAMP_H

#include <bpf/bpf_endian.h>

#include "arrival.h"
#include "counters.h"
#include "env.h"
#include "length.h"
#include "siphash.h"
#include "walk.h"

#define FL_ND_HOP_LIMIT 255 /* RFC 4861 */
#define FL_ND_FIRST 133
#define FL_ND_LAST 137

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define fl_be64(x) __builtin_bswap64(x)
#else
#define fl_be64(x) (x)
#endif

fl_inline bool fl_out_of_scope_address(const __u64 address[2])
{
	const __u64 link_local_mask = fl_be64(0xFFC0000000000000ULL);
	const __u64 link_local = fl_be64(0xFE80000000000000ULL);
	const __u64 multicast = fl_be64(0xFF00000000000000ULL);

	return (address[0] & link_local_mask) == link_local || (address[0] & multicast) == multicast ||
	       (address[0] | address[1]) == 0;
}

fl_inline bool fl_is_neighbour_discovery(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	__u8 type;

	return ip6->next_header == FL_NEXT_ICMPV6 && ip6->hop_limit == FL_ND_HOP_LIMIT &&
	       fl_readable_bytes(p, ip6) > FL_IP6_SIZE &&
	       fl_env_load(p, p->link.l3 + FL_IP6_SIZE, &type, sizeof(type)) && type >= FL_ND_FIRST &&
	       type <= FL_ND_LAST;
}

/* Control traffic, and packets that are not between two unicast hosts, are not stamped. */
fl_inline bool fl_in_scope(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	return !p->link.mpls && !fl_out_of_scope_address(ip6->src) && !fl_out_of_scope_address(ip6->dst) &&
	       !fl_is_neighbour_discovery(p, ip6);
}

/* The part of the flow id after the addresses, as fl_siphash() takes it: protocol and ports, or nothing. */
fl_inline __u64 fl_flow_id_tail(const struct fl_walk *walk, bool has_ports, __u32 ports)
{
	__u64 tail = (__u64)walk->protocol | ((__u64)fl_le32(ports) << 8);

	return has_ports ? tail | 37ULL << 56 : 32ULL << 56;
}

/* Counts why P is labelled by its addresses only. */
fl_inline void fl_count_no_ports(const struct fl_packet *p, const struct fl_walk *walk)
{
	switch (walk->end) {
	case FL_WALK_UPPER:
		fl_count(p, no_ports);
		break;
	case FL_WALK_FRAGMENT:
		fl_count(p, fragments);
		break;
	case FL_WALK_TOO_MANY:
		fl_count(p, eh_limit);
		break;
	case FL_WALK_TRUNCATED:
		fl_count(p, eh_truncated);
		break;
	}
}

/* Counts what the headers of P, which is labelled, are like. */
fl_inline void fl_count_headers(const struct fl_packet *p, const struct fl_walk *walk, bool has_ports)
{
	if (!has_ports)
		fl_count_no_ports(p, walk);
	if (walk->atomic_fragment)
		fl_count(p, atomic_fragments);
	if (walk->misplaced_hop_by_hop)
		fl_count(p, hbh_misplaced);
}

/* A label from 1 to 0xFFFFF; uniform to within 2^-24. */
fl_inline __u32 fl_label_of_hash(__u64 hash)
{
	return 1 + (__u32)(((hash >> 20) * FL_LABEL_MASK) >> 44);
}

/* The label for a packet that came with 0. TAIL: of its flow id. */
fl_inline __u32 fl_compute_label(const struct fl_packet *p, const struct fl_ip6 *ip6, __u64 tail)
{
	const __u64 *key = fl_env_secrets(p)->stamp;

	if (fl_env_config(p)->prf == FL_PRF_SIPHASH_1_3)
		return fl_label_of_hash(fl_siphash(key, ip6->src, ip6->dst, tail, 1, 3));
	return fl_label_of_hash(fl_siphash(key, ip6->src, ip6->dst, tail, 2, 4));
}

/* May a packet with label 0 get one? Counts why not. */
fl_inline bool fl_may_stamp(const struct fl_packet *p, const struct fl_ip6 *ip6)
{
	if (!fl_in_scope(p, ip6)) {
		fl_count(p, skip_scope);
		return false;
	}
	if (fl_unlikely(!fl_env_may_stamp(p))) {
		fl_count(p, skip_gro_list);
		return false;
	}
	return true;
}

/* Writes LABEL into the packet; in a dry run, only counts. False: the packet keeps label 0. */
fl_inline bool fl_write_label(const struct fl_packet *p, const struct fl_ip6 *ip6, __u32 label)
{
	if (fl_env_config(p)->stamp == FL_STAMP_DRY_RUN) {
		fl_count(p, would_stamp);
		return true;
	}
	if (!fl_env_store_word(p, ip6->word_be | bpf_htonl(label))) {
		fl_count(p, store_failed);
		return false;
	}
	fl_count(p, stamped);
	return true;
}

#endif
