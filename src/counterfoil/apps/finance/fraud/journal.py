"""What came, in the order in which it was taken: durable before it is decided on record.

After a crash the memory of the features is made again from the last state and this file, and what
was journalled but not recorded is decided again, with the same result and under the same number.
A last line that is torn was never answered, and is cut off. This module refuses to decide.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.memory import Memory
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.errors import FatalLogError, Refused, Unavailable
from counterfoil.storage.folder_copy import replace_file

__all__ = ["Answered", "Event", "Journal", "State"]

_STATE: Final = "state.bin"
_JOURNAL: Final = "journal.ndjson"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A payment to decide, with the time of its decision; or the label of an earlier one."""

    payment: Payment | None = None
    at_ms: int = 0
    id: str = ""
    label: int = 0


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """What was answered for a payment. index: of its decision in the log."""

    number: int
    score: float
    threshold: float
    outcome: str
    index: int = -1


class State(msgspec.Struct):
    """Where a stream stands.

    model: digest. stream: name of the series of its decisions. number: of the next payment.
    answered: payment -> answer, the latest ones.
    """

    model: str
    stream: str
    number: int = 0
    memory: Memory = msgspec.field(default_factory=Memory)
    answered: dict[str, Answered] = msgspec.field(default_factory=dict)


class Journal:
    """The two files of a stream's folder. The caller owns the folder, for the ledger is owned."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None
        self._encode = msgspec.json.Encoder().encode

    def load(self, model: str) -> tuple[State | None, list[Event]]:
        """Read the last state and what came after it.

        model: digest of the model that decides. Raises Refused with code fraud.other-model,
        FatalLogError with code fraud.state.
        """
        path = self._folder / _STATE
        try:
            state = msgspec.msgpack.decode(path.read_bytes(), type=State)
        except FileNotFoundError:
            return None, []
        except (OSError, msgspec.MsgspecError) as err:
            raise _damaged(path, err) from err
        if state.model != model:
            raise Refused(
                "fraud.other-model",
                f"expected the stream of the model {model[:12]}, found one of {state.model[:12]}",
                hint="Name another --state folder for another model.",
            )
        return state, self._events()

    def save(self, state: State) -> None:
        """Replace the state, and begin the journal anew; Unavailable with code copy.write."""
        self.close()
        replace_file(self._folder / _STATE, msgspec.msgpack.encode(state))
        # Between the two the journal holds what the state has, too: `number` tells them apart.
        replace_file(self._folder / _JOURNAL, _head(state.number))

    def append(self, events: Sequence[Event]) -> None:
        """Add what came; durable when it returns. Raises Unavailable with code fraud.journal."""
        data = b"".join(self._encode(event) + b"\n" for event in events)
        try:
            if self._file is None:
                self._file = os.open(self._folder / _JOURNAL, os.O_WRONLY | os.O_APPEND)
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError as err:
            raise Unavailable(
                "fraud.journal",
                f"expected to write down payments in {self._folder}, but: {err.strerror or err}",
                hint="Check the space of the disk; what was not answered is not decided.",
            ) from err

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _events(self) -> list[Event]:
        path = self._folder / _JOURNAL
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as err:
            raise _damaged(path, err) from err
        whole, torn, _ = data.rpartition(b"\n")
        if len(whole) + len(torn) < len(data):
            os.truncate(path, len(whole) + len(torn))
        lines = whole.split(b"\n") if whole else []
        try:
            self.first = msgspec.json.decode(lines[0], type=dict[str, int])["first"]
            return [msgspec.json.decode(line, type=Event) for line in lines[1:]]
        except (msgspec.MsgspecError, KeyError, IndexError) as err:
            raise _damaged(path, err) from err

    first: int = 0
    """Number of the first payment in the journal that was read."""


def _head(number: int) -> bytes:
    return msgspec.json.encode({"first": number}) + b"\n"


def _damaged(path: Path, err: Any) -> FatalLogError:
    return FatalLogError(
        "fraud.state",
        f"expected to read {path}, but: {str(err)[:200]}",
        hint="Bring the folder back from a copy; or name a new --state folder: payments that "
        "were decided are then decided again, and recorded apart.",
    )
