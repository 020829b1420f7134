# SPDX-License-Identifier: BSD-2-Clause
"""Real traffic between namespaces, sent and received by the kernel's network stack."""

import contextlib
import dataclasses
import socket
import struct
import threading
import time

_IPV6_FLOWINFO = 11
_IPV6_FLOWINFO_SEND = 33
_IPV6_DSTOPTS = 59
_UDP_SEGMENT = 103
_SO_RCVBUFFORCE = 33
_TIMEOUT = 60
_PIECE = 1 << 18
_STEADY_PIECE = 1 << 14

_PATTERN = struct.pack("!262144I", *range(262144))  # all words differ, so a misplaced segment is detected


@dataclasses.dataclass(frozen=True)
class Connection:
    """A TCP connection whose data arrived complete."""

    source: str
    source_port: int
    destination: str
    destination_port: int

    @property
    def transport(self):
        """The part of the flow id that comes from the connection."""
        return 6, self.source_port, self.destination_port


def _pattern_at(offset, length):
    start = offset % len(_PATTERN)
    octets = _PATTERN[start:start + length]
    return octets + _PATTERN[:length - len(octets)]


class TcpTransfer:
    """Sends OCTETS bytes (None: until finish()) from CLIENT to ADDRESS in SERVER in the background. finish() checks
    that each byte arrived in its place. LABEL: the client's flow label. EXTENSION: the client inserts a destination
    options header before TCP. SOURCE: the client's address."""

    def __init__(self, client, server, address, octets, label=0, extension=False, source=None):
        self._octets = octets
        self._sent = 0
        self._ending = threading.Event()
        self._errors = []
        self._listener = server.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self._listener.settimeout(_TIMEOUT)
        self._listener.bind((address, 0))
        self._listener.listen(1)
        self._client = client.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self._client.settimeout(_TIMEOUT)
        if extension:
            self._client.setsockopt(socket.IPPROTO_IPV6, _IPV6_DSTOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
        if label:
            self._client.setsockopt(socket.IPPROTO_IPV6, _IPV6_FLOWINFO_SEND, 1)
        if source:
            self._client.bind((source, 0))
        self._client.connect((address, self._listener.getsockname()[1], label, 0))
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(_TIMEOUT)
        self._threads = [threading.Thread(target=self._guarded, args=(step,), daemon=True)
                         for step in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _guarded(self, step):
        try:
            step()
        except (OSError, AssertionError) as error:
            self._errors.append(error)

    def _send(self):
        while self._sent != self._octets and not self._ending.is_set():
            if self._octets is None:
                time.sleep(0.001)
                length = _STEADY_PIECE
            else:
                length = min(_PIECE, self._octets - self._sent)
            self._sent += self._client.send(_pattern_at(self._sent, length))
        self._client.shutdown(socket.SHUT_WR)

    def _receive(self):
        received = 0
        while data := self._peer.recv(_PIECE):
            assert data == _pattern_at(received, len(data)), f"wrong data in the octets from {received} on"
            received += len(data)
        assert received == self._sent, f"{received} octets of {self._sent} arrived"

    def finish(self):
        """Waits for the end of the transfer and returns the connection."""
        if self._octets is None:
            self._ending.set()
        for thread in self._threads:
            thread.join()
        source, destination = self._client.getsockname(), self._client.getpeername()
        for endpoint in (self._peer, self._client, self._listener):
            endpoint.close()
        if self._errors:
            raise AssertionError(f"the transfer failed: {self._errors}")
        return Connection(source[0], source[1], destination[0], destination[1])


def tcp(client, server, address, octets, **options):
    """Runs a complete transfer: see TcpTransfer."""
    return TcpTransfer(client, server, address, octets, **options).finish()


@dataclasses.dataclass(frozen=True)
class Datagram:
    """A datagram that an application received."""

    payload: bytes
    label: int
    source_port: int


class UdpReceiver:
    """A UDP socket in a namespace that also receives the flow labels (IPV6_FLOWINFO of RFC 3542, as Linux has it)."""

    def __init__(self, namespace, address):
        self._socket = namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_FLOWINFO, 1)
        self._socket.bind((address, 0))
        self._socket.settimeout(_TIMEOUT)
        self.port = self._socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._socket.close()

    def receive(self, count):
        """Receives COUNT datagrams."""
        datagrams = []
        for _ in range(count):
            payload, ancillary, _, source = self._socket.recvmsg(66000, 64)
            label = 0
            for level, kind, data in ancillary:
                if (level, kind) == (socket.IPPROTO_IPV6, _IPV6_FLOWINFO):
                    label = struct.unpack("!I", data)[0] & 0xFFFFF
            datagrams.append(Datagram(payload, label, source[1]))
        return datagrams


class UdpSender:
    """A UDP socket with its own port in a namespace."""

    def __init__(self, namespace, address):
        self._socket = namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_FLOWINFO_SEND, 1)
        self._socket.bind((address, 0))
        self.port = self._socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._socket.close()

    def segment(self, size):
        """From now on the kernel segments what is sent into datagrams of SIZE bytes (UDP GSO)."""
        self._socket.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, size)

    def send(self, address, port, payload, label=0, times=1):
        """Sends PAYLOAD to ADDRESS and PORT, TIMES times."""
        for _ in range(times):
            self._socket.sendto(payload, (address, port, label, 0))

    def transport_to(self, port):
        """The part of the flow id that comes from datagrams to PORT."""
        return 17, self.port, port


def ping(namespace, address, count=3, size=56):
    """Sends echo requests; each one must be answered."""
    namespace.run("ping", "-6", "-n", "-q", "-c", count, "-i", "0.01", "-s", size, "-W", "5", address)


@contextlib.contextmanager
def no_new_errors(namespace):
    """Asserts that the stack of the namespace counts no wrong checksum and no other bad packet during the block."""

    def errors():
        counters = {**namespace.snmp6(), **namespace.tcp_counters()}
        names = ("Ip6InHdrErrors", "Ip6InTruncatedPkts", "Ip6InDiscards", "Ip6ReasmFails", "Icmp6InErrors",
                 "Icmp6InCsumErrors", "Udp6InErrors", "Udp6InCsumErrors", "InErrs", "InCsumErrors")
        return {name: counters[name] for name in names}

    before = errors()
    yield
    assert errors() == before
