/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs, the loader and the tests agree on: enums, the flow table's slot, the rings of spilled records,
 * the counters, the configuration and the secrets. Plain C, host byte order unless a name ends in _be. Every size is
 * asserted in C (BPF) and in C++ (loader).
 */
#ifndef FLOWLABEL_ABI_H
#define FLOWLABEL_ABI_H

#include <linux/types.h>

#ifdef __cplusplus
#define FL_STATIC_ASSERT static_assert
#else
#define FL_STATIC_ASSERT _Static_assert
#endif

/* The layout of pins and maps. Programs of another version refuse to touch them. tests/unit/layout.txt describes it. */
#define FL_LAYOUT_VERSION 1

#define FL_LABEL_BITS 20
#define FL_LABEL_MASK 0xFFFFFu

enum fl_hook {
	FL_HOOK_XDP,
	FL_HOOK_TC_INGRESS,
	FL_HOOK_TC_EGRESS,
};

enum fl_stamp_mode {
	FL_STAMP_OFF,     /* observe only (RFC 6437 section 3: off by default) */
	FL_STAMP_DRY_RUN, /* compute and count, write nothing */
	FL_STAMP_ZERO,    /* replace label 0 */
};

enum fl_prf {
	FL_PRF_SIPHASH_2_4,
	FL_PRF_SIPHASH_1_3,
};

/* What stands before the network header on the device. */
enum fl_link_layer {
	FL_LINK_ETHERNET,
	FL_LINK_NONE, /* tun, WireGuard, PPP: the frame starts with the IP header */
};

/*
 * The flow table. A slot is one cache line and holds one flow of one CPU. FL_WAYS slots side by side are a set; a flow
 * lives in one of the slots of the set that its keyed hash names.
 */
#define FL_WAYS 4
#define FL_WAYS_SHIFT 2

/* struct fl_slot.tag: label in bits 0 to 19, flags in 20 to 23, generation in 24 to 31. The generation is odd while
 * the slot changes its flow and differs after it, so that a reader on another CPU can tell. In a record the reason why
 * the flow ended stands in its place. */
#define FL_TAG_USED (1u << 20)
#define FL_TAG_STAMPED (1u << 21)
#define FL_TAG_GENERATION_SHIFT 24
#define FL_TAG_REASON_SHIFT 24
#define FL_TAG_KEY (FL_TAG_USED | FL_LABEL_MASK)

/* Times in the table: ticks of 1,024 ns since attach, 48 bits (nine years). A shift, since BPF has no cheap division.
 */
#define FL_TICK_SHIFT 10
#define FL_TICK_BITS 48

struct fl_slot {
	__u64 src[2]; /* as on the wire */
	__u64 dst[2]; /* as on the wire */
	__u64 packets;
	__u64 octets;
	__u32 tag;
	__u32 first_high; /* first seen: bits 16 to 47 */
	__u64 last_first; /* last seen in the upper 48 bits, bits 0 to 15 of first seen below it */
} __attribute__((aligned(64)));

struct fl_set {
	struct fl_slot slot[FL_WAYS];
};

FL_STATIC_ASSERT(sizeof(struct fl_slot) == 64, "a slot is one cache line");
FL_STATIC_ASSERT(sizeof(struct fl_set) == 64 * FL_WAYS, "a set has no holes");
FL_STATIC_ASSERT(FL_WAYS == 1 << FL_WAYS_SHIFT, "ways are a power of two");

/* Why a flow left the table (the numbers of IPFIX flowEndReason, element 136). */
enum fl_end_reason {
	FL_END_IDLE = 1,    /* no packet for the idle timeout */
	FL_END_ACTIVE = 2,  /* older than the active timeout; it may go on as another record */
	FL_END_FORCED = 4,  /* the counting ended: detached, or the collector was told to stop */
	FL_END_EVICTED = 5, /* lack of resources: another flow took the slot */
};

/*
 * The spill rings. Each CPU has one of 2^fl_config.ring_shift records, which its programs alone fill and one reader in
 * user space empties, so that neither needs a lock. A record is the slot that the flow had: one cache line. Record n is
 * in place n modulo the size; it is there when `written` is beyond n, and its place is free again when `read` is.
 */
struct fl_ring {
	__u64 written;    /* records, by this CPU's programs */
	__u64 known_read; /* what they know of `read`: it may be further, and is looked at when the ring seems full */
	__u64 read __attribute__((aligned(128))); /* records, by the reader */
} __attribute__((aligned(128)));

FL_STATIC_ASSERT(sizeof(struct fl_ring) == 256, "the programs and the reader never share a line, nor a pair of lines");

/*
 * A sweep ends flows of one CPU by their times. It runs on that CPU with softirqs off, so that no packet meets it, and
 * takes what it is asked for from the frame that it is run with. A flow whose record finds no room in the ring stays.
 */
struct fl_sweep_request {
	__u64 idle;   /* ticks since the last packet that end a flow */
	__u64 active; /* ticks since the first packet that end a flow */
	__u32 first;  /* the set to begin with */
	__u32 sets;   /* to look at, at most */
	__u32 ends;   /* flows to end, at most; at least FL_WAYS */
	__u16 cpu;    /* whose part */
	__u16 forced; /* end every flow */
};

