"""Operations on models and their decisions."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

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
    ),
    writes(
        "explain",
        "replays:explain",
        "Explain a decision again: what each input added; compared with what was recorded.",
        "7 --ledger shop",
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (*_DECISIONS,)
