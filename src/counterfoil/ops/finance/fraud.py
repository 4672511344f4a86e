"""Learn which payments are fraud, score files of payments, and compare a challenger.

This module refuses to write over what is no model, and to leave half a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from counterfoil.errors import InputError
from counterfoil.ledger.csv_lines import CsvLines
from counterfoil.ops.files import keep_input, shown, write_file
from counterfoil.ops.place import open_for_writing
from counterfoil.ports import STANDARD_STREAM, Document, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.fraud.kept import Kept
    from counterfoil.apps.finance.fraud.table import Table

__all__ = ["ScoredFile", "TrainedModel", "score", "train"]

Data = Annotated[Path, Param("Payments: CSV, Parquet or NDJSON, one a row.", "DATA", holds="file")]
ModelFolder = Annotated[Path, Param("What `finance train` wrote.", "MODEL", holds="tree")]
_Column = Param("The column with it, where its name does not tell.", "COLUMN")
_Unit = Literal["s", "ms", "min", "h", "d"]

_DELAY: Final = 7


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that was learned.

    rows, frauds: with a label, that it learned from. features, trees: how many. figures: on
    payments that were later than what the scoring model had learned. costs: how it decides. out:
    its folder. digest: of what scores. index: in the ledger; None where it was not recorded. notes:
    what was left out.
    """

    rows: int
    frauds: int
    features: int
    trees: int
    figures: dict[str, float]
    costs: dict[str, float]
    columns: dict[str, str]
    digest: str
    out: str
    index: int | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """A file of payments that was scored.

    rows: of the file, bad: of them that are no payments. held: payments at or above their bar.
    figures: where the file has labels. out: where the scores are.
    """

    rows: int
    bad: int
    held: int
    figures: dict[str, float]
    out: str
    notes: list[str] = field(default_factory=list)


def train(
    data: Data,
    *,
    out: Annotated[
        Path, Param("Folder to write the model to.", "MODEL", short="o", holds="output-folder")
    ],
    id_: Annotated[str | None, _Column] = None,
    time: Annotated[str | None, _Column] = None,
    card: Annotated[str | None, _Column] = None,
    terminal: Annotated[str | None, _Column] = None,
    amount: Annotated[str | None, _Column] = None,
    label: Annotated[str | None, _Column] = None,
    known: Annotated[
        str | None, Param("The column with when a label became known.", "COLUMN")
    ] = None,
    ignore: Annotated[tuple[str, ...], Param("A column that is no feature.", "COLUMN")] = (),
    time_unit: Annotated[
        _Unit | None, Param("Unit of times that are numbers; else by their size.")
    ] = None,
    label_delay: Annotated[
        int, Param("Days from a payment to its label, where no column tells.", "DAYS")
    ] = _DELAY,
    review_cost: Annotated[
        str | None,
        Param("Cost of looking at a held payment; else a tenth of the mean amount.", "AMOUNT"),
    ] = None,
    lost_share: Annotated[
        str, Param("Share of the amount that a fraud costs that is not held.", "SHARE")
    ] = "1",
    fixed_cost: Annotated[str, Param("What such a fraud costs besides.", "AMOUNT")] = "0",
    capacity: Annotated[int, Param("Reviews a day; 0 for any number.", "N")] = 0,
    seed: Annotated[int, Param("Of the rows that each tree sees.", "N")] = 0,
    ledger: Annotated[
        Path | None,
        Param("Also record data, model and evaluation in this ledger.", "DIR", holds="also-ledger"),
    ] = None,
    name: Annotated[str, Param("What to call the model there.", "NAME")] = "payment-fraud",
    check: Annotated[tuple[str, ...], Param("Index or leaf of a check.", "INDEX|LEAF")] = (),
    accountable: Annotated[str | None, Param("The human who answers for it.", "NAME")] = None,
    progress: Progress = no_progress,
) -> TrainedModel:
    """Learn from labelled payments which ones are fraud, and when to hold one.

    Raises InputError with code fraud.column, fraud.row, fraud.rows, fraud.labels, fraud.costs or
    fraud.number, and as `open_source`; Refused with code check.* where a policy asks for checks.
    """
    from counterfoil.apps.finance.fraud.kept import load_kept, save_kept
    from counterfoil.apps.finance.fraud.recording import record_training
    from counterfoil.apps.finance.fraud.train import train as learn

    given = {"id": id_, "time": time, "card": card, "terminal": terminal}
    given |= {"amount": amount, "label": label, "known": known}
    if label_delay < 0 or seed < 0:
        raise InputError(
            "fraud.number",
            f"expected a delay and a seed from 0, found {label_delay} and {seed}",
            hint="For example --label-delay 7.",
        )
    made = learn(
        data,
        given,
        ignored=ignore,
        unit=time_unit or "",
        delay_days=label_delay,
        review=None if review_cost is None else _number(review_cost, "review-cost"),
        lost=_number(lost_share, "lost-share"),
        fixed=_number(fixed_cost, "fixed-cost"),
        capacity=capacity,
        seed=seed,
        progress=progress,
    )
    save_kept(out, made.manifest, made.onnx, made.reasons, made.memory)
    kept = load_kept(out)
    index = None
    if ledger is not None:
        with open_for_writing(ledger) as opened:
            checks = [int(one) if one.isdecimal() else one for one in check]
            recorded = record_training(
                opened, kept, data, name, checks=checks, accountable=accountable
            )
            index = recorded.index
    manifest = kept.manifest
    return TrainedModel(
        rows=manifest.rows,
        frauds=manifest.frauds,
        features=len(manifest.named.features),
        trees=manifest.trees,
        figures=dict(manifest.figures),
        costs={name: float(value) for name, value in _costs(kept).items()},
        columns=manifest.columns.roles(),
        digest=kept.digest,
        out=shown(out),
        index=index,
        notes=list(manifest.notes),
    )


