"""Which operations a node offers to others, what each may be told, and why the rest is not offered.

Nobody elsewhere names a file, a folder or an address of the node's machine: files come and go with
the request, the ledger is the node's own. This module refuses to leave an operation out without a
reason that can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from counterfoil.errors import Unavailable
from counterfoil.ops.registry import all_operations, load
from counterfoil.ops.signature import Field, fields_of, given_by_shell
from counterfoil.ports import Operation

__all__ = [
    "ACTORS",
    "FROM_LOG",
    "NOT_OFFERED",
    "Offered",
    "not_offered",
    "offered_operations",
    "reason_against",
]

_PROCESS: Final = "It is a process of its own, which runs until somebody ends it."
_PLACE: Final = "It is about a folder of the machine, not about the node's open ledger."

NOT_OFFERED: Final[dict[str, str]] = {
    "demo": _PROCESS,
    "init": "It makes a new ledger; a node serves one that is there.",
    "up": _PROCESS,
    "serve": _PROCESS,
    "mcp": _PROCESS,
    "backup": _PLACE,
    "recover": "It mends a ledger that nobody has open.",
    "model sign": "It takes a private key, which should not travel.",
    "witness run": _PROCESS,
    "witness key": _PLACE,
    "mirror run": _PROCESS,
    "mirror receipt": _PLACE,
    "monitor run": _PROCESS,
    "network run": _PROCESS,
    "network demo": _PROCESS,
    "lineage receive": "The node itself takes OpenLineage events, at a path of their own.",
    "watch run": "The node itself runs the watchers.",
    "finance run": "It is a stream that does not end, with a state of its own on the machine.",
    "supply listen": _PROCESS,
    "app demo": "It plays a story in a folder of the machine.",
    "forecast fees": "It asks an address that the caller names.",
    "chain sync": "It asks an address that the caller names, for hours.",
    "circuit add": "It runs a compiler that the caller names.",
}
"""Operations that a node does not offer, each with the reason."""

ACTORS: Final = frozenset({"actor", "by"})
"""Parameters that say who does something: through a node it is whoever asks."""

FROM_LOG: Final = frozenset(
    {
        "record get",
        "record search",
        "record tail",
        "prove inclusion",
        "prove consistency",
        "key ls",
        "export",
        "schema",
        "dataset get",
        "dataset ls",
        "model get",
        "model ls",
        "decision get",
        "decision ls",
        "check ls",
        "trace",
        "watch alerts",
        "rules ls",
        "rules default",
        "act deciders",
    }
)
"""Operations whose answer changes only when the log grows: neither time nor another party shows."""

_UNSAID: Final = frozenset({"ledger", "machine"})


@dataclass(frozen=True, slots=True)
class Offered:
    """An operation that a node offers.

    fields: what others may say to it. gives: how it hands over what it found: `one` result, `many`
    one after the other, or `pages` of many, where it only reads and its own limit, if it has one,
    may be left to the shell. own: parameters for the node's own ledger. by_shell: what a shell
    gives by itself, as of `given_by_shell`.
    """

    operation: Operation
    function: Callable[..., Any]
    fields: tuple[Field, ...]
    gives: Literal["one", "many", "pages"]
    own: tuple[str, ...]
    by_shell: Mapping[str, str]

    @property
    def path(self) -> str:
        """Where it is below the API: its words."""
        return "/".join(self.operation.words)

    @property
    def reads(self) -> tuple[Field, ...]:
        """What it gets as files."""
        return tuple(one for one in self.fields if one.holds in ("file", "tree"))

    @property
    def outputs(self) -> tuple[Field, ...]:
        """What it writes as files or folders."""
        return tuple(one for one in self.fields if one.holds in ("output", "output-folder"))

    @property
    def can_get(self) -> bool:
        """Whether an address alone can ask for it: it only reads, and needs no file."""
        return not (self.operation.writes or any(one.required for one in self.reads))


def reason_against(operation: Operation) -> str | None:
    """Tell why a node does not offer an operation; None where it does."""
    known = NOT_OFFERED.get(operation.name)
    if known is not None:
        return known
    try:
        fields = fields_of(load(operation))
    except (ImportError, AttributeError, TypeError) as err:  # of another package, which is broken
        return f"It cannot be loaded: {err}."
    except Unavailable as err:
        return f"It needs what is not installed here: {err.message}. {err.hint}"
    named = [one.shown_value for one in fields if one.required and one.holds == "machine"]
    return f"It needs {named[0]} of the machine that it runs on." if named else None


def not_offered() -> dict[str, str]:
    """Tell why each operation that a node does not offer is left out, by its words."""
    reasons = ((one.name, reason_against(one)) for one in all_operations())
    return {name: reason for name, reason in reasons if reason is not None}


def offered_operations() -> tuple[Offered, ...]:
    """List what a node offers, in the order of the registry; each is imported."""
    return tuple(_offered(one) for one in all_operations() if reason_against(one) is None)


def _offered(operation: Operation) -> Offered:
    function = load(operation)
    every = fields_of(function)
    fields = tuple(
        replace(one, required=False) if one.name in ACTORS else one
        for one in every
        if one.holds not in _UNSAID
    )
    own = tuple(one.name for one in every if one.holds == "ledger")
    gives: Literal["one", "many", "pages"] = "one"
    if "Iterator[" in str(function.__annotations__.get("return", "")):
        limit = next((one for one in fields if one.name == "limit"), None)
        paged = not operation.writes and (limit is None or limit.default is None)
        gives = "pages" if paged else "many"
    if gives == "pages":
        fields = tuple(one for one in fields if one.name != "limit")
    return Offered(operation, function, fields, gives, own, given_by_shell(function))
