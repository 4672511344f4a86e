"""System programs that some tests need: which package has each, and how to get it.

Only Debian and its children are known. Refuses to act when not root: it says what is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tools.dev.environment import say

__all__ = ["ensure_system_packages"]

PACKAGES = {
    "chromium": "chromium",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mosquitto": "mosquitto",
    "mount": "mount",
    "nft": "nftables",
    "node": "nodejs",
    "npm": "npm",
    "strace": "strace",
    "unshare": "util-linux",
}
"""Program -> Debian package."""


def ensure_system_packages() -> None:
    """Install what is missing, as root on Debian; elsewhere name it.

    Never fails: a test that misses its program skips with a reason, or fails where all is required.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    missing = [package for name, package in PACKAGES.items() if not shutil.which(name, path=path)]
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say(f"some tests will be skipped, these system packages are missing: {names}")
        return
    say(f"installing system packages that the tests use: apt-get install {names}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=300"]
    none = subprocess.DEVNULL
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", *missing]):
        if subprocess.run(command, env=quiet, stdin=none, stdout=none, check=False).returncode:
            say(f"could not: {' '.join(command)}; the tests that need {names} will say so")
            return
