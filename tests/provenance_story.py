"""A small ledger's story: from a source of data to the incident that a decision led to."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from counterfoil.formats.statement import sha256_subject
from counterfoil.ledger import Ledger

__all__ = ["digest_of", "tell_story"]


def digest_of(name: str) -> str:
    """Give the SHA-256 of a name, which stands for an artefact's bytes."""
    return sha256(name.encode()).hexdigest()


def tell_story(ledger: Ledger, decisions: int = 2) -> dict[str, int]:
    """Record source, transformation, training set, check, model, evaluation, decisions, ...

    decisions: how many, at least 1; the first is acted on, and an incident is about it.
    Returns name -> index of the statement.
    """
    told: dict[str, int] = {}

    def say(name: str, kind: str, about: str | None = None, /, **fields: Any) -> dict[str, str]:
        subjects = [] if about is None else [sha256_subject(about, about.encode())]
        done = ledger.record_statement(kind, fields, subjects=subjects)
        told[name] = done.index
        digest = {} if about is None else {"digest": digest_of(about)}
        return {"leaf": done.leaf, **digest}

    ada = {"name": "Ada Example", "role": "credit officer"}
    source = say("source", "dataset", "loans.csv", name="loans", fingerprint=_print("loans.csv"))
    train = digest_of("train.parquet")
    say(
        "transformation",
        "transformation",
        name="clean and split",
        inputs=[source],
        outputs=[{"digest": train, "role": "train"}],
        code={"revision": "0a1b2c3"},
        parameters={"seed": "7"},
    )
    data = say(
        "training", "dataset", "train.parquet", name="train", fingerprint=_print("train.parquet")
    )
    item = {"name": "missing", "passed": True, "measured": {"name": "missing", "value": "0.01"}}
    check = say("check", "check", check="quality", about=data, passed=True, items=[item])
    metric = {"name": "auc", "value": "0.87"}
    model = say(
        "model",
        "model",
        "model.onnx",
        name="credit",
        version="1",
        format="onnx",
        digest=digest_of("model.onnx"),
        size=1000,
        trained_on=[{**data, "role": "train"}],
        checks=[check],
        accountable=ada,
    )
    say("evaluation", "evaluation", model=model, data=source, metrics=[metric])
    for number in range(decisions):
        decision = say(
            f"decision {number}",
            "decision",
            model={**model, "name": "credit:1"},
            outcome="hold",
            score="0.75",
            threshold="0.5",
            inputs={"income": 31.5},
            explanation={"method": "tree-shap", "exact": True},
            accountable=ada,
        )
        if number == 0:
            action = say("action", "action", decision=decision, action="freeze", target="a/7")
            _incident(say, [decision, action])
    return told


def _incident(say: Any, linked: list[dict[str, str]]) -> None:
    say(
        "incident",
        "incident",
        title="Frozen by mistake",
        severity="incident",
        system="credit",
        happened_from_ms=1_790_000_000_000,
        became_aware_ms=1_790_000_100_000,
        description="An account was frozen that should not have been.",
        linked=linked,
    )


def _print(name: str) -> Mapping[str, Any]:
    columns = [{"name": "income", "type": "float64", "digest": digest_of(f"{name} income")}]
    hashes = {"digest": digest_of(f"{name} table"), "root": digest_of(f"{name} rows")}
    return {"format": "table/v1", **hashes, "rows": 100, "columns": columns}
