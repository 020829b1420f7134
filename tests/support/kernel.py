# SPDX-License-Identifier: BSD-2-Clause
"""State of the kernel, read without flowlabel: programs, qdiscs, filters, pins."""

import json
import pathlib
import time

from lab import command


def programs():
    """{id: name} of all loaded programs."""
    listed = json.loads(command("bpftool", "--json", "prog", "show").stdout)
    return {entry["id"]: entry.get("name", "") for entry in listed}


def flowlabel_programs():
    """The ids of the loaded programs that have names of flowlabel's programs; programs of other tests may be among
    them."""
    return {number for number, name in programs().items() if name.startswith("flowlabel_")}


def attached_xdp(namespace, interface):
    """{"native": id, "generic": id} of the XDP programs on INTERFACE."""
    link = json.loads(namespace.ip("-json", "-details", "link", "show", "dev", interface).stdout)[0]
    modes = {1: "native", 2: "generic"}
    return {modes[entry["mode"]]: entry["prog"]["id"] for entry in xdp_entries(link.get("xdp"))}


def xdp_entries(xdp):
    """One entry for each attached program, for both JSON formats of iproute2."""
    if not xdp:
        return []
    return xdp.get("attached", [xdp])


def qdiscs(namespace, interface):
    """The kinds of the qdiscs that have a handle."""
    listed = json.loads(namespace.run("tc", "-json", "qdisc", "show", "dev", interface).stdout)
    return {qdisc["kind"] for qdisc in listed}


def filters(namespace, interface, direction):
    """{(priority, handle): program name} of the BPF filters on a clsact qdisc."""
    listed = json.loads(namespace.run("tc", "-json", "filter", "show", "dev", interface, direction).stdout or "[]")
    return {(entry["pref"], entry["options"]["handle"]): entry["options"].get("prog", {}).get("name", "")
            for entry in listed if "options" in entry}


def pins(lab):
    """All directories of flowlabel in the lab's bpffs, to show that no empty one is left."""
    return sorted(str(path.relative_to(lab.bpffs)) for path in pathlib.Path(lab.bpffs).glob("flowlabel/**"))


def unread(namespace, port):
    """What the sockets of PORT hold for their program: bytes, and connections that are not accepted yet."""
    sockets = namespace.run("ss", "-Hantu", f"sport = :{port}").stdout.splitlines()
    return sum(int(line.split()[2]) for line in sockets)


def eventually(condition, timeout=60):
    """Waits until CONDITION() holds, for what the kernel or another process completes asynchronously, such as the end
    of a namespace. The timeout allows for a loaded machine; only a failure takes that long."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)
