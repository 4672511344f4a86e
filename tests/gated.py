"""A model, a decision and a check, and a policy that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from counterfoil.errors import Refused
from counterfoil.ledger import Ledger
from counterfoil.ledger.checks import POLICY_FILE

__all__ = [
    "DATA",
    "DECISION",
    "DIGEST",
    "FAIR_DECISION",
    "FAIR_MODEL",
    "MODEL",
    "SUITE",
    "checked",
    "policy",
    "refused_by_gate",
]

DIGEST = sha256(b"model").hexdigest()
DATA = sha256(b"data").hexdigest()
SUITE = sha256(b"suite").hexdigest()
MODEL: dict[str, Any] = {
    "name": "credit",
    "version": "3",
    "format": "onnx",
    "digest": DIGEST,
    "size": 5,
    "trained_on": [{"digest": DATA}],
}
DECISION: dict[str, Any] = {"model": {"digest": DIGEST}, "outcome": "pay", "purpose": "loan"}


def policy(ledger: Ledger, text: str) -> None:
    """Ask for checks."""
    (ledger.layout.folder / POLICY_FILE).write_text(text, encoding="utf-8")


def checked(ledger: Ledger, *, passed: bool = True, digest: str = DIGEST, **more: Any) -> int:
    """Record the result of a check; its index."""
    fields: Mapping[str, Any] = {
        "check": "fairness",
        "about": {"digest": digest},
        "passed": passed,
        "items": [{"name": "gap", "passed": passed}],
        **more,
    }
    return ledger.record_statement("check", fields).index


def refused_by_gate(ledger: Ledger, code: str, kind: str = "model", **more: Any) -> None:
    """Have a model or decision refused; nothing but the refusal is recorded."""
    size = ledger.size
    with pytest.raises(Refused) as caught:
        ledger.record_statement(kind, {**(MODEL if kind == "model" else DECISION), **more})
    assert caught.value.code == code
    assert [ledger.get(at).kind for at in range(size, ledger.size)] == ["refusal"]


FAIR_MODEL = '[[require]]\nfor = "model"\ncheck = "fairness"\n'
FAIR_DECISION = '[[require]]\nfor = "decision"\ncheck = "fairness"\npurpose = "loan*"\n'
