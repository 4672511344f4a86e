"""Copy or write files into a folder so that each, or the folder, is there whole or not at all.

A file that is there with the same size is left alone: what is copied never changes. Files are
linked where the disk allows it, which costs no space; nothing of ours writes into a file that
exists. This module refuses to overwrite in place: it writes beside and renames.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from counterfoil.errors import Unavailable
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["Done", "FolderCopy", "files_below", "replace_file", "replace_folder"]

Done = Literal["linked", "copied", "kept"]


class FolderCopy:
    """Copies files and, on `flush`, makes their names durable.

    link: use hard links where both folders are on one disk. bytes_copied: so far.
    """

    def __init__(self, *, link: bool = True) -> None:
        self._link = link
        self._folders: set[Path] = set()
        self.bytes_copied = 0

    def copy(self, source: Path, target: Path, *, mode: int = 0o644) -> Done:
        """Copy one file unless it is there with the same size.

        mode: permissions of a copy. Raises FileNotFoundError when there is no source, Unavailable
        with code copy.write.
        """
        size = source.stat().st_size
        try:
            if target.is_file() and target.stat().st_size == size:
                return "kept"
            self._make(target.parent)
            return self._copy(source, target, _fresh(target), mode)
        except FileNotFoundError:
            raise
        except OSError as err:
            raise _unwritable(target, err) from err

    def _copy(self, source: Path, target: Path, fresh: Path, mode: int) -> Done:
        try:
            done: Done = "linked"
            if not (self._link and _try_link(source, fresh)):
                self.bytes_copied += _copy_bytes(source, fresh, mode)
                done = "copied"
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return done

    def write(self, target: Path, data: bytes, *, mode: int = 0o644) -> None:
        """Write one file. Raises Unavailable with code copy.write."""
        try:
            self._make(target.parent)
        except OSError as err:
            raise _unwritable(target, err) from err
        self.bytes_copied += len(data)
        replace_file(target, data, mode=mode, sync=False)

    def flush(self) -> None:
        """Sync the folders that name what was copied."""
        for folder in sorted(self._folders):
            try:
                sync_folder(folder)
            except OSError as err:
                raise _unwritable(folder, err) from err
        self._folders.clear()

    def _make(self, folder: Path) -> None:
        missing = [folder, *folder.parents]
        for parent in reversed(missing[: next(i for i, p in enumerate(missing) if p.is_dir())]):
            parent.mkdir(exist_ok=True)
            self._folders.add(parent.parent)
        self._folders.add(folder)


def replace_file(target: Path, data: bytes, *, mode: int = 0o644, sync: bool = True) -> None:
    """Write a file beside `target`, sync it and rename it into place.

    Raises Unavailable with code copy.write.
    """
    fresh = _fresh(target)
    try:
        write_new(fresh, data, mode)
        fresh.replace(target)
        if sync:
            sync_folder(target.parent)
    except OSError as err:
        fresh.unlink(missing_ok=True)
        raise _unwritable(target, err) from err


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder beside `folder`, sync them, and put it into its place.

    files: name -> bytes. A folder that was there goes when the new one stands. Raises OSError.
    """
    fresh, old = _fresh(folder), folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    try:
        fresh.mkdir()
        for name, data in files.items():
            write_new(fresh / name, data)
        sync_folder(fresh)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        sync_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def files_below(folder: Path) -> Iterator[Path]:
    """List the files in a folder and below, in order; none when it is not there."""
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            yield Path(root) / name


def _try_link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that has no links
        return False
    return True


def _copy_bytes(source: Path, target: Path, mode: int) -> int:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as writer, source.open("rb") as reader:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())
        return writer.tell()


def _fresh(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")


def _unwritable(target: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "copy.write",
        f"expected to write {target}, but: {err}",
        hint="Check the space and the permissions of the disk, then run it again.",
    )
