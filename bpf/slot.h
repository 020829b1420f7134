/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A slot, and a set of slots, of any table: the tag, and the rest as words. */
#ifndef FLOWLABEL_SLOT_H
#define FLOWLABEL_SLOT_H

#include "compiler.h"
#include "flowlabel/abi.h"

struct fl_any_slot {
	__u64 before_tag[FL_TAG_OFFSET / sizeof(__u64)];
	__u32 tag;
	__u32 after_tag;
	__u64 last;
} __attribute__((may_alias));

struct fl_any_set {
	struct fl_any_slot slot[FL_WAYS];
} __attribute__((may_alias));

FL_STATIC_ASSERT(sizeof(struct fl_any_slot) == FL_SLOT_SIZE, "the words are the whole slot");
FL_STATIC_ASSERT(__builtin_offsetof(struct fl_any_slot, tag) == FL_TAG_OFFSET, "the tag is where the tables have it");

/* SLOT: of any table. */
fl_inline __u32 *fl_tag_of(void *slot)
{
	return &((struct fl_any_slot *)slot)->tag;
}

#endif