struct fl_sweep_result {
	__u32 next;      /* the set to go on with; the number of sets of a CPU: all are done */
	__u32 ended;     /* flows */
	__u16 cpu;       /* where it ran: nothing was done when it is not the one that was asked for */
	__u16 ring_full; /* it stopped for want of room in the ring */
	__u32 reserved;  /* 0 */
};

FL_STATIC_ASSERT(sizeof(struct fl_sweep_request) == 32, "the request has no holes");
FL_STATIC_ASSERT(sizeof(struct fl_sweep_result) == 16, "the result has no holes");

/*
 * All counters, in the order of every output. They count packets unless the name ends in another unit; on tc a
 * super-packet counts as its segments.
 *
 *   OUTCOME  what became of a packet. Each packet counts in exactly one; enum fl_outcome in bpf/packet.h has them.
 *   STORED   anything else that the programs count. Like the outcomes, these are fields of struct fl_counters.
 *   DERIVED  computed from the others by the loader. `seen` is the sum of all outcomes.
 *
 * This list makes struct fl_counters, the loader's struct, the JSON, the metrics and the table in docs/counters.md.
 * The counters are read from pinned maps by their offset, so any change of the list, even at its end, needs a new
 * FL_LAYOUT_VERSION.
 */
#define FL_COUNTERS(STORED, DERIVED, OUTCOME)                                                                          \
	DERIVED(seen, "frames that reached the hook")                                                                  \
	DERIVED(ipv6, "frames with a whole IPv6 header, version 6 (the same as counted)")                              \
	OUTCOME(not_ipv6, "frames of another protocol")                                                                \
	OUTCOME(short_frame, "frames that end inside their link-layer headers")                                        \
	OUTCOME(bad_version, "frames announced as IPv6 whose version is not 6 (RFC 8200 section 3)")                   \
	OUTCOME(vlan_limit, "frames with more than four VLAN tags")                                                    \
	OUTCOME(mpls_limit, "frames with more than eight MPLS labels")                                                 \
	OUTCOME(truncated, "frames announced as IPv6 with less than the 40-byte header")                               \
	OUTCOME(link_unknown, "skbs whose network header lies where no known link layer puts it")                      \
	OUTCOME(counted, "packets added to the flow table")                                                            \
	STORED(counted_bytes, "bytes added to the flow table")                                                         \
	DERIVED(zero_label, "counted packets that came with label 0")                                                  \
	STORED(labelled, "counted packets that came with a label other than 0")                                        \
	STORED(stamped, "packets that got a label")                                                                    \
	STORED(would_stamp, "packets that would have got a label (dry run)")                                           \
	STORED(skip_scope, "packets with label 0 that are out of the stamping scope")                                  \
	STORED(fragments, "packets stamped by addresses alone: real fragments, the first with the rest")               \
	STORED(atomic_fragments, "packets met by the stamper that carry an atomic fragment header (RFC 6946)")         \
	STORED(eh_limit, "packets stamped by addresses alone: more than eight extension headers")                      \
	STORED(eh_truncated, "packets stamped by addresses alone: an extension header ends beyond the packet")         \
	STORED(hbh_misplaced, "packets met by the stamper with a hop-by-hop header that is not the first")             \
	STORED(no_ports, "packets stamped by addresses alone: no whole pair of ports to be found")                     \
	STORED(gso_estimated, "segments whose headers were taken as 40 bytes")                                         \
	STORED(store_failed, "packets left at label 0 because the kernel refused the write")                           \
	STORED(spilled_flows, "flow records that left the table into the ring")                                        \
	STORED(spilled_packets, "packets of those records")                                                            \
	STORED(spilled_bytes, "bytes of those records")                                                                \
	STORED(lost_flows, "flow records that found the ring full")                                                    \
	STORED(lost_packets, "packets of those records")                                                               \
	STORED(lost_bytes, "bytes of those records")                                                                   \
	OUTCOME(mpls_not_ip, "frames behind MPLS that begin like IPv6 but have another length: pseudowires")           \
	STORED(skip_gro_list, "packets left at label 0: their interface merges packets into lists (rx-gro-list)")

#define FL_COUNTER_FIELD(name, text) __u64 name;
#define FL_COUNTER_NONE(name, text)

/* The counters of one CPU. */
struct fl_counters {
	FL_COUNTERS(FL_COUNTER_FIELD, FL_COUNTER_NONE, FL_COUNTER_FIELD)
} __attribute__((aligned(128)));

FL_STATIC_ASSERT(
	sizeof(struct fl_counters) == 256,
	"32 counters fill this struct: raise the size by 128, so that no two CPUs share a pair of cache lines");

