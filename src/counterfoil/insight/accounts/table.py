"""Read what accounts did: one row an account, with the columns of a public fraud data set.

Columns are found by name and nothing else of a file is looked at, so row numbers, names of tokens
and the order of columns cannot teach anything. Addresses and labels are kept apart from the
numbers. This module refuses to guess a column that is not there.
Source: Farrugia, Ellul and Azzopardi, Detection of illicit accounts over the Ethereum blockchain,
Expert Systems with Applications 150, 2020, whose features these are.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from counterfoil.errors import InputError, NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "TOKEN_COLUMNS", "AccountTable", "Blank", "heading_of", "read_accounts"]

Blank = Literal["skip", "zero", "keep"]
"""Of a row whose token fields are blank: leave it out, read the blanks as 0, or keep them blank."""

_ETHER: Final = {
    "sent_gap_min": "avg min between sent tnx",
    "received_gap_min": "avg min between received tnx",
    "active_min": "time diff between first and last (mins)",
    "sent": "sent tnx",
    "received": "received tnx",
    "created": "number of created contracts",
    "payers": "unique received from addresses",
    "payees": "unique sent to addresses",
    "received_least": "min value received",
    "received_most": "max value received",
    "received_mean": "avg val received",
    "sent_least": "min val sent",
    "sent_most": "max val sent",
    "sent_mean": "avg val sent",
    "contract_most": "max val sent to contract",
    "contract_mean": "avg value sent to contract",
    "transactions": "total transactions (including tnx to create contract",
    "sent_ether": "total ether sent",
    "received_ether": "total ether received",
    "contract_ether": "total ether sent contracts",
    "balance_ether": "total ether balance",
}
_TOKENS: Final = {
    "token_transfers": "total erc20 tnxs",
    "token_received_sum": "erc20 total ether received",
    "token_sent_sum": "erc20 total ether sent",
    "token_contract_sum": "erc20 total ether sent contract",
    "token_payees": "erc20 uniq sent addr",
    "token_payers": "erc20 uniq rec addr",
    "token_contract_payees": "erc20 uniq sent addr.1",
    "token_contracts": "erc20 uniq rec contract addr",
    "token_received_least": "erc20 min val rec",
    "token_received_most": "erc20 max val rec",
    "token_received_mean": "erc20 avg val rec",
    "token_sent_least": "erc20 min val sent",
    "token_sent_most": "erc20 max val sent",
    "token_sent_mean": "erc20 avg val sent",
    "token_kinds_sent": "erc20 uniq sent token name",
    "token_kinds_received": "erc20 uniq rec token name",
}

TOKEN_COLUMNS: Final = tuple(_TOKENS)
"""The columns about ERC-20 tokens, which are blank in some rows of the public data."""

COLUMNS: Final = (*_ETHER, *TOKEN_COLUMNS)
"""The numbers of an account, in order: amounts in ether or units of tokens, times in minutes."""

_SAID: Final = {**_ETHER, **_TOKENS}
_LABEL: Final = "flag"
_ADDRESS: Final = "address"


@dataclass(frozen=True, slots=True)
class AccountTable:
    """Accounts, one a row.

    values: (n, len(COLUMNS)) float64, NaN where blank. labels: (n,) bool, True for fraud, or None
    where the file has no labels. addresses: as in the file, lower case; empty where it has none.
    skipped: rows that were left out, since their token fields are blank.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.bool_] | None
    addresses: tuple[str, ...]
    skipped: int = 0

    def labelled(self) -> NDArray[np.bool_]:
        """Give the labels. Raises InputError with code accounts.label where there are none."""
        if self.labels is None:
            raise InputError(
                "accounts.label",
                "expected accounts with labels, found none",
                hint="Give a file with a column FLAG of 0 and 1.",
            )
        return self.labels

    def take(self, rows: NDArray[np.int64]) -> AccountTable:
        """Give some of the rows, in the order asked for."""
        return AccountTable(
            self.values[rows],
            None if self.labels is None else self.labels[rows],
            tuple(self.addresses[int(row)] for row in rows) if self.addresses else (),
            self.skipped,
        )


def heading_of(column: str) -> str:
    """Give the heading of a column in a file. Raises KeyError for one not in `COLUMNS`."""
    return _SAID[column]


def read_accounts(file: Path, *, blank: Blank = "skip", labelled: bool = False) -> AccountTable:
    """Read a CSV file of accounts (.gz, too).

    blank: what becomes of rows without token fields. labelled: refuse a file without labels; a
    label is 0 or 1. Headings are compared in lower case, without blanks around them.
    Raises NotFound with code file.missing, InputError with code accounts.csv, accounts.column,
    accounts.number, accounts.label or accounts.empty.
    """
    import numpy as np

    try:
        data = file.read_bytes()
    except OSError as err:
        raise NotFound(
            "file.missing",
            f"expected a file of accounts, found none at {str(file)[:80]!a}",
            hint="Give a CSV file, one row an account.",
        ) from err
    heading, rows = _parsed(data)
    places = [_place(heading, _SAID[name]) for name in COLUMNS]
    label = _place(heading, _LABEL) if labelled or _LABEL in heading else None
    address = heading.index(_ADDRESS) if _ADDRESS in heading else None
    first = places[COLUMNS.index(TOKEN_COLUMNS[0])]
    kept = [
        (number, row) for number, row in enumerate(rows) if blank != "skip" or row[first].strip()
    ]
    if not kept:
        raise InputError(
            "accounts.empty",
            f"expected accounts, found {len(rows)} rows, all without token fields or none at all",
            hint="With --blank zero blanks count as no transfers of tokens.",
        )
    fill = 0.0 if blank == "zero" else nan
    numbers = [[_number(row[at], number, fill) for at in places] for number, row in kept]
    return AccountTable(
        np.array(numbers, dtype=np.float64),
        None if label is None else np.array([_flag(row[label], n) for n, row in kept]),
        () if address is None else tuple(row[address].strip().lower() for _, row in kept),
        len(rows) - len(kept),
    )


def _parsed(data: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (csv.Error, UnicodeDecodeError, EOFError, OSError) as err:
        raise InputError(
            "accounts.csv",
            f"expected a CSV file in UTF-8, but: {err}",
            hint="Export the table as CSV with a heading.",
        ) from err
    heading = [name.strip().lower().replace("_", " ") for name in rows[0]] if rows else []
    for number, row in enumerate(rows[1:]):
        if len(row) != len(heading):
            raise InputError(
                "accounts.csv",
                f"expected {len(heading)} cells in row {number}, found {len(row)}",
                hint="Export the table as CSV with a heading.",
            )
    return heading, rows[1:]


def _place(heading: list[str], name: str) -> int:
    if name not in heading:
        raise InputError(
            "accounts.column",
            f"expected a column named {name!a}, found {', '.join(heading)[:200]!a}",
            hint="The columns are listed in docs/guides/chain-threats.md.",
        )
    return heading.index(name)


def _number(cell: str, row: int, fill: float) -> float:
    text = cell.strip()
    if not text:
        return fill
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise InputError(
            "accounts.number",
            f"expected a finite number in row {row}, found {text[:40]!a}",
            hint="Write nothing where a number is not known.",
        )
    return value


def _flag(cell: str, row: int) -> bool:
    text = cell.strip()
    if text not in ("0", "1"):
        raise InputError(
            "accounts.label",
            f"expected the label 0 or 1 in row {row}, found {text[:40]!a}",
            hint="1 means fraud.",
        )
    return text == "1"
