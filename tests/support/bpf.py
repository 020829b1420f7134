# SPDX-License-Identifier: BSD-2-Clause
"""BPF links and programs through bpf(2) directly, for what bpftool 7.1 cannot do: above all tcx."""

import ctypes
import os
import struct

OBJ_GET, PROG_QUERY, LINK_CREATE, LINK_UPDATE, LINK_DETACH = 7, 16, 28, 29, 34
TCX = {"tc-ingress": 46, "tc-egress": 47}
BEFORE = 1 << 3
_NUMBER = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    """Makes the system call. Returns its result and the attributes as the kernel left them, or raises OSError."""
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    result = _libc.syscall(_NUMBER, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


class Descriptor:
    """A file descriptor that is closed at the end of the `with` block."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.number)


def pinned(path):
    """Opens what is pinned at PATH and returns its descriptor."""
    name = ctypes.create_string_buffer(os.fsencode(path))
    return Descriptor(bpf(OBJ_GET, struct.pack("<QI", ctypes.addressof(name), 0))[0])


def index(namespace, interface):
    """The interface index of INTERFACE."""
    return int(namespace.ip("-o", "link", "show", "dev", interface).stdout.split(":")[0])


def put_tcx_first(namespace, interface, hook, program):
    """Creates a BPF link that runs the pinned PROGRAM first on a tcx hook. The link ends when its descriptor is
    closed."""
    with pinned(program) as loaded, namespace.inside():
        attributes = struct.pack("<IIIIIIQ", loaded.number, index(namespace, interface), TCX[hook], BEFORE, 0, 0, 0)
        return Descriptor(bpf(LINK_CREATE, attributes)[0])


def tcx_programs(namespace, interface, hook):
    """The ids of the programs on a tcx hook, in the order in which they run."""
    ids = (ctypes.c_uint32 * 64)()
    with namespace.inside():
        attributes = struct.pack("<IIIIQI", index(namespace, interface), TCX[hook], 0, 0, ctypes.addressof(ids), 64)
        _, after = bpf(PROG_QUERY, attributes)
    return list(ids[:struct.unpack_from("<I", after, 24)[0]])


def detach_link(path):
    """Detaches the link pinned at PATH, like `bpftool link detach`."""
    with pinned(path) as link:
        bpf(LINK_DETACH, struct.pack("<I", link.number))


def put_into_link(path, program):
    """Updates the link pinned at PATH to the pinned PROGRAM."""
    with pinned(path) as link, pinned(program) as loaded:
        bpf(LINK_UPDATE, struct.pack("<III", link.number, loaded.number, 0))
