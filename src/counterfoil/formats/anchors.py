"""Whose anchors a reader counts: contract and owner for each log and chain (`anchors.json`).

A ledger gives it away beside its `policy.txt`; each reader decides whether to take it. Without it
an anchor shows that somebody registered this log there, but not that it was the log's own operator.
This module refuses two owners for one log on one chain, and to ask anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import Name
from counterfoil.formats.receipt import Address, ChainId

__all__ = ["ANCHORS_MAX_BYTES", "ANCHORS_TYPE", "NamedAnchor", "format", "parse"]

ANCHORS_TYPE: Final = "https://counterfoil.dev/anchors/v1"
"""Value of the file's `type`."""

ANCHORS_MAX_BYTES: Final = 1 << 20
"""Largest file that is read, bytes."""


class NamedAnchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a log is anchored. owner: who registered it there. run_by: who runs the chain."""

    origin: Name
    chain_id: ChainId
    contract: Address
    owner: Address
    run_by: Name


class _File(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=ANCHORS_TYPE
):
    anchors: Annotated[tuple[NamedAnchor, ...], msgspec.Meta(max_length=1024)]


def parse(data: bytes) -> tuple[NamedAnchor, ...]:
    """Parse a list of anchors.

    Raises InputError with code anchors.malformed, anchors.twice, or one of `json_text.parse`.
    """
    if len(data) > ANCHORS_MAX_BYTES:
        raise _malformed(f"{len(data)} bytes")
    json_text.parse(data)  # duplicate keys, depth and numbers
    try:
        found = msgspec.json.decode(data, type=_File).anchors
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise _malformed(str(err)) from err
    places = [(one.origin, one.chain_id) for one in found]
    if len(set(places)) != len(places):
        raise InputError(
            "anchors.twice",
            "expected one anchor for each log and chain, found two",
            hint="Keep the one that the log's operator gave you by a way that you trust.",
        )
    return found


def format(anchors: Iterable[NamedAnchor]) -> bytes:
    """Format a list of anchors as JSON for people; ends with a newline."""
    text = msgspec.json.encode(_File(tuple(anchors)))
    return msgspec.json.format(text, indent=2) + b"\n"


def _malformed(found: str) -> InputError:
    return InputError(
        "anchors.malformed",
        f"expected a list of anchors, but: {found}",
        hint="Take the anchors.json that lies beside the ledger's policy.txt.",
    )
