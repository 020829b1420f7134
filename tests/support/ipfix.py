# SPDX-License-Identifier: BSD-2-Clause
"""A second implementation that reads IPFIX (RFC 7011), and the collectors to which tests export."""

import collections
import dataclasses
import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

from kernel import eventually, unread
from lab import command

VARIABLE = 65535
SRC, DST, PACKETS, OCTETS, START, END, LABEL = 27, 28, 2, 1, 152, 153, 31
INGRESS, EGRESS, REASON, DIRECTION, VERSION = 10, 14, 136, 61, 60
FLOWS = {256, 257}
NAMES, METERING, EXPORTING = {258, 259}, 260, 261
_LARGEST = 65535
_ports = itertools.count(4740)


@dataclasses.dataclass
class Message:
    """A message. Each record is {element: bytes}; of an element that occurs twice, the last value."""

    length: int
    sequence: int
    domain: int
    templates: dict
    records: list  # (template id, {element: bytes})

    @property
    def flows(self):
        """The data records that describe flows."""
        return [fields for template, fields in self.records if template in FLOWS]


class Decoder:
    """Decodes messages and keeps their templates by observation domain."""

    def __init__(self):
        self._templates = {}

    def decode(self, octets):
        """Decodes one message."""
        version, length, _, sequence, domain = struct.unpack_from("!HHIII", octets)
        assert version == 10 and length == len(octets)
        message = Message(length, sequence, domain, {}, [])
        at = 16
        while at < length:
            set_id, size = struct.unpack_from("!HH", octets, at)
            body = octets[at + 4:at + size]
            assert size >= 4 and at + size <= length
            if set_id in (2, 3):
                self._take_templates(message, body, set_id == 3)
            else:
                self._take_records(message, body, set_id)
            at += size
        return message

    def decode_all(self, octets):
        """Decodes messages that follow each other."""
        return [self.decode(message) for message in split(octets)]

    def _take_templates(self, message, body, options):
        at = 0
        while at < len(body):
            number, count = struct.unpack_from("!HH", body, at)
            assert number >= 256 and count > 0, "a template withdrawal"
            at += 6 if options else 4
            fields = [struct.unpack_from("!HH", body, at + 4 * field) for field in range(count)]
            at += 4 * count
            message.templates[number] = fields
            self._templates[message.domain, number] = fields

    def _take_records(self, message, body, number):
        fields = self._templates[message.domain, number]
        at = 0
        while at < len(body):
            record = {}
            for element, size in fields:
                if size == VARIABLE:
                    size, at = body[at], at + 1
                record[element] = body[at:at + size]
                at += size
            assert at <= len(body)
            message.records.append((number, record))


def split(octets):
    """Splits a stream or a file into its messages, all of which must be complete."""
    messages = []
    while octets:
        length = struct.unpack_from("!H", octets, 2)[0]
        assert len(octets) >= length >= 16
        messages.append(octets[:length])
        octets = octets[length:]
    return messages


def is_whole(octets):
    """Does the file end with a complete message?"""
    at = 0
    while at + 4 <= len(octets):
        at += struct.unpack_from("!H", octets, at + 2)[0]
    return at == len(octets)


def number(octets):
    """The value of an unsigned element."""
    return int.from_bytes(octets, "big")


def flow_key(record):
    """(source, destination, label), in the form of the JSON records."""
    return (socket.inet_ntop(socket.AF_INET6, record[SRC]), socket.inet_ntop(socket.AF_INET6, record[DST]),
            number(record[LABEL]))


def by_flow(messages):
    """{(source, destination, label): (packets, bytes)}, summed over the records of each flow."""
    flows = collections.defaultdict(lambda: (0, 0))
    for message in messages:
        for record in message.flows:
            packets, octets = flows[flow_key(record)]
            flows[flow_key(record)] = packets + number(record[PACKETS]), octets + number(record[OCTETS])
    return dict(flows)


def assert_sequences(messages):
    """IPFIX-2: the sequence number of a message is the number of data records that its domain sent before it."""
    counts = collections.Counter()
    for message in messages:
        assert message.sequence == counts[message.domain]
        counts[message.domain] += len(message.records)


