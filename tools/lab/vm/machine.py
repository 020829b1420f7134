# SPDX-License-Identifier: BSD-2-Clause
"""A small virtual machine under software emulation.

It never uses /dev/kvm: hardware virtualization is faster where it works, but on some machines /dev/kvm exists and these
kernels hang with it. The kernel's log, the command's output and the exit status each have a serial port, so that
nothing has to be parsed.
"""

import subprocess
import threading

STATUS_TIMEOUT = 124
STATUS_DIED = 125  # the kernel panicked, or the machine ended before the command did

_QEMU = [
    "setpriv", "--pdeathsig", "KILL",  # so that no machine outlives this process, however it ends
    "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-M", "pc,smm=off,usb=off,vmport=off", "-m", "1024",
    "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
]
# The machine ends when the kernel panics. The kernel trusts the random numbers of the emulated CPU: other entropy would
# take minutes.
_KERNEL = "console=ttyS0 loglevel=4 panic=-1 oops=panic random.trust_cpu=on mitigations=off"


class Machine:
    """Runs the command of the RAM disk and passes each line of its output to a function. WORK is a directory for its
    files."""

    def __init__(self, vmlinux, ramdisk, work, cpus, on_line):
        self._console = work / "console"
        self._status = work / "status"
        self._qemu = subprocess.Popen(
            [*_QEMU, "-smp", str(cpus), "-kernel", vmlinux, "-initrd", ramdisk, "-append", _KERNEL,
             "-serial", f"file:{self._console}", "-serial", "stdio", "-serial", f"file:{self._status}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # ^C must reach only this process, which cleans up, and not the machine that it ends.
            start_new_session=True)
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    def _read(self, on_line):
        for line in self._qemu.stdout:
            on_line(line.decode(errors="replace").rstrip("\r\n"))

    def wait(self, seconds):
        """Returns the exit status of the command, STATUS_TIMEOUT or STATUS_DIED."""
        try:
            self._qemu.wait(seconds)
        except subprocess.TimeoutExpired:
            return STATUS_TIMEOUT
        self._reader.join()
        text = self._status.read_text().strip() if self._status.exists() else ""
        return int(text) if text.isdigit() else STATUS_DIED

    def console(self, lines):
        """The last lines of the kernel's log."""
        text = self._console.read_text(errors="replace") if self._console.exists() else ""
        return text.splitlines()[-lines:]

    def end(self):
        """Ends the machine, in any state."""
        if self._qemu.poll() is None:
            self._qemu.kill()
        self._qemu.wait()
        self._reader.join()
        self._qemu.stdout.close()
