"""A text that decides, on record as a maker with a digest: a method, or a policy for people.

A decision names who made it. Where that is no model with weights, it is a text: how something is
computed, or by what people go. Governance approves its digest, and another text needs another
approval. The text is kept beside the log. This module refuses to judge whether anybody kept to it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["WRITTEN_ROLE", "find_written", "record_written"]

WRITTEN_ROLE: Final = "rule"
"""Role of a text in what it decides."""

_LANGUAGE: Final = "plain text"
_TEXT_MAX: Final = 65_536


def record_written(
    ledger: Ledger, text: str, *, name: str, outcome: str, accountable: str | None = None
) -> Reference:
    """Record a text, once; the same text again gives its first place.

    text: 1 to 65,536 characters. name: what people call it, such as `held payments`. outcome: in
    words, what it decides between. accountable: who answers for it.
    Raises InputError with code rule.text, and as `Ledger.record_statement`.
    """
    if not text.strip() or len(text) > _TEXT_MAX:
        raise InputError(
            "rule.text",
            f"expected a text of 1 to {_TEXT_MAX} characters, found {len(text)}",
            hint="Say in plain words what decides, and between what.",
        )
    data = text.encode()
    digest = sha256(data).hexdigest()
    known = _find(ledger, f"kind=rule digest={digest}")
    if known is not None:
        return known
    version: dict[str, Any] = {
        "id": name,
        "version": digest[:12],
        "digest": digest,
        "outcome": outcome,
        "severity": "any",
        "jurisdiction": "any",
    }
    fields: dict[str, Any] = {
        "name": name,
        "version": digest[:12],
        "language": _LANGUAGE,
        "digest": digest,
        "size": len(data),
        "kept": msgspec.to_builtins(ledger.keep(data)),
        "rules": [version],
    }
    if accountable is not None:
        fields["accountable"] = {"name": accountable}
    subject = Subject(digest={"sha256": digest}, name=name)
    done = ledger.record_statement("rule", fields, subjects=[subject])
    return _reference(ledger.get(done.index))


def find_written(ledger: Ledger, name: str) -> Reference | None:
    """Find the text of a name that was recorded last; None where none was."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return _find(ledger, f'kind=rule name="{escaped}"')


def _find(ledger: Ledger, query: str) -> Reference | None:
    hits = ledger.search(query, limit=1).hits
    return _reference(hits[0]) if hits else None


def _reference(view: Any) -> Reference:
    said = view.content
    return Reference(leaf=view.leaf, digest=said["digest"], role=WRITTEN_ROLE, name=said["name"])
