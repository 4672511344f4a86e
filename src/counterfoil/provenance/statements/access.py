"""Statements about who may use a node, and who was not let in.

A key appears by its id, never by its secret; an address by its network alone, since an address is
personal data and a log forgets nothing. This module refuses text with control characters: what a
stranger sends must not look like lines of somebody's own.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, Millis, Name
from counterfoil.provenance.statements.parts import Text

__all__ = ["REFUSED_MAX", "AccessChange", "AccessRefusal", "RefusedRequests"]

REFUSED_MAX = 128
"""Most kinds of refused requests in one statement."""

_Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)]


class AccessChange(Header, frozen=True, kw_only=True):
    """A key to a node was made or ended: which, for whom, by whom.

    key: its id. action: `add`, or `end` at `until_ms`. until_ms: when it ends, Unix ms; absent
    while no end is set. replaces: id of the key that it was made for. by: who did it, as they were
    known to the node or to the machine.
    """

    action: Literal["add", "end"]
    key: Name
    name: Name
    roles: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=16)]
    scopes: _Names = ()
    sources: _Names = ()
    until_ms: Millis | None = None
    replaces: Name | None = None
    by: Name
    why: Text = ""


class RefusedRequests(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Requests that were refused alike.

    code: of the error. network: of the address: the first 24 bits of IPv4, 48 of IPv6. key: id of
    who asked, where that was known. what: was asked for.
    """

    code: Name
    network: Name
    count: Count
    first_ms: Millis
    last_ms: Millis
    key: Name | None = None
    what: Name | None = None


class AccessRefusal(Header, frozen=True, kw_only=True):
    """A node did not let somebody in: grouped, at most one statement in some seconds.

    refused: those that were told apart. more: code -> count of those beyond their bound, so that
    none is lost. since_ms, until_ms: the time that it covers, Unix ms.
    """

    since_ms: Millis
    until_ms: Millis
    refused: Annotated[tuple[RefusedRequests, ...], msgspec.Meta(max_length=REFUSED_MAX)] = ()
    more: dict[Name, Count] = msgspec.field(default_factory=dict)
