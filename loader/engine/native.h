/* SPDX-License-Identifier: BSD-2-Clause */
/* The datapath of bpf/ compiled for user space: the same headers, one frame for each call. */
#ifndef FLOWLABEL_NATIVE_H
#define FLOWLABEL_NATIVE_H

#include "user.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs the frame of CAPTURED bytes at DATA, which had WIRE_LENGTH bytes (at least CAPTURED) on the wire, with
 * USER->config. Stamping changes the label at DATA. */
void fl_native_frame(struct fl_user *user, __u8 *data, __u32 captured, __u32 wire_length);

/* The same for a packet without its link layer, which announced ETHERTYPE. */
void fl_native_packet(struct fl_user *user, __u8 *data, __u32 captured, __u32 wire_length, __u16 ethertype);

/* Does the Ethernet frame of CAPTURED bytes at DATA have an IPv6 header that can be read, or possibly one after MPLS?
 * Then its length on the wire decides how it is counted. */
bool fl_native_needs_length(__u8 *data, __u32 captured);

/* The parts of the label function, for tests (siphash.h, stamp.h). */
__u64 fl_native_siphash(const __u64 key[2], const __u64 src[2], const __u64 dst[2], __u64 tail, enum fl_prf prf);
__u32 fl_native_label_of_hash(__u64 hash);

#ifdef __cplusplus
}
#endif

#endif
