/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs, the loader and the tests share: enums, the slots of the flow table, the rings of records,
 * the counters, the configuration and the secrets. Plain C for C and C++. Host byte order, unless a name ends in
 * _be.
 */
#ifndef FLOWLABEL_ABI_H
#define FLOWLABEL_ABI_H

#include <linux/types.h>

#ifdef __cplusplus
#define FL_STATIC_ASSERT static_assert
#else
#define FL_STATIC_ASSERT _Static_assert
#endif

/* The version of the layout of pins and maps (tests/maps/layout.txt). A loader does not touch those of another
 * version. */
#define FL_LAYOUT_VERSION 2

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

/* What the frames of a device begin with. */
enum fl_link_layer {
    FL_LINK_ETHERNET,
    FL_LINK_NONE, /* the IP header: tun, WireGuard, PPP */
};

/*
 * A table. A slot is one cache line and holds one flow of one CPU. FL_WAYS consecutive slots form a set. The keyed
 * hash of a flow selects its set, and the flow may use any slot there.
 */
#define FL_WAYS 4
#define FL_WAYS_SHIFT 2
#define FL_SLOT_SIZE 64

/* The slots of every table have a tag at this offset, with FL_TAG_USED and the generation. What else a slot holds is a
 * matter of its table. */
#define FL_TAG_OFFSET 48

/* The tag: label in bits 0 to 19, flags in 20 to 23, generation in 24 to 31. The generation is odd
 * while the slot changes its flow, and has a new even value afterwards, so a reader on another CPU can detect the
 * change. A record has the end reason instead of the generation. */
#define FL_TAG_USED (1u << 20)
#define FL_TAG_STAMPED (1u << 21)
#define FL_TAG_GENERATION_SHIFT 24
#define FL_TAG_REASON_SHIFT 24
#define FL_TAG_KEY (FL_TAG_USED | FL_LABEL_MASK)

/* Times in the table: units of 1,024 ns since attach, 48 bits (nine years). A power of two, because division is
 * slow. */
#define FL_TICK_SHIFT 10
#define FL_TICK_BITS 48

struct fl_slot {
    __u64 src[2]; /* as on the wire */
    __u64 dst[2]; /* as on the wire */
    __u64 packets;
    __u64 octets;
    __u32 tag;
    __u32 first_high; /* first seen: bits 16 to 47 */
    __u64 last_first; /* last seen in bits 16 to 63, bits 0 to 15 of first seen in bits 0 to 15 */
} __attribute__((aligned(64)));

struct fl_set {
    struct fl_slot slot[FL_WAYS];
};

/*
 * The slots of the table of connections (bpf/connection_table.h). A slot holds one of these; its number is in bits 8
 * and 9 of fl_connection.octets_kind.
 */
enum fl_kind {
    FL_KIND_PORTS,    /* a connection: source, destination, protocol, ports */
    FL_KIND_NO_PORTS, /* packets without ports: source, destination, protocol; real fragments have protocol 44 */
    FL_KIND_ACCOUNT,  /* what connections counted under a label that they have no more: source, destination, label */
};

#define FL_KIND_SHIFT 8
#define FL_KIND_MASK 0x3FFu /* kind and protocol */
#define FL_OCTETS_SHIFT 16
#define FL_OCTETS_MANY (1ULL << 63) /* half of the field is used */
#define FL_LAST_SHIFT 16

/* Flags beside the packets of a slot, and the number from which on they move elsewhere. A slot is young until its
 * second packet: it has no history yet, since its only packet says it all. So a flood of new connections touches no
 * history. */
#define FL_PACKETS_MANY (1u << 28)
#define FL_PACKETS_YOUNG (1u << 30)
#define FL_PACKETS_ANEW (1u << 31) /* the counts begin with the next packet */

/* Flags beside the kind of a young slot. */
#define FL_YOUNG_SYN (1u << 10) /* its packet is a SYN */
#define FL_YOUNG_ACK (1u << 11) /* with ACK */

/* More flags of fl_connection.tag. */
#define FL_TAG_CAME_ZERO (1u << 22) /* the latest packet came with label 0, and got the label of the tag */
#define FL_TAG_CE (1u << 23)        /* a packet had the ECN mark CE (RFC 3168 section 5) */

