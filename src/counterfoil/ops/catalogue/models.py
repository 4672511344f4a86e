"""Operations on models and their decisions."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

_MODELS: Final[tuple[Operation, ...]] = (
    writes(
        "model add",
        "models:add",
        "Record a model: its digest and bytes, what it was trained on, how well it does.",
        "credit.onnx credit --version 2 --trained-on 7 --metric auc=0.91 --ledger shop",
        "credit.txt credit-reasons --features age,income --no-keep --ledger shop",
    ),
    reads(
        "model get",
        "models:get",
        "Show a recorded model, its card and its evaluations.",
        "credit:2 --ledger shop",
        "credit --out credit.onnx --ledger shop",
    ),
    reads(
        "model ls",
        "models:listing",
        "List the recorded models, newest first.",
        "--ledger shop",
    ),
    reads(
        "model score",
        "models:score",
        "Score with a recorded model, and say why; nothing is recorded.",
        """credit '{"age": 39, "income": 52000}' --explain --ledger shop""",
    ),
    writes(
        "model evaluate",
        "models:evaluate",
        "Record how well a model does on data that it was not trained on.",
        "credit --data 9 --metric auc=0.88 --slice sex=Female:auc=0.85 --ledger shop",
    ),
    reads(
        "model sign",
        "models:sign",
        "Sign a model's files; the package model-signing accepts the signature.",
        "credit.onnx --key key.pem --out model.sig",
    ),
    reads(
        "model verify-signature",
        "models:verify_signature",
        "Check a model's files against a signature by this tool or by model-signing.",
        "credit.onnx model.sig --key pub.pem",
    ),
)

_DECISIONS: Final[tuple[Operation, ...]] = (
    writes(
        "decision add",
        "decisions:add",
        "Record a decision and wait until it is durable.",
        """'{"age": 39}' --model credit --person C-1 --threshold 0.5 --ledger shop""",
        """'{"amount": 80}' --model credit --score 0.2 --outcome pay --ledger shop""",
    ),
    reads(
        "decision get",
        "decisions:get",
        "Show a decision, what was done because of it, and what replaced it.",
        "7 --ledger shop",
    ),
    reads(
        "decision ls",
        "decisions:listing",
        "List decisions, newest first, and count all of them by outcome.",
        "--model credit --outcome hold --since 24h --ledger shop",
    ),
    writes(
        "decision act",
        "decisions:act",
        "Record what was done because of a decision.",
        "7 freeze --target account/7 --result done --ledger shop",
    ),
    writes(
        "decision override",
        "decisions:override",
        "Record a person's decision in place of an earlier one.",
        "7 pay --why 'the income was misread' --accountable 'Ada Lovelace' --ledger shop",
    ),
    writes(
        "replay",
        "replays:replay",
        "Compute a decision again from what was recorded, and say whether it is the same.",
        "7 --actor auditor --ledger shop",
        role="auditor",
    ),
    writes(
        "explain",
        "replays:explain",
        "Explain a decision again: what each input added; compared with what was recorded.",
        "7 --ledger shop",
        role="auditor",
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (*_MODELS, *_DECISIONS)
