"""The desk's policy: the text by which people decide on held payments, as a maker with a digest.

A verdict says who is allowed to have made its decision. For a person's that is no model but the
policy that binds the person: governance approves its digest, and a new text needs a new approval.
The text stands beside the log. This module refuses to judge whether a person kept to it: each
decision names who decided and why, and that is what others can check.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["POLICY_TEXT", "desk_policy", "record_policy"]

_NAME: Final = "held payments"
_LANGUAGE: Final = "plain text"
_TEXT_MAX: Final = 65_536
_ROLE: Final = "rule"

POLICY_TEXT: Final = files(__package__).joinpath("policy.txt").read_text(encoding="utf-8")
"""The policy that is shipped; whoever runs a desk may record another one."""


def record_policy(ledger: Ledger, text: str = POLICY_TEXT) -> Reference:
    """Record the desk's policy, once; the same text again gives its first place.

    text: 1 to 65,536 characters. Raises InputError with code held.policy, and as
    `Ledger.record_statement`.
    """
    if not text.strip() or len(text) > _TEXT_MAX:
        raise InputError(
            "held.policy",
            f"expected a policy of 1 to {_TEXT_MAX} characters, found {len(text)}",
            hint="Say in plain words who may release or return a held payment, and after what.",
        )
    data = text.encode()
    digest = sha256(data).hexdigest()
    known = _find(ledger, f"kind=rule digest={digest}")
    if known is not None:
        return known
    version: dict[str, Any] = {
        "id": "desk",
        "version": digest[:12],
        "digest": digest,
        "outcome": "release or return",
        "severity": "any",
        "jurisdiction": "any",
    }
    fields: dict[str, Any] = {
        "name": _NAME,
        "version": digest[:12],
        "language": _LANGUAGE,
        "digest": digest,
        "size": len(data),
        "kept": msgspec.to_builtins(ledger.keep(data)),
        "rules": [version],
    }
    subject = Subject(digest={"sha256": digest}, name=_NAME)
    done = ledger.record_statement("rule", fields, subjects=[subject])
    return _reference(ledger.get(done.index))


def desk_policy(ledger: Ledger) -> Reference | None:
    """Find the policy that was recorded last; None where none was."""
    return _find(ledger, f'kind=rule name="{_NAME}"')


def _find(ledger: Ledger, query: str) -> Reference | None:
    hits = ledger.search(query, limit=1).hits
    return _reference(hits[0]) if hits else None


def _reference(view: Any) -> Reference:
    said = view.content
    return Reference(leaf=view.leaf, digest=said["digest"], role=_ROLE, name=_NAME)
