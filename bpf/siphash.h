/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SipHash-c-d with 64-bit output (Aumasson and Bernstein 2012), for inputs of 32 to 39 bytes. */
#ifndef FLOWLABEL_SIPHASH_H
#define FLOWLABEL_SIPHASH_H

#include "packet.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define fl_le32(x) (x)
#define fl_le64(x) (x)
#else
#define fl_le32(x) __builtin_bswap32(x)
#define fl_le64(x) __builtin_bswap64(x)
#endif

#define FL_ROTL(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

struct fl_sip_state {
	__u64 v0, v1, v2, v3;
};

fl_inline void fl_sip_rounds(struct fl_sip_state *s, const int rounds)
{
	for (int i = 0; i < rounds; i++) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = FL_ROTL(s->v1, 13) ^ s->v0;
		s->v3 = FL_ROTL(s->v3, 16) ^ s->v2;
		s->v0 = FL_ROTL(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = FL_ROTL(s->v1, 17) ^ s->v2;
		s->v3 = FL_ROTL(s->v3, 21) ^ s->v0;
		s->v2 = FL_ROTL(s->v2, 32);
	}
}

fl_inline void fl_sip_word(struct fl_sip_state *s, __u64 word, const int compress)
{
	s->v3 ^= word;
	fl_sip_rounds(s, compress);
	s->v0 ^= word;
}

/* SRC and DST as on the wire. LAST: the bytes after them (at most 7) as a little-endian number in host order, and
 * in its top byte the length of the whole input. */
fl_inline __u64 fl_siphash(const __u64 key[2], const __u64 src[2], const __u64 dst[2], __u64 last, const int compress,
			   const int finalize)
{
	struct fl_sip_state s = {
		.v0 = key[0] ^ 0x736F6D6570736575ULL,
		.v1 = key[1] ^ 0x646F72616E646F6DULL,
		.v2 = key[0] ^ 0x6C7967656E657261ULL,
		.v3 = key[1] ^ 0x7465646279746573ULL,
	};

	fl_sip_word(&s, fl_le64(src[0]), compress);
	fl_sip_word(&s, fl_le64(src[1]), compress);
	fl_sip_word(&s, fl_le64(dst[0]), compress);
	fl_sip_word(&s, fl_le64(dst[1]), compress);
	fl_sip_word(&s, last, compress);
	s.v2 ^= 0xFF;
	fl_sip_rounds(&s, finalize);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
