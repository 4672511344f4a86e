"""What the room for people asks of the ledger's owner: each verb, from plain values to plain ones.

Another process's asks come over the local socket, hence the plain values. What is opened is said
in the log first, and what is refused for want of a grant or a consent is said, too. This module
refuses to release anything before that is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from counterfoil.errors import CounterfoilError, InputError, NotFound, Refused
from counterfoil.formats.sealed import Sealed, SealedField, field_leaf
from counterfoil.ledger.people.keeper import Keeper, consents_in
from counterfoil.ledger.people.permission import Permission
from counterfoil.ledger.people.sealed_in import sealed_in
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ports import Said
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of
from counterfoil.vault import (
    Authority,
    Permit,
    check_class,
    make_token,
    parse_token,
)

__all__ = ["Desk"]

_OPENED_AT_ONCE = 256  # records that one opening statement names


class Desk:
    """Serves `People`, in the process that owns the ledger."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._verbs: dict[str, Callable[..., Any]] = {
            "consent": self.consent,
            "erase": self.erase,
            "expire": self.expire,
            "find": self.find,
            "grant": self.grant,
            "handle": self.handle,
            "hold": self.hold,
            "lift": self.lift,
            "listing": self.listing,
            "open": self.open,
            "prove": self.prove,
            "revoke": self.revoke,
        }

    def do(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what `People` asks for. Raises InputError with code ledger.verb, and as the verb."""
        if verb not in self._verbs:
            raise InputError("ledger.verb", f"expected a verb about people, found {verb[:40]!a}")
        return self._verbs[verb](**arguments)

    def handle(self, person: str) -> str:
        """Tell a person's handle; see `Vault.handle`."""
        return self._keeper.vault().handle(person)

    # Opening ----------------------------------------------------------------------------------

    def open(
        self,
        indices: list[int],
        actor: str,
        purpose: str,
        names: list[str] | None = None,
        token: str | None = None,
        person: str | None = None,
    ) -> list[dict[str, Any]]:
        """Open the sealed data of entries, after it is recorded who does it and why.

        person: only this one's. Each answer: index, leaf, fields and erased: field of the
        predicate -> name -> JSON text, or names.
        """
        vault = self._keeper.vault()
        only = None if person is None else vault.handle(person)
        shown = None if token is None else parse_token(token)
        opened = []
        for at in range(0, len(indices), _OPENED_AT_ONCE):
            wanted = [
                (index, *self._groups(index, only)) for index in indices[at : at + _OPENED_AT_ONCE]
            ]
            self._permit(wanted, actor, purpose, names, token)
            for index, leaf, groups in wanted:
                found: dict[str, dict[str, str]] = {}
                erased: dict[str, list[str]] = {}
                for field, sealed in groups:
                    asked = [name for name in sealed.names if names is None or name in names]
                    try:
                        fields = vault.open(sealed, shown) if asked else []
                    except Refused as err:
                        if err.code != "person.erased":
                            raise
                        erased.setdefault(field, []).extend(asked)
                        continue
                    if asked:
                        texts = found.setdefault(field, {})
                        texts.update((f.name, f.text.decode()) for f in fields if f.name in asked)
                opened.append({"index": index, "leaf": leaf, "fields": found, "erased": erased})
        return opened

    def prove(
        self, index: int, name: str, actor: str, purpose: str, token: str | None = None
    ) -> dict[str, Any]:
        """Open one field with what proves it: field, group, salt, text, path."""
        vault = self._keeper.vault()
        leaf, groups = self._groups(index, None)
        at = next((at for at, (_, sealed) in enumerate(groups) if name in sealed.names), None)
        if at is None:
            raise NotFound(
                "sealed.name",
                f"expected a sealed field {name[:80]!a} in entry {index}, found none",
                hint=f"It has: {', '.join(n for _, s in groups for n in s.names)[:200]}.",
            )
        field, sealed = groups[at]
        self._permit([(index, leaf, [groups[at]])], actor, purpose, [name], token)
        fields = vault.open(sealed, None if token is None else parse_token(token))
        place = sealed.names.index(name)
        leaves = [field_leaf(one) for one in fields]
        path = inclusion_path(place, len(leaves), reader_of(leaves))
        chosen: SealedField = fields[place]
        group = [one for one, _ in groups].index(field)
        return {
            "field": field,
            "group": at - group,
            "name": name,
            "salt": chosen.salt.hex(),
            "text": chosen.text.decode(),
            "path": [one.hex() for one in path],
        }

    def _groups(self, index: int, only: str | None) -> tuple[str, list[tuple[str, Sealed]]]:
        entry = self._keeper.writer.log.reader.entry(index)
        groups = [
            (name, one)
            for name, found in sealed_in(entry).items()
            for one in found
            if only is None or one.person == only
        ]
        if not groups:
            raise NotFound(
                "sealed.none",
                f"expected sealed personal data in entry {index}, found none",
                hint="`counterfoil record get` shows what it holds.",
            )
        return leaf_hash(entry).hex(), groups

    def _permit(
        self,
        wanted: Sequence[tuple[int, str, list[tuple[str, Sealed]]]],
        actor: str,
        purpose: str,
        names: list[str] | None,
        token: str | None,
    ) -> None:
        """Record who opens what, or who is refused and why; then it may be opened, or not."""
        groups = {
            (sealed.person, sealed.data_class): None
            for _, _, found in wanted
            for _, sealed in found
            if names is None or set(names) & set(sealed.names)
        }
        fields: dict[str, Any] = {
            "actor": actor,
            "purpose": purpose,
            "records": [{"leaf": leaf} for _, leaf, _ in wanted],
            "people": list(dict.fromkeys(handle for handle, _ in groups)),
        }
        if names is not None:
            fields["names"] = names
        refusal: CounterfoilError | None = None
        try:
            permission = Permission(self._keeper)
            consent = permission.check(list(groups), actor, purpose, token)
            if consent is not None:
                fields["consent"] = {"leaf": consent}
        except Refused as err:
            refusal, fields["refused"] = err, err.code
        record_statement(self._keeper.writer, Said("opening", fields), None, None).result()
        if refusal is not None:
            raise refusal

    def find(self, data_class: str, fields: dict[str, Any]) -> list[str]:
        """Find sealed groups by searchable fields; digests of their ciphertexts."""
        searchable = self._keeper.rules.searchable
        for name in fields:
            if (data_class, name) not in searchable:
                raise Refused(
                    "person.not-searchable",
                    f"expected a searchable field, found {data_class}:{name}"[:200],
                    hint="Name it in searchable_fields of counterfoil.toml before it is sealed.",
                )
        return [digest.hex() for digest in self._keeper.vault().find(data_class, fields)]

    def listing(self, person: str | None = None) -> list[dict[str, Any]]:
        """Tell of each person what is kept and what binds it; nothing that they said."""
        vault = self._keeper.vault()
        authority, now = Authority(vault), self._keeper.clock.now_ms()
        handles = vault.people() if person is None else [vault.handle(person)]
        return [
            {
                "person": handle,
                "kept": [
                    {"data_class": name, "groups": n, "oldest_ms": oldest}
                    for name, n, oldest in vault.kept(handle)
                ],
                "holds": msgspec.to_builtins(authority.holds(handle, now)),
                "consents": msgspec.to_builtins(authority.consents(handle)),
                "grants": [
                    {
                        "grant": permit.id.hex(),
                        "holder": permit.holder,
                        "data_class": permit.data_class,
                        "purpose": permit.purpose,
                        "until_ms": permit.until_ms,
                    }
                    for permit in authority.permits(handle)
                ],
            }
            for handle in handles
        ]

    # Allowing and keeping ---------------------------------------------------------------------

    def consent(
        self,
        person: str,
        purposes: list[str],
        given: bool,
        classes: list[str],
        until_ms: int | None,
        evidence: str,
    ) -> dict[str, Any]:
        """Keep that a person allows purposes, or no longer does."""
        authority = self._authority(classes)
        handle = self._keeper.vault().admit(person)
        fields = {
            "person": handle,
            "given": given,
            "purposes": purposes,
            "classes": classes,
            "evidence": evidence,
            **_until(until_ms),
        }
        said = self._keeper.state(
            "consent",
            fields,
            lambda number, unsaid: authority.consent(
                handle, consents_in(fields, number), number, unsaid
            ),
        )
        return said.to_json()

    def grant(
        self, person: str, holder: str, purpose: str, classes: list[str], until_ms: int | None
    ) -> dict[str, Any]:
        """Let a holder open classes of a person's data; the token is shown this once."""
        authority = self._authority(classes)
        if not classes:
            raise InputError(
                "person.class",
                "expected the classes of data that are granted, found none",
                hint="For example --class contact.",
            )
        handle, token = self._keeper.vault().admit(person), make_token()
        public = token.private.public_key().public_bytes_raw()
        permits = [
            Permit(token.id, bytes.fromhex(handle), one, holder, purpose, until_ms, public)
            for one in dict.fromkeys(classes)
        ]
        fields = _grant_fields(permits, "give")
        said = self._keeper.state(
            "grant", fields, lambda number, unsaid: authority.grant(permits, number, unsaid)
        )
        return {"grant": token.id.hex(), "token": token.text(), **said.to_json()}

    def revoke(self, person: str, holder: str) -> list[dict[str, Any]]:
        """End all grants that a holder has for a person's data."""
        authority = self._authority(())
        handle = self._keeper.vault().handle(person)
        grants: dict[bytes, list[Permit]] = {}
        for permit in authority.permits(handle):
            if permit.holder == holder:
                grants.setdefault(permit.id, []).append(permit)
        if not grants:
            raise NotFound(
                "person.no-grant",
                f"expected a grant for {holder[:80]!a}, found none",
                hint="`counterfoil person ls` shows the grants that stand.",
            )
        answers = []
        for permits in grants.values():
            said = self._keeper.state(
                "grant",
                _grant_fields(permits, "revoke"),
                lambda number, unsaid, gone=permits: authority.revoke(gone, number, unsaid),  # type: ignore[misc]  # bound now
            )
            answers.append({"grant": permits[0].id.hex(), **said.to_json()})
        return answers

    def hold(
        self, person: str, why: str, classes: list[str], until_ms: int | None
    ) -> dict[str, Any]:
        """Place a hold: what it covers cannot be erased."""
        authority = self._authority(classes)
        handle = self._keeper.vault().admit(person)
        fields = {
            "person": handle,
            "action": "place",
            "classes": classes,
            "why": why,
            **_until(until_ms),
        }
        said = self._keeper.state(
            "hold",
            fields,
            lambda number, unsaid: authority.hold(handle, classes, why, until_ms, number, unsaid),
        )
        return said.to_json()

    def lift(self, person: str, why: str, classes: list[str]) -> dict[str, Any]:
        """Lift holds."""
        authority = self._authority(classes)
        handle = self._keeper.vault().handle(person)
        fields = {"person": handle, "action": "lift", "classes": classes, "why": why}
        said = self._keeper.state(
            "hold", fields, lambda number, unsaid: authority.lift(handle, classes, number, unsaid)
        )
        return said.to_json()

    # Erasing ----------------------------------------------------------------------------------

    def erase(self, person: str, classes: list[str], why: str) -> dict[str, Any]:
        """Destroy a person's data, or classes of it, and say so; erased already, say when."""
        self._authority(classes)
        with self._keeper.door:
            vault = self._keeper.vault()
            handle = vault.handle(person)
            before = vault.erasure(handle, classes)
            if before is not None and not any(
                not classes or name in classes for name, _, _ in vault.kept(handle)
            ):
                at = self._keeper.entry_of(before)
                return {"person": handle, "groups": 0, "index": at, "duplicate": True}
            Permission(self._keeper).require_erasable(handle, classes)
            return self._erase(handle, classes, why, None)

    def expire(self) -> list[dict[str, Any]]:
        """Erase what is over the ceiling of its class; what is held stays."""
        answers = []
        now = self._keeper.clock.now_ms()
        for data_class, retention in self._keeper.rules.retention.items():
            if retention.ceiling_ms is None:
                continue
            before = now - retention.ceiling_ms
            authority = self._authority(())
            for handle, _ in authority.over_age(data_class, before):
                held = [one.data_class for one in authority.holds(handle, now)]
                if data_class in held or "" in held:
                    continue
                days = retention.ceiling_ms // 86_400_000
                why = f"kept for {days} days, as the settings say"
                answers.append(self._erase(handle, [data_class], why, before))
        return answers

    def _erase(
        self, handle: str, classes: list[str], why: str, before_ms: int | None
    ) -> dict[str, Any]:
        vault = self._keeper.vault()
        groups = vault.count(handle, classes, before_ms)
        fields: dict[str, Any] = {
            "person": handle,
            "classes": classes,
            "why": why,
            "records": groups,
        }
        if before_ms is not None:
            fields["sealed_before_ms"] = before_ms
        said = self._keeper.state(
            "erasure",
            fields,
            lambda number, unsaid: vault.erase(handle, classes, number, unsaid, before_ms),
        )
        return {"person": handle, "groups": groups, "classes": classes, **said.to_json()}

    def _authority(self, classes: Sequence[str]) -> Authority:
        for one in classes:
            check_class(one)
        return Authority(self._keeper.vault())


def _until(until_ms: int | None) -> dict[str, int]:
    return {} if until_ms is None else {"until_ms": until_ms}


def _grant_fields(permits: Sequence[Permit], action: str) -> dict[str, Any]:
    first = permits[0]
    return {
        "person": first.handle.hex(),
        "grant": first.id.hex(),
        "holder": first.holder,
        "action": action,
        "classes": [one.data_class for one in permits],
        "purpose": first.purpose,
        **_until(first.until_ms),
    }
