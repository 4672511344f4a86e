"""Statements about what watchers saw, and what people made of it.

A watcher that raises alerts is on record itself, with its settings. This module refuses to say
that an alert is true: an acknowledgement says what a person found.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import (
    ContentRef,
    Count,
    Header,
    HexDigest,
    Millis,
    Name,
)
from counterfoil.provenance.statements.parts import (
    Accountable,
    DecimalText,
    Measurement,
    Reference,
    Text,
)

__all__ = ["Acknowledgement", "Alert", "Seen", "Watcher"]


class Watcher(Header, frozen=True, kw_only=True):
    """A watcher as it is run: its name, version and settings.

    digest: SHA-256 of name, version and settings as canonical JSON (RFC 8785). watches: what it
    reads, such as a log's origin.
    """

    name: Name
    version: Name
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    digest: HexDigest
    watches: Name
    description: Text = ""


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry or artefact that shows what an alert says. index: of the entry in its log."""

    entry: Reference
    index: Count | None = None


class Alert(Header, frozen=True, kw_only=True):
    """A watcher saw something: what, since when, how odd it is, and which entries show it.

    kind: such as `odd-hours`. group: further findings of it within `window_s` seconds are counted
    and not told. state: `open` when it begins; `closed` says, once, how it went on: `opened` is
    the alert that began it. count: findings. first_ms, last_ms: of what was found, by the log's
    clock where it is known. score: on the watcher's own scale. chance: how often quiet data is as
    odd. evidence: the first and last entries. kept: files beside the log that show it.
    """

    watcher: Reference
    watches: Name
    kind: Name
    group: Name
    state: Literal["open", "closed"] = "open"
    severity: Literal["low", "medium", "high"] = "medium"
    title: Name
    why: Text = ""
    opened: Reference | None = None
    count: Count = 1
    window_s: Count
    first_ms: Millis
    last_ms: Millis
    score: DecimalText | None = None
    chance: DecimalText | None = None
    evidence: Annotated[tuple[Seen, ...], msgspec.Meta(max_length=64)] = ()
    measured: Annotated[tuple[Measurement, ...], msgspec.Meta(max_length=64)] = ()
    kept: Annotated[tuple[ContentRef, ...], msgspec.Meta(max_length=16)] = ()

    def payloads(self) -> tuple[ContentRef, ...]:
        """List what lies beside the log for this statement."""
        return self.kept


class Acknowledgement(Header, frozen=True, kw_only=True):
    """A named person looked at an alert and says whether it was real; the newest counts."""

    alert: Reference
    verdict: Literal["real", "false"]
    by: Accountable
    note: Text = ""
