"""The room for people: who they are here, what may be opened, and how it is erased.

Everything goes to the process that owns the ledger, which says in the log what is done, before it
is done where something is released. This module refuses to keep what it was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from counterfoil.errors import Refused
from counterfoil.formats import json_text
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["People"]


class People:
    """The people of a ledger: `ledger.people`.

    A person is named by their id in your systems, which never reaches the log, or by `handle:` and
    their handle, 32 hexadecimal digits. Methods raise InputError with code person.id, NotFound
    with code person.unknown, Refused with code ledger.read-only or vault.keys-missing.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def handle(self, person: str) -> str:
        """Tell a person's random handle in this ledger, 32 hexadecimal digits."""
        handle: str = self._ask("handle", person=person)
        return handle

    def open(
        self,
        index: int,
        *,
        actor: str,
        purpose: str,
        names: Sequence[str] | None = None,
        consent: Reference | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Open the sealed data of one entry: field of its predicate -> {name: value}.

        actor: who wants to see it. purpose: what for. names: of the fields that are wanted; all
        when None. consent: the statement that allows it. That it is opened, by whom and why is
        durable in the log before anything is released. Fields of people who were erased are left
        out. Raises NotFound with code sealed.none, Refused with code person.erased when all that
        was asked for is gone, and VerificationError with code sealed.damaged.
        """
        (found,) = self._open([index], actor, purpose, names, consent)
        if not found["fields"] and found["erased"]:
            raise Refused(
                "person.erased",
                f"expected the sealed data of entry {index}, found it erased",
                hint="Its receipts still verify; what it said is gone for good.",
            )
        return {
            field: {name: json_text.parse(text.encode()) for name, text in texts.items()}
            for field, texts in found["fields"].items()
        }

    def _open(
        self,
        indices: Sequence[int],
        actor: str,
        purpose: str,
        names: Sequence[str] | None,
        consent: Reference | None,
    ) -> list[dict[str, Any]]:
        import msgspec

        opened: list[dict[str, Any]] = self._ask(
            "open",
            indices=list(indices),
            actor=actor,
            purpose=purpose,
            names=None if names is None else list(names),
            consent=None if consent is None else msgspec.to_builtins(consent),
        )
        return opened

    def erase(
        self, person: str, *, classes: Sequence[str] = (), why: str = "asked by the person"
    ) -> Mapping[str, Any]:
        """Erase a person, or classes of their data, for good.

        classes: such as `contact`; all when empty, and then who they are is forgotten, too. why:
        stands in the log. Keys, sealed bytes and blind index are destroyed, then it is said.
        Receipts still verify.
        """
        erased: Mapping[str, Any] = self._ask(
            "erase", person=person, classes=list(classes), why=why
        )
        return erased

    def _ask(self, verb: str, **arguments: Any) -> Any:
        return self._ledger.ask_people(verb, arguments)
