"""Read small files whole and write files whole, with errors that say what to do.

A file that is written appears under its name complete or not at all. This module refuses to read
without a limit.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from counterfoil.ports import STANDARD_STREAM, Channel

__all__ = [
    "POLICY_MAX_BYTES",
    "keep_input",
    "read_file",
    "read_input",
    "refuse_json",
    "shown",
    "write_file",
]

POLICY_MAX_BYTES: Final = 1 << 20
"""Largest policy file that is read, bytes."""


def shown(path: Path) -> str:
    r"""Write a path as text that every encoding of UTF-8 can carry; other bytes become \x..."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def read_file(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises NotFound with code file.missing, InputError with code file.too-large, file.empty or
    file.unreadable, Unavailable with code file.read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as err:
        raise _unreadable(path, err) from err
    return _bounded(data, limit, shown(path))


def read_input(path: Path, channel: Channel, limit: int) -> bytes:
    """Read a file, or standard input for `-`; at most `limit` bytes. Errors as `read_file`."""
    if path != STANDARD_STREAM:
        return read_file(path, limit)
    parts: list[bytes] = []
    left = limit + 1
    try:
        while left and (part := channel.source.read(left)):
            parts.append(part)
            left -= len(part)
    except OSError as err:
        raise Unavailable(
            "file.read", f"expected to read standard input, but: {err}", hint="Check the pipe."
        ) from err
    return _bounded(b"".join(parts), limit, "standard input")


def refuse_json(text: str) -> None:
    """Refuse JSON that is no object, where a text named no file.

    Raises InputError with code json.no-object.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    words = {list: "an array", str: "a text", bool: "a truth value", type(None): "null"}
    kind = words.get(type(found), "a number")
    raise InputError(
        "json.no-object",
        f"expected a JSON object, or a file that holds one, found {kind}",
        hint="""An object has names: '{"name": ...}'.""",
    )


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole and durably, or leave what was there.

    A command that can write to standard output has done so before; here - is no name. Raises
    NotFound with code file.folder, InputError with code file.not-writable, Unavailable with code
    file.write.
    """
    if path == STANDARD_STREAM:
        raise InputError(
            "file.not-writable",
            "expected the name of a file, found -: this is not written to standard output",
            hint="Name a file, such as ./out.",
        )
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new") if path.name else path
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        try:
            with fresh.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.rename(path)
        finally:
            fresh.unlink(missing_ok=True)
    except (OSError, ValueError) as err:
        raise _unwritable(path, err) from err


def keep_input(file: Path, *outputs: Path | None) -> None:
    """Refuse to write a result over the file that it is made from.

    Raises InputError with code file.is-input.
    """
    for out in outputs:
        try:
            same = out is not None and STANDARD_STREAM not in (file, out) and file.samefile(out)
        except (OSError, ValueError):
            continue  # one of them is not there: whoever reads or writes it says so
        if same:
            raise InputError(
                "file.is-input",
                f"expected another file to write to, found {shown(file)}, which is read",
                hint="Name another file: what is read is not written over.",
            )


def _bounded(data: bytes, limit: int, name: str) -> bytes:
    if len(data) > limit:
        raise InputError(
            "file.too-large",
            f"expected at most {limit:,} bytes in {name}, found more",
            hint="Check that it is the file you mean.",
        )
    if not data:
        raise InputError(
            "file.empty",
            f"expected something in {name}, found nothing: it is empty",
            hint="Check that it is the file you mean.",
        )
    return data


def _unreadable(path: Path, err: OSError | ValueError) -> CounterfoilError:
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return NotFound(
            "file.missing", f"expected a file at {shown(path)}, found none", hint="Check the path."
        )
    if getattr(err, "errno", None) == errno.EIO:
        return Unavailable(
            "file.read", f"expected to read {shown(path)}, but: {_why(err)}", hint="Check the disk."
        )
    return InputError(
        "file.unreadable",
        f"expected a file that can be read at {shown(path)}, but: {_why(err)}",
        hint="Check the path and its permissions.",
    )


def _unwritable(path: Path, err: OSError | ValueError) -> CounterfoilError:
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return NotFound(
            "file.folder",
            f"expected a folder at {shown(path.parent)}, found none",
            hint="Make the folder first.",
        )
    if isinstance(err, IsADirectoryError | ValueError):
        return InputError(
            "file.not-writable",
            f"expected the name of a file, found {shown(path)}: {_why(err)}",
            hint="Name the file itself.",
        )
    return Unavailable(
        "file.write",
        f"expected to write {shown(path)}, but: {_why(err)}",
        hint="Check the permissions and the space of the disk.",
    )


def _why(err: OSError | ValueError) -> str:
    return getattr(err, "strerror", None) or str(err)
