// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datapath and what people would use instead of it, each as an XDP program for BPF_PROG_TEST_RUN with a repeat
 * count. A plain repeat would measure the packet that the first run changed, so every program first writes a fresh flow
 * into its packet: the next number of a stream that the benchmark filled, uniform or skewed. This costs every row the
 * same.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "hooks.h"

#define STREAM_LENGTH (1u << 24)

/* Flow numbers, read one after the other. In pairs, because an element of an array takes at least eight bytes. */
struct flow_pair {
	__u32 flow[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STREAM_LENGTH / 2);
	__type(key, __u32);
	__type(value, struct flow_pair);
} stream SEC(".maps");

/* The position of each CPU in the stream: a word in a cache line of its own. */
#define POSITIONS 64
#define POSITION_WORDS 16

__u32 positions[POSITIONS * POSITION_WORDS];

const volatile __u32 bench_l3 = FL_ETHERNET_SIZE; /* offset of the packet's IPv6 header */
const volatile __u32 bench_labelled;              /* each flow has a label of its own */
const volatile __u32 bench_relabelled;            /* each packet has another label than the one before */
const volatile __u32 bench_tcp_offset;            /* of the sequence number, from the IPv6 header; 0: not TCP */

/* The clock of the datapath, which is the cheapest one. */
fl_inline __u64 now(void)
{
	return bpf_jiffies64() * config.jiffy_ns;
}

struct alt_key {
	__u64 src[2];
	__u64 dst[2];
	__u32 label;
};

struct alt_value {
	__u64 packets;
	__u64 octets;
	__u64 first;
	__u64 last;
};

struct alt_locked_value {
	struct bpf_spin_lock lock;
	struct alt_value value;
};

#define ALT_MAP(name, map_type, value_type)                                                                            \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(max_entries, 1);                                                                                \
		__type(key, struct alt_key);                                                                           \
		__type(value, value_type);                                                                             \
	} name SEC(".maps")

ALT_MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, struct alt_value);
ALT_MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, struct alt_value);
ALT_MAP(hash, BPF_MAP_TYPE_HASH, struct alt_value);
ALT_MAP(hash_locked, BPF_MAP_TYPE_HASH, struct alt_locked_value);

/* Writes the next flow into the packet. */
fl_inline bool fresh_packet(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u32 number = positions[bpf_get_smp_processor_id() % POSITIONS * POSITION_WORDS]++ % STREAM_LENGTH;
	__u32 key = number / 2;
	struct flow_pair *pair = bpf_map_lookup_elem(&stream, &key);
	__u8 *ip6 = data + bench_l3 % 256;
	__u32 flow;

	if (!pair || ip6 + FL_IP6_SIZE > data_end)
		return false;
	if (bench_tcp_offset) {
		__u8 *seq = ip6 + bench_tcp_offset % 256;

		if (seq + sizeof(number) > data_end)
			return false;
		*(__u32 *)seq = bpf_htonl(number);
	}
	flow = pair->flow[number % 2];
	*(__u32 *)(ip6 + 20) = flow;
	*(__u32 *)(ip6 + 32) = flow * 2654435761u;
	*(__u32 *)ip6 = bpf_htonl(0x60000000) | (bench_labelled ? bpf_htonl((flow + 1) & FL_LABEL_MASK) : 0);
	if (bench_relabelled)
		*(__u32 *)ip6 = bpf_htonl(0x60000000 | ((number + 1) & FL_LABEL_MASK));
	return true;
}

SEC("xdp.frags")
int empty(struct xdp_md *ctx)
{
	return fresh_packet(ctx) ? XDP_PASS : XDP_ABORTED;
}

fl_inline bool parsed(struct xdp_md *ctx, struct fl_packet *p, struct fl_ip6 *ip6)
{
	if (!fresh_packet(ctx))
		return false;
	*p = fl_xdp_packet(ctx);
	return p->counters && fl_find_ip6(p, ip6) == FL_GO_ON;
}

fl_inline struct alt_key key_of(const struct fl_ip6 *ip6)
{
	return (struct alt_key){
		.src = {ip6->src[0], ip6->src[1]},
		.dst = {ip6->dst[0], ip6->dst[1]},
		.label = bpf_ntohl(ip6->word_be) & FL_LABEL_MASK,
	};
}

SEC("xdp.frags")
int parse(struct xdp_md *ctx)
{
	struct fl_packet p;
	struct fl_ip6 ip6;

	if (!parsed(ctx, &p, &ip6))
		return XDP_ABORTED;
	p.counters->counted += ip6.src[0] ^ ip6.src[1] ^ ip6.dst[0] ^ ip6.dst[1] ^ ip6.word_be;
	return XDP_PASS;
}

