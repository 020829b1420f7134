# SPDX-License-Identifier: BSD-2-Clause
"""Captures what arrives at an interface: a thread reads a packet socket.

A packet socket sees what XDP has written, but it sees a packet before tc ingress does: to see what tc ingress has
written, capture at the next host.
"""

import collections
import select
import socket
import struct
import threading
import time

from frames import IPV6, Packet

_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_PACKET_IGNORE_OUTGOING = 23
_SO_RCVBUFFORCE = 33
_ETH_P_ALL = 3
_OUTGOING = 4
_VLAN_VALID = 0x10
_BIGGEST = 66000
_LOOK = 0.02  # seconds


class _Reader:
    """A thread that reads a packet socket until the `with` block ends."""

    def __init__(self, namespace, interface, kind, protocol, outgoing=False):
        self._socket = namespace.socket(socket.AF_PACKET, kind, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 128 << 20)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, not outgoing)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.bind((interface, protocol))
        self._ending = threading.Event()
        self._empty = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _read(self):
        while not self._ending.is_set():
            if select.select([self._socket], [], [], _LOOK)[0]:
                octets, ancillary, _, address = self._socket.recvmsg(_BIGGEST, 64)
                self._take(octets, ancillary, address)
                self._empty = 0
            else:
                self._empty += 1

    @staticmethod
    def wait(condition, seconds=60):
        """Waits until CONDITION() holds, for at most SECONDS."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.002)

    def quiet(self, looks=8):
        """Waits until LOOKS reads in a row found no packet, then returns itself. Reads are counted and not seconds:
        while the machine is too busy to run this process, no time passes."""
        self._empty = 0
        while self._empty < looks:
            time.sleep(0.01)
        return self


class _PacketReader(_Reader):
    """Keeps the IPv6 packets in `packets`, as frames.Packet, in the order of their arrival."""

    def __init__(self, *arguments, **options):
        self.packets = []
        super().__init__(*arguments, **options)

    def of(self, source, destination):
        """The packets from SOURCE to DESTINATION."""
        return [packet for packet in self.packets if (packet.source, packet.destination) == (source, destination)]

    def labels(self, source, destination):
        """The set of labels of the packets from SOURCE to DESTINATION."""
        return {packet.label for packet in self.of(source, destination)}


class Capture(_PacketReader):
    """The IPv6 packets that arrive."""

    def __init__(self, namespace, interface):
        super().__init__(namespace, interface, socket.SOCK_DGRAM, IPV6)

    def _take(self, octets, ancillary, address):
        self.packets.append(Packet(octets))


class OutgoingCapture(_PacketReader):
    """The IPv6 packets that the interface sends, as they leave it: as segments if the kernel segments them before."""

    def __init__(self, namespace, interface):
        super().__init__(namespace, interface, socket.SOCK_DGRAM, _ETH_P_ALL, outgoing=True)

    def _take(self, octets, ancillary, address):
        _, protocol, packet_type = address[:3]
        if (protocol, packet_type) == (IPV6, _OUTGOING):
            self.packets.append(Packet(octets))


class FrameCapture(_Reader):
    """The frames that arrive, as bytes in `frames`. A VLAN tag that the device has stripped is inserted again."""

    def __init__(self, namespace, interface):
        self.frames = []
        super().__init__(namespace, interface, socket.SOCK_RAW, _ETH_P_ALL)

    def _take(self, octets, ancillary, address):
        for level, kind, data in ancillary:
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                if status & _VLAN_VALID:
                    octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
        self.frames.append(octets)


def count_flows(packets):
    """{(source, destination, label): (packets, bytes)}, counted as flowlabel counts."""
    counts = collections.defaultdict(lambda: [0, 0])
    for packet in packets:
        count = counts[packet.flow]
        count[0] += 1
        count[1] += packet.wire_octets
    return {flow: tuple(count) for flow, count in counts.items()}
