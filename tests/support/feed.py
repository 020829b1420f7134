# SPDX-License-Identifier: BSD-2-Clause
"""What a collector has to collect: a cable with nothing on it but the test's packets, single frames of a flow, and bursts of
as many flows as packets."""

import contextlib
import json
import os
import socket
import subprocess

from frames import NO_NEXT_HEADER, ethernet, ipv6
from lab import REPOSITORY

SOURCE, DESTINATION = "2001:db8::1", "2001:db8::2"
_IPV6 = 0x86DD


def cable(namespace, one="v0", other="w0"):
    """A silent cable within NAMESPACE."""
    queues = ["numrxqueues", os.cpu_count(), "numtxqueues", os.cpu_count()]
    namespace.ip("link", "add", "name", one, *queues, "type", "veth", "peer", "name", other, *queues)
    for interface in (one, other):
        namespace.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
        namespace.ip("link", "set", "dev", interface, "up")


@contextlib.contextmanager
def one_cpu():
    """This thread stays on one CPU, always the same: what it sends arrives there. Each CPU ends its part of a flow by itself,
    so that one whose sender was moved between two packets may have a record more."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Sender:
    """Sends frames into v0, and knows what it sent, by flow."""

    def __init__(self, namespace, interface="w0"):
        self.sent = {}
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind((interface, 0))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._socket.close()

    def send(self, label, octets=0, times=1):
        """TIMES packets of flow LABEL with OCTETS of payload."""
        frame = ethernet(b"\2" * 6, b"\4" * 6, _IPV6,
                         ipv6(SOURCE, DESTINATION, NO_NEXT_HEADER, bytes(octets), label=label))
        with one_cpu():
            for _ in range(times):
                self._socket.send(frame)
        key = SOURCE, DESTINATION, label
        packets, before = self.sent.get(key, (0, 0))
        self.sent[key] = packets + times, before + times * (40 + octets)


def generator(*arguments):
    """The command that makes packets, each of a flow of its own: see tests/cli/generator."""
    return [os.environ.get("FLOWLABEL_GENERATOR", REPOSITORY / "build/tests/flowlabel_generator"), *arguments]


def generate(link, hook, packets):
    """As many flows as packets, from all CPUs at once; {"packets", "bytes"}. For XDP they come over the cable, and each one
    arrives; for tc they arrive as from v0's driver."""
    way = ["leave", "w0", "v0"] if hook.hook == "xdp" else ["arrive", "v0"]
    return json.loads(link.run(*generator(*way, packets), timeout=120).stdout)


def start_flood(lab, link, packets):
    """As many as the cable carries to v0 from one CPU, in the background: the process, which ends with the lab at the latest."""
    one = str(min(os.sched_getaffinity(0)))
    return lab.start(link, "taskset", "--cpu-list", one, *generator("leave", "w0", "v0", packets), stdout=subprocess.DEVNULL)
