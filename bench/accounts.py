"""Which accounts are fraud: our classifier beside baselines on public accounts, and trust.

Five folds dealt three times, copies of a row in one fold, intervals by drawing groups anew. Four
readings of the same file: as the protocol asks (rows with token fields), those of them that moved
tokens at all, all rows with blanks read as zero, and the first without any token column. Then the
public lists of malicious accounts, as far as they can be joined, and who distrusts whom.

    ./dev bench accounts [REPEATS]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.measure import table
from counterfoil.insight.accounts import (
    COLUMNS,
    TOKEN_COLUMNS,
    AccountTable,
    Judged,
    folds,
    group_rows,
    judge,
    judge_trust,
    read_accounts,
    read_ratings,
)
from counterfoil.insight.accounts.baselines import MODELS, counterfoil, default_boosting
from counterfoil.insight.accounts.precision import precision
from counterfoil.insight.threats import read_known

DATA = Path(
    os.environ.get("COUNTERFOIL_DATA")
    or Path(__file__).resolve().parents[1].parent / "shared" / "data"
)
ACCOUNTS = DATA / "eth_accounts_fraud" / "transaction_dataset.csv.gz"
HEADS = ["", "rows/fraud/groups", "average precision", "95 %", "our gain", "95 %"]


def histogram_boosting(values: Any, labels: Any, others: Any) -> Any:
    """Boost as scikit-learn does by default."""
    model = HistGradientBoostingClassifier(random_state=0).fit(values, labels)
    return model.decision_function(others)


WITH_SKLEARN = {
    "counterfoil": counterfoil,
    "default_boosting": default_boosting,
    "sklearn_boosting": histogram_boosting,
    **{name: fit for name, fit in MODELS.items() if name in ("one_number", "chance")},
}


def figures(shape: str, models: dict[str, Judged]) -> list[list[str]]:
    """Write a row of the table for each model."""
    return [
        [
            name,
            shape if at == 0 else "",
            f"{one.average_precision:.4f}",
            f"{one.low:.4f} to {one.high:.4f}",
            f"{one.gain:+.4f}" if at else "",
            f"{one.gain_low:+.4f} to {one.gain_high:+.4f}" if at else "",
        ]
        for at, (name, one) in enumerate(models.items())
    ]


def readings() -> dict[str, AccountTable]:
    """Read the file in four ways."""
    protocol = read_accounts(ACCOUNTS, labelled=True)
    moved = np.flatnonzero(protocol.values[:, COLUMNS.index("token_transfers")] > 0)
    values = protocol.values.copy()
    values[:, [COLUMNS.index(name) for name in TOKEN_COLUMNS]] = 0.0
    bare = AccountTable(values, protocol.labels, protocol.addresses)
    return {
        "rows with token fields (the protocol)": protocol,
        "of these, accounts that moved tokens": protocol.take(moved),
        "all rows, blanks read as zero": read_accounts(ACCOUNTS, blank="zero", labelled=True),
        "rows with token fields, without token columns": bare,
    }


def lists(protocol: AccountTable) -> None:
    """Ask the lists of malicious accounts who of them is here, and is found unseen."""
    known = read_known(sorted((DATA / "eth_malicious_labels").glob("*.csv")))
    listed = np.array([one in known for one in protocol.addresses])
    labels = protocol.labelled()
    print(
        f"\nlists: {len(known)} accounts, {int(listed.sum())} of them here: "
        f"{int((listed & labels).sum())} labelled fraud, {int((listed & ~labels).sum())} not"
    )
    groups = group_rows(protocol.values, protocol.addresses)
    fold = folds(groups, labels, 5, 0)
    told = np.zeros(len(labels))
    across = np.zeros(len(labels))
    for at in range(5):
        seen, judged = fold != at, fold == at
        told[judged] = counterfoil(protocol.values[seen], labels[seen], protocol.values[judged])
        other = seen & ~(labels & listed)
        across[judged] = counterfoil(protocol.values[other], labels[other], protocol.values[judged])
    rows = []
    for name, scores, fraud in (
        ("listed fraud, learned from both", told, labels & listed),
        ("other fraud, learned from both", told, labels & ~listed),
        ("listed fraud, learned from other fraud", across, labels & listed),
    ):
        kept = fraud | ~labels
        found = precision(scores[kept], labels[kept])
        rows.append(
            [name, f"{int(fraud.sum())}", f"{fraud.sum() / kept.sum():.3f}", f"{found:.4f}"]
        )
    table("fraud of the lists among ordinary accounts", ["", "fraud", "share", "AP"], rows)


def main(repeats: int) -> None:
    """Judge and print."""
    tables = readings()
    for at, (name, one) in enumerate(tables.items()):
        models = WITH_SKLEARN if at == 0 else MODELS
        found = judge(one, repeats=repeats if at == 0 else 1, models=models)
        shape = f"{found.rows}/{found.fraud}/{found.groups}"
        table(f"{name}; {found.repeats} times 5 folds", HEADS, figures(shape, found.models))
        sys.stdout.flush()
    lists(next(iter(tables.values())))
    trust = judge_trust(read_ratings(DATA / "bitcoin_otc_trust" / "bitcoin_otc_trust.csv.gz"))
    shape = f"{trust.judged}/{trust.distrust}"
    table("distrust among traders, last fifth by time", HEADS, figures(shape, trust.models))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
