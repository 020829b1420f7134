// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "datapath.h"

#include "engine/native.h"

fl_inline struct fl_packet fl_packet_of(struct fl_user_frame *frame, __u8 *data, struct fl_link link)
{
	return (struct fl_packet){
		.ctx = frame,
		.data = data,
		.data_end = data + frame->captured,
		.counters = &frame->user->counters,
		.hook = FL_HOOK_XDP,
		.link = link,
		.segments = 1,
	};
}

fl_inline void fl_run(struct fl_user *user, __u8 *data, __u32 captured, __u32 wire_length, struct fl_link link)
{
	struct fl_user_frame frame = {.user = user, .captured = captured, .wire_length = wire_length};
	struct fl_packet p = fl_packet_of(&frame, data, link);

	fl_datapath(&p, user->config.track);
}

void fl_native_frame(struct fl_user *user, __u8 *data, __u32 captured, __u32 wire_length)
{
	struct fl_link link = {.announced = fl_announced_by(user->config.link_layer)};

	fl_run(user, data, captured, wire_length, link);
}

void fl_native_packet(struct fl_user *user, __u8 *data, __u32 captured, __u32 wire_length, __u16 ethertype)
{
	struct fl_link link = {.announced = FL_ANNOUNCED_PROTOCOL, .protocol_be = bpf_htons(ethertype)};

	fl_run(user, data, captured, wire_length, link);
}

bool fl_native_needs_length(__u8 *data, __u32 captured)
{
	struct fl_user user = {};
	struct fl_user_frame frame = {.user = &user, .captured = captured, .wire_length = captured};
	struct fl_packet p = fl_packet_of(&frame, data, (struct fl_link){.announced = FL_ANNOUNCED_LINK});
	struct fl_ip6 ip6;
	const enum fl_outcome outcome = fl_find_ip6(&p, &ip6);

	return outcome == FL_GO_ON || outcome == FL_OUTCOME_mpls_not_ip;
}

__u64 fl_native_siphash(const __u64 key[2], const __u64 src[2], const __u64 dst[2], __u64 tail, enum fl_prf prf)
{
	return prf == FL_PRF_SIPHASH_1_3 ? fl_siphash(key, src, dst, tail, 1, 3)
					 : fl_siphash(key, src, dst, tail, 2, 4);
}

__u32 fl_native_label_of_hash(__u64 hash)
{
	return fl_label_of_hash(hash);
}