class _Receiver:
    """A thread that receives until the `with` block ends."""

    def __init__(self):
        self._ending = threading.Event()
        self._taking = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._ending.is_set():
            for one in select.select(self._sockets(), [], [], 0.02)[0]:
                with self._taking:
                    self._receive(one)

    def _drain(self):
        """Waits until everything that has arrived is received."""
        while select.select(self._sockets(), [], [], 0)[0]:
            time.sleep(0.001)
        with self._taking:
            pass

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._thread.join()
        self._close()


class UdpCollector(_Receiver):
    """Receives and keeps datagrams. PORT 0: any free port."""

    def __init__(self, namespace, port=0):
        super().__init__()
        self.datagrams = []
        self._socket = namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self._socket.bind(("::1", port))
        self._decoder = Decoder()
        self._decoded = []
        self.port = self._socket.getsockname()[1]
        self.url = f"udp://[::1]:{self.port}"

    def _sockets(self):
        return [self._socket]

    def _receive(self, one):
        self.datagrams.append(one.recv(_LARGEST))

    def _close(self):
        self._socket.close()

    def messages(self):
        """The messages that were received so far."""
        self._drain()
        self._decoded += [self._decoder.decode(datagram) for datagram in self.datagrams[len(self._decoded):]]
        return self._decoded


class TcpCollector(_Receiver):
    """Keeps the bytes of each connection in `connections`. TAKE, if it is set, is called with each complete message."""

    def __init__(self, namespace, port=0, take=lambda message: None):
        super().__init__()
        self.connections = []
        self._take = take
        self._listener = namespace.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("::1", port))
        self._listener.listen(4)
        self._open = {}
        self.port = self._listener.getsockname()[1]
        self.url = f"tcp://[::1]:{self.port}"

    def _sockets(self):
        return [self._listener, *self._open]

    def _receive(self, one):
        if one is self._listener:
            self._open[one.accept()[0]] = [len(self.connections), 0]
            self.connections.append(bytearray())
        else:
            self._read(one)

    def _read(self, connection):
        state = self._open[connection]
        octets = self.connections[state[0]]
        part = connection.recv(1 << 20)
        if not part:
            del self._open[connection]
            connection.close()
            return
        octets += part
        while len(octets) >= state[1] + 4:
            length = struct.unpack_from("!H", octets, state[1] + 2)[0]
            if len(octets) < state[1] + length:
                break
            self._take(bytes(octets[state[1]:state[1] + length]))
            state[1] += length

    def _close(self):
        for connection in self._open:
            connection.close()
        self._listener.close()

    def messages(self):
        """The messages of each connection so far. An open connection may end in an incomplete message, which is left
        out; a closed one must end with a complete message."""
        self._drain()
        with self._taking:
            whole = dict(self._open.values())
            connections = [bytes(octets[:whole.get(number)]) for number, octets in enumerate(self.connections)]
        return [Decoder().decode_all(octets) for octets in connections]


class Relay(TcpCollector):
    """Forwards each message that it receives over TCP to a collector on UDP."""

    def __init__(self, namespace, port):
        self._socket = namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        super().__init__(namespace, take=lambda message: self._socket.sendto(message, ("::1", port)))

    def _close(self):
        super()._close()
        self._socket.close()


def free_port():
    """A port that is free in a network namespace of the test's own, and stays free: it is below the range of ephemeral
    ports. A client that connects to a port in that range while no server listens may get the same port as its own, and
    is then connected to itself."""
    return next(_ports)


def _listens(namespace, port):
    return f":{port}" in namespace.run("ss", "-Hlnu", f"sport = :{port}").stdout


def _end_group(process):
    """Ends a process and its children, which are one process group. nfacctd sometimes ignores SIGTERM."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Nfacctd:
    """nfacctd, the collector of pmacct, with the flow label as a custom primitive."""

    def __init__(self, lab, namespace, directory):
        self._output = directory / "flows.json"
        self._log = directory / "log"
        self.port = free_port()
        self.url = f"udp://[::1]:{self.port}"
        (directory / "primitives").write_text("name=flow_label field_type=31 len=4 semantics=u_int\n")
        (directory / "nfacctd.conf").write_text(f"""daemonize: false
