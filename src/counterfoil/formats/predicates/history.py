"""Statements about logs themselves: one that ended, and one that told two stories."""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name

__all__ = ["Equivocation", "LogFrozen"]

NoteText = Annotated[str, msgspec.Meta(min_length=1, max_length=65536)]


class LogFrozen(Header, frozen=True, kw_only=True):
    """A log's last state, and where its story goes on.

    origin, size, root: the last checkpoint that is vouched for. successor: origin of the log that
    follows, absent when none does. checkpoint: that checkpoint's signed note. why: for people.
    """

    origin: Name
    size: Count
    root: HexDigest
    successor: Name | None = None
    checkpoint: NoteText | None = None
    why: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Equivocation(Header, frozen=True, kw_only=True):
    """A log that signed two histories: both signed notes, verbatim.

    origin: the log. first, second: checkpoints of one size and two roots; or of two sizes, and
    then `proof` says why they cannot belong to one history.
    """

    origin: Name
    first: NoteText
    second: NoteText
    proof: Annotated[str, msgspec.Meta(max_length=32768)] = ""
