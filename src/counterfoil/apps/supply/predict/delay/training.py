"""Learn which deliveries come late, always forward in time, as the model will be used.

The last part of the time is cut into blocks. For each one a model learns from the orders that were
scheduled before it and whose outcome was known by then, and scores the block. Those scores choose
how many trees there are, and calibrate: log-odds = a x trees + b x usual + c. Then the
model learns from everything. This module refuses to deal rows at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.supply.predict.delay.features import LINES, USUAL, Fold, Group
from counterfoil.apps.supply.predict.delay.layout import Layout
from counterfoil.apps.supply.predict.delay.orders import Order, moment_of
from counterfoil.apps.supply.predict.delay.trees import ROUNDS_MOST, boost, join, steps
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "Calibration",
    "Learned",
    "Sheet",
    "blocks_of",
    "calibrate",
    "fold_orders",
    "learn",
    "require_labels",
    "usable",
]

_SHARES: Final = (0.55, 0.70, 0.85, 1.0)  # of the orders, by schedule
_ROUNDS: Final = (50, 100, 200, ROUNDS_MOST)
_SEEDS: Final = 2
_LATE_MIN: Final = 10
_PULL: Final = (10.0, 10.0, 1.0)  # towards a = 1, b = 1, c = 0
_STEPS: Final = 50
_SLOPE_LEAST: Final = 0.05  # flatter, the usual rate carries no correction
_TOLD: Final = 500


class Calibration(msgspec.Struct, frozen=True):
    """log-odds = trees x `trees` + usual x `usual` + shift; no slope is below 0."""

    trees: float = 1.0
    usual: float = 1.0
    shift: float = 0.0

    def log_odds(self, trees: Floats, usual: Floats) -> Floats:
        """Compute the log-odds of being late."""
        return self.trees * trees + self.usual * usual + self.shift

    def usual_for(self, correction: float) -> float:
        """Say how much the usual log-odds change so that forecasts change by a correction."""
        return correction / self.usual if self.usual >= _SLOPE_LEAST else 0.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """Features of orders. values: (n, d), texts as codes. orders: n of them, by moment.

    names, groups: of the features, d of them. texts: column -> text of each code.
    """

    orders: Sequence[Order]
    values: Any
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    texts: Mapping[int, Sequence[str]]

    def part(self, rows: Any) -> Sheet:
        """Give some rows, by their places."""
        orders = [self.orders[at] for at in rows]
        return Sheet(orders, self.values[rows], self.names, self.groups, self.texts)

    def columns(self, *groups: Group) -> list[int]:
        """Give the places of features of some groups."""
        return [at for at, group in enumerate(self.groups) if group in groups]

    @property
    def usual(self) -> Any:
        """The usual log-odds of each order's moment."""
        return self.values[:, self.names.index(USUAL)]

    @property
    def weights(self) -> Any:
        """Weigh a line of an order with n lines by n ** -1/2: they come together, mostly."""
        return self.values[:, self.names.index(LINES)] ** -0.5

    @property
    def labels(self) -> Any:
        """1 late, 0 not; not a number where the outcome is not known."""
        np: Any = need("numpy", "supply")
        return np.array(
            [np.nan if (days := one.late_days) is None else float(days > 0) for one in self.orders]
        )


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned.

    text: a LightGBM model. rounds: trees of each booster. forward: rows that were scored by models
    that had seen none as late; scores: their calibrated probabilities.
    """

    text: str
    calibration: Calibration
    rounds: int
    forward: Sequence[int]
    scores: Any


def fold_orders(
    fold: Fold, orders: Sequence[Order], layout: Layout, progress: Progress = no_progress
) -> Sheet:
    """Compute the features of orders, each from what was known before its moment of decision."""
    np: Any = need("numpy", "supply")
    moments = {one.id: moment_of(one, layout) for one in orders}
    ordered = sorted(orders, key=lambda one: (moments[one.id], one.scheduled, one.id))
    values = np.empty((len(ordered), len(fold.features)))
    codes: dict[int, dict[str, int]] = {
        place: {} for place, group in enumerate(fold.groups) if group == "category"
    }
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and moments[ordered[end].id] == moments[ordered[at].id]:
            end += 1
        batch = ordered[at:end]
        for place, row in enumerate(fold.see(batch), at):
            for column, known in codes.items():
                row[column] = known.setdefault(row[column], len(known))
            values[place] = row
        for one in batch:
            if one.late_days is not None and one.known is not None:
                fold.memory.tell(one.id, one.late_days, one.known)
        if at // _TOLD != end // _TOLD:
            progress(end, len(ordered), "orders read")
        at = end
    texts = {column: list(known) for column, known in codes.items()}
    return Sheet(ordered, values, fold.features, fold.groups, texts)


def usable(sheet: Sheet, before: int | None = None) -> Any:
    """Give the rows with an outcome; before a day: scheduled and known by then."""
    np: Any = need("numpy", "supply")
    return np.array(
        [
            at
            for at, one in enumerate(sheet.orders)
            if one.known is not None
            and (before is None or (one.scheduled < before and one.known < before))
        ],
        int,
    )


def blocks_of(sheet: Sheet, shares: Sequence[float]) -> list[tuple[Any, Any]]:
    """Cut the rows by schedule: for each block what could be learned from, and what is scored.

    shares: of the rows with an outcome, rising, the first where the first block begins.
    """
    np: Any = need("numpy", "supply")
    known = usable(sheet)
    days = np.array([one.scheduled for one in sheet.orders])
    ordered = np.sort(days[known])
    cuts = [int(ordered[min(len(ordered) - 1, int(len(ordered) * one))]) for one in shares]
    if shares[-1] >= 1:
        cuts[-1] = int(ordered[-1]) + 1
    found = []
    for begin, end in pairwise(cuts):
        later = known[(days[known] >= begin) & (days[known] < end)]
        found.append((usable(sheet, begin), later))
    return found


def require_labels(labels: Any) -> None:
    """Check that there are late ones and others to learn from; InputError with code delay.labels.

    labels: 1 late, 0 not.
    """
    late = int(labels.sum())
    if not _LATE_MIN <= late <= len(labels) - _LATE_MIN:
        raise InputError(
            "delay.labels",
            f"expected at least {_LATE_MIN} late deliveries and as many others, found {late} late "
            f"of {len(labels)}",
            hint="Give more of the past, with schedules and dates of delivery.",
        )


def learn(sheet: Sheet, rows: Any, *, seed: int = 0, progress: Progress = no_progress) -> Learned:
    """Learn from rows of a sheet. rows: places in it, each with an outcome.

    Raises InputError with code delay.labels.
    """
    np: Any = need("numpy", "supply")
    part = sheet.part(rows)
    labels = part.labels
    require_labels(labels)
    rounds, calibration, forward, scores = _look_forward(part, labels, seed, progress)
    boosters = []
    for one in range(_SEEDS):
        progress(one, _SEEDS, "models learned")
        boosters += _pair(part, labels, seed + one)
    base = steps(part.values, part.names.index(USUAL), calibration.usual, calibration.shift)
    count = len(boosters)
    scales = [*[calibration.trees / count] * count, 1.0]
    text = join([*boosters, base], scales, [*[rounds] * count, 1], part.texts)
    progress(_SEEDS, _SEEDS, "models learned")
    return Learned(text, calibration, rounds, np.asarray(rows)[forward].tolist(), scores)


def _pair(part: Sheet, labels: Any, seed: int) -> list[Any]:
    """Learn from what earlier deliveries say, and apart from that by what the order's texts are.

    The two err differently: rates follow the time, texts tell more of what is rare.
    """
    texts = part.columns("category")
    used = (part.columns("order", "history"), part.columns("order", "category"))
    return [
        boost(part.values, labels, part.usual, part.weights, columns, texts, seed)
        for columns in used
    ]


def _look_forward(
    part: Sheet, labels: Any, seed: int, progress: Progress
) -> tuple[int, Calibration, Any, Any]:
    """Choose the number of trees by blocks that were later, and calibrate on them."""
    np: Any = need("numpy", "supply")
    margins: dict[int, list[Any]] = {one: [] for one in _ROUNDS}
    forward: list[Any] = []
    blocks = blocks_of(part, _SHARES)
    for step, (known, later) in enumerate(blocks):
        progress(step, len(blocks), "sizes tried")
        if not len(later) or not 2 <= labels[known].sum() <= len(known) - 2:
            continue
        forward.append(later)
        pair = _pair(part.part(known), labels[known], seed)
        for rounds in _ROUNDS:
            said = [
                one.predict(part.values[later], raw_score=True, num_iteration=rounds)
                for one in pair
            ]
            margins[rounds].append(sum(said) / len(said))
    progress(len(blocks), len(blocks), "sizes tried")
    if not forward:
        return _ROUNDS[0], Calibration(), np.array([], int), np.array([])
    places = np.concatenate(forward)
    told, usual = labels[places], part.usual[places]
    found = []
    for rounds in _ROUNDS:
        trees = np.concatenate(margins[rounds])
        calibration = calibrate(trees, usual, told)
        said = 1 / (1 + np.exp(-calibration.log_odds(trees, usual)))
        loss = -float(np.log(np.where(told > 0, said, 1 - said)).mean())
        found.append((loss, rounds, calibration, said))
    _, rounds, calibration, said = min(found, key=lambda one: one[0])
    return rounds, calibration, places, said


def calibrate(trees: Floats, usual: Floats, labels: Floats) -> Calibration:
    """Fit the two slopes and the shift on rows that the trees did not learn from.

    By Newton's method on the log-likelihood, drawn towards 1, 1 and 0, so that few rows change
    little. All are (n,).
    """
    np: Any = need("numpy", "supply")
    columns = np.column_stack([trees, usual, np.ones_like(trees)])
    start = np.array([1.0, 1.0, 0.0])
    pull, weights = np.array(_PULL), start.copy()
    for _ in range(_STEPS):
        share = 1 / (1 + np.exp(-np.clip(columns @ weights, -500, 500)))
        slope = columns.T @ (labels - share) - pull * (weights - start)
        curve = (columns * (share * (1 - share))[:, None]).T @ columns + np.diag(pull)
        step = np.clip(np.linalg.solve(curve, slope), -2, 2)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    a, b, c = weights.tolist()
    return Calibration(max(a, _SLOPE_LEAST), max(b, 0.0), c)
