# SPDX-License-Identifier: BSD-2-Clause
"""Downloads Debian's kernels and unpacks them into a cache; installs nothing.

A cached kernel is a directory LINE_VERSION with the files `vmlinux` and `release` and the directory `modules`.
"""

import fcntl
import lzma
import pathlib
import re
import shutil
import subprocess
import tempfile

# The packages that depend on the newest kernel of each line. PREEMPT_RT is tested only on request.
PACKAGES = {"6.1": "linux-image-cloud-amd64", "6.12": "linux-image-6.12-cloud-amd64", "6.1-rt": "linux-image-rt-amd64"}
DEFAULT_LINES = ["6.1", "6.12"]

_FOLDERS = ["arch/x86/crypto", "crypto", "drivers/net", "lib", "net"]
_LEFT_OUT = re.compile(r"/net/(9p|batman-adv|bluetooth|can|ceph|mac80211|rds|smc|sunrpc|tipc|wireless)/"
                       r"|/drivers/net/(ethernet|hyperv|wwan|xen-)")


class Unavailable(Exception):
    """The kernel is not available on this machine; the text is the reason."""


def fetch(line, cache):
    """Returns the directory of the newest kernel of LINE, or of a cached one if the archive cannot be reached."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # against parallel runs
        for left in cache.glob("download-*"):  # of a run that was killed
            shutil.rmtree(left)
        problem = _download(line, cache)
    folders = sorted(cache.glob(f"{line}_*"))
    if not folders:
        raise Unavailable(problem)
    return folders[-1]


def _download(line, cache):
    """Updates the cache. Returns the error that prevented it, or None."""
    newest = _newest(line)
    if not newest:
        return f"apt knows no package {PACKAGES[line]}: run 'apt-get update' as root"
    package, version = newest
    folder = cache / f"{line}_{version}"
    if folder.exists():
        return None
    with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as work:
        work = pathlib.Path(work)
        done = subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", f"{package}={version}"],
                              cwd=work, capture_output=True, text=True)
        if done.returncode != 0:
            return f"{package} cannot be downloaded: {done.stderr.strip()}"
        (archive,) = work.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, work / "tree"], check=True)
        _keep(work / "tree", work / "kept")
        for old in cache.glob(f"{line}_*"):
            shutil.rmtree(old)
        (work / "kept").rename(folder)
    return None


def _newest(line):
    """(package, version) of the newest kernel in apt's package lists, or None."""
    done = subprocess.run(["apt-cache", "show", "--no-all-versions", PACKAGES[line]], capture_output=True, text=True)
    found = re.search(r"^Depends:.*?\b(linux-image-\S+) \(= (\S+)\)", done.stdout, re.MULTILINE)
    return found and found.groups()


def _keep(tree, target):
    """Keeps what a machine needs of an unpacked package."""
    target.mkdir()
    (image,) = tree.glob("boot/vmlinuz-*")
    (modules,) = tree.glob("lib/modules/*")
    (target / "vmlinux").write_bytes(_unpacked(image.read_bytes()))
    (target / "release").write_text(modules.name)
    for folder in _FOLDERS:
        for path in (modules / "kernel" / folder).rglob("*.ko*"):
            if not _LEFT_OUT.search(str(path)):
                _keep_module(path, target / "modules" / path.relative_to(modules))
    for name in ("modules.builtin", "modules.order"):
        shutil.copy(modules / name, target / "modules" / name)


def _keep_module(path, target):
    """Stores a module uncompressed: busybox loads no compressed ones."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xz":
        target.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
    else:
        shutil.copy(path, target)


def _unpacked(image):
    """Extracts the ELF file from a bzImage (Documentation/arch/x86/boot.rst): under emulation it would take a machine
    seconds to decompress it. The last four bytes of the payload are the size of the ELF file."""
    setup_sectors = image[0x1F1] or 4
    start = (setup_sectors + 1) * 512 + int.from_bytes(image[0x248:0x24C], "little")
    payload = image[start:start + int.from_bytes(image[0x24C:0x250], "little") - 4]
    programs = {bytes.fromhex("02214c18"): "lz4", bytes.fromhex("28b52ffd"): "zstd", bytes.fromhex("fd377a58"): "xz"}
    program = programs[payload[:4]]
    return subprocess.run([program, "-dc"], input=payload, stdout=subprocess.PIPE, check=True).stdout
