"""The desk's policy: the text by which people decide on held payments, as a maker with a digest.

A verdict says who is allowed to have made its decision. For a person's that is no model but the
policy that binds the person. This module refuses to judge whether a person kept to it: each
decision names who decided and why, and that is what others can check.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from counterfoil.ledger.written import find_written, record_written

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.provenance.statements.parts import Reference

__all__ = ["POLICY_TEXT", "desk_policy", "record_policy"]

_NAME: Final = "held payments"

POLICY_TEXT: Final = files(__package__).joinpath("policy.txt").read_text(encoding="utf-8")
"""The policy that is shipped; whoever runs a desk may record another one."""


def record_policy(ledger: Ledger, text: str = POLICY_TEXT) -> Reference:
    """Record the desk's policy, once; the same text again gives its first place.

    text: who may release or return a held payment, and after what. Raises as `record_written`.
    """
    return record_written(ledger, text, name=_NAME, outcome="release or return")


def desk_policy(ledger: Ledger) -> Reference | None:
    """Find the policy that was recorded last; None where none was."""
    return find_written(ledger, _NAME)
