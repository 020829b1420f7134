# SPDX-License-Identifier: BSD-2-Clause
"""Attachments for tests: attach, read, detach."""

import contextlib
import dataclasses

from lab import kernel_version

KEY = bytes(range(16))


@dataclasses.dataclass(frozen=True)
class Hook:
    """A hook and how the loader attaches to it. FORCED: an option or the environment selects this way, and by default
    the loader would use another one if it can."""

    hook: str
    mode: str
    forced: bool = True

    def __str__(self):
        return f"{self.hook}-{self.mode}" if self.forced else self.hook

    @property
    def options(self):
        """The options of `flowlabel attach`."""
        return ["--hook", self.hook] + (["--mode", self.mode] if self.hook == "xdp" else [])

    @property
    def environment(self):
        """The environment: FLOWLABEL_TC=clsact makes the loader use a clsact filter even if the kernel has tcx."""
        return {"FLOWLABEL_TC": "clsact"} if self.forced and self.hook != "xdp" else {}


_TC_MODE = "tcx" if kernel_version() >= (6, 6) else "clsact"

XDP_NATIVE = Hook("xdp", "native")
XDP_GENERIC = Hook("xdp", "generic")
TC_INGRESS = Hook("tc-ingress", _TC_MODE, forced=False)
TC_INGRESS_CLSACT = Hook("tc-ingress", "clsact")
TC_EGRESS = Hook("tc-egress", _TC_MODE, forced=False)
TC_EGRESS_CLSACT = Hook("tc-egress", "clsact")

INGRESS_HOOKS = [XDP_NATIVE, XDP_GENERIC, TC_INGRESS, TC_INGRESS_CLSACT]
ALL_HOOKS = INGRESS_HOOKS + [TC_EGRESS, TC_EGRESS_CLSACT]


def key_file(directory, key=KEY):
    """A key file with KEY in DIRECTORY that only its owner can read."""
    path = directory / "key"
    path.touch(mode=0o600)
    path.write_text(key.hex() + "\n")
    return path


class Attachment:
    """flowlabel on one hook of an interface."""

    def __init__(self, lab, namespace, interface, hook):
        self._lab = lab
        self._namespace = namespace
        self._interface = interface
        self.hook = hook

    def attach(self, *options):
        """Attaches. With --replace among OPTIONS, replaces."""
        return self._lab.flowlabel(self._namespace, "attach", self._interface, *self.hook.options, *options,
                                   env=self.hook.environment).ok()

    def detach(self):
        """Detaches this hook only."""
        return self._lab.flowlabel(self._namespace, "detach", self._interface, "--hook", self.hook.hook).ok()

    def _read(self, command, *options):
        return self._lab.flowlabel(self._namespace, command, self._interface, "--hook", self.hook.hook, "--json",
                                   *options).json()

    def document(self, *options):
        """The document of `flowlabel flows --json`."""
        return self._read("flows", *options)

    def flows(self, *options):
        """{(source, destination, label): (packets, bytes)}"""
        return {(flow["src"], flow["dst"], flow["label"]): (flow["packets"], flow["bytes"])
                for flow in self.document(*options)["flows"]}

    def counters(self):
        """The counters of `flowlabel stats --json`."""
        return self._read("stats")["counters"]

    def status(self):
        """This attachment in `flowlabel status --json`."""
        (attachment,) = self._read("status")["attachments"]
        return attachment


@contextlib.contextmanager
def attached(lab, namespace, interface, hook, *options):
    """An attachment until the block ends. Without --flows its table is small, because each attachment creates one."""
    attachment = Attachment(lab, namespace, interface, hook)
    size = [] if "--flows" in options else ["--flows", 1024]
    attachment.attach(*size, *options)
    try:
        yield attachment
    finally:
        attachment.detach()


def assert_conserved(totals):
    """Asserts the identity counted = live + spilled + lost for packets and bytes. Nothing may be in motion."""
    for unit in ("packets", "bytes"):
        parts = sum(totals[part][unit] for part in ("live", "spilled", "lost"))
        assert totals["counted"][unit] == parts, totals
