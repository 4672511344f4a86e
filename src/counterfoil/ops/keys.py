"""See, make, replace and end the keys of a ledger's organisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from counterfoil.ledger import Recorded
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import Param

__all__ = ["KeyView", "listing", "new", "revoke", "rotate"]

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
    """Make a further key and state it in the log.

    Answers with that statement's place.
    Raises as `KeyAdmin.add`.
    """
    with open_for_writing(ledger) as opened:
        return opened.key_admin.add(name, role, why)


def rotate(
    *,
    ledger: LedgerFolder = None,
    by_recovery: Annotated[
        bool, Param("Sign with the recovery key, as after a theft, and revoke the old key then.")
    ] = False,
    why: Why = "",
) -> Recorded:
    """Replace the producer key by a new one; earlier entries stay good.

    Raises as `KeyAdmin.rotate`.
    """
    with open_for_writing(ledger) as opened:
        return opened.key_admin.rotate(why, by_recovery=by_recovery)


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
