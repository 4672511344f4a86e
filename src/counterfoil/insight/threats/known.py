"""Read lists of labelled accounts: CSV with a column of addresses, or one address a line.

Lists come from anybody; an address that is none is refused, so that no typing error silently
labels nobody. This module refuses to fetch a list.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from counterfoil.errors import InputError, NotFound

__all__ = ["read_known"]

_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
_LABELS: Final = ("wallet_tag", "etherscan_tag", "contract_tag", "label", "tag", "kind")
_LABEL_MAX: Final = 80


def read_known(files: Iterable[Path]) -> Mapping[str, str]:
    """Read lists: account, in lower case -> what it is known for.

    The addresses of a CSV file stand in the first column whose name ends in `address`, the labels
    in one of wallet_tag, etherscan_tag, contract_tag, label, tag and kind, or nowhere. The first
    label of an address counts. Raises NotFound with code file.missing, InputError with code
    threats.known.
    """
    found: dict[str, str] = {}
    for file in files:
        for address, label in _read(file):
            found.setdefault(address, label)
    return found


def _read(file: Path) -> Iterable[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise NotFound(
            "file.missing",
            f"expected a list of accounts, found none at {str(file)[:80]!a}",
            hint="Give a CSV file, or a file with one address a line.",
        ) from err
    except UnicodeDecodeError as err:
        raise _wrong(file, f"text in UTF-8, but: {err}") from err
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as err:
        raise _wrong(file, f"CSV, but: {err}") from err
    if not rows:
        return
    heading = [name.strip().lower() for name in rows[0]]
    bare = _ADDRESS.fullmatch(heading[0]) is not None
    at = 0 if bare else next((n for n, one in enumerate(heading) if one.endswith("address")), None)
    if at is None:
        raise _wrong(file, f"a column of addresses, found {', '.join(heading)[:120]!a}")
    tag = next((heading.index(name) for name in _LABELS if name in heading), None)
    for number, row in enumerate(rows if bare else rows[1:]):
        address = row[at].strip().lower() if at < len(row) else ""
        if not _ADDRESS.fullmatch(address):
            raise _wrong(file, f"an address in row {number}, found {address[:60]!a}")
        label = row[tag].strip()[:_LABEL_MAX] if tag is not None and tag < len(row) else ""
        yield address, label or file.stem


def _wrong(file: Path, what: str) -> InputError:
    return InputError(
        "threats.known",
        f"expected in {file.name!a} {what}",
        hint="Give a CSV file with a column `address`, or one address a line.",
    )
