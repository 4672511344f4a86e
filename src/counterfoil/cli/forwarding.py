"""Have a node do what a command says, where one is named: the same words, files and answers.

A command about a ledger goes to the node of `COUNTERFOIL_NODE`, unless a folder is named; with the
key of `COUNTERFOIL_KEY`. What the node gives is printed as JSON; files are written here, and what
was written is printed. This module refuses what a node does not offer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from counterfoil.errors import InputError, Unavailable
from counterfoil.ops.offered import NOT_OFFERED
from counterfoil.ops.signature import Field
from counterfoil.ports import STANDARD_STREAM, Operation

__all__ = ["NODE_ENVIRONMENT", "forward", "node_for"]

NODE_ENVIRONMENT: Final = "COUNTERFOIL_NODE"
"""Environment variable that names a node's address."""


def node_for(fields: Sequence[Field], given: Mapping[str, Any]) -> str | None:
    """Tell the node that a command is for; None where it is for this machine.

    fields: of its operation. given: what was named; a ledger's folder is meant by itself.
    """
    about_ledger = any(one.holds == "ledger" for one in fields)
    named = any(given.get(one.name) is not None for one in fields if one.holds == "ledger")
    return (os.environ.get(NODE_ENVIRONMENT) or None) if about_ledger and not named else None


def forward(
    node: str,
    operation: Operation,
    fields: Sequence[Field],
    given: Mapping[str, Any],
    source: BinaryIO,
    sink: BinaryIO,
) -> None:
    """Call an operation of a node, and print or write what it gives.

    Raises InputError with code node.command or node.folder, and as `RemoteLedger.call`.
    """
    reason = NOT_OFFERED.get(operation.name)
    if reason is not None:
        raise InputError(
            "node.command",
            f"expected a command that a node offers, found {operation.name}: {reason}",
            hint=f"Name a ledger's folder with --ledger, or take {NODE_ENVIRONMENT} away.",
        )
    said: dict[str, Any] = {}
    target: Path | None = None
    for one in fields:
        value = given.get(one.name)
        if value is None or one.holds in ("ledger", "machine"):
            continue
        if one.holds == "output":
            target, value = value, value.suffix or "-"
        elif one.holds in ("tree", "output-folder"):
            raise InputError(
                "node.folder",
                f"expected files, found the folder {str(value)[:80]!a}: folders do not travel",
                hint="Do it where the ledger is.",
            )
        elif one.holds == "file":
            value = _files(value, source)
        elif one.holds == "object":
            value = _object(value, source)
        said[one.name.strip("_")] = list(value) if isinstance(value, tuple) else value
    from counterfoil.remote import connect

    with connect(node) as ledger:
        answer = ledger.call(operation.name, **said)
    _give(answer, target, sink)


def _files(value: Any, source: BinaryIO) -> Any:
    if isinstance(value, tuple):
        return [_files(one, source) for one in value]
    return source.read() if value == STANDARD_STREAM else value


def _object(value: str, source: BinaryIO) -> str:
    """Read a JSON object that stands in a file or comes by standard input; else it is given."""
    if value == "-":
        return source.read().decode("utf-8", "surrogateescape")
    if value.lstrip().startswith("{"):
        return value
    try:
        return Path(value).read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, ValueError):
        return value  # the node says what is wrong with it


def _give(answer: Any, target: Path | None, sink: BinaryIO) -> None:
    import msgspec

    data = answer if isinstance(answer, bytes) else msgspec.json.encode(answer) + b"\n"
    if target is None or target == STANDARD_STREAM:
        sink.write(data)
        return
    try:
        _write(target, data)
    except OSError as err:
        raise Unavailable(
            "node.write", f"expected to write {target}, but: {err.strerror}", hint="Name another."
        ) from err
    sink.write(msgspec.json.encode({"file": str(target), "bytes": len(data)}) + b"\n")


def _write(target: Path, data: bytes) -> None:
    """Write a file whole or not at all; what is no file, such as a pipe, is written to."""
    from counterfoil.chain.small_files import replace_file

    if target.is_file():
        replace_file(target, data, stat.S_IMODE(target.stat().st_mode))
    elif target.exists():
        target.write_bytes(data)
    else:
        replace_file(target, data, 0o666)
