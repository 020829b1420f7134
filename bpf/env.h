/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the datapath needs from its environment, in BPF (env_bpf.h) and in user space (env_user.h):
 *
 *   fl_env_config(p)                  the configuration
 *   fl_env_secrets(p)                 the secrets
 *   fl_env_now(p)                     time units since attach
 *   fl_env_table_set(p, name, index)  set INDEX of this CPU's part of the table NAME (FL_TABLES), or NULL
 *   fl_env_history(p, index)          the history of slot INDEX of this CPU's part of the connections, or NULL
 *   fl_env_record(p)                  the place of the next record in this CPU's ring; its record is NULL: full
 *   fl_env_record_history(p, place)   where the history of the record goes, or NULL
 *   fl_env_commit(p, place)           the record is whole: the reader may take it
 *   fl_env_add(counter, n)            adds N to COUNTER, a counter of this CPU
 *   fl_env_enter_table(p)             from here to fl_env_leave_table(p) no other program runs on this CPU; no helper
 *   fl_env_leave_table(p)             in between may sleep (on PREEMPT_RT: allocate memory or take a lock)
 *   FL_ENV_PREEMPTIBLE                other programs may run on this CPU after fl_env_leave_table()
 *   fl_env_set_tag(p, tag, value)     sets TAG, after all stores before it and before all stores after it
 *   fl_env_load(p, offset, to, len)   copies LEN bytes from OFFSET of the frame; false if they do not exist
 *   fl_env_note_merged(p)             checks whether P, a super-packet, is a list of packets (gro_list.h)
 *   fl_env_may_stamp(p)               false if the interface that received P makes such lists
 *   fl_env_store_word(p, ip6_word)    writes the first word of the IPv6 header; false if it could not be written
 *   fl_env_frame_length(p)            bytes of the frame that can be read
 *   fl_env_wire_length(p)             bytes of the frame on the wire
 *   fl_env_pass_link(p, link)         calls fl_pass_link()
 *   fl_env_walk_extensions(p, walk)   calls fl_walk_extensions()
 *   fl_env_segment_headers(p, walk)   calls fl_segment_headers()
 *   fl_env_in_udp_tunnel(p)           true if the kernel says that P, a super-packet, is in a tunnel over UDP
 */
#ifndef FLOWLABEL_ENV_H
#define FLOWLABEL_ENV_H

#include "packet.h"

#ifdef __bpf__
#include "env_bpf.h"
#else
#include "env_user.h"
#endif

#endif
