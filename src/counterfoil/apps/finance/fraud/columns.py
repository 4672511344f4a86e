"""Say which column of a payment file is what: as told, else by the names that people use.

A column that would give the answer away, counts up with time, or is a name of its own for each row
teaches a model nothing that holds tomorrow; such columns are left out, and each is told with its
reason. This module refuses to guess where two columns could be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from counterfoil.errors import InputError

__all__ = ["ROLES", "Columns", "choose"]

ROLES: Final = ("id", "time", "card", "terminal", "amount", "label", "known")
"""What a column can be; the others are further features."""

_NAMES: Final = {
    "id": "transactionid txid transnum transid paymentid id reference",
    "time": "txdatetime datetime timestamp transdatetranstime time atms at date transactiondt "
    "createdat unixtime step",
    "card": "card cardid cardnumber ccnum pan customerid customer account accountid nameorig "
    "clientid client userid user payer card1",
    "terminal": "terminalid terminal merchantid merchant namedest payee shop",
    "amount": "txamount amount amt transactionamt transactionamount amountminor value",
    "label": "txfraud isfraud fraud class label target fraudbool",
    "known": "labelknownat reportedat",
}
_NEEDED: Final = ("time", "amount")


class Columns(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which column is what; None where the data has none.

    known: when a label became known. numbers, words: further columns that are features.
    """

    time: str
    amount: str
    id: str | None = None
    card: str | None = None
    terminal: str | None = None
    label: str | None = None
    known: str | None = None
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def roles(self) -> dict[str, str]:
        """Give role -> column, of the roles that the data has."""
        found = {role: getattr(self, role) for role in ROLES}
        return {role: name for role, name in found.items() if name is not None}


def choose(names: Iterable[str], given: Mapping[str, str | None]) -> Columns:
    """Choose the columns of the roles; further ones are yet to be looked at.

    names: of the file's columns. given: role -> column, where somebody told. Raises InputError
    with code fraud.column.
    """
    present = list(dict.fromkeys(names))
    found: dict[str, str] = {}
    for role, name in given.items():
        if name is None:
            continue
        if name not in present:
            raise _none(role, f"no column {name[:80]!a}", present)
        found[role] = name
    for role, words in _NAMES.items():
        if role in found:
            continue
        known = words.split()
        matching = [one for one in present if _plain(one) in known and one not in found.values()]
        if matching:
            found[role] = min(matching, key=lambda one: known.index(_plain(one)))
    for role in _NEEDED:
        if role not in found:
            raise _none(role, "none that is called like it", present)
    return msgspec.convert(found, Columns)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _none(role: str, what: str, present: list[str]) -> InputError:
    listed = ", ".join(present[:12]) + (", ..." if len(present) > 12 else "")
    return InputError(
        "fraud.column",
        f"expected a column with the {role} of each payment, found {what}",
        hint=f"Name it: --{role} COLUMN. The file has: {listed[:400]}.",
    )
