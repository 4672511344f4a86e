"""Tell by the ending of a file's name how it is to be written.

This module refuses a name whose ending says another thing than what would be in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from counterfoil.errors import InputError
from counterfoil.ops.files import shown

__all__ = ["form_by_ending"]

_TELLING: Final = re.compile(
    r"\.(json|ndjson|jsonl|csv|tsv|parquet|pq|arrow|feather|delta|xlsx?|html?|pdf|zip|tar|gz|xml|docx?|png)"
)

F = TypeVar("F", bound=str)


def form_by_ending(out: Path, asked: F | None, endings: Mapping[str, F], otherwise: F) -> F:
    """Choose the form of a file: as asked, else by its ending, else `otherwise`.

    out: the file, or - for standard output. asked: what an option says; None where none does.
    endings: what each ending stands for, with its dot. An ending that tells nothing is free.
    Raises InputError with code file.ending where the ending is of another form.

    >>> form_by_ending(Path("a.csv"), None, {".csv": "csv", ".json": "json"}, "json")
    'csv'
    """
    ending = out.suffix.lower()
    said = endings.get(ending)
    if said is None and not _TELLING.fullmatch(ending):
        return asked or otherwise
    if said is not None and asked in (None, said):
        return said
    form = asked or otherwise
    fitting = " or ".join(one for one, of in endings.items() if of == form)
    raise InputError(
        "file.ending",
        f"expected a name that ends with {fitting} for {form}, found {shown(out)}",
        hint="The ending says what is in a file: change it, or what is asked for.",
    )
