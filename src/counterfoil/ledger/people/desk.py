"""What the room for people asks of the ledger's owner: each verb, from plain values to plain ones.

Another process's asks come over the local socket, hence the plain values. This module refuses to
release anything: `release` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.ledger.people.keeper import Keeper, consents_in
from counterfoil.ledger.people.permission import Permission
from counterfoil.ledger.people.release import Release
from counterfoil.vault import (
    Authority,
    Permit,
    check_class,
    make_token,
)

__all__ = ["Desk"]


class Desk:
    """Serves `People`, in the process that owns the ledger."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper, release = keeper, Release(keeper)
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
            "open": release.open,
            "prove": release.prove,
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
        self._require_ahead(until_ms)
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
        self._require_ahead(until_ms)
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
        self._require_ahead(until_ms)
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

    def _require_ahead(self, until_ms: int | None) -> None:
        """Refuse an end that has passed: it would be recorded, and allow or keep nothing."""
        now = self._keeper.clock.now_ms()
        if until_ms is not None and until_ms <= now:
            found = datetime.fromtimestamp(until_ms / 1000, UTC)
            raise InputError(
                "person.until",
                f"expected an end in the future, found {found}",
                hint="Give a later date, or none; what was allowed is ended by withdrawing it.",
            )

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
