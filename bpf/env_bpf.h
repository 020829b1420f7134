/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* env.h for BPF. */
#ifndef FLOWLABEL_ENV_BPF_H
#define FLOWLABEL_ENV_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gro_list.h"
#include "gso_type.h"
#include "maps.h"
#include "packet.h"
#include "record.h"

fl_inline const volatile struct fl_config *fl_env_config(const struct fl_packet *p)
{
	(void)p;
	return &config;
}

fl_inline const struct fl_secrets *fl_env_secrets(const struct fl_packet *p)
{
	const struct fl_secrets *in_use = &secrets[0];

	(void)p;
	if (config.entry) /* constant: the verifier drops the branch, and no index is computed for each packet */
		in_use = &secrets[1];
	barrier_var(in_use); /* otherwise clang repeats the branch for each word */
	return in_use;
}

/*
 * The JIT makes one load of bpf_jiffies64(), while a clock would be a call. The tick that updates jiffies also
 * updates the coarse monotonic clock (kernel/time/tick-sched.c), so both have the same resolution (1 to 10 ms, by
 * CONFIG_HZ) and do not drift apart.
 */
fl_inline __u64 fl_env_now(const struct fl_packet *p)
{
	(void)p;
	return (bpf_jiffies64() - config.epoch_jiffies) * config.jiffy_ns >> FL_TICK_SHIFT;
}

/* MAP: that of a table. */
fl_inline void *fl_set_of_map(const struct fl_packet *p, void *map, __u32 index)
{
	__u32 key = (p->cpu << (config.slots_shift - FL_WAYS_SHIFT)) + index;

	return bpf_map_lookup_elem(map, &key);
}

#define fl_env_table_set(p, name, index) fl_set_of_map(p, &(name), index)

fl_inline struct fl_history *fl_env_history(const struct fl_packet *p, __u32 index)
{
	__u32 key = (p->cpu << config.slots_shift) + index;

	return bpf_map_lookup_elem(&history, &key);
}

/*
 * A program runs with softirqs off. On most kernels no other program can then run on this CPU. This is not so on
 * PREEMPT_RT without PREEMPT_RT_NEEDS_BH_LOCK, possible since Linux 6.18: there local_bh_disable() only disables
 * migration (kernel/softirq.c), and a thread of higher priority may run the datapath on this CPU in the middle of
 * a packet. The objects *_rt are for such kernels. They count with atomic additions, and disable preemption while
 * they use the flow table and the ring. Preemption stays enabled elsewhere, because writing a label may allocate
 * memory.
 */
#ifdef FLOWLABEL_PREEMPTIBLE
#define FL_ENV_PREEMPTIBLE true

extern void bpf_preempt_disable(void) __ksym; /* Linux 6.10 */
extern void bpf_preempt_enable(void) __ksym;

#define fl_env_add(counter, n) ((void)__sync_fetch_and_add(&(counter), (__u64)(n)))

fl_inline void fl_env_enter_table(const struct fl_packet *p)
{
	(void)p;
	bpf_preempt_disable();
}

fl_inline void fl_env_leave_table(const struct fl_packet *p)
{
	(void)p;
	bpf_preempt_enable();
}
#else
#define FL_ENV_PREEMPTIBLE false

#define fl_env_add(counter, n) ((void)((counter) += (n)))

fl_inline void fl_env_enter_table(const struct fl_packet *p)
{
	(void)p;
}

fl_inline void fl_env_leave_table(const struct fl_packet *p)
{
	(void)p;
}
#endif

/*
 * Stores that other CPUs must see in this order. x86 and s390 keep stores in order (total store order), so a
 * compiler barrier is enough and no store waits for a cache line. On other machines an atomic exchange is used: it
 * is the only full barrier that BPF has on every kernel.
 */
fl_inline void fl_env_set_tag(const struct fl_packet *p, __u32 *tag, __u32 value)
{
	(void)p;
	if (config.fences) {
		__atomic_exchange_n(tag, value, __ATOMIC_SEQ_CST);
	} else {
		barrier();
		*(volatile __u32 *)tag = value;
		barrier();
	}
}

fl_inline void fl_set_written(struct fl_ring *positions, __u64 written)
{
	if (config.fences) {
		__atomic_exchange_n(&positions->written, written, __ATOMIC_SEQ_CST);
	} else {
		barrier();
		*(volatile __u64 *)&positions->written = written;
		barrier();
	}
}

/* The position of the reader is in a cache line of the reader's CPU, so the program reads it only when the ring
 * looks full. No store to a place can pass the branch that found the place free. */
fl_inline struct fl_record_place fl_env_record(const struct fl_packet *p)
{
	const __u64 records = 1ULL << config.ring_shift;
	struct fl_record_place place = {};
	__u32 key = p->cpu;
	__u64 written;

	place.ring = bpf_map_lookup_elem(&ring_positions, &key);
	if (!place.ring)
		return place;
	written = place.ring->written;
	if (written - place.ring->known_read >= records) {
		place.ring->known_read = *(volatile __u64 *)&place.ring->read;
		if (written - place.ring->known_read >= records)
			return place;
	}
	key = (key << config.ring_shift) + (__u32)(written & (records - 1));
	place.index = key;
	place.record = bpf_map_lookup_elem(&ring, &key);
	return place;
}

fl_inline struct fl_history *fl_env_record_history(const struct fl_packet *p, struct fl_record_place place)
{
	__u32 key = place.index;

	(void)p;
	return bpf_map_lookup_elem(&ring_history, &key);
}

