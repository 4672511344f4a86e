"""What an operation is to the shells that offer it: its words, its function, its example.

The command line, and later HTTP and agents, are made from this; nothing here knows a shell. This
module refuses to import an operation: its target is loaded when it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Protocol

from counterfoil.ports.access import Role

__all__ = [
    "STANDARD_STREAM",
    "Channel",
    "Document",
    "Holds",
    "Operation",
    "Param",
    "Progress",
    "no_progress",
]

STANDARD_STREAM: Final = Path("-")
"""As a file: standard input or output, or the body of a request or answer."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One use case.

    words: how people call it, for example ("record", "add"). target: "module:function".
    summary: one line, an imperative sentence. writes: needs the ledger for itself.
    examples: lines of a shell, each whole. asks: whose role it takes where others than the
    ledger's owner may call it; None for what `writes` says.
    """

    words: tuple[str, ...]
    target: str
    summary: str
    writes: bool
    examples: tuple[str, ...]
    asks: Role | None = None

    @property
    def role(self) -> Role:
        """Whoever calls it through a node needs this role: a writer's or a reader's by itself."""
        return self.asks or ("writer" if self.writes else "reader")

    @property
    def name(self) -> str:
        """The words as one text."""
        return " ".join(self.words)


Holds = Literal[
    "", "object", "file", "tree", "output", "output-folder", "ledger", "also-ledger", "machine"
]
"""What a parameter's text or path stands for, beyond itself.

object: a JSON object, or the name of a file that holds one. file: a file that is read; tree: a
file or a folder that is read. output: a file that is written; output-folder: a folder. ledger: the
folder of the ledger that is meant; also-ledger: one that takes part only where it is named.
machine: a file, folder or address that has a meaning only where the operation runs, which nobody
elsewhere may name; so is a path that says nothing.
"""


@dataclass(frozen=True, slots=True)
class Param:
    """Says, inside `Annotated`, what a parameter of an operation is for.

    help: one sentence; of a flag that is on by default, what leaving it out means.
    value: what people call the value, for example DIR. short: a one-letter name, without its
    hyphen. holds: see `Holds`. ending: of an output that cannot be standard output, how its name
    ends where nobody says.
    """

    help: str
    value: str = ""
    short: str = ""
    holds: Holds = ""
    ending: str = ""


class Progress(Protocol):
    """Hears how far a long operation is; a parameter of this type is given by the shell."""

    def __call__(self, done: int, total: int | None, unit: str) -> None:
        """Hear that `done` of `total` (None: unknown) are done; unit: for example `rows read`."""


def no_progress(done: int, total: int | None, unit: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the bytes of `STANDARD_STREAM` come from and go to; given by the shell."""

    source: BinaryIO
    sink: BinaryIO


@dataclass(frozen=True, slots=True)
class Document:
    """A result that is handed over byte for byte, such as a signed note.

    chunks: the bytes. media_type: what they are. facts: what a program gets that asks for JSON
    instead; None where the bytes are the only form.
    """

    chunks: Iterable[bytes]
    media_type: str
    facts: Mapping[str, Any] | None = None