/* A lower bound: parses, hashes, and writes one cache line of the table. */
fl_inline bool touched(struct xdp_md *ctx)
{
	struct fl_packet p = fl_xdp_packet(ctx);
	struct fl_ip6 ip6;
	struct fl_key key;
	struct fl_set *set;
	__u32 slot;

	if (!p.counters || fl_find_ip6(&p, &ip6) != FL_GO_ON)
		return false;
	key = (struct fl_key){.ip6 = &ip6, .label = bpf_ntohl(ip6.word_be) & FL_LABEL_MASK};
	slot = fl_preferred_slot(&p, &key);
	set = fl_env_table_set(&p, table, slot >> FL_WAYS_SHIFT);
	if (!set)
		return false;
	set->slot[slot % FL_WAYS].packets++;
	return true;
}

SEC("xdp.frags")
int touch(struct xdp_md *ctx)
{
	return fresh_packet(ctx) && touched(ctx) ? XDP_PASS : XDP_ABORTED;
}

/* A lower bound for exact counting in such a table: finds the flow's slot, and adds to it and to the counters. A flow
 * without a slot is left out. */
fl_inline bool counted(struct xdp_md *ctx)
{
	struct fl_packet p = fl_xdp_packet(ctx);
	struct fl_ip6 ip6;
	struct fl_key key;
	struct fl_set *set;
	__u32 preferred;
	__u64 octets;

	if (!p.counters || fl_find_ip6(&p, &ip6) != FL_GO_ON)
		return false;
	key = (struct fl_key){.ip6 = &ip6, .label = bpf_ntohl(ip6.word_be) & FL_LABEL_MASK};
	octets = fl_packet_bytes(&p, &ip6);
	p.counters->counted++;
	p.counters->counted_bytes += octets;
	preferred = fl_preferred_slot(&p, &key);
	set = fl_env_table_set(&p, table, preferred >> FL_WAYS_SHIFT);
	if (!set)
		return false;
	fl_add_to_flow(&p, set, preferred, &key, 0, octets);
	return true;
}

SEC("xdp.frags")
int count(struct xdp_md *ctx)
{
	return fresh_packet(ctx) && counted(ctx) ? XDP_PASS : XDP_ABORTED;
}

/* The whole datapath. Its configuration says whether it stamps. */
SEC("xdp.frags")
int datapath(struct xdp_md *ctx)
{
	if (!fresh_packet(ctx))
		return XDP_ABORTED;
	fl_run_xdp(ctx, false);
	return XDP_PASS;
}

/* The same, by connection. */
SEC("xdp.frags")
int track(struct xdp_md *ctx)
{
	if (!fresh_packet(ctx))
		return XDP_ABORTED;
	fl_run_xdp(ctx, true);
	return XDP_PASS;
}

/* Stamping without counting. */
SEC("xdp.frags")
int stamp(struct xdp_md *ctx)
{
	struct fl_packet p;
	struct fl_ip6 ip6;

	if (!parsed(ctx, &p, &ip6))
		return XDP_ABORTED;
	if (!(ip6.word_be & bpf_htonl(FL_LABEL_MASK)))
		fl_stamp(&p, &ip6);
	return XDP_PASS;
}

/* Only parsing, and SipHash-2-4 of the same 37 bytes. */
SEC("xdp.frags")
int bare_siphash(struct xdp_md *ctx)
{
	struct fl_packet p;
	struct fl_ip6 ip6;
	__u32 ports;

	if (!parsed(ctx, &p, &ip6) || !fl_env_load(&p, p.link.l3 + FL_IP6_SIZE, &ports, sizeof(ports)))
		return XDP_ABORTED;
	p.counters->counted += fl_siphash(fl_env_secrets(&p)->stamp, ip6.src, ip6.dst,
					  ip6.next_header | (__u64)ports << 8 | 37ULL << 56, 2, 4);
	return XDP_PASS;
}

fl_inline void alt_init(struct alt_value *value, __u64 octets)
{
	__u64 first = now();

	*value = (struct alt_value){.packets = 1, .octets = octets, .first = first, .last = first};
}

SEC("xdp.frags")
int alt_lru_percpu_hash(struct xdp_md *ctx)
{
	struct alt_value *value;
	struct fl_packet p;
	struct fl_ip6 ip6;
	struct alt_key key = {};

	if (!parsed(ctx, &p, &ip6))
		return XDP_ABORTED;
	key = key_of(&ip6);
	value = bpf_map_lookup_elem(&lru_percpu_hash, &key);
	if (value) {
		value->packets++;
		value->octets += fl_packet_bytes(&p, &ip6);
		value->last = now();
	} else {
		struct alt_value first;

		alt_init(&first, fl_packet_bytes(&p, &ip6));
		bpf_map_update_elem(&lru_percpu_hash, &key, &first, BPF_ANY);
	}
	return XDP_PASS;
}

