"""Check a mirror's folder by the specification alone, with none of the code that made it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pymerkle

from counterfoil.formats import bundle, checkpoint, note

__all__ = ["check_log", "naive_copy"]


def check_log(folder: Path) -> list[str]:
    """Say what is wrong with the log in a folder; a folder without a checkpoint is fine."""
    try:
        signed = (folder / "checkpoint").read_bytes()
    except FileNotFoundError:
        return []
    try:
        tree = checkpoint.parse(note.parse(signed).text)
        entries = _entries(folder, tree.size)
    except Exception as err:
        return [f"{type(err).__name__}: {err}"]
    merkle = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        merkle.append_entry(entry)
    root = merkle.get_root() if entries else sha256().digest()
    wrong = [] if root == tree.root else [f"checkpoint: its root at {tree.size} is another"]
    level, hashes = 0, [sha256(b"\0" + entry).digest() for entry in entries]
    while hashes:
        for number in range(0, len(hashes), 256):
            run = hashes[number : number + 256]
            if _read(folder, f"tile/{level}", number // 256, len(run), 32) != b"".join(run):
                wrong.append(f"tile/{level}: number {number // 256} is another")
        whole = len(hashes) // 256 * 256
        level, hashes = level + 1, [_root(hashes[n : n + 256]) for n in range(0, whole, 256)]
    return wrong


def naive_copy(base: str, folder: Path) -> None:
    """Copy a log's files as a mirror does that believes what it gets; at most 16 MiB each."""
    from urllib.request import urlopen

    def fetch(path: str) -> None:
        with urlopen(f"{base}/{path}", timeout=5) as answer:  # noqa: S310  # a test's own server
            data = answer.read(16 << 20)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    fetch("checkpoint")
    size = checkpoint.parse(note.parse((folder / "checkpoint").read_bytes()).text).size
    level = 0
    while size:
        for number in range(-(-size // 256)):
            width = min(256, size - number * 256)
            for kind in (str(level), "entries") if level == 0 else (str(level),):
                fetch(f"tile/{kind}/{number:03d}" + (f".p/{width}" if width < 256 else ""))
        size //= 256
        level += 1


def _entries(folder: Path, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for number in range(-(-size // 256)):
        width = min(256, size - number * 256)
        entries += bundle.parse(_read(folder, "tile/entries", number, width, 0))[:width]
    if len(entries) != size:
        raise ValueError(f"expected {size} entries, found {len(entries)}")
    return entries


def _read(folder: Path, kind: str, number: int, width: int, each: int) -> bytes:
    path = folder / kind / f"{number:03d}"
    if width < 256 and (partial := Path(f"{path}.p") / str(width)).exists():
        path = partial
    data = path.read_bytes()
    return data[: width * each] if each else data


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [
            sha256(b"\1" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]
