# SPDX-License-Identifier: BSD-2-Clause
"""A small virtual machine under software emulation.

Hardware virtualisation would be faster where it works, but /dev/kvm can exist and hang these kernels, so nothing here
looks at it. Three serial ports need no parsing: the kernel's log, the command's output, its exit status.
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
# The machine ends when the kernel gives up. Its random numbers come from the emulated CPU, or they would take minutes.
_KERNEL = "console=ttyS0 loglevel=4 panic=-1 oops=panic random.trust_cpu=on mitigations=off"


class Machine:
    """Runs the RAM disk's command and hands each line of its output to a function. WORK is a folder for its files."""

    def __init__(self, vmlinux, ramdisk, work, cpus, on_line):
        self._console = work / "console"
        self._status = work / "status"
        self._qemu = subprocess.Popen(
            [*_QEMU, "-smp", str(cpus), "-kernel", vmlinux, "-initrd", ramdisk, "-append", _KERNEL,
             "-serial", f"file:{self._console}", "-serial", "stdio", "-serial", f"file:{self._status}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # ^C is for the process that cleans up, not for the machine it has to end.
            start_new_session=True)
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    def _read(self, on_line):
        for line in self._qemu.stdout:
            on_line(line.decode(errors="replace").rstrip("\r\n"))

    def wait(self, seconds):
        """The command's exit status, STATUS_TIMEOUT or STATUS_DIED."""
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
        """Ends the machine, whatever it does."""
        if self._qemu.poll() is None:
            self._qemu.kill()
        self._qemu.wait()
        self._reader.join()
        self._qemu.stdout.close()