/* Counts in a map that all CPUs share. */
#define ALT_ATOMIC(name, map)                                                                                          \
	SEC("xdp.frags")                                                                                               \
	int name(struct xdp_md *ctx)                                                                                   \
	{                                                                                                              \
		struct alt_value *value;                                                                               \
		struct fl_packet p;                                                                                    \
		struct fl_ip6 ip6;                                                                                     \
		struct alt_key key = {};                                                                               \
                                                                                                                       \
		if (!parsed(ctx, &p, &ip6))                                                                            \
			return XDP_ABORTED;                                                                            \
		key = key_of(&ip6);                                                                                    \
		value = bpf_map_lookup_elem(&map, &key);                                                               \
		if (value) {                                                                                           \
			__sync_fetch_and_add(&value->packets, 1);                                                      \
			__sync_fetch_and_add(&value->octets, fl_packet_bytes(&p, &ip6));                               \
			value->last = now();                                                                           \
		} else {                                                                                               \
			struct alt_value first;                                                                        \
                                                                                                                       \
			alt_init(&first, fl_packet_bytes(&p, &ip6));                                                   \
			bpf_map_update_elem(&map, &key, &first, BPF_ANY);                                              \
		}                                                                                                      \
		return XDP_PASS;                                                                                       \
	}

ALT_ATOMIC(alt_lru_hash, lru_hash)
ALT_ATOMIC(alt_hash, hash)

SEC("xdp.frags")
int alt_hash_spin_lock(struct xdp_md *ctx)
{
	struct alt_locked_value *value;
	struct fl_packet p;
	struct fl_ip6 ip6;
	struct alt_key key = {};
	__u64 octets;

	if (!parsed(ctx, &p, &ip6))
		return XDP_ABORTED;
	key = key_of(&ip6);
	octets = fl_packet_bytes(&p, &ip6);
	value = bpf_map_lookup_elem(&hash_locked, &key);
	if (value) {
		__u64 last = now();

		bpf_spin_lock(&value->lock);
		value->value.packets++;
		value->value.octets += octets;
		value->value.last = last;
		bpf_spin_unlock(&value->lock);
	} else {
		struct alt_locked_value first = {};

		alt_init(&first.value, octets);
		bpf_map_update_elem(&hash_locked, &key, &first, BPF_ANY);
	}
	return XDP_PASS;
}

/* The suite `path`: a generator that sends its frames out of an interface, and the programs that drop them at the other
 * end of the link. */
const volatile __u32 bench_out_ifindex;
const volatile __u64 bench_pace; /* ns from one frame to the next; 0: as fast as possible */
__u64 arrived;
static __u64 due;

/* Waits until the next frame is due, at most some microseconds. A late frame is sent at once, and the frames after it
 * are not sent faster. */
static __always_inline void keep_pace(void)
{
	__u64 at = bpf_ktime_get_ns();

	if (at > due + 64 * bench_pace)
		due = at;
	for (int i = 0; i < 1024 && at < due; i++)
		at = bpf_ktime_get_ns();
	due += bench_pace;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	if (!fresh_packet(ctx))
		return XDP_ABORTED;
	if (bench_pace)
		keep_pace();
	return (int)bpf_redirect(bench_out_ifindex, 0);
}

SEC("xdp.frags")
int path_xdp_drop(struct xdp_md *ctx)
{
	(void)ctx;
	arrived++;
	return XDP_DROP;
}

SEC("xdp.frags")
int path_xdp_touch(struct xdp_md *ctx)
{
	arrived++;
	return touched(ctx) ? XDP_DROP : XDP_ABORTED;
}

SEC("xdp.frags")
int path_xdp_count(struct xdp_md *ctx)
{
	arrived++;
	return counted(ctx) ? XDP_DROP : XDP_ABORTED;
}

SEC("xdp.frags")
int path_xdp(struct xdp_md *ctx)
{
	arrived++;
	fl_run_xdp(ctx, false);
	return XDP_DROP;
}

SEC("xdp.frags")
int path_xdp_track(struct xdp_md *ctx)
{
	arrived++;
	fl_run_xdp(ctx, true);
	return XDP_DROP;
}

SEC("tc")
int path_tc_drop(struct __sk_buff *skb)
{
	(void)skb;
	arrived++;
	return TC_ACT_SHOT;
}

SEC("tc")
int path_tc(struct __sk_buff *skb)
{
	arrived++;
	fl_run_tc_ingress(skb, false);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