/* What every packet of a connection needs. */
struct fl_connection {
    __u64 src[2];      /* as on the wire */
    __u64 dst[2];      /* as on the wire */
    __u64 octets_kind; /* octets in bits 16 to 63, flags in 10 and 11, enum fl_kind in 8 and 9, protocol in 0 to 7
                        */
    __u32 packets;     /* with the label of the tag, as the octets; flags in bits 30 and 31 */
    __u32 end_seq;     /* TCP: the sequence number after the data sent so far; fragments: the latest identification */
    __u32 tag;         /* as in struct fl_slot; the label is that of the latest packet, when it left */
    __u32 ports_be;    /* source, destination */
    __u64 last_seen;   /* bits 16 to 63: ticks; the rest is 0 */
} __attribute__((aligned(64)));

struct fl_connection_set {
    struct fl_connection slot[FL_WAYS];
};

/* Why a connection changed its label, as far as a packet and the history of its own direction can tell. The names are
 * those of the output, with '_' for '-'. */
#define FL_CHANGES(CHANGE)                                                                                             \
    CHANGE(syn_then_zero)                                                                                              \
    CHANGE(zeroed)                                                                                                     \
    CHANGE(labelled_late)                                                                                              \
    CHANGE(alternating)                                                                                                \
    CHANGE(changed)                                                                                                    \
    CHANGE(frag_label)                                                                                                 \
    CHANGE(syn_rehash)                                                                                                 \
    CHANGE(rto_rehash)                                                                                                 \
    CHANGE(quic_repath)                                                                                                \
    CHANGE(rst_only)                                                                                                   \
    CHANGE(synack_zero)                                                                                                \
    CHANGE(synack_cookie)                                                                                              \
    CHANGE(udp_new_socket)                                                                                             \
    CHANGE(ack_change)

#define FL_CHANGE_VALUE(name) FL_CHANGE_##name,

enum fl_change {
    FL_CHANGES(FL_CHANGE_VALUE) FL_CHANGE_COUNT, /* how many there are */
    FL_CHANGE_NONE = FL_CHANGE_COUNT,
};

#define FL_CHANGE_BITS 4

/*
 * What only a new connection and a change of label touch. The history of a slot has the slot's index. The labels are
 * those with which packets came.
 */
struct fl_history {
    /* The first cache line is written at the second packet. */
    __u64 first_seen;   /* ticks */
    __u64 label_since;  /* ticks: the first packet of the slot's counts */
    __u64 more_packets; /* a connection: what it counted before those; an account: a part of its counts */
    __u64 more_octets;
    __u64 last_change; /* ticks; 0: none */
    __u32 isn;         /* TCP: sequence number of the SYN */
    __u32 first_label : 20;
    __u32 isn_known : 1;            /* the connection began with a SYN that was seen */
    __u32 synack : 1;               /* that SYN had ACK */
    __u32 syn_again : 1;            /* it was retransmitted */
    __u32 data : 1;                 /* there were packets other than SYN before those of the slot's counts */
    __u32 labelled_data : 1;        /* with a label other than 0 */
    __u32 changed : 1;              /* the second cache line has values */
    __u32 undone : 1;               /* the old label was seen again after PENDING */
    __u32 pending : FL_CHANGE_BITS; /* enum fl_change: the class of the latest change, if later packets may revise it */
    __u32 syn_label : 20;           /* of the first SYN */
    __u32 syns : 12;                /* SYNs in the slot's counts */
    __u32 previous_label : 20;
    __u32 window_changes : 6; /* changes of class `changed` in the window (bpf/history.h) */
    __u32 window_returns : 2; /* of these: back to the label before */
    __u32 alternating : 1;    /* the window has turned them to class `alternating` */
    __u32 unused : 3;
    __u32 window_start; /* packets before it */
    __u16 reused;       /* how often a SYN with another ISN began a new connection on the same ports */
    __u16 labels;       /* how many it had; a label that was neither the first nor the one before counts again */
    /* The second is written when the label changes. */
    __u64 first_change; /* ticks */
    __u32 changes[FL_CHANGE_COUNT];
} __attribute__((aligned(64)));

