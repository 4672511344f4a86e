"""Take the personal fields out of a record's content, before it is recorded.

A field is named by its path, keys joined by dots. This module refuses a path that is not there,
that could mean two fields, or that lies inside an array's place: half a record would be sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.ledger.sameness import check_content
from counterfoil.ports import ToSeal

__all__ = ["PersonIn", "Personal", "split_content"]


@dataclass(frozen=True, slots=True)
class Personal:
    """Whose a field is. person: their id in your systems. data_class: such as `contact`."""

    person: str
    data_class: str


@dataclass(frozen=True, slots=True)
class PersonIn:
    """Whose a field is, where another field of the same record tells.

    field: path of the field that holds the person's id, text or an integer; it is sealed with
    them, since ids do not stand in the log. data_class: such as `contact`.
    """

    field: str
    data_class: str


def split_content(
    content: Mapping[str, Any] | str | bytes, personal: Mapping[str, Personal | PersonIn]
) -> tuple[bytes, list[ToSeal]]:
    """Take the personal fields out of content: what stays, as compact JSON, and what is sealed.

    personal: path of a field -> whose it is. Groups come in the order in which a person and
    class first appear. Raises InputError with code record.personal, person.id or record.content,
    or one of `json_text`.
    """
    value = json_text.parse(check_content(content))
    places = {path: _place(value, path) for path in personal}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for path, whose in personal.items():
        if isinstance(whose, PersonIn):
            holder, key = places.get(whose.field) or _place(value, whose.field)
            places[whose.field] = holder, key
            owner = _id(holder[key], whose.field)
            groups.setdefault((owner, whose.data_class), {}).setdefault(whose.field, holder[key])
        elif isinstance(whose, Personal):
            owner = whose.person
        else:
            raise InputError(
                "record.personal",
                f"expected Personal or PersonIn for {path[:80]!a}, found {type(whose).__name__}",
            )
        holder, key = places[path]
        groups.setdefault((owner, whose.data_class), {})[path] = holder[key]
    _require_apart(places)
    for holder, key in places.values():
        del holder[key]
    return json_text.format(value), [
        ToSeal(person, data_class, fields) for (person, data_class), fields in groups.items()
    ]


def _id(value: object, path: str) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise InputError(
        "person.id",
        f"expected the id of a person in {path[:80]!a}, found none",
        hint="A row without a person has no personal fields; record it without them.",
    )


def _place(value: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Find the object that has a field, and its key there."""
    if not isinstance(path, str):
        raise InputError("record.personal", f"expected paths of fields, found {path!r:.80}")
    found = list(_places(value, path))
    if len(found) != 1:
        what = "no such field" if not found else "several"
        raise InputError(
            "record.personal",
            f"expected one field {path[:80]!a} in the record, found {what}",
            hint="Name a field by its keys joined by dots, such as customer.name; in an array by "
            "its place, such as lines.0.name.",
        )
    return found[0]


def _places(value: Any, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict) and path in value:
        yield value, path
    parts = path.split(".")
    for cut in range(1, len(parts)):
        head, tail = ".".join(parts[:cut]), ".".join(parts[cut:])
        if isinstance(value, dict) and head in value:
            yield from _places(value[head], tail)
        elif isinstance(value, list) and _is_place(head, value):
            yield from _places(value[int(head)], tail)


def _is_place(head: str, value: list[Any]) -> bool:
    return head.isascii() and head.isdigit() and len(head) < 8 and int(head) < len(value)


def _require_apart(places: Mapping[str, tuple[dict[str, Any], str]]) -> None:
    """Refuse fields that hold each other, and one field under two names."""
    taken = {(id(holder), key) for holder, key in places.values()}
    within: set[int] = set()
    for holder, key in places.values():
        within.update(map(id, _objects(holder[key])))
    for path, (holder, _) in places.items():
        if id(holder) in within or len(taken) != len(places):
            raise InputError(
                "record.personal",
                f"expected each personal field by itself, found {path[:80]!a} inside another one "
                "or twice",
                hint="Name the outer field alone, or each inner one.",
            )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
