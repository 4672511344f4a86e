"""The owner's side of personal data: opens the vault, answers verbs, and ends what a crash left.

Every change that must be said in the log is kept as an unsaid statement, in the same transaction
as the change itself, until it stands there. This module refuses to open the vault before there is
anything in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, NotFound, Refused
from counterfoil.formats import json_text
from counterfoil.formats.sealed import Sealed
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.people.sealed_in import sealed_in
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.state import state_folder
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ledger.unwrap import NOT_DECODABLE
from counterfoil.ledger.writer import Writer
from counterfoil.ports import Clock, Said
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.vault import Vault

__all__ = ["PEOPLE_SOURCE", "Keeper", "keys_path"]

PEOPLE_SOURCE: Final = "counterfoil:people"
"""Series of the statements that change what may be opened: consent, grant, hold, erasure."""


def keys_path(origin: str) -> Path:
    """Name the file of a ledger's personal keys, in the user's state folder."""
    return state_folder() / "vaults" / sha256(origin.encode()).hexdigest()[:32] / "keys.db"


class Keeper:
    """Keeps the people of one ledger, in the process that owns it.

    layout: of the ledger. writer: records what is said about people.
    """

    def __init__(self, layout: Layout, writer: Writer, clock: Clock) -> None:
        self._layout, self._writer, self._clock = layout, writer, clock
        self._origin = writer.log.origin
        self._door = threading.RLock()  # orders statements about people
        self._vault: Vault | None = None
        self._closed = False

    # The vault --------------------------------------------------------------------------------

    def vault(self) -> Vault:
        """Open the vault, or make it; end what a crash left. Raises as `Vault`."""
        with self._door:
            if self._vault is None:
                if self._closed:
                    raise Refused("ledger.closed", "expected an open ledger, found it closed")
                vault = Vault(
                    self._layout.vault, keys_path(self._origin), self._origin, self._clock
                )
                try:
                    self._catch_up(vault)
                except BaseException:
                    vault.close()
                    raise
                self._vault = vault
            return self._vault

    def start(self) -> None:
        """End what a crash left, and erase again what a backup brought back.

        What keeps the vault from being opened is said when somebody needs it.
        """
        if self._layout.vault.exists() or keys_path(self._origin).exists():
            try:
                self.vault()
            except CounterfoilError:
                return

    def close(self) -> None:
        """Close the vault; all that was sealed is recorded or refused by now."""
        with self._door:
            self._closed = True
            if self._vault is not None:
                self._vault.close()
                self._vault = None

    def _catch_up(self, vault: Vault) -> None:
        next_number = self._writer.store.next_number(
            self._writer.producer.organisation, PEOPLE_SOURCE
        )
        unsaid = vault.unsaid()
        vault.epoch = max([next_number, *(number + 1 for number, _, _ in unsaid)])
        keys_applied, bytes_applied = vault.applied()
        for number in range(min(keys_applied, bytes_applied) + 1, next_number):
            self._apply(vault, number)
        for number, kind, text in unsaid:
            fields = json_text.parse(text.encode())
            if kind == "erasure":
                vault.erase(fields["person"], fields.get("classes", ()), number)
            self._say(vault, kind, fields, number)
        vault.sweep(self._recorded)

    def _apply(self, vault: Vault, number: int) -> None:
        """Do again what a statement in the log says: a backup does not know it."""
        issuer = self._writer.producer.organisation
        span = self._writer.store.find_span(issuer, PEOPLE_SOURCE, number, 1)
        if span is None:
            return
        said = statement_of(self._writer.log.reader.entry(span.index + number - span.first))
        if said is not None and said[0] == "erasure":
            vault.erase(said[1]["person"], said[1].get("classes", ()), number)

    def _recorded(self, digests: set[bytes], first: int) -> Iterable[bytes]:
        """Tell which of these sealed bytes entries from `first` on name."""
        reader = self._writer.log.reader
        for entry in reader.entries(first, self._writer.log.head.size):
            try:
                groups = sealed_in(entry)
            except NOT_DECODABLE:
                continue
            for found in groups.values():
                for group in found:
                    digest = bytes.fromhex(group.ciphertext)
                    if digest in digests:
                        yield digest

    # Verbs ------------------------------------------------------------------------------------

    def do(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what a `People` asks for, here or in another process; plain values in and out.

        Raises InputError with code ledger.verb, and what the verb raises.
        """
        verbs: dict[str, Callable[..., Any]] = {
            "handle": self.handle,
            "open": self.open,
            "erase": self.erase,
        }
        if verb not in verbs:
            raise InputError("ledger.verb", f"expected a verb about people, found {verb[:40]!a}")
        return verbs[verb](**arguments)

    def handle(self, person: str) -> str:
        """Tell a person's handle; see `Vault.handle`."""
        return self.vault().handle(person)

    def open(
        self,
        indices: list[int],
        actor: str,
        purpose: str,
        names: list[str] | None = None,
        consent: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Open the sealed data of entries, after it is recorded who does it and why."""
        vault = self.vault()
        wanted = [(index, *self._groups(index)) for index in indices]
        self._say_opening(wanted, actor, purpose, names, consent)
        opened = []
        for index, leaf, groups in wanted:
            found: dict[str, dict[str, str]] = {}
            erased: dict[str, list[str]] = {}
            for field, sealed in groups:
                asked = [name for name in sealed.names if names is None or name in names]
                if not asked:
                    continue
                try:
                    fields = vault.open(sealed)
                except Refused as err:
                    if err.code != "person.erased":
                        raise
                    erased.setdefault(field, []).extend(asked)
                    continue
                texts = found.setdefault(field, {})
                texts.update((f.name, f.text.decode()) for f in fields if f.name in asked)
            opened.append({"index": index, "leaf": leaf, "fields": found, "erased": erased})
        return opened

    def _groups(self, index: int) -> tuple[str, list[tuple[str, Sealed]]]:
        entry = self._writer.log.reader.entry(index)
        groups = [(name, one) for name, found in sealed_in(entry).items() for one in found]
        if not groups:
            raise NotFound(
                "sealed.none",
                f"expected sealed personal data in entry {index}, found none",
                hint="`counterfoil record get` shows what it holds.",
            )
        return leaf_hash(entry).hex(), groups

    def _say_opening(
        self,
        wanted: list[tuple[int, str, list[tuple[str, Sealed]]]],
        actor: str,
        purpose: str,
        names: list[str] | None,
        consent: dict[str, Any] | None,
    ) -> Recorded:
        handles = {sealed.person: None for _, _, groups in wanted for _, sealed in groups}
        fields: dict[str, Any] = {
            "actor": actor,
            "purpose": purpose,
            "records": [{"leaf": leaf} for _, leaf, _ in wanted],
            "people": list(handles),
        }
        if names is not None:
            fields["names"] = names
        if consent is not None:
            fields["consent"] = consent
        return record_statement(self._writer, Said("opening", fields), None, None).result()

    def erase(self, person: str, classes: list[str], why: str) -> dict[str, Any]:
        """Destroy a person's data, or classes of it, and say so."""
        with self._door:
            vault = self.vault()
            handle = vault.handle(person)
            counts = [n for name, n, _ in vault.kept(handle) if not classes or name in classes]
            fields = {"person": handle, "classes": classes, "why": why, "records": sum(counts)}
            number = vault.epoch
            unsaid = ("erasure", json_text.format(fields).decode())
            vault.erase(handle, classes, number, unsaid)
            said = self._say(vault, "erasure", fields, number)
            return {"person": handle, "groups": sum(counts), **said.to_json()}

    def _say(self, vault: Vault, kind: str, fields: dict[str, Any], number: int) -> Recorded:
        said = record_statement(self._writer, Said(kind, fields), PEOPLE_SOURCE, number).result()
        vault.said(number)
        return said


class _Statement(msgspec.Struct):
    predicate: dict[str, Any]
    predicate_type: str = msgspec.field(name="predicateType")


_STATEMENT: Final = msgspec.json.Decoder(_Statement)


def statement_of(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Take kind and predicate of a statement out of an entry; None where it is none."""
    from counterfoil.formats import entry as entries
    from counterfoil.formats.entry import StatementEntry
    from counterfoil.formats.predicates import name_of

    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return None
    predicate: dict[str, Any] = msgspec.json.decode(parsed.statement.predicate)
    return name_of(parsed.statement.predicate_type), predicate
