"""Give a document out: to standard output, or to a file that appears whole.

This module refuses to change a byte of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from counterfoil.ops.files import shown, write_file
from counterfoil.ports import STANDARD_STREAM, Document, Param

__all__ = ["DocumentFile", "DocumentOut", "give_out"]

DocumentOut = Annotated[
    Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
]
"""The parameter of operations that make a document."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document that was written. bytes: its size."""

    file: str
    bytes: int


def give_out(data: bytes, media_type: str, out: Path) -> Document | DocumentFile:
    """Write a document to its file, or hand it over for standard output; raises as `write_file`."""
    if out == STANDARD_STREAM:
        return Document([data], media_type)
    write_file(out, data)
    return DocumentFile(shown(out), len(data))
