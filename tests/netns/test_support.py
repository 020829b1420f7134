# SPDX-License-Identifier: BSD-2-Clause
"""The helpers of the other tests: the second implementation of the label formula, and labs that leave nothing."""

import pathlib
import signal
import subprocess
import sys

import pytest

import lab as lab_module
from frames import UDP, Packet, ipv6, udp
from label import label_of, siphash

# The key 00 01 .. 0f over messages 00 01 02 ..: bytes of message, SipHash-2-4, SipHash-1-3. 2-4: the reference
# implementation's vectors; 1-3: as the kernel computes it.
VECTORS = [
    (0, 0x726FDB47DD0E0E31, 0xABAC0158050FC4DC),
    (1, 0x74F839C593DC67FD, 0xC9F49BF37D57CA93),
    (7, 0xAB0200F58B01D137, 0xD3927D989BB11140),
    (8, 0x93F5F5799A932462, 0x369095118D299A8E),
    (15, 0xA129CA6149BE45E5, 0xD320D86D2A519956),
    (32, 0x7127512F72F27CCE, 0x81157B6C16A7B60D),
    (37, 0x027990F029623981, 0xB6101C2DA3C33057),
    (63, 0x958A324CEB064572, 0x9D199062B7BBB3A8),
]


@pytest.mark.parametrize("length, siphash_2_4, siphash_1_3", VECTORS)
def test_siphash_vectors(length, siphash_2_4, siphash_1_3):
    """VEC-1, VEC-2: SipHash of each message equals the test vector."""
    key, message = bytes(range(16)), bytes(range(length))
    assert siphash(key, message) == siphash_2_4
    assert siphash(key, message, 1, 3) == siphash_1_3


def test_labels_are_in_range_and_differ():
    """R6437-3-4, R6437-3-6, DEC-7: labels are 1 to 0xFFFFF and not sequential, and the reverse direction gets another
    label."""
    labels = [label_of(bytes(16), "2001:db8::1", "2001:db8::2", (6, port, 443)) for port in range(2000)]
    assert all(1 <= label <= 0xFFFFF for label in labels)
    assert len({after - before for before, after in zip(labels, labels[1:])}) > 1990
    assert label_of(bytes(16), "2001:db8::1", "2001:db8::2") != label_of(bytes(16), "2001:db8::2", "2001:db8::1")


def test_frames_read_back():
    """A frame that a test builds is parsed into the same values."""
    packet = Packet(ipv6("2001:db8::1", "2001:db8::2", UDP, udp("2001:db8::1", "2001:db8::2", 7, 9, b"abc"),
                         label=0xABCDE, traffic_class=0x5A))
    assert packet.flow == ("2001:db8::1", "2001:db8::2", 0xABCDE)
    assert (packet.traffic_class, packet.ports, packet.wire_octets) == (0x5A, (7, 9), 51)
    assert packet.checksum_is_valid()


HOLDER = """
import sys, time
sys.path.insert(0, {support!r})
from lab import Lab, interrupt_on_signals
interrupt_on_signals()
with Lab() as lab:
    one, other = lab.namespace("one"), lab.namespace("other")
    lab.veth(one, "eth0", other, "eth0")
    lab.start(one, "sleep", "1000")
    print(lab.flowlabel(other, "attach", "eth0").status, flush=True)
    time.sleep(60)
"""


def traces_of(pid):
    """What the labs of a process left: namespaces, mounts, directories."""
    prefix = f"{lab_module.PREFIX}{pid}-"
    mounts = [line for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if prefix in line]
    return mounts + [path.name for directory in (lab_module.NETNS_DIRECTORY, pathlib.Path("/tmp"))
                     for path in directory.glob(prefix + "*")]


@pytest.fixture
def holder(requirements):
    """A process that uses a lab."""
    support = str(pathlib.Path(lab_module.__file__).parent)
    with subprocess.Popen([sys.executable, "-c", HOLDER.format(support=support)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "0\n", process.stderr.read()
        yield process
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_leaves_nothing(holder, number):
    """^C, SIGTERM and SIGHUP remove namespaces, bpffs, pins and processes."""
    assert traces_of(holder.pid)
    holder.send_signal(number)
    holder.wait(timeout=60)
    assert traces_of(holder.pid) == []


def test_the_next_lab_cleans_up_behind_a_killed_one(holder):
    """The next lab removes what a lab left whose process was killed with SIGKILL."""
    holder.kill()
    holder.wait(timeout=60)
    assert traces_of(holder.pid)
    with lab_module.Lab():
        assert traces_of(holder.pid) == []