fl_inline void fl_env_commit(const struct fl_packet *p, struct fl_record_place place)
{
	(void)p;
	fl_set_written(place.ring, place.ring->written + 1);
}

/* With the alignment given, clang copies whole words. The machines that flowlabel supports can read them from any
 * address; on others the verifier refuses the program. */
fl_inline void fl_copy_words(void *to, const void *from, const __u32 len)
{
	if (len % 8 == 0)
		__builtin_memcpy(to, __builtin_assume_aligned(from, 8), len);
	else if (len % 4 == 0)
		__builtin_memcpy(to, __builtin_assume_aligned(from, 4), len);
	else
		__builtin_memcpy(to, __builtin_assume_aligned(from, 2), len);
}

/* The largest offset of a header from the start of a frame is below this: at most 62 bytes of link layer, 40 of
 * IPv6 and 8 extension headers of 2,048 bytes; in a tunnel, FL_INNER_LIMIT replaces the link layer. The verifier
 * needs the bound where the offset is used, and clang would remove a comparison. */
#define FL_OFFSET_MASK 0x7FFFu

fl_inline __u32 fl_env_bounded(__u32 offset)
{
	if (__builtin_constant_p(offset))
		return offset;
	barrier_var(offset);
	return offset & FL_OFFSET_MASK;
}

/* LEN is a constant: 1, 2, 4 or a multiple of 8. */
fl_inline bool fl_env_load(const struct fl_packet *p, __u32 offset, void *to, const __u32 len)
{
	__u8 *from = p->data + fl_env_bounded(offset);

	if (fl_likely(from + len <= p->data_end)) {
		fl_copy_words(to, from, len);
		return true;
	}
	if (p->hook == FL_HOOK_XDP)
		return bpf_xdp_load_bytes(p->ctx, offset, to, len) == 0;
	return bpf_skb_load_bytes(p->ctx, offset, to, len) == 0;
}

fl_inline void fl_env_note_merged(const struct fl_packet *p)
{
	if (p->hook != FL_HOOK_XDP)
		fl_note_gro_list(p->ctx);
}

fl_inline bool fl_env_may_stamp(const struct fl_packet *p)
{
	return p->hook == FL_HOOK_XDP || !*fl_makes_gro_lists(p->ctx);
}

/* On tc the helper must update skb->csum: the sum of a whole packet, as devices compute it, covers the IPv6
 * header. Checksums of upper layers do not cover the label (RFC 8200 section 8.1). */
fl_inline bool fl_env_store_word(const struct fl_packet *p, __u32 word_be)
{
	__u8 *to = p->data + fl_env_bounded(p->link.l3);

	if (p->hook != FL_HOOK_XDP)
		return bpf_skb_store_bytes(p->ctx, p->link.l3, &word_be, sizeof(word_be), BPF_F_RECOMPUTE_CSUM) == 0;
	if (fl_likely(to + sizeof(word_be) <= p->data_end)) {
		*(__u32 *)__builtin_assume_aligned(to, sizeof(word_be)) = word_be;
		return true;
	}
	return bpf_xdp_store_bytes(p->ctx, p->link.l3, &word_be, sizeof(word_be)) == 0;
}

/* Global functions. The verifier checks each of them once, and not again for every state of a caller. */
int flowlabel_link_xdp(struct xdp_md *ctx, struct fl_link *link);
int flowlabel_link_tc(struct __sk_buff *skb, struct fl_link *link);
int flowlabel_walk_xdp(struct xdp_md *ctx, struct fl_walk *walk);
int flowlabel_walk_tc(struct __sk_buff *skb, struct fl_walk *walk);
int flowlabel_headers_tc(struct __sk_buff *skb, struct fl_walk *walk);

fl_inline enum fl_outcome fl_env_pass_link(const struct fl_packet *p, struct fl_link *link)
{
	int outcome = p->hook == FL_HOOK_XDP ? flowlabel_link_xdp(p->ctx, link) : flowlabel_link_tc(p->ctx, link);

	barrier_var(outcome); /* clang would drop the bound that the verifier needs before it indexes the counters */
	return outcome;
}

fl_inline void fl_env_walk_extensions(const struct fl_packet *p, struct fl_walk *walk)
{
	if (p->hook == FL_HOOK_XDP)
		flowlabel_walk_xdp(p->ctx, walk);
	else
		flowlabel_walk_tc(p->ctx, walk);
}

/* XDP has no segments. */
fl_inline __u32 fl_env_segment_headers(const struct fl_packet *p, struct fl_walk *walk)
{
	return p->hook == FL_HOOK_XDP ? 0 : flowlabel_headers_tc(p->ctx, walk);
}

fl_inline bool fl_env_in_udp_tunnel(const struct fl_packet *p)
{
	__u32 gso_type;

	return p->hook != FL_HOOK_XDP && fl_read_gso_type(p->ctx, &gso_type) && gso_type & config.gso_udp_tunnel;
}

fl_inline __u32 fl_env_frame_length(const struct fl_packet *p)
{
	if (p->hook == FL_HOOK_XDP)
		return bpf_xdp_get_buff_len(p->ctx);
	return ((struct __sk_buff *)p->ctx)->len;
}

fl_inline __u32 fl_env_wire_length(const struct fl_packet *p)
{
	return fl_env_frame_length(p);
}

#endif
