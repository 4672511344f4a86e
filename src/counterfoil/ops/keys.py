"""See, make, replace and end the keys of a ledger's organisation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from counterfoil.errors import InputError
from counterfoil.ledger import Recorded
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import Param

__all__ = ["KeyView", "listing", "new", "revoke", "rotate"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")

Role = Literal["producer", "recovery", "witness", "anchor", "decider"]
Why = Annotated[str, Param("Why, for people; it is recorded.", "TEXT")]


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key that was added to the log, and the entries that it may sign.

    first: index from which it counts. end: index from which it counts no more, None while it
    does. added_at: index of the statement that added it. in_force: it may sign the next entry.
    """

    keyid: str
    role: str
    organisation: str
    first: int
    end: int | None
    added_at: int
    in_force: bool


def listing(*, ledger: LedgerFolder = None) -> Iterator[KeyView]:
    """List all keys that were ever added, oldest first."""
    with open_for_reading(ledger) as opened:
        size = opened.size
        for key in opened.keys:
            yield KeyView(
                keyid=key.keyid,
                role=key.role,
                organisation=key.organisation,
                first=key.first,
                end=key.end,
                added_at=key.added_at,
                in_force=key.first <= size and (key.end is None or size < key.end),
            )


def new(
    name: Annotated[str, Param("Name of the key's file in keys/.", "NAME")],
    *,
    ledger: LedgerFolder = None,
    role: Annotated[Role, Param("What the key may sign; one key, one purpose.")] = "producer",
    why: Why = "",
) -> Recorded:
    """Make a further key and state it in the log; answers with that statement's place.

    Raises InputError with code key.exists or key.file-name, and as `KeyAdmin.add`.
    """
    with open_for_writing(ledger) as opened:
        return opened.key_admin.add(_file_name(name), role, why)


def rotate(*, ledger: LedgerFolder = None, why: Why = "") -> Recorded:
    """Replace the producer key by a new one; earlier entries stay good.

    Raises as `KeyAdmin.rotate`.
    """
    with open_for_writing(ledger) as opened:
        return opened.key_admin.rotate(why)


def revoke(
    keyid: Annotated[str, Param("Id of the key, or a unique beginning of it.", "KEYID")],
    *,
    ledger: LedgerFolder = None,
    from_index: Annotated[
        int | None, Param("First entry for which it counts no more; else the next.", "INDEX")
    ] = None,
    why: Why = "",
) -> Recorded:
    """End a key from an entry on; what it signed before stays good.

    Raises InputError with code key.unknown, Refused with code key.last.
    """
    with open_for_writing(ledger) as opened:
        return opened.key_admin.revoke(keyid, why, from_index)


def _file_name(name: str) -> str:
    """Refuse a name that would lead out of the folder of keys."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "key.file-name",
            f"expected a name of letters, digits, hyphens and points, found {name[:80]!a}",
            hint="For example: counterfoil key new intake-2.",
        )
    return name