FL_STATIC_ASSERT(sizeof(struct fl_history) == 128, "a history is two cache lines");
FL_STATIC_ASSERT(__builtin_offsetof(struct fl_history, first_change) == 64, "a new connection writes one of them");
FL_STATIC_ASSERT(FL_CHANGE_NONE < 1 << FL_CHANGE_BITS, "a class fits into fl_history.pending");

/*
 * The tables of an attachment. All have the same number of slots.
 *
 *   TABLE(name, set, used)
 *
 * NAME is that of the table's map and of its pin; struct SET has its slots. USED, an expression of `config` (struct
 * fl_config), is false if the attachment does not fill the table: then its map has one entry. The table's header in
 * bpf/ has fl_NAME_first_seen(), fl_NAME_last_seen() and fl_NAME_end(), with which the sweep ends flows (bpf/sweep.h).
 *
 * This list makes the maps, their pins, the sweeps, and the tables of both engines.
 */
#define FL_TABLES(TABLE)                                                                                               \
    TABLE(table, fl_set, !config.track)                                                                                \
    TABLE(connections, fl_connection_set, config.track)

#define FL_TABLE_VALUE(name, set, used) FL_TABLE_##name,

enum fl_table {
    FL_TABLES(FL_TABLE_VALUE) FL_TABLE_COUNT /* how many there are */
};

#define FL_CHECK_TABLE(name, set, used)                                                                                \
    FL_STATIC_ASSERT(sizeof(struct set) == FL_SLOT_SIZE * FL_WAYS, "a slot is one cache line, a set has no holes");    \
    FL_STATIC_ASSERT(__builtin_offsetof(struct set, slot[0].tag) == FL_TAG_OFFSET, "the tag is where sets look");

FL_TABLES(FL_CHECK_TABLE)
FL_STATIC_ASSERT(FL_WAYS == 1 << FL_WAYS_SHIFT, "ways are a power of two");

/* Why a flow left the table (the numbers of IPFIX flowEndReason, element 136). */
enum fl_end_reason {
    FL_END_IDLE = 1,    /* no packet for the idle timeout */
    FL_END_ACTIVE = 2,  /* older than the active timeout; the flow may continue in another record */
    FL_END_FORCED = 4,  /* counting ended: the program was detached, or the collector was stopped */
    FL_END_EVICTED = 5, /* lack of resources: another flow took the slot */
};

/*
 * The rings of finished flows. Each CPU has a ring of 2^fl_config.ring_shift records. Only the programs of this
 * CPU write to it, and one reader in user space reads it, so there is no lock. Record n is at index n modulo the size.
 * It is complete when `written` is above n, and its place is free when `read` is above n.
 */
union fl_record {
    /* A copy of the slot of the table that the attachment fills. */
    struct fl_slot flow;
    /* The map `ring_history` has its history, at the index of the record, unless the slot is young. */
    struct fl_connection connection;
};

FL_STATIC_ASSERT(sizeof(union fl_record) == FL_SLOT_SIZE, "a record is one cache line");

struct fl_ring {
    __u64 written;                            /* records written by the programs of this CPU */
    __u64 known_read;                         /* the programs' copy of `read`, updated only when the ring looks full */
    __u64 read __attribute__((aligned(128))); /* records read by the reader */
} __attribute__((aligned(128)));

FL_STATIC_ASSERT(sizeof(struct fl_ring) == 256, "the programs and the reader share no pair of cache lines");

/*
 * A sweep ends flows of one CPU by their age. It runs on that CPU with softirqs off, so no packet is handled at
 * the same time. The request is the frame of its test run. If the ring is full, the flow stays in the table.
 */
struct fl_sweep_request {
    __u64 idle;   /* idle timeout, in time units */
    __u64 active; /* active timeout, in time units */
    __u32 first;  /* first set to examine */
    __u32 sets;   /* maximum number of sets to examine */
    __u32 ends;   /* maximum number of flows to end, at least FL_WAYS */
    __u16 cpu;    /* the CPU whose flows to end */
    __u16 forced; /* end every flow */
};

