"""Options of all commands that read tables, and the way to a table on disk or a stream."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import InputError
from counterfoil.ports import STANDARD_STREAM, Channel, Param

__all__ = ["Columns", "Missing", "Reading", "TableFile", "Types", "on_disk", "reading"]

TableFile = Annotated[
    Path,
    Param("A table (Parquet, CSV, NDJSON, Arrow), - for standard input.", "FILE", holds="file"),
]
Types = Annotated[
    tuple[str, ...],
    Param("A column's type in CSV, instead of what its text looks like.", "COLUMN=TYPE"),
]
Missing = Annotated[
    tuple[str, ...], Param("Text that stands for nothing in CSV, such as NA.", "TEXT")
]
Columns = Annotated[
    str | None, Param("Names of the columns, where a CSV file has no header.", "A,B,...")
]

_OTHER_WORDS: Final = {
    "bool": "boolean",
    "datetime": "timestamp",
    "double": "float",
    "int": "integer",
    "number": "float",
    "str": "string",
    "text": "string",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How CSV is to be read; see `open_table`."""

    types: dict[str, str]
    missing: tuple[str, ...]
    columns: tuple[str, ...] | None

    @property
    def options(self) -> dict[str, Any]:
        """Give what `open_table` takes."""
        return {"types": self.types, "missing": self.missing, "columns": self.columns}


def reading(types: tuple[str, ...], missing: tuple[str, ...], columns: str | None) -> Reading:
    """Read the options. Raises InputError with code dataset.type."""
    found = {}
    for one in types:
        name, equals, kind = one.rpartition("=")
        if not equals or not name:
            raise InputError(
                "dataset.type",
                f"expected COLUMN=TYPE, found {one[:80]!a}",
                hint="For example --type zip=string.",
            )
        found[name] = _OTHER_WORDS.get(kind, kind)
    names = tuple(name.strip() for name in columns.split(",")) if columns else None
    return Reading(found, missing, names)


@contextmanager
def on_disk(path: Path, channel: Channel) -> Iterator[Path]:
    """Give a table as a file: the file itself, or for `-` what comes on standard input."""
    if path != STANDARD_STREAM:
        yield path
        return
    with tempfile.NamedTemporaryFile(
        prefix="counterfoil-"
    ) as file:  # its first bytes say what it is
        shutil.copyfileobj(channel.source, file)
        file.flush()
        yield Path(file.name)
