"""Statements about logs themselves: one that ended, and one that told two stories."""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name

__all__ = ["Equivocation", "ForkPoint", "LogFrozen", "OtherPrefix"]

NoteText = Annotated[str, msgspec.Meta(min_length=1, max_length=16384)]
HashPath = Annotated[tuple[HexDigest, ...], msgspec.Meta(max_length=63)]


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


class ForkPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two leaves at one index, each proven under one of two checkpoints.

    index: from 0. leaves: 64 hexadecimal digits. paths: inclusion paths, leaf's sibling first.
    """

    index: Count
    first_leaf: HexDigest
    first_path: HashPath
    second_leaf: HexDigest
    second_path: HashPath


class OtherPrefix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the larger of two trees was when it had the size of the smaller one.

    root: 64 hexadecimal digits. path: the consistency path from it to the larger tree's root
    (RFC 9162, 2.1.4); empty only where nothing can be proven.
    """

    root: HexDigest
    path: HashPath


class Equivocation(Header, frozen=True, kw_only=True):
    """A log that signed two histories, with all that is needed to check it.

    origin: the log. vkey: its verifier key. first, second: its signed notes, verbatim: of one
    size and two roots; or of two sizes, and then `fork` shows an entry in which they differ, or
    `prefix` that the larger never had the root of the smaller.
    """

    origin: Name
    vkey: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    first: NoteText
    second: NoteText
    fork: ForkPoint | None = None
    prefix: OtherPrefix | None = None
