# SPDX-License-Identifier: BSD-2-Clause
"""Traffic for a collector: a cable that carries only the test's packets, single frames of a flow, and bursts in which
each packet is a flow of its own."""

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
    """A veth pair within NAMESPACE on which the kernel sends nothing."""
    queues = ["numrxqueues", os.cpu_count(), "numtxqueues", os.cpu_count()]
    namespace.ip("link", "add", "name", one, *queues, "type", "veth", "peer", "name", other, *queues)
    for interface in (one, other):
        namespace.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
        namespace.ip("link", "set", "dev", interface, "up")


@contextlib.contextmanager
def one_cpu():
    """Pins this thread to one CPU, always the same one, and what it sends arrives on that CPU. Each CPU ends its part
    of a flow separately, so a flow whose sender moved to another CPU may get one more record."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Sender:
    """Sends frames into v0 and adds up by flow what it sent."""

    def __init__(self, namespace, interface="w0"):
        self.sent = {}
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind((interface, 0))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._socket.close()

    def send(self, label, octets=0, times=1):
        """Sends TIMES packets of the flow with LABEL, each with OCTETS bytes of payload."""
        frame = ethernet(b"\2" * 6, b"\4" * 6, _IPV6,
                         ipv6(SOURCE, DESTINATION, NO_NEXT_HEADER, bytes(octets), label=label))
        with one_cpu():
            for _ in range(times):
                self._socket.send(frame)
        key = SOURCE, DESTINATION, label
        packets, before = self.sent.get(key, (0, 0))
        self.sent[key] = packets + times, before + times * (40 + octets)


def generator(*arguments):
    """The command line of the packet generator, which makes each packet a flow of its own: see tests/cli/generator."""
    return [os.environ.get("FLOWLABEL_GENERATOR", REPOSITORY / "build/tests/flowlabel_generator"), *arguments]


def generate(link, hook, packets):
    """Generates PACKETS packets from all CPUs at once, each of a flow of its own. Returns {"packets", "bytes"}. For XDP
    they cross the cable, and none is dropped; for tc they enter as if v0's driver had received them."""
    way = ["leave", "w0", "v0"] if hook.hook == "xdp" else ["arrive", "v0"]
    return json.loads(link.run(*generator(*way, packets), timeout=120).stdout)


def start_flood(lab, link, packets):
    """Starts to send PACKETS packets from one CPU to v0, as fast as the cable carries them. Returns the process, which
    ends with the lab at the latest."""
    one = str(min(os.sched_getaffinity(0)))
    return lab.start(link, "taskset", "--cpu-list", one, *generator("leave", "w0", "v0", packets), stdout=subprocess.DEVNULL)
