"""Find what a statement points at: references, corrections, and the artefacts it is about.

Generic, so that a third party's statements are followed too: wherever a predicate holds an object
made of nothing but `leaf`, `digest`, `origin`, `role` and `name`, that is a reference, and the
field that holds it says what for. This module refuses to know a ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

__all__ = ["Pointer", "artefacts_of", "pointers_of"]

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_NAMES: Final = frozenset({"leaf", "digest", "origin", "role", "name"})
_LEAVES: Final = frozenset({"corrects", "supersedes", "incident"})
_DIGESTS: Final = frozenset({"explainer"})
_SKIPPED: Final = frozenset({"code", "sealed", "kept", "expect"})
_DEPTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Pointer:
    """What one field of a statement points at.

    field: of the predicate, such as `trained_on`. role: what the reference itself says it is for,
    or empty. leaf, digest: 64 hexadecimal digits, at least one. origin: the other log, if another.
    """

    field: str
    leaf: str | None
    digest: str | None
    origin: str | None = None
    role: str = ""
    name: str = ""


def pointers_of(said: Mapping[str, Any]) -> Iterator[Pointer]:
    """List what a predicate points at, in the order of its fields.

    >>> [p.field for p in pointers_of({"model": {"digest": "ab" * 32}, "outcome": "hold"})]
    ['model']
    """
    for field, value in said.items():
        if field in _SKIPPED:
            continue
        if field in _LEAVES and _is_hex(value):
            yield Pointer(field, value, None)
        else:
            yield from _inside(field, value, 0)


def artefacts_of(said: Mapping[str, Any], subjects: Iterable[str] = ()) -> tuple[str, ...]:
    """List the digests of the artefacts that a statement is itself about.

    said: its predicate. subjects: SHA-256 of its in-toto subjects. What it merely points at is not
    among them, even where a subject names it.
    """
    found = [*subjects, said.get("digest")]
    fingerprint = said.get("fingerprint")
    if isinstance(fingerprint, Mapping):
        found += [fingerprint.get("digest"), fingerprint.get("root")]
    pointed = {end for one in pointers_of(said) for end in (one.digest, one.leaf)}
    return tuple(dict.fromkeys(d for d in found if _is_hex(d) and d not in pointed))


def _inside(field: str, value: Any, depth: int) -> Iterator[Pointer]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        pointer = _pointer(field, value)
        if pointer is not None:
            yield pointer
            return
        for name, inner in value.items():
            if name in _DIGESTS and _is_hex(inner):
                yield Pointer(name, None, inner)
            elif name not in _SKIPPED:
                yield from _inside(field, inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _inside(field, inner, depth + 1)


def _pointer(field: str, value: Mapping[str, Any]) -> Pointer | None:
    leaf, digest = value.get("leaf"), value.get("digest")
    if not (_is_hex(leaf) or _is_hex(digest)) or not _NAMES.issuperset(value):
        return None
    origin, role, name = value.get("origin"), value.get("role"), value.get("name")
    return Pointer(
        field,
        leaf if _is_hex(leaf) else None,
        digest if _is_hex(digest) else None,
        origin if isinstance(origin, str) else None,
        role if isinstance(role, str) else "",
        name if isinstance(name, str) else "",
    )


def _is_hex(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None
