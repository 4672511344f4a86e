"""Read an evidence pack from a stranger's bytes: a zip, or the HTML page that carries one.

Bounded before anything is unpacked: the size of the directory, the number of files, each file's
size and their sum, names of one plain form. This module refuses what our own zips never are:
encrypted, split, commented, of 64-bit form, with a name twice.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from counterfoil.errors import InputError
from counterfoil.ledger.lineage.pack import FILE_MAX_BYTES, PACK_MAX_BYTES, STATEMENTS_MAX

__all__ = ["EMBEDDED", "read_html", "read_zip"]

EMBEDDED: Final = (b'<script type="application/zip" id="pack">', b"</script>")
"""What stands before and after a zip's base64 in a page."""

_NAME: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9-]{0,63}(/[A-Za-z0-9][A-Za-z0-9-]{0,63})?\.[a-z]{1,8}"
)
_END: Final = struct.Struct("<4s4H2LH")
_FILES_MAX: Final = 2 * STATEMENTS_MAX + 64
_DIRECTORY_MAX: Final = _FILES_MAX * 256
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 1
_BAD: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    struct.error, OSError,
)  # fmt: skip


def read_zip(data: bytes) -> dict[str, bytes]:
    """Unpack a zip within bounds: name -> bytes.

    Raises InputError with code pack.malformed for what is none of ours, pack.hostile where a bound
    is passed.
    """
    _require_bounds(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if not _is_folder(one)]
            _require_members(members)
            files: dict[str, bytes] = {}
            left = PACK_MAX_BYTES
            for member in members:
                limit = min(FILE_MAX_BYTES, left)
                with archive.open(member) as stream:
                    found = stream.read(limit + 1)
                if len(found) > limit:  # the directory may lie about sizes
                    raise _hostile(f"{member.filename} of at most {limit:,} bytes", "more")
                left -= len(found)
                files[member.filename] = found
    except _BAD as err:
        if isinstance(err, InputError):
            raise
        raise _malformed(f"one that cannot be unpacked: {err}") from err
    return files


def read_html(data: bytes) -> bytes:
    """Take the zip out of a pack's page. Raises InputError with code pack.malformed."""
    before, found, rest = data.partition(EMBEDDED[0])
    text, ended, after = rest.partition(EMBEDDED[1])
    if not found or not ended or EMBEDDED[0] in before + after:
        raise _malformed("a page without one")
    try:
        return b64decode(text, validate=True)
    except Base64Error as err:
        raise _malformed(f"a page whose pack is no base64: {err}") from err


def _require_bounds(data: bytes) -> None:
    """Hold the end record to what our zips have, before the directory is read."""
    if len(data) > PACK_MAX_BYTES:
        raise _hostile(f"a pack of at most {PACK_MAX_BYTES:,} bytes", f"{len(data):,}")
    if len(data) < _END.size or data[-_END.size :][:4] != b"PK\x05\x06":
        raise _malformed("no zip, or one with a comment")
    end = _END.unpack(data[-_END.size :])
    _, disk, start_disk, here, total, size, offset, _ = end
    if disk or start_disk or here != total or offset + size + _END.size != len(data):
        raise _malformed("a zip that is split, or has something around it")
    if total > _FILES_MAX or size > _DIRECTORY_MAX:
        raise _hostile(f"a pack of at most {_FILES_MAX:,} files", f"{total:,}")


def _is_folder(member: zipfile.ZipInfo) -> bool:
    """Tell a folder's own entry, which other zip programs add; it holds nothing."""
    return member.filename in ("receipts/", "statements/") and member.file_size == 0


def _require_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(names) > _FILES_MAX:
        raise _hostile(f"a pack of at most {_FILES_MAX:,} files", f"{len(names):,}")
    for member in members:
        if member.orig_filename != member.filename or not _NAME.fullmatch(member.filename):
            raise _hostile("names such as receipts/7.json", repr(member.orig_filename[:80]))
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
            raise _malformed(f"{member.filename} encrypted, or packed in an unknown way")
        if member.file_size > FILE_MAX_BYTES:
            raise _hostile(f"files of at most {FILE_MAX_BYTES:,} bytes", f"{member.file_size:,}")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _hostile("each name once", f"{twice} twice")
    total = sum(member.file_size for member in members)
    if total > PACK_MAX_BYTES:
        raise _hostile(f"at most {PACK_MAX_BYTES:,} bytes unpacked", f"{total:,}")


def _malformed(found: str) -> InputError:
    return InputError(
        "pack.malformed",
        f"expected an evidence pack, found {found}",
        hint="`counterfoil evidence pack ID --out pack.zip` makes one.",
    )


def _hostile(expected: str, found: str) -> InputError:
    return InputError(
        "pack.hostile",
        f"expected {expected}, found {found}",
        hint="Do not unpack this file: it is not what `counterfoil evidence pack` makes.",
    )
