"""A folder of its own for each call of an operation: what was sent, and what is to be sent back.

No name that a client chose becomes a path: of an upload only a known ending counts, and names in
an archive are letters, digits and a few marks. This module refuses archives that unpack to much
more than they are, links, and to tell a client where the folder is.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Final

from counterfoil.errors import InputError

__all__ = ["ENDING", "Workplace", "pack", "workplace"]

ENDING: Final = re.compile(r"(\.[a-z0-9]{1,10}){1,2}")
"""What a file's name may end with, as far as it counts."""

_PART: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_FILES_MAX: Final = 1000
_DEPTH_MAX: Final = 8
_UNPACKED_MAX: Final = 128 << 20
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LISTED: Final = b"PK\x01\x02"  # before each name, also in archives that are files of this one
_LISTED_MAX: Final = 100_000
_DAMAGES: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
_CHUNK: Final = 1 << 16


class Workplace:
    """One call's folder, made when it is needed."""

    def __init__(self, made: ExitStack, hidden: Mapping[Path, str]) -> None:
        self._made, self._count = made, 0
        self._hidden = {str(p): name for p, name in hidden.items() if p.is_absolute()}

    @cached_property
    def _folder(self) -> Path:
        """Make the folder, once something is to be in it."""
        made = self._made.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-"))
        return Path(made).resolve()

    @cached_property
    def results(self) -> Path:
        """Make the folder that the operation writes to."""
        folder = self._folder / "results"
        folder.mkdir()
        return folder

    def tells(self, data: bytes) -> bool:
        """Tell whether a text names one of the machine's folders."""
        folders = [*self._hidden, *([str(self._folder)] if "_folder" in vars(self) else [])]
        return any(one.encode() in data for one in folders)

    def keep(self, name: str, called: str, data: bytes, *, tree: bool) -> Path:
        """Keep what was sent for a parameter.

        name: of the parameter. called: the client's name for it, whose ending counts. tree: whether
        a zip archive stands for a folder. Raises InputError with code http.archive.
        """
        self._count += 1
        place = self._folder / str(self._count)
        place.mkdir()
        ending = _ending_of(called)
        if tree and ending.endswith(".zip"):
            return _unpack(data, place / name)
        path = place / f"{name}{ending}"
        path.write_bytes(data)
        return path

    def result(self, name: str, ending: str = "") -> Path:
        """Tell where an operation is to write a file or folder."""
        return self.results / f"{name}{ending}"

    def files(self) -> list[Path]:
        """List what the operation wrote: files, and folders as they are."""
        return sorted(self.results.iterdir()) if "results" in vars(self) else []

    def redact(self, text: str) -> str:
        """Take the machine's folders out of a text: names remain."""
        found = text
        if "_folder" in vars(self):
            found = found.replace(f"{self._folder}/results/", "")
            found = re.sub(re.escape(f"{self._folder}/") + r"[0-9]+/", "", found)
            found = found.replace(str(self._folder), "")
        for path, name in self._hidden.items():
            found = found.replace(path, name)
        return found


@contextmanager
def workplace(hidden: Mapping[Path, str]) -> Iterator[Workplace]:
    """Give a folder for a block, readable by its owner only; it is gone afterwards.

    hidden: further folders of which no client hears, each with what stands in its place.
    """
    with ExitStack() as made:
        yield Workplace(made, hidden)


def pack(paths: list[Path], facts: bytes, sink: IO[bytes]) -> None:
    """Write files, folders and a result as one zip archive, which has the same bytes each time."""
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "result.json", io.BytesIO(facts))
        for path in paths:
            inside = sorted(one for one in path.rglob("[!.]*") if one.is_file())
            for one in [path] if path.is_file() else inside:
                with one.open("rb") as stream:
                    _add(archive, one.relative_to(path.parent).as_posix(), stream)


def _add(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> None:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as sink:
        while chunk := source.read(_CHUNK):
            sink.write(chunk)


def _ending_of(called: str) -> str:
    found = re.search(r"(\.[A-Za-z0-9]{1,10})(\.gz)?\Z", called[-200:], re.IGNORECASE)
    return found.group(0).lower() if found else ""


def _unpack(data: bytes, folder: Path) -> Path:
    folder.mkdir()
    left = _UNPACKED_MAX
    if data.count(_LISTED) > _LISTED_MAX:
        raise _bad(f"1 to {_FILES_MAX} files, found very many")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if not 0 < len(entries) <= _FILES_MAX:
                raise _bad(f"1 to {_FILES_MAX} files, found {len(entries)}")
            for entry in entries:
                parts = entry.filename.split("/")
                if entry.compress_type not in _PACKED:  # others may ask for gigabytes to begin with
                    raise _bad("files that are stored or deflated, found another packing")
                link = (entry.external_attr >> 16) & 0o170000 == 0o120000
                if link or len(parts) > _DEPTH_MAX or not all(map(_PART.fullmatch, parts)):
                    raise _bad(f"names of letters, digits, . _ -, found {entry.filename[:80]!a}")
                left -= _copy(archive, entry, folder.joinpath(*parts), left)
    except _DAMAGES as err:
        raise _bad(f"a zip archive that can be unpacked, but: {str(err)[:200]!a}") from err
    return folder


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, path.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise _bad(f"at most {_UNPACKED_MAX:,} bytes in all, found more")
            sink.write(chunk)
    return size


def _bad(expected: str) -> InputError:
    return InputError(
        "http.archive",
        f"expected an archive with {expected}",
        hint="Send the folder as a plain zip archive, without links.",
    )
