"""What a monitor remembers between rounds and across restarts, in one file.

Events are put into the file together with the state that they follow from, and taken out once
they were printed: a crash repeats an event, with its number, and loses none. This module refuses
to judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from counterfoil.errors import FatalLogError, Refused
from counterfoil.formats.predicates.header import Count, HexDigest, Name
from counterfoil.storage.folder_copy import replace_file

__all__ = ["STATE_FILE", "EventKind", "MonitorEvent", "MonitorState", "load_state"]

STATE_FILE: Final = "monitor.json"
"""Name of the state in a monitor's folder."""

_TYPE: Final = "https://counterfoil.dev/monitor/v1"
_DONE_MAX: Final = 1000

EventKind = Literal[
    "grew",
    "forked",
    "older",
    "refused",
    "unproven",
    "unreachable",
    "reachable",
    "unwitnessed",
    "witnessed",
    "stalled",
    "unscanned",
    "key-added",
    "key-revoked",
    "key-used",
]
"""What happened. `forked` comes with evidence; `older` and `unproven` are no proof of anything."""


class MonitorEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a monitor saw.

    seq: number of the event, from 0; the same event never gets two. at_ms: when it was seen.
    source: who served it. size, root: of the checkpoint. index: of an entry. key: keyid. kind: of
    the statement; role, organisation: of a key statement. count: statements under a batch
    signature, which stand before it. entry_at_ms: by the signer's clock. signature: whether the
    entry's signature by that key holds. evidence: file that convicts the log.
    """

    seq: int
    event: EventKind
    at_ms: int
    source: str = ""
    size: int | None = None
    root: str = ""
    index: int | None = None
    key: str = ""
    kind: str = ""
    role: str = ""
    organisation: str = ""
    count: int | None = None
    entry_at_ms: int | None = None
    signature: Literal["", "holds", "does not hold", "unknown key"] = ""
    code: str = ""
    message: str = ""
    evidence: str = ""


class MonitorState(msgspec.Struct, tag_field="type", tag=_TYPE, forbid_unknown_fields=True):
    """What is known of one log.

    best: the largest signed checkpoint whose tree extends all earlier ones. seen: source -> the
    last note that it served. pending: (source, note) that nobody's tiles could prove yet. scanned:
    entries whose signers were looked at. grown_ms: when `best` grew. said: what was reported and
    still holds: it is not reported again. keys: keyid -> public key, as key statements say.
    """

    origin: Name
    best: str = ""
    best_source: str = ""
    seen: dict[str, str] = {}
    pending: list[tuple[str, str]] = []
    scanned: Count = 0
    grown_ms: int = 0
    said: dict[str, str] = {}
    keys: dict[HexDigest, bytes] = {}
    next_seq: int = 0
    outbox: list[MonitorEvent] = []

    def tell(self, event: EventKind, at_ms: int, **facts: object) -> None:
        """Put an event into the outbox."""
        made = MonitorEvent(self.next_seq, event, at_ms, **facts)  # type: ignore[arg-type]  # fields
        self.outbox.append(made)
        self.next_seq += 1

    def tell_once(self, topic: str, event: EventKind, at_ms: int, **facts: object) -> None:
        """Put an event into the outbox unless the last word on `topic` was the same.

        The last word is the event with its code and size; `settle` ends it.
        """
        word = f"{event} {facts.get('code', '')}"
        if self.said.get(topic) == word:
            return
        if len(self.said) >= _DONE_MAX:
            self.said.pop(next(iter(self.said)))
        self.said[topic] = word
        self.tell(event, at_ms, **facts)

    def settle(self, topic: str) -> bool:
        """Forget what was said on a topic: it holds no more. Tells whether there was something."""
        return self.said.pop(topic, None) is not None

    def save(self, folder: Path) -> None:
        """Replace the state file. Raises Unavailable with code copy.write."""
        replace_file(folder / STATE_FILE, msgspec.json.encode(self) + b"\n")


def load_state(folder: Path, origin: str) -> MonitorState:
    """Read the state of a monitor of one log; a new one where there is none.

    Raises Refused with code monitor.other-log, FatalLogError with code monitor.state.
    """
    path = folder / STATE_FILE
    try:
        state = msgspec.json.decode(path.read_bytes(), type=MonitorState)
    except FileNotFoundError:
        return MonitorState(origin)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise FatalLogError(
            "monitor.state",
            f"expected to read {path}, but: {err}",
            hint="What was seen before is lost with it: restore it from a copy, or name a new "
            "folder and compare with checkpoints that others kept.",
        ) from err
    if state.origin != origin:
        raise Refused(
            "monitor.other-log",
            f"expected the state of a monitor of {origin}, found one of {state.origin}",
            hint="Give each log a state folder of its own.",
        )
    return state