def score(
    data: Data,
    *,
    model: ModelFolder,
    out: Annotated[
        Path,
        Param(
            "Scores to write, a row for each: .csv, else NDJSON; - for NDJSON.",
            "FILE",
            short="o",
            holds="output",
        ),
    ],
    progress: Progress = no_progress,
) -> ScoredFile | Document:
    """Score a file of payments, each from those before it, and say which ones to hold.

    Labels in the file are learned from when they are known, never before. Raises NotFound with code
    fraud.model-missing, InputError with code fraud.column, fraud.rows or file.is-input, and as
    `open_source`.
    """
    from counterfoil.apps.finance.fraud.kept import load_kept
    from counterfoil.apps.finance.fraud.scoring import figures_of, score_table
    from counterfoil.apps.finance.fraud.table import read_table

    keep_input(data, out)
    kept = load_kept(model)
    table = read_table(data, kept.manifest.columns, unit=kept.manifest.unit, progress=progress)
    found = score_table(kept, table.payments, progress)
    rows = _rows(table, found.scores, found.thresholds)
    done = ScoredFile(
        rows=table.rows,
        bad=len(table.bad),
        held=sum(found.held),
        figures=figures_of(kept.manifest.costs, table.payments, found),
        out=shown(out),
        notes=list(table.notes),
    )
    if out == STANDARD_STREAM:
        lines = (json.dumps(row).encode() + b"\n" for row in rows)
        return Document(lines, "application/x-ndjson", {**asdict(done), "scores": rows})
    write_file(out, _written(rows, csv_text=out.suffix.lower() == ".csv"))
    return done


def _rows(
    table: Table, scores: Sequence[float], thresholds: Sequence[float]
) -> list[dict[str, Any]]:
    """Give a row for each row of the file, in its order."""
    by_place: dict[int, dict[str, Any]] = {}
    for payment, place, value, bar in zip(
        table.payments, table.places, scores, thresholds, strict=True
    ):
        outcome = "hold" if value >= bar else "pay"
        by_place[place] = {
            "row": place,
            "id": payment.id,
            "score": value,
            "threshold": bar,
            "outcome": outcome,
            "note": "",
        }
    for place, first in table.repeated.items():
        by_place[place] = {**by_place[first], "row": place, "note": f"repeats row {first}"}
    for place, why in table.bad.items():
        nothing = {"id": "", "score": None, "threshold": None, "outcome": ""}
        by_place[place] = {"row": place, **nothing, "note": why}
    return [by_place[place] for place in sorted(by_place)]


def _written(rows: Sequence[dict[str, Any]], *, csv_text: bool) -> bytes:
    if not csv_text:
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    names = ("row", "id", "score", "threshold", "outcome", "note")
    lines = CsvLines()
    lines.row(names)
    for row in rows:
        lines.row(row[name] for name in names)
    return lines.take()


def _costs(kept: Kept) -> dict[str, Any]:
    costs = kept.manifest.costs
    return {
        "review": costs.review,
        "lost": costs.lost,
        "fixed": costs.fixed,
        "capacity": costs.capacity,
        "factor": costs.factor,
    }


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError as err:
        raise InputError(
            "fraud.number",
            f"expected a number as --{name}, found {text[:40]!a}",
            hint=f"For example --{name} 5.",
        ) from err
