# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel says, asked without flowlabel: programs, qdiscs, filters, pins."""

import json
import pathlib
import time

from lab import command


def programs():
    """{id: name} of all loaded programs."""
    listed = json.loads(command("bpftool", "--json", "prog", "show").stdout)
    return {entry["id"]: entry.get("name", "") for entry in listed}


def flowlabel_programs():
    """The ids of the loaded programs that have flowlabel's names; another test's may be among them."""
    return {number for number, name in programs().items() if name.startswith("flowlabel_")}


def attached_xdp(namespace, interface):
    """{"native": id, "generic": id} of the XDP programs on INTERFACE."""
    link = json.loads(namespace.ip("-json", "-details", "link", "show", "dev", interface).stdout)[0]
    modes = {1: "native", 2: "generic"}
    return {modes[entry["mode"]]: entry["prog"]["id"] for entry in xdp_entries(link.get("xdp"))}


def xdp_entries(xdp):
    """One entry for each attached program, whichever way iproute2 writes it."""
    if not xdp:
        return []
    return xdp.get("attached", [xdp])


def qdiscs(namespace, interface):
    """The kinds of the qdiscs with a handle of their own."""
    listed = json.loads(namespace.run("tc", "-json", "qdisc", "show", "dev", interface).stdout)
    return {qdisc["kind"] for qdisc in listed}


def filters(namespace, interface, direction):
    """{(priority, handle): program name} of the BPF filters on a clsact qdisc."""
    listed = json.loads(namespace.run("tc", "-json", "filter", "show", "dev", interface, direction).stdout or "[]")
    return {(entry["pref"], entry["options"]["handle"]): entry["options"].get("prog", {}).get("name", "")
            for entry in listed if "options" in entry}


def pins(lab):
    """Every directory of flowlabel's in the lab's bpffs: none is left empty."""
    return sorted(str(path.relative_to(lab.bpffs)) for path in pathlib.Path(lab.bpffs).glob("flowlabel/**"))


def unread(namespace, port):
    """What waits in the sockets of PORT for their program: octets, and connections that it has not accepted."""
    sockets = namespace.run("ss", "-Hantu", f"sport = :{port}").stdout.splitlines()
    return sum(int(line.split()[2]) for line in sockets)


def eventually(condition, timeout=60):
    """Waits for what the kernel, or another process, does in its own time, such as the end of a namespace. The time is for a
    machine that does much else; nothing takes longer by it but a failure."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
