"""Report how good a model is on labelled payments, and whether a challenger is better.

This module refuses to replace a model: it says which one is better, and records that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from counterfoil.errors import InputError
from counterfoil.ops.files import keep_input, shown, write_file
from counterfoil.ops.finance.fraud import Data, ModelFolder
from counterfoil.ops.place import open_for_writing
from counterfoil.ports import Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.fraud.kept import Kept
    from counterfoil.apps.finance.fraud.scoring import Scores
    from counterfoil.apps.finance.fraud.table import Table

__all__ = ["Compared", "ReportedFraud", "challenge", "report"]


@dataclass(frozen=True, slots=True)
class ReportedFraud:
    """A report that was written. average_precision, low, high: with its 95 % interval."""

    file: str
    bytes: int
    payments: int
    frauds: int
    average_precision: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A challenger beside the champion, on the same later payments.

    champion, challenger: average precision of each. gain, low, high: how much the challenger is
    better, with its 95 % interval by paired resampling of cards. outcome: replace only where the
    whole interval is above 0. index: of the decision in the ledger; None where none was named.
    """

    champion: float
    challenger: float
    gain: float
    low: float
    high: float
    payments: int
    frauds: int
    outcome: Literal["replace", "keep"]
    index: int | None


def report(
    data: Data,
    *,
    model: ModelFolder,
    out: Annotated[
        Path, Param("The page to write, HTML.", "FILE", short="o", holds="output", ending=".html")
    ],
    progress: Progress = no_progress,
) -> ReportedFraud:
    """Write how good a model is on labelled payments: curves, confusion, costs, segments.

    Raises InputError with code fraud.labels where there is no fraud among them, and as `score`.
    """
    from counterfoil.apps.finance.fraud.kept import load_kept
    from counterfoil.apps.finance.fraud.report import judge, write_report

    keep_input(data, out)
    kept = load_kept(model)
    table, found = _scored(kept, data, progress)
    judged = judge(kept, table.payments, found, table.notes)
    page = write_report(judged, data.name)
    write_file(out, page)
    return ReportedFraud(
        shown(out),
        len(page),
        len(judged.payments),
        round(judged.figures["frauds"]),
        judged.precision.value,
        judged.precision.low,
        judged.precision.high,
    )


def challenge(
    data: Data,
    *,
    champion: Annotated[Path, Param("The model that decides now.", "MODEL", holds="tree")],
    challenger: Annotated[Path, Param("The one that may replace it.", "MODEL", holds="tree")],
    ledger: Annotated[
        Path | None,
        Param("Record both models, their figures and the choice here.", "DIR", holds="also-ledger"),
    ] = None,
    accountable: Annotated[str | None, Param("The human who answers for it.", "NAME")] = None,
    progress: Progress = no_progress,
) -> Compared:
    """Compare a challenger with the champion on later labelled payments, and choose.

    Both must have learned from earlier payments only. Raises InputError with code fraud.not-later
    or fraud.labels, and as `score`.
    """
    from counterfoil.apps.finance.fraud.choosing import choose_model, record_choice
    from counterfoil.apps.finance.fraud.kept import load_kept

    kept = [load_kept(champion), load_kept(challenger)]
    scored = [_scored(one, data, progress) for one in kept]
    table = scored[0][0]
    latest = max(one.manifest.until_ms for one in kept)
    if table.payments[0].at_ms <= latest:
        raise InputError(
            "fraud.not-later",
            "expected payments that are later than all that either model learned from, found "
            "earlier ones",
            hint="Cut the file where the later model's training ends.",
        )
    choice = choose_model(table.payments, scored[0][1].scores, scored[1][1].scores)
    index = None
    if ledger is not None:
        with open_for_writing(ledger) as opened:
            index = record_choice(opened, kept[0], kept[1], data, choice, accountable)
    return Compared(
        choice.champion,
        choice.challenger,
        choice.gain.value,
        choice.gain.low,
        choice.gain.high,
        choice.payments,
        choice.frauds,
        choice.outcome,
        index,
    )


def _scored(kept: Kept, data: Path, progress: Progress) -> tuple[Table, Scores]:
    from counterfoil.apps.finance.fraud.scoring import score_table
    from counterfoil.apps.finance.fraud.table import read_table

    manifest = kept.manifest
    table = read_table(data, manifest.columns, unit=manifest.unit, progress=progress)
    return table, score_table(kept, table.payments, progress)
