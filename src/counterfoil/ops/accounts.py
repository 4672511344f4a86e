"""Learn which accounts of a chain are fraud, judge that, and score accounts.

A model is a LightGBM text like any other: `counterfoil model add` keeps it, and decisions name
it. This module refuses a model of other features than accounts have here.
"""

from __future__ import annotations

import csv
import io
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from counterfoil.errors import InputError
from counterfoil.ops.files import write_file
from counterfoil.ports import Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.insight.accounts import Blank, JudgedTrust, Judgement

__all__ = [
    "DescribedAccounts",
    "EvaluatedAccounts",
    "ForeseenDistrust",
    "ScoredAccount",
    "TrainedAccounts",
    "describe",
    "evaluate",
    "score",
    "train",
    "trust",
]

_REPEATS_MAX: Final = 20
_CHOICES: Final = ("skip", "zero")
_SKIPPED: Final = (
    "rows without token fields were skipped: the model may take accounts without tokens for "
    "ordinary; --blank zero learns from them, too"
)

_File = Annotated[Path, Param("CSV file of accounts (.gz, too), one a row.", "FILE", holds="file")]
_Blank = Annotated[
    str, Param("Rows without token fields: skip them, or read zero for blank.", "skip|zero")
]


@dataclass(frozen=True, slots=True)
class DescribedAccounts:
    """A table of accounts that was written. accounts: rows. out: where. notes: of the data."""

    accounts: int
    out: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class TrainedAccounts:
    """A model that was learned.

    rows, fraud: that it learned from. groups: of rows that say the same or share an address.
    skipped: rows without token fields. features: of the model. trees, size: of it, size in bytes.
    digest: SHA-256 of the file. out: where it is. notes: what else is to be known.
    """

    rows: int
    fraud: int
    groups: int
    skipped: int
    features: int
    trees: int
    size: int
    digest: str
    out: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class EvaluatedAccounts:
    """How well models rank accounts that they did not see.

    judged: on all rows. blank: what was done with rows without token fields. seconds: it took.
    """

    judged: Judgement
    blank: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ForeseenDistrust:
    """How well models foresee negative ratings. seconds: it took."""

    judged: JudgedTrust
    seconds: float


@dataclass(frozen=True, slots=True)
class ScoredAccount:
    """How much an account looks like fraud.

    row: counted from 0, the heading apart. address: empty where the file has none. score: 0 to 1.
    note: what is to be said about the row.
    """

    row: int
    address: str
    score: float
    note: str


def train(
    file: _File,
    *,
    out: Annotated[
        Path,
        Param(
            "Where to write the model, a LightGBM text.",
            "MODEL",
            short="o",
            holds="output",
            ending=".txt",
        ),
    ],
    blank: _Blank = "skip",
) -> TrainedAccounts:
    """Learn from labelled accounts which ones are fraud.

    Raises NotFound with code file.missing, InputError with code accounts.column, accounts.label,
    accounts.labels and others of `read_accounts`.
    """
    from hashlib import sha256

    from counterfoil.insight.accounts import group_rows, read_accounts
    from counterfoil.insight.accounts import train as learn

    table = read_accounts(file, blank=_chosen(blank), labelled=True)
    labels = table.labelled()
    booster = learn(table.values, labels)
    data = booster.model_to_string().encode()
    write_file(out, data)
    return TrainedAccounts(
        rows=len(table.values),
        fraud=int(labels.sum()),
        groups=len(set(group_rows(table.values, table.addresses))),
        skipped=table.skipped,
        features=booster.num_feature(),
        trees=booster.num_trees(),
        size=len(data),
        digest=sha256(data).hexdigest(),
        out=str(out),
        notes=[_SKIPPED] if table.skipped else [],
    )


