"""Two small disks whose power can be cut: ext4 in image files, mounted by loop devices.

A cut shuts the file systems down under a process, as xfstests does (EXT4_IOC_SHUTDOWN without a
flush of the journal): from that moment nothing reaches the images any more, and what was written
but never synced is lost. Mounting again replays the journal, as after a real cut. Not
modelled: a disk that forgets or tears what it said it had written.

To be used in mount and process namespaces of its own (see `ALONE`): when the last process there
ends, however it ends, the kernel unmounts all of it and frees the loop devices and the images.
"""

from __future__ import annotations

import fcntl
import os
import random
import struct
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["ALONE", "Disks", "NoDisks"]

ALONE: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Command that starts another one in namespaces of its own, whose end leaves nothing behind."""

_SHUTDOWN: Final = 0x8004587D  # EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)
_WITHOUT_FLUSH: Final = struct.pack("I", 2)  # EXT4_GOING_FLAGS_NOLOGFLUSH
_SIZE_BYTES: Final = 96 << 20


class NoDisks(Exception):
    """This machine lets nobody make disks: no mkfs.ext4, loop devices or right to mount."""


class Disks:
    """A disk for the ledger's folder and one for the state folder.

    place: an empty folder. The images are in memory. Raises NoDisks.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self.ledger = place / "ledger" / "books"
        self.state = place / "state" / "counterfoil"
        # Beside the disks, not around them: if somebody deletes the folder meanwhile, a disk below
        # the file system of its own image would pin both for ever.
        for name in ("images", "ledger", "state"):
            (place / name).mkdir()
        _run("mount", "-t", "tmpfs", "-o", "size=300m", "none", place / "images")
        self.renew()

    def renew(self) -> None:
        """Begin with empty disks."""
        self._unmount()
        for name in ("ledger", "state"):
            image = self._image(name)
            image.unlink(missing_ok=True)
            image.touch()
            os.truncate(image, _SIZE_BYTES)
            _run("mkfs.ext4", "-q", "-F", "-E", "nodiscard", image)
        self._mount()

    def cut(self, choice: random.Random) -> None:
        """Cut the power, of one disk before the other's: whoever uses them must be held still."""
        handles = [os.open(self._place / name, os.O_RDONLY) for name in ("ledger", "state")]
        choice.shuffle(handles)
        for handle in handles:
            fcntl.ioctl(handle, _SHUTDOWN, _WITHOUT_FLUSH)
        for handle in handles:
            os.close(handle)

    def replay(self) -> None:
        """Mount the disks again, as after a cut; nobody may use them."""
        self._unmount()
        self._mount()

    def _mount(self) -> None:
        for name in ("ledger", "state"):
            _run("mount", "-t", "ext4", "-o", "loop", self._image(name), self._place / name)

    def _unmount(self) -> None:
        for name in ("ledger", "state"):
            if (self._place / name).is_mount():
                _run("umount", self._place / name)

    def _image(self, name: str) -> Path:
        return self._place / "images" / name


def _run(*command: object) -> None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    words: Sequence[str] = [str(word) for word in command]
    error = "not installed"
    with suppress(FileNotFoundError):
        environment = {**os.environ, "PATH": path}
        ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode == 0:
            return
        error = ran.stderr.strip()
    raise NoDisks(f"{words[0]}: {error}")
