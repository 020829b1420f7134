# SPDX-License-Identifier: BSD-2-Clause
"""The label formula, implemented independently of the program: SipHash, the flow id, the mapping to 1..0xFFFFF."""

import ipaddress
import struct

_MASK = 0xFFFFFFFFFFFFFFFF


def _rotate(word, bits):
    return ((word << bits) | (word >> (64 - bits))) & _MASK


def siphash(key, message, compressions=2, finalizations=4):
    """SipHash-c-d with 64 bits of output (Aumasson and Bernstein, 2012)."""
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(count):
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0 = (v0 + v1) & _MASK
            v1 = _rotate(v1, 13) ^ v0
            v0 = _rotate(v0, 32)
            v2 = (v2 + v3) & _MASK
            v3 = _rotate(v3, 16) ^ v2
            v0 = (v0 + v3) & _MASK
            v3 = _rotate(v3, 21) ^ v0
            v2 = (v2 + v1) & _MASK
            v1 = _rotate(v1, 17) ^ v2
            v2 = _rotate(v2, 32)

    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v3 ^= word
        rounds(compressions)
        v0 ^= word
    v2 ^= 0xFF
    rounds(finalizations)
    return v0 ^ v1 ^ v2 ^ v3


ROUNDS = {"siphash-2-4": (2, 4), "siphash-1-3": (1, 3)}


def label_of(key, source, destination, transport=None, prf="siphash-2-4"):
    """The label of a flow. TRANSPORT: (protocol, source port, destination port); None: the addresses only."""
    flow_id = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
    if transport:
        flow_id += struct.pack("!BHH", *transport)
    digest = siphash(key, flow_id, *ROUNDS[prf])
    return 1 + (((digest >> 20) * 0xFFFFF) >> 44)
