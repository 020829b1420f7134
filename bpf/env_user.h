/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* env.h in user space, for the engine that reads captures, the unit tests and the fuzzers. A thread acts as one
 * CPU. */
#ifndef FLOWLABEL_ENV_USER_H
#define FLOWLABEL_ENV_USER_H

#include <string.h>

#include "packet.h"
#include "record.h"
#include "user.h"

fl_inline struct fl_user_frame *fl_user_frame_of(const struct fl_packet *p)
{
	return (struct fl_user_frame *)p->ctx;
}

fl_inline const volatile struct fl_config *fl_env_config(const struct fl_packet *p)
{
	return &fl_user_frame_of(p)->user->config;
}

fl_inline const struct fl_secrets *fl_env_secrets(const struct fl_packet *p)
{
	return &fl_user_frame_of(p)->user->secrets;
}

fl_inline __u64 fl_env_now(const struct fl_packet *p)
{
	return fl_user_frame_of(p)->user->now;
}

#define fl_env_table_set(p, name, index) (&fl_user_frame_of(p)->user->name[index])

fl_inline struct fl_history *fl_env_history(const struct fl_packet *p, __u32 index)
{
	return &fl_user_frame_of(p)->user->history[index];
}

fl_inline struct fl_record_place fl_env_record(const struct fl_packet *p)
{
	struct fl_user *user = fl_user_frame_of(p)->user;

	return user->next_record(user->ring);
}

fl_inline struct fl_history *fl_env_record_history(const struct fl_packet *p, struct fl_record_place place)
{
	(void)p;
	return place.history;
}

fl_inline void fl_env_commit(const struct fl_packet *p, struct fl_record_place place)
{
	(void)p;
	(void)place;
}

#define fl_env_add(counter, n) ((void)((counter) += (n)))

/* The writer and the reader are the same thread. */
#define FL_ENV_PREEMPTIBLE false

fl_inline void fl_env_enter_table(const struct fl_packet *p)
{
	(void)p;
}

fl_inline void fl_env_leave_table(const struct fl_packet *p)
{
	(void)p;
}

fl_inline void fl_env_set_tag(const struct fl_packet *p, __u32 *tag, __u32 value)
{
	(void)p;
	*tag = value;
}

fl_inline bool fl_env_load(const struct fl_packet *p, __u32 offset, void *to, const __u32 len)
{
	if (offset > (__u32)(p->data_end - p->data) || len > (__u32)(p->data_end - p->data) - offset)
		return false;
	memcpy(to, p->data + offset, len);
	return true;
}

fl_inline void fl_env_note_merged(const struct fl_packet *p)
{
	(void)p;
}

fl_inline bool fl_env_may_stamp(const struct fl_packet *p)
{
	(void)p;
	return true;
}

fl_inline bool fl_env_store_word(const struct fl_packet *p, __u32 word_be)
{
	memcpy(p->data + p->link.l3, &word_be, sizeof(word_be));
	return true;
}

fl_inline enum fl_outcome fl_pass_link(const struct fl_packet *p, struct fl_link *link);

fl_inline enum fl_outcome fl_env_pass_link(const struct fl_packet *p, struct fl_link *link)
{
	return fl_pass_link(p, link);
}

fl_inline void fl_walk_extensions(const struct fl_packet *p, struct fl_walk *walk);

/* As in BPF, this is a function of its own: few packets need it, and clang does not unroll every copy of the loop. */
static __attribute__((noinline, unused)) void fl_env_walk_extensions(const struct fl_packet *p, struct fl_walk *walk)
{
	fl_walk_extensions(p, walk);
}

fl_inline __u32 fl_segment_headers(const struct fl_packet *p, const struct fl_walk *walk);

fl_inline __u32 fl_env_segment_headers(const struct fl_packet *p, const struct fl_walk *walk)
{
	return fl_segment_headers(p, walk);
}

fl_inline bool fl_env_in_udp_tunnel(const struct fl_packet *p)
{
	(void)p;
	return false;
}

fl_inline __u32 fl_env_frame_length(const struct fl_packet *p)
{
	return fl_user_frame_of(p)->captured;
}

fl_inline __u32 fl_env_wire_length(const struct fl_packet *p)
{
	return fl_user_frame_of(p)->wire_length;
}

#endif
