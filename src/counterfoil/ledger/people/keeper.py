"""The owner's vault: opened when it is needed, told what the log says, and rid of what crashed.

Every change that must be said in the log is kept as an unsaid statement, in the same transaction
as the change itself, until it stands there; the next start says it. Statements that a restored
backup does not know take effect again. This module refuses to make a vault before there is
anything for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from counterfoil.errors import CounterfoilError, Refused, Unavailable
from counterfoil.formats import json_text
from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.people.copies import keys_path, take_up_keys
from counterfoil.ledger.people.erasures import PEOPLE_SOURCE
from counterfoil.ledger.people.rules import Rules, read_rules
from counterfoil.ledger.people.sealed_in import sealed_in, statement_in
from counterfoil.ledger.predicate_types import check_registered, resolve
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ledger.unwrap import NOT_DECODABLE
from counterfoil.ledger.writer import Writer
from counterfoil.ports import Clock, Said
from counterfoil.vault import Authority, Consent, Vault

__all__ = ["Keeper", "apply_said", "consents_in"]


class Keeper:
    """Keeps the vault of one ledger, in the process that owns it.

    layout, config: of the ledger. writer: records what is said about people.
    """

    def __init__(self, layout: Layout, config: Config, writer: Writer, clock: Clock) -> None:
        self.writer, self.clock = writer, clock
        self.door = threading.RLock()  # orders statements about people
        self._layout, self._config = layout, config
        self._origin = config.origin
        self._vault: Vault | None = None
        self._rules: Rules | None = None
        self._closed = False

    @property
    def rules(self) -> Rules:
        """What the settings ask about personal data. Raises InputError with code config.people."""
        if self._rules is None:
            self._rules = read_rules(self._config)
        return self._rules

    def vault(self) -> Vault:
        """Open the vault, or make it; end what a crash left. Raises as `Vault` and `read_rules`."""
        with self.door:
            if self._vault is None:
                if self._closed:
                    raise Unavailable("ledger.closed", "expected an open ledger, found it closed")
                searchable = self.rules.searchable
                take_up_keys(self._layout, keys_path)
                vault = Vault(
                    self._layout.vault,
                    keys_path,
                    self._origin,
                    self.clock,
                    lambda data_class, name: (data_class, name) in searchable,
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
        if self._layout.vault.exists():
            try:
                self.vault()
            except CounterfoilError:
                return

    def close(self) -> None:
        """Close the vault; all that was sealed is recorded or refused by now."""
        with self.door:
            self._closed = True
            if self._vault is not None:
                self._vault.close()
                self._vault = None

    def state(
        self,
        kind: str,
        fields: dict[str, Any],
        apply: Callable[[int, tuple[str, str]], None],
    ) -> Recorded:
        """Change something about a person, and say it in the log.

        apply: makes the change durable, together with the unsaid statement, given its number.
        Raises InputError with code predicate.malformed before anything is changed.
        """
        with self.door:
            vault = self.vault()
            header = {"issuer": self._config.organisation, "source": PEOPLE_SOURCE, "number": 0}
            check_registered(resolve(kind), {**fields, **header})
            number = vault.epoch
            apply(number, (kind, json_text.format(fields).decode()))
            return self._say(vault, kind, fields, number)

    def _say(self, vault: Vault, kind: str, fields: dict[str, Any], number: int) -> Recorded:
        said = record_statement(self.writer, Said(kind, fields), PEOPLE_SOURCE, number).result()
        vault.said(number)
        return said

    def entry_of(self, number: int) -> int | None:
        """Find the entry of a statement about people; None where it is not in the log."""
        issuer = self._config.organisation
        span = self.writer.store.find_span(issuer, PEOPLE_SOURCE, number, 1)
        return None if span is None else span.index + number - span.first

    # What a crash or a backup left ------------------------------------------------------------

    def _catch_up(self, vault: Vault) -> None:
        known = self.writer.store.next_number(self._config.organisation, PEOPLE_SOURCE)
        unsaid = vault.unsaid()
        vault.epoch = max([known, *(number + 1 for number, _, _ in unsaid)])
        for number in range(min(vault.applied()) + 1, known):
            at = self.entry_of(number)
            if at is not None:
                apply_said(vault, self.writer.log.reader.entry(at), number)
        vault.note_applied(known - 1)
        for number, kind, text in unsaid:
            fields: dict[str, Any] = json_text.parse(text.encode())
            if kind == "erasure":  # the keys are gone; the rest may not be
                _erase(vault, fields, number)
            try:
                self._say(vault, kind, fields, number)
            except Refused:  # the log has ended: what was done is done
                continue
        vault.sweep(self._recorded)

    def _recorded(self, digests: set[bytes], first: int) -> Iterable[bytes]:
        """Tell which of these sealed bytes entries from `first` on name."""
        reader = self.writer.log.reader
        for entry in reader.entries(first, self.writer.log.head.size):
            try:
                groups = sealed_in(entry)
            except NOT_DECODABLE:
                continue
            for found in groups.values():
                for group in found:
                    digest = bytes.fromhex(group.ciphertext)
                    if digest in digests:
                        yield digest


def apply_said(vault: Vault, entry: bytes, number: int) -> None:
    """Do what statement `number` about people says; doing it again changes nothing.

    A grant cannot be given again: its keys were wrapped for a token that nobody kept.
    """
    kind, said = statement_in(entry)
    authority = Authority(vault)
    classes = said.get("classes", ())
    if kind == "erasure":
        _erase(vault, said, number)
    elif kind == "hold" and said["action"] == "place":
        until = said.get("until_ms")
        authority.hold(said["person"], classes, said["why"], until, number)
    elif kind == "hold":
        authority.lift(said["person"], classes, number)
    elif kind == "consent":
        authority.consent(said["person"], consents_in(said, number), number)
    elif kind == "grant" and said["action"] == "revoke":
        gone = [p for p in authority.permits(said["person"]) if p.id.hex() == said["grant"]]
        authority.revoke(gone, number)


def consents_in(said: dict[str, Any], number: int) -> list[Consent]:
    """Take the consents out of statement `number`: one a class and purpose."""
    return [
        Consent(data_class, purpose, said["given"], said.get("until_ms"), number)
        for data_class in said.get("classes", ()) or ("",)
        for purpose in said["purposes"]
    ]


def _erase(vault: Vault, said: dict[str, Any], number: int) -> None:
    before = said.get("sealed_before_ms")
    vault.erase(said["person"], said.get("classes", ()), number, before_ms=before)
