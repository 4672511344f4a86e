"""Operations on payments: rules, messages, graphs, names and fraud."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "rules test",
        "finance.rules:test",
        "Run the tests that stand with the rules, and tell of each.",
        "rules.toml",
    ),
    reads(
        "rules default",
        "finance.rules:default",
        "Print the rules that are shipped, to be copied and changed.",
        "-o rules.toml",
    ),
    writes(
        "rules add",
        "finance.rules:add",
        "Record rules as a maker of decisions, once their own tests pass.",
        "rules.toml --accountable 'Ada Example' --ledger bank/",
    ),
    reads(
        "rules ls",
        "finance.rules:listing",
        "List recorded rules, the newest first.",
        "--ledger bank/",
    ),
    writes(
        "rules run",
        "finance.rules:run",
        "Apply rules to payments in order, and tell of those that do not pass.",
        "payments.csv",
        "payments.ndjson --rules rules.toml --jurisdiction EU --record --ledger bank/",
    ),
    writes(
        "rules replay",
        "finance.rules:replay",
        "Compute a decision by rules again, from what was recorded.",
        "12 --actor auditor --ledger bank/",
        role="auditor",
    ),
    writes(
        "finance message",
        "finance.messages:message",
        "Decide on the transfers of a pacs.008 by rules, and write a pacs.002 with their status.",
        "pacs008.xml -o pacs002.xml",
        "pacs008.xml -o pacs002.xml --history payments.ndjson --record --ledger bank/",
    ),
    reads(
        "finance match",
        "finance.names:match",
        "Score pairs of names: whether each is a match, how probably, and why.",
        "pairs.csv",
        "pairs.csv --threshold 0.7",
    ),
    reads(
        "finance graph",
        "finance.graphs:graph",
        "Find what looks like laundering in a network of payments, the most surprising first.",
        "payments.parquet --report findings.html",
        "transfers.csv --source payer --target payee --window 7d --scores accounts.csv",
    ),
    writes(
        "finance screen",
        "finance.screening:screen",
        "Screen names against sanctions lists: who on them each may be, and why.",
        "'Jane Doe' --list sdn/ --born 1970-05-01",
        "--queries customers.csv --list sdn/ --list consolidated.xml --ledger bank/",
    ),
    reads(
        "finance train",
        "finance.fraud:train",
        "Learn from labelled payments which ones are fraud, and when to hold one.",
        "payments.parquet -o model/",
        "payments.csv -o model/ --review-cost 5 --capacity 200 --ledger bank/",
    ),
    reads(
        "finance score",
        "finance.fraud:score",
        "Score a file of payments, each from those before it, and say which ones to hold.",
        "later.parquet --model model/ -o scores.csv",
    ),
    writes(
        "finance run",
        "finance.fraud_run:run",
        "Score, decide and record each payment of a stream, then answer it.",
        "payments.ndjson --model model/ --ledger bank/",
        "--listen 127.0.0.1:8431 --model model/ --ledger bank/",
    ),
    writes(
        "finance rescreen",
        "finance.screening:rescreen",
        "Screen again the names that a ledger has screened, against lists as they are now.",
        "--list sdn/ --actor compliance --ledger bank/",
        role="auditor",
    ),
    reads(
        "finance report",
        "finance.fraud_report:report",
        "Write how good a model is on labelled payments: curves, confusion, costs, segments.",
        "later.parquet --model model/ -o report.html",
    ),
    writes(
        "finance challenge",
        "finance.fraud_report:challenge",
        "Compare a challenger with the champion on later labelled payments, and choose.",
        "later.parquet --champion model/ --challenger newer/ --ledger bank/",
    ),
)
