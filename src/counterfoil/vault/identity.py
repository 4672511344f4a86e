"""Check how a person and a class of data are named, before anything is done with them."""

from __future__ import annotations

from typing import Final

from counterfoil.errors import InputError
from counterfoil.ports import ToSeal

__all__ = ["HANDLE_BYTES", "HANDLE_PREFIX", "check_class", "checked", "given_handle"]

HANDLE_PREFIX: Final = "handle:"
"""Before a handle, where an id of a person could stand as well."""

HANDLE_BYTES: Final = 16
"""Length of a handle, bytes."""

_PERSON_MAX: Final = 1024
_CLASS_MAX: Final = 255


def given_handle(person: object) -> bytes | None:
    """Take the handle out of `handle:...`; None where a person's id is given.

    Raises InputError with code person.id.
    """
    if not isinstance(person, str) or not 0 < len(person) <= _PERSON_MAX or _unfit(person):
        raise InputError(
            "person.id",
            f"expected a person's id of 1 to {_PERSON_MAX} characters, found {_found(person)}",
            hint="Give the id by which your own systems know the person; it is never recorded.",
        )
    if not person.startswith(HANDLE_PREFIX):
        return None
    try:
        found = bytes.fromhex(person.removeprefix(HANDLE_PREFIX))
    except ValueError:
        found = b""
    if len(found) != HANDLE_BYTES:
        raise InputError(
            "person.id", f"expected {HANDLE_PREFIX} and 32 hexadecimal digits, found other"
        )
    return found


def _found(person: object) -> str:
    """Tell what stands in place of an id, and never the id."""
    if not isinstance(person, str):
        return type(person).__name__
    return "half of a character" if _unfit(person) else f"{len(person)} characters"


def checked(wanted: ToSeal) -> ToSeal:
    """Check whose and what is to be sealed.

    Raises InputError with code person.id, person.class or person.fields.
    """
    given: object = wanted
    if not isinstance(given, ToSeal):
        raise InputError(
            "person.fields",
            f"expected ToSeal for what is to be sealed, found {type(given).__name__}",
        )
    if given_handle(wanted.person) is not None:
        raise InputError(
            "person.id",
            f"expected a person's id to seal for, found one that begins with {HANDLE_PREFIX}",
            hint="Name the person by the id of your own systems.",
        )
    check_class(wanted.data_class)
    return wanted


def check_class(name: object) -> None:
    """Check the name of a class of data. Raises InputError with code person.class."""
    if not isinstance(name, str) or not 0 < len(name) <= _CLASS_MAX or not name.isprintable():
        raise InputError(
            "person.class",
            f"expected a class of data such as contact, found {str(name)[:80]!a}",
        )


def _unfit(text: str) -> bool:
    """Tell whether a text has lone surrogates, which no encoding can hold."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)
