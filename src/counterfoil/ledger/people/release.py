"""Release sealed data: who opens what and why is in the log, durably, before anything is shown.

What is refused for want of a grant or a consent is in the log, too. This module refuses to decrypt
before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from counterfoil.errors import CounterfoilError, NotFound, Refused
from counterfoil.formats.sealed import Sealed, SealedField, field_leaf
from counterfoil.ledger.people.keeper import Keeper
from counterfoil.ledger.people.permission import Permission
from counterfoil.ledger.people.sealed_in import sealed_in
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ports import Said
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of
from counterfoil.vault import parse_token

__all__ = ["Release"]

_OPENED_AT_ONCE: Final = 256  # records that one opening statement names


class Release:
    """Opens what a keeper keeps."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

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
