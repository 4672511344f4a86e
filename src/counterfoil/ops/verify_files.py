"""Verify a receipt from Python, also one that stands in a file.

`proofs.verify` does no I/O: this reads the files that a path names. It refuses to read a file that
only a text names, and says that it looks like one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

from counterfoil.errors import InputError
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.formats.receipt_html import is_html, parse_html
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file
from counterfoil.ops.kinds import told_apart
from counterfoil.proofs.verify import Verified, verify_receipt

__all__ = ["verify"]

_PATH_MAX: Final = 4096

T = TypeVar("T")


def verify(
    receipt: Receipt | bytes | str | Path,
    policy: Policy | bytes | str | Path,
    *,
    now_s: int | None = None,
) -> Verified:
    """Check a receipt against the reader's policy, offline.

    receipt: as parsed, its JSON or HTML, or the path of its file. policy: as parsed, C2SP
    tlog-policy text, or the path of its file. now_s: POSIX seconds, to refuse cosignatures from
    the future; None judges no time.
    Raises InputError with code verify.argument for what is none of these, file.kind for another
    file of ours, and as `read_file`; else as `proofs.verify.verify_receipt`.
    """
    held = _held("receipt", receipt, Receipt, RECEIPT_MAX_BYTES)
    trusted = _held("policy", policy, Policy, POLICY_MAX_BYTES)
    if isinstance(held, Receipt):
        return verify_receipt(held, trusted, now_s=now_s)
    with told_apart(held, "a receipt"):
        read = parse_html(held) if is_html(held) else held
        return verify_receipt(read, trusted, now_s=now_s)


def _held(name: str, given: object, kind: type[T], limit: int) -> T | bytes:
    """Give what was given as its parsed form or as bytes."""
    if isinstance(given, kind | bytes):
        return given
    if isinstance(given, Path):
        return read_file(given, limit)
    if not isinstance(given, str):
        raise InputError(
            "verify.argument",
            f"expected a {name}, its text or the path of its file, found {type(given).__name__}",
            hint=f"Give the {name} itself, or pathlib.Path(...) of its file.",
        )
    if _names_a_file(given):
        raise InputError(
            "verify.argument",
            f"expected the text of a {name}, found what looks like the name of a file: {given!a}",
            hint=f"Give pathlib.Path({given!a}).",
        )
    return given.encode("utf-8", "surrogatepass")


def _names_a_file(text: str) -> bool:
    """Tell a path from a document: ours have lines or braces."""
    return 0 < len(text) <= _PATH_MAX and not set(text) & set("\n{}<")
