"""Read a sanctions list of any known form: which one it is shows in its first bytes.

A folder is a list where it holds the Treasury's CSV files, or one file of another form. This module
refuses to guess by a file's name alone, other than which file of a folder is which.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from counterfoil.apps.finance.names.lists.entry import SanctionsList
from counterfoil.apps.finance.names.lists.ofac import is_sdn_row, read_ofac_csv, read_ofac_xml
from counterfoil.apps.finance.names.lists.opened import head_of
from counterfoil.apps.finance.names.lists.opensanctions import (
    SIMPLE_COLUMNS,
    read_ftm,
    read_simple_csv,
)
from counterfoil.apps.finance.names.lists.un import read_un_xml
from counterfoil.errors import InputError

__all__ = ["list_files", "read_list"]

_ENDINGS: Final = (".csv", ".xml", ".json", ".csv.gz", ".xml.gz", ".json.gz")


def read_list(path: Path) -> SanctionsList:
    """Read a list: a file, packed or not, or a folder.

    Raises NotFound with code file.missing, InputError with code names.list-unknown,
    names.list-form, names.list-empty or names.list-large, Unavailable with code file.read.
    """
    found = _read(list_files(path), path)
    if not found.entries:
        raise InputError(
            "names.list-empty",
            f"expected a list with entries, found none that has a name in {path.name!a}",
            hint="Check that it is the file you mean.",
        )
    return found


def list_files(path: Path) -> dict[str, Path]:
    """Tell which files a list is read from: `list`, or `sdn`, `alt` and `add`.

    Raises InputError with code names.list-unknown.
    """
    if not path.is_dir():
        return {"list": path}
    parts: dict[str, Path] = {}
    for role in ("sdn", "alt", "add"):
        for ending in (".csv", ".csv.gz"):
            if (path / f"{role}{ending}").is_file():
                parts.setdefault(role, path / f"{role}{ending}")
    if "sdn" in parts:
        return parts
    others = [one for one in sorted(path.iterdir()) if one.name.lower().endswith(_ENDINGS)]
    if len(others) == 1:
        return {"list": others[0]}
    raise InputError(
        "names.list-unknown",
        f"expected a folder with sdn.csv, or with one list, found {len(others)} files in "
        f"{path.name!a}",
        hint="Name the file itself.",
    )


def _read(files: dict[str, Path], path: Path) -> SanctionsList:
    if "sdn" in files:
        return read_ofac_csv(files["sdn"], files.get("alt"), files.get("add"))
    (file,) = files.values()
    head = head_of(file).decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if head[:1] == "{":
        return read_ftm(file)
    if head[:1] == "<":
        if "sdnList" in head:
            return read_ofac_xml(file)
        if "CONSOLIDATED_LIST" in head:
            return read_un_xml(file)
    else:
        row = next(csv.reader(head.splitlines()[:1]), [])
        if set(row) >= SIMPLE_COLUMNS:
            return read_simple_csv(file)
        if is_sdn_row(row):
            return read_ofac_csv(file)
    raise InputError(
        "names.list-unknown",
        f"expected a list of OFAC, of the UN or of OpenSanctions, found another form in "
        f"{path.name!a}",
        hint="docs/guides/finance-screening.md says which forms are read.",
    )
