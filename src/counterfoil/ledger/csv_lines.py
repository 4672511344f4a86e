"""Gather the lines of a CSV file whose texts may hold any character.

`csv.writer` quotes only the characters of its own line end. Told a bare line feed, it leaves a
carriage return inside a text unquoted, and readers take it for the end of a row: whoever may write
the text could add rows. This module refuses to open files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

__all__ = ["CsvLines"]


class CsvLines:
    """What was written so far, each line ended by a line feed alone.

    characters: how many are held. Text that UTF-8 has no bytes for stands as an escape.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._row = csv.writer(self, lineterminator="\r\n").writerow
        self.characters = 0

    def row(self, cells: Iterable[Any]) -> None:
        """Add a row."""
        self._row(cells)

    def write(self, line: str) -> None:
        """Take a line of the writer."""
        self._lines.append(line.removesuffix("\r\n") + "\n")
        self.characters += len(line)

    def take(self) -> bytes:
        """Give what is held, and hold nothing any more."""
        data = "".join(self._lines).encode("utf-8", "backslashreplace")
        self._lines, self.characters = [], 0
        return data