nfacctd_ip: ::1
nfacctd_port: {self.port}
nfacctd_time_new: true
aggregate_primitives: {directory}/primitives
plugins: print[flows]
aggregate[flows]: src_host, dst_host, flow_label
print_output[flows]: json
print_output_file[flows]: {self._output}
print_output_file_append[flows]: true
print_refresh_time[flows]: 1
plugin_pipe_size: 64000000
""")
        with open(self._log, "wb") as log:
            self._process = lab.start(namespace, "nfacctd", "-f", directory / "nfacctd.conf", stdout=log, stderr=log,
                                      start_new_session=True)
        # The socket listens before the process that writes has started; that process writes once a second.
        eventually(lambda: "Purging cache" in self._log.read_text() or self._process.poll() is not None)
        assert _listens(namespace, self.port), self._log.read_text()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        _end_group(self._process)

    def flows(self):
        """{(source, destination, label): (packets, bytes)} of what nfacctd has written."""
        flows = collections.defaultdict(lambda: (0, 0))
        text = self._output.read_text() if self._output.exists() else ""
        for line in text.splitlines(keepends=True):
            if line.endswith("\n"):  # the last line may be incomplete
                entry = json.loads(line)
                key = entry["ip_src"], entry["ip_dst"], int(entry["flow_label"])
                flows[key] = flows[key][0] + entry["packets"], flows[key][1] + entry["bytes"]
        return dict(flows)

    def complaints(self):
        """The lines of its log that report an error."""
        words = ("malformed", "unable", "expecting", "Missing data", "WARN", "ERROR")
        return [line for line in self._log.read_text().splitlines() if any(word in line for word in words)]


class Nfcapd:
    """nfcapd, the collector of nfdump."""

    def __init__(self, lab, namespace, directory):
        self._directory = directory
        self._namespace = namespace
        self.port = free_port()
        self.url = f"udp://[::1]:{self.port}"
        self._log = directory.parent / "nfcapd.log"
        with open(self._log, "wb") as log:
            self._process = lab.start(namespace, "nfcapd", "-w", directory, "-b", "::1", "-p", self.port, "-S", "0",
                                      "-t", "3600", stdout=log, stderr=log, start_new_session=True)
        eventually(lambda: _listens(namespace, self.port) or self._process.poll() is not None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._process.poll() is None:
            _end_group(self._process)

    def stop(self):
        """Ends it once it has read what arrived, which makes it write its file. Returns its log."""
        eventually(lambda: unread(self._namespace, self.port) == 0)
        self._process.terminate()
        self._process.wait(timeout=60)
        return self._log.read_text()

    def flows(self):
        """{(source, destination): (packets, bytes)} as nfdump reads them; nfcapd stores no labels."""
        flows = collections.defaultdict(lambda: (0, 0))
        for entry in json.loads(command("nfdump", "-R", self._directory, "-o", "json").stdout):
            key = entry["src6_addr"], entry["dst6_addr"]
            flows[key] = flows[key][0] + entry["in_packets"], flows[key][1] + entry["in_bytes"]
        return dict(flows)


def write_pcap(path, frames):
    """Writes a capture file of Ethernet FRAMES."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 1))
        for at, frame in enumerate(frames):
            now = time.time()
            file.write(struct.pack("<IIII", int(now), at % 1_000_000, len(frame), len(frame)) + frame)


def tshark(path, *options, fields=()):
    """Runs tshark on a capture or an IPFIX file. Returns the rows, each a list of the values of FIELDS."""
    wanted = [word for field in fields for word in ("-e", field)]
    shown = command("tshark", "-n", "-r", path, *options, "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t",
                    *wanted)
    return [[cell.split(",") if cell else [] for cell in line.split("\t")] for line in shown.stdout.splitlines()]