def describe(
    data: Annotated[
        tuple[Path, ...],
        Param(
            "A folder of `chain sync`, or files of one chain: Parquet, CSV, JSON.",
            "DATA",
            holds="tree",
        ),
    ],
    *,
    out: Annotated[
        Path, Param("The table to write, as CSV.", "FILE", short="o", holds="output", ending=".csv")
    ],
    least: Annotated[int, Param("Transactions that an account has at least.", "N")] = 2,
) -> DescribedAccounts:
    """Make the table of accounts from a chain's tables, to be scored.

    Raises as `insight.opening.open_tables`.
    """
    from counterfoil.insight.accounts import COLUMNS, accounts_of, heading_of
    from counterfoil.insight.opening import open_tables

    with open_tables(*data) as tables:
        found = accounts_of(tables, least)
        notes = list(tables.notes)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Address", *map(heading_of, COLUMNS)])
    for address, row in zip(found.addresses, found.values.tolist(), strict=True):
        writer.writerow([address, *map(repr, row)])
    write_file(out, text.getvalue().encode())
    return DescribedAccounts(len(found.addresses), str(out), notes)


def evaluate(
    file: _File,
    *,
    blank: _Blank = "skip",
    folds: Annotated[int, Param("Parts of the accounts, 2 to 20.", "N")] = 5,
    repeats: Annotated[int, Param("How often all is dealt anew, 1 to 20.", "N")] = 3,
    progress: Progress = no_progress,
) -> EvaluatedAccounts:
    """Judge models on labelled accounts by cross-validation, copies of a row kept together.

    Gives average precision with 95 % intervals, beside boosting by default, the best single number
    and chance. Raises as `account train`, and InputError with code accounts.folds.
    """
    from counterfoil.insight.accounts import judge, read_accounts

    if not (2 <= folds <= _REPEATS_MAX and 1 <= repeats <= _REPEATS_MAX):
        raise InputError(
            "accounts.folds",
            f"expected 2 to 20 folds and 1 to 20 repeats, found {folds} and {repeats}",
            hint="For example --folds 5 --repeats 3.",
        )
    began = clock.monotonic()
    table = read_accounts(file, blank=_chosen(blank), labelled=True)
    judged = judge(table, count=folds, repeats=repeats, progress=progress)
    return EvaluatedAccounts(judged, blank, round(clock.monotonic() - began, 3))


def score(
    file: _File,
    *,
    model: Annotated[Path, Param("What `account train` wrote.", "MODEL", holds="file")],
) -> Iterator[ScoredAccount]:
    """Score accounts: how much each looks like fraud.

    A label in the file is not looked at. Raises NotFound with code file.missing or model.missing,
    InputError with code accounts.model and others of `read_accounts` and `open_artefact`.
    """
    import numpy as np

    from counterfoil.insight.accounts import FEATURES, TOKEN_COLUMNS, feature_rows, read_accounts
    from counterfoil.insight.accounts.table import COLUMNS
    from counterfoil.provenance.models import open_artefact, open_scorer

    scorer = open_scorer(open_artefact(model))
    if scorer.features != FEATURES:
        raise InputError(
            "accounts.model",
            f"expected a model of the {len(FEATURES)} features of accounts, found "
            f"{len(scorer.features)} others",
            hint="Learn one: counterfoil account train FILE --out MODEL.",
        )
    table = read_accounts(file, blank="keep")
    at = COLUMNS.index(TOKEN_COLUMNS[0])
    bare = np.isnan(table.values[:, at])
    filled = np.where(bare[:, None] & np.isnan(table.values), 0.0, table.values)
    found = scorer.score_many(feature_rows(filled))
    for row, value in enumerate(found):
        address = table.addresses[row] if table.addresses else ""
        note = "token fields are blank: read as no transfers" if bare[row] else ""
        yield ScoredAccount(row, address, value, note)


def trust(
    file: Annotated[
        Path,
        Param(
            "CSV file of ratings: source, target, rating, time (.gz, too).", "FILE", holds="file"
        ),
    ],
) -> ForeseenDistrust:
    """Judge how well distrust is foreseen from who rated whom, learned early and judged late.

    Raises NotFound with code file.missing, InputError with code accounts.ratings or
    accounts.ratings-few.
    """
    from counterfoil.insight.accounts import judge_trust, read_ratings

    began = clock.monotonic()
    judged = judge_trust(read_ratings(file))
    return ForeseenDistrust(judged, round(clock.monotonic() - began, 3))


def _chosen(blank: str) -> Blank:
    if blank == "skip":
        return "skip"
    if blank == "zero":
        return "zero"
    raise InputError(
        "accounts.blank",
        f"expected one of {', '.join(_CHOICES)}, found {blank[:40]!a}",
        hint="docs/explain/account-classifier.md says what either means.",
    )