/* What a program is told when it is loaded; constant for the verifier, which drops the branches that are off. */
struct fl_config {
	__u8 stamp;        /* enum fl_stamp_mode */
	__u8 prf;          /* enum fl_prf */
	__u8 link_layer;   /* enum fl_link_layer */
	__u8 slots_shift;  /* log2 of the slots of one CPU, at least FL_WAYS_SHIFT */
	__u32 entry;       /* which entry of the secrets and of the info map is this program's */
	__u8 ring_shift;   /* log2 of the records of one CPU's ring */
	__u8 fences;       /* this machine may show stores to other CPUs in another order than they were made */
	__u8 gso_type;     /* offset in the kernel's struct skb_shared_info */
	__u8 gso_list_bit; /* the bit of gso_type that says fraglist */
	__u16 skb_head;    /* offsets in the kernel's struct sk_buff; 0: not known, so no gso_type can be read */
	__u16 skb_end;
	__u64 epoch_jiffies;  /* at attach */
	__u64 jiffy_ns;       /* length of a jiffy */
	__u32 gso_udp_tunnel; /* the bits of gso_type that say that an skb is in a tunnel over UDP */
	__u32 reserved;
};

/* The map in which a program marks the interfaces that make lists of packets (bpf/gro_list.h): any octet that is not 0.
 */
#define FL_GRO_LIST_MAP ".data.gro_list"

FL_STATIC_ASSERT(sizeof(struct fl_config) == 40, "the configuration has no holes");

/*
 * The secrets and the description of an attachment have two entries. A replacement fills the one that is not in use
 * before the kernel swaps the program, so that no packet meets half a key, and no reader, nor a command that was killed
 * in between, the one's description with the other's program.
 */
#define FL_ENTRIES 2

/* The keys of the flow table's hash: one for each 32-bit word of a flow key (source, destination, label and a zero),
 * and an odd one for the step behind. */
#define FL_HASH_WORDS 10
#define FL_HASH_KEYS (FL_HASH_WORDS + 1)

/* Unknown to the verifier, so that its log cannot show them; never printed. */
struct fl_secrets {
	__u64 hash[FL_HASH_KEYS]; /* which set a flow uses */
	__u64 stamp[2];           /* k0 and k1 of SipHash */
};

FL_STATIC_ASSERT(sizeof(struct fl_secrets) == 104, "the secrets have no holes");

struct fl_amount {
	__u64 packets;
	__u64 octets;
};

/* What the collectors of an attachment did with its records since it was attached. Of what was taken, the part that was
 * neither exported nor lost lies in the memory of the collector that runs, and is lost with it. */
struct fl_account {
	__u64 position; /* after the latest change the reader stands here: records before it were taken */
	__u32 cpu;      /* in this CPU's ring; in the others it stands where their `read` says */
	__u32 reserved;
	struct fl_amount taken;    /* from the ring */
	struct fl_amount exported; /* an exporter has it */
	struct fl_amount lost;     /* taken and never exported */
	struct fl_amount writing;  /* being handed to the exporters; not exported yet as far as anybody knows */
};

/* The account in its pinned map, which the first collector makes. A change fills the entry that is not in use, then
 * says that it is: a collector that is killed leaves a whole account. */
struct fl_collection {
	__u32 current; /* how many changes there were: the entry in use is this modulo FL_ENTRIES */
	__u32 pid;     /* the latest collector */
	struct fl_account account[FL_ENTRIES];
};

FL_STATIC_ASSERT(sizeof(struct fl_account) == 80, "the account has no holes");
FL_STATIC_ASSERT(sizeof(struct fl_collection) == 168, "the collection has no holes");

#define FL_NAME_SIZE 16

/* How a program hangs on its interface. */
enum fl_mode {
	FL_MODE_NATIVE,  /* XDP in the driver */
	FL_MODE_GENERIC, /* XDP on skbs */
	FL_MODE_TCX,     /* tcx link */
	FL_MODE_CLSACT,  /* filter on a clsact qdisc */
};

/* What describes an attachment, in its pinned info map. The entry in use names the program that is attached. */
struct fl_info {
	__u32 layout_version; /* FL_LAYOUT_VERSION */
	__u32 program_id;
	__u64 netns_inode;
	__u64 attached_at;   /* ns since 1970, UTC */
	__u64 epoch;         /* ns of CLOCK_MONOTONIC at attach: tick 0 of the table */
	__u64 epoch_jiffies; /* the same moment, as the programs count */
	__u32 ifindex;
	__u32 slots;        /* of one CPU */
	__u32 cpus;         /* possible CPUs */
	__u32 ring_records; /* of one CPU */
	__u8 hook;          /* enum fl_hook */
	__u8 mode;          /* enum fl_mode */
	__u8 stamp;         /* enum fl_stamp_mode */
	__u8 prf;           /* enum fl_prf */
	__u8 link_layer;    /* enum fl_link_layer */
	__u8 made_qdisc;    /* the clsact qdisc is ours */
	__u8 filter_added;  /* the clsact filter was added: where it is not, it was removed */
	__u8 reserved;      /* 0 */
	char ifname[FL_NAME_SIZE];
};

FL_STATIC_ASSERT(sizeof(struct fl_info) == 80, "the description has no holes");

#endif
