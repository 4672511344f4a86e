"""Make accounts for tests: a table of what they did, where fraud is busier and keeps nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from random import Random

from counterfoil.insight.accounts.table import COLUMNS, TOKEN_COLUMNS, heading_of

__all__ = ["account_rows", "accounts_csv"]


def account_rows(count: int, seed: int = 3, *, copies: int = 0) -> list[dict[str, str]]:
    """Make accounts as rows of text; the last `copies` say the same as the first ones."""
    random = Random(seed)
    rows = []
    for at in range(count):
        fraud = at % 4 == 0
        values = {name: random.lognormvariate(1.0, 1.0) for name in COLUMNS}
        values["active_min"] *= 5.0 if fraud else 50.0
        values["balance_ether"] *= 0.3 if fraud else 1.0
        row = {name: f"{value:.6f}" for name, value in values.items()}
        rows.append(row | {"address": f"0x{random.getrandbits(160):040x}", "flag": str(int(fraud))})
    for at in range(copies):
        address = f"0x{random.getrandbits(160):040x}"
        rows.append({**rows[at], "address": address})
    return rows


def accounts_csv(rows: Sequence[dict[str, str]], *, extra: bool = False, blank: int = 0) -> str:
    """Write accounts as CSV. extra: with row numbers in front; blank: so many without tokens."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = ["address", "flag", *COLUMNS]
    heads = ["Address", "FLAG", *(f" {heading_of(name)}" for name in COLUMNS)]
    writer.writerow([*(["", "Index"] if extra else []), *heads])
    for at, row in enumerate(rows):
        cells = ["" if at < blank and name in TOKEN_COLUMNS else row[name] for name in names]
        writer.writerow([*([str(at), str(at + 1)] if extra else []), *cells])
    return text.getvalue()
