# SPDX-License-Identifier: BSD-2-Clause
"""Links and programs by bpf(2) itself: what bpftool 7.1 cannot do, above all tcx."""

import ctypes
import os
import struct

OBJ_GET, PROG_QUERY, LINK_CREATE, LINK_UPDATE, LINK_DETACH = 7, 16, 28, 29, 34
TCX = {"tc-ingress": 46, "tc-egress": 47}
BEFORE = 1 << 3
_NUMBER = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    """The system call: its result and the attributes that it leaves, or the error."""
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    result = _libc.syscall(_NUMBER, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


class Descriptor:
    """A descriptor that is closed when its block ends."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.number)


def pinned(path):
    """A descriptor of what is pinned at PATH."""
    name = ctypes.create_string_buffer(os.fsencode(path))
    return Descriptor(bpf(OBJ_GET, struct.pack("<QI", ctypes.addressof(name), 0))[0])


def index(namespace, interface):
    """The number of INTERFACE."""
    return int(namespace.ip("-o", "link", "show", "dev", interface).stdout.split(":")[0])


def put_tcx_first(namespace, interface, hook, program):
    """A link of the PROGRAM pinned there at the head of a tcx hook; it ends with its descriptor."""
    with pinned(program) as loaded, namespace.inside():
        attributes = struct.pack("<IIIIIIQ", loaded.number, index(namespace, interface), TCX[hook], BEFORE, 0, 0, 0)
        return Descriptor(bpf(LINK_CREATE, attributes)[0])


def tcx_programs(namespace, interface, hook):
    """The ids on a tcx hook, first to last."""
    ids = (ctypes.c_uint32 * 64)()
    with namespace.inside():
        attributes = struct.pack("<IIIIQI", index(namespace, interface), TCX[hook], 0, 0, ctypes.addressof(ids), 64)
        _, after = bpf(PROG_QUERY, attributes)
    return list(ids[:struct.unpack_from("<I", after, 24)[0]])


def detach_link(path):
    """What `bpftool link detach` does with the link pinned at PATH."""
    with pinned(path) as link:
        bpf(LINK_DETACH, struct.pack("<I", link.number))


def put_into_link(path, program):
    """The PROGRAM that is pinned there goes into the link pinned at PATH."""
    with pinned(path) as link, pinned(program) as loaded:
        bpf(LINK_UPDATE, struct.pack("<III", link.number, loaded.number, 0))
