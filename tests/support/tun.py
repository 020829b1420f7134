# SPDX-License-Identifier: BSD-2-Clause
"""tun and tap devices whose other end is the test: what the test writes arrives at the interface."""

import fcntl
import os
import select
import struct

import frames

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0001, 0x0002, 0x1000, 0x4000
_NEEDS_CHECKSUM = 1
_GSO_TCPV4, _GSO_TCPV6, _GSO_UDP_L4 = 1, 4, 5


class Tun:
    """A device NAME in NAMESPACE, set up. KIND "tun": packets without a link layer; "tap": Ethernet frames. With
    SUPER_PACKETS, write_segments() hands several segments at once to the kernel, like the network card of a virtual
    machine."""

    def __init__(self, namespace, name, kind="tun", super_packets=False):
        flags = _IFF_NO_PI | (_IFF_TUN if kind == "tun" else _IFF_TAP) | (_IFF_VNET_HDR if super_packets else 0)
        self._super_packets = super_packets
        with namespace.inside():
            self._fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            try:
                fcntl.ioctl(self._fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
            except OSError:
                os.close(self._fd)
                raise
        namespace.ip("link", "set", "dev", name, "up")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._fd)

    def write(self, octets):
        """Makes one packet (tun) or frame (tap) arrive."""
        os.write(self._fd, (bytes(10) if self._super_packets else b"") + octets)

    def read(self):
        """Returns the next packet or frame that the interface sends."""
        assert select.select([self._fd], [], [], 60)[0], "the interface sent nothing"
        octets = os.read(self._fd, 66000)
        return octets[10:] if self._super_packets else octets

    def write_segments(self, packet, segment_size, link_layer=b""):
        """Makes PACKET (from frames.super_packet() or frames.ipv4_super_packet(), after LINK_LAYER) arrive as one
        super-packet with SEGMENT_SIZE bytes of payload in each segment."""
        if packet[0] >> 4 == 4:
            gso, network, checksum, size = _GSO_TCPV4, 20, 16, 20
        elif frames.Packet(packet).next_header == frames.TCP:
            gso, network, checksum, size = _GSO_TCPV6, 40, 16, 20
        else:
            gso, network, checksum, size = _GSO_UDP_L4, 40, 6, 8
        start = len(link_layer) + network
        header = struct.pack("<BBHHHH", _NEEDS_CHECKSUM, gso, start + size, segment_size, start, checksum)
        os.write(self._fd, header + link_layer + packet)