struct fl_sweep_result {
    __u32 next;      /* the set to continue with; equal to the number of sets of a CPU: all are done */
    __u32 ended;     /* flows ended */
    __u16 cpu;       /* the CPU where it ran; if it is not the requested one, nothing was done */
    __u16 ring_full; /* it stopped because the ring was full */
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
    DERIVED(seen, "frames that reached the hook")                                                                      \
    DERIVED(ipv6, "frames with a whole IPv6 header, version 6 (the same as counted)")                                  \
    OUTCOME(not_ipv6, "frames of another protocol")                                                                    \
    OUTCOME(short_frame, "frames that end inside their link-layer headers")                                            \
    OUTCOME(bad_version, "frames announced as IPv6 whose version is not 6 (RFC 8200 section 3)")                       \
    OUTCOME(vlan_limit, "frames with more than four VLAN tags")                                                        \
    OUTCOME(mpls_limit, "frames with more than eight MPLS labels")                                                     \
    OUTCOME(truncated, "frames announced as IPv6 with less than the 40-byte header")                                   \
    OUTCOME(link_unknown, "skbs whose network header does not follow a known link layer")                              \
    OUTCOME(counted, "packets added to the flow table")                                                                \
    STORED(counted_bytes, "bytes added to the flow table")                                                             \
    DERIVED(zero_label, "counted packets that came with label 0")                                                      \
    STORED(labelled, "counted packets that came with a label other than 0")                                            \
    STORED(stamped, "packets that got a label")                                                                        \
    STORED(would_stamp, "packets that would have got a label (dry run)")                                               \
    STORED(skip_scope, "packets with label 0 that are out of the stamping scope")                                      \
    STORED(fragments, "packets stamped by addresses only: fragments, but not atomic ones")                             \
    STORED(atomic_fragments, "packets seen by the stamper with an atomic fragment header (RFC 6946)")                  \
    STORED(eh_limit, "packets stamped by addresses only: more than eight extension headers")                           \
    STORED(eh_truncated, "packets stamped by addresses only: a truncated extension header")                            \
    STORED(hbh_misplaced, "packets seen by the stamper with a hop-by-hop header that is not the first")                \
    STORED(no_ports, "packets stamped by addresses only: no complete pair of ports")                                   \
    STORED(gso_estimated, "segments whose headers were taken as 40 bytes")                                             \
    STORED(store_failed, "packets left at label 0 because the kernel refused the write")                               \
    STORED(spilled_flows, "flow records that left the table into the ring")                                            \
    STORED(spilled_packets, "packets of those records")                                                                \
    STORED(spilled_bytes, "bytes of those records")                                                                    \
    STORED(lost_flows, "flow records that found the ring full")                                                        \
    STORED(lost_packets, "packets of those records")                                                                   \
    STORED(lost_bytes, "bytes of those records")                                                                       \
    OUTCOME(mpls_not_ip, "frames after MPLS that begin like IPv6 but have another length: pseudowires")                \
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

/* Set when a program is loaded. The verifier knows the values and removes the branches that they turn off. */
struct fl_config {
    __u8 stamp;        /* enum fl_stamp_mode */
    __u8 prf;          /* enum fl_prf */
    __u8 link_layer;   /* enum fl_link_layer */
    __u8 slots_shift;  /* log2 of the slots of one CPU, at least FL_WAYS_SHIFT */
    __u32 entry;       /* index of this program's entry in the secrets and in the info map */
    __u8 ring_shift;   /* log2 of the records of one CPU's ring */
    __u8 fences;       /* other CPUs may see this machine's stores in another order */
    __u8 gso_type;     /* its offset in the kernel's struct skb_shared_info */
    __u8 gso_list_bit; /* number of the bit SKB_GSO_FRAGLIST of gso_type */
    __u16 skb_head;    /* its offset in the kernel's struct sk_buff; 0: not known, so gso_type cannot be read */
    __u16 skb_end;
    __u64 epoch_jiffies;  /* at attach */
    __u64 jiffy_ns;       /* length of a jiffy */
    __u32 gso_udp_tunnel; /* the bits of gso_type for tunnels over UDP */
    __u8 track;           /* count by connection */
    __u8 reserved[3];
};

/* The map that marks the interfaces that make lists of packets (bpf/gro_list.h). A byte other than 0 is a mark. */
#define FL_GRO_LIST_MAP ".data.gro_list"

FL_STATIC_ASSERT(sizeof(struct fl_config) == 40, "the configuration has no holes");

/*
 * An attachment has two entries of secrets and two of its description. A replacement fills the unused entries
 * before the kernel swaps the program. So no packet sees half a key, and even if the command is killed, a reader
 * finds the description that belongs to the attached program.
 */
#define FL_ENTRIES 2

/* The keys of the hash (bpf/hash.h): one for each 32-bit word of a flow's key (source, destination, label and a
 * zero), and an odd one for the last step. */
#define FL_HASH_WORDS 10
#define FL_HASH_KEYS (FL_HASH_WORDS + 1)

/* In a map, so that the log of the verifier cannot show them. Never printed. */
struct fl_secrets {
    __u64 hash[FL_HASH_KEYS]; /* keys of fl_hash() */
    __u64 stamp[2];           /* k0 and k1 of SipHash */
};

FL_STATIC_ASSERT(sizeof(struct fl_secrets) == 104, "the secrets have no holes");

struct fl_amount {
    __u64 packets;
    __u64 octets;
};

/* What collectors did with the records of an attachment, since it was attached. What was taken and neither
 * exported nor lost is in the memory of the running collector, and is lost if the collector is killed. */
struct fl_account {
    __u64 position; /* position of the reader after the latest change: earlier records were taken */
    __u32 cpu;      /* the ring of that position; in other rings the position is their `read` */
    __u32 reserved;
    struct fl_amount taken;    /* from the ring */
    struct fl_amount exported; /* accepted by an exporter */
    struct fl_amount lost;     /* taken, and will never be exported */
    struct fl_amount writing;  /* passed to exporters that have not confirmed it yet */
};

/* The account in its pinned map, which the first collector creates. An update fills the unused entry, then
 * increments `current`. So a collector that is killed leaves a consistent account. */
struct fl_collection {
    __u32 current; /* number of updates; the entry in use is this modulo FL_ENTRIES */
    __u32 pid;     /* the latest collector */
    struct fl_account account[FL_ENTRIES];
};

FL_STATIC_ASSERT(sizeof(struct fl_account) == 80, "the account has no holes");
FL_STATIC_ASSERT(sizeof(struct fl_collection) == 168, "the collection has no holes");

#define FL_NAME_SIZE 16

/* How a program is attached to its interface. */
enum fl_mode {
    FL_MODE_NATIVE,  /* XDP in the driver */
    FL_MODE_GENERIC, /* XDP on skbs */
    FL_MODE_TCX,     /* tcx link */
    FL_MODE_CLSACT,  /* filter on a clsact qdisc */
};

/* The description of an attachment, in its pinned info map. The entry in use has the id of the attached program. */
struct fl_info {
    __u32 layout_version; /* FL_LAYOUT_VERSION */
    __u32 program_id;
    __u64 netns_inode;
    __u64 attached_at;   /* ns since 1970, UTC */
    __u64 epoch;         /* ns of CLOCK_MONOTONIC at attach: time 0 of the table */
    __u64 epoch_jiffies; /* the same moment in jiffies */
    __u32 ifindex;
    __u32 slots;        /* of one CPU */
    __u32 cpus;         /* possible CPUs */
    __u32 ring_records; /* of one CPU */
    __u8 hook;          /* enum fl_hook */
    __u8 mode;          /* enum fl_mode */
    __u8 stamp;         /* enum fl_stamp_mode */
    __u8 prf;           /* enum fl_prf */
    __u8 link_layer;    /* enum fl_link_layer */
    __u8 made_qdisc;    /* this attachment created the clsact qdisc */
    __u8 filter_added;  /* the clsact filter was added; if it is missing, someone else removed it */
    __u8 track;         /* counts by connection */
    char ifname[FL_NAME_SIZE];
};

FL_STATIC_ASSERT(sizeof(struct fl_info) == 80, "the description has no holes");

#endif
