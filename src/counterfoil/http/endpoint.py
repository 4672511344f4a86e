"""What a node answers, each thing with who may ask for it; nothing is served without saying so.

Every room of this shell gives a list of these, and `http.app` puts the guard before each. This
module refuses to import a room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.ports.access import Role

__all__ = ["ANYBODY", "Answer", "Endpoint", "Lane", "Mounted", "Need"]

Answer = Callable[[Request], Awaitable[Response]]
"""Answers one request; errors of `counterfoil.errors` are told for it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs.

    role: None for anybody. words: of the operation that is asked for, or one word for what is
    read; scopes of keys name the first of them.
    """

    role: Role | None
    words: tuple[str, ...] = ()


ANYBODY: Final = Need(None)
"""No key is needed."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path and method.

    path: with `{name}` or `{name:int}` where something stands in it. tells: how errors are told,
    as `problem` documents to programs, `concise` ones in CBOR, of types of `epcis`, or as a `page`
    to people.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    path: str
    need: Need
    answer: Answer
    tells: Literal["problem", "concise", "epcis", "page"] = "problem"


@dataclass(frozen=True, slots=True)
class Mounted:
    """An ASGI application for one path and all below it, or for single paths at the root.

    path: prefix that is taken off, such as `/rpc`; empty for none: then `below` lists the
    beginnings of paths that are meant. It is asked with any method.
    """

    path: str
    need: Need
    app: Any
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """One path and method that is asked so often that it goes past the router.

    path: without parameters. app: an ASGI application that asks the guard by itself, as
    `http.api.lane` does; need: what it asks for.
    """

    method: Literal["POST", "PUT"]
    path: str
    need: Need
    app: Any
