"""How good a model is on labelled payments, as one HTML page: no script, no network.

Curves of precision and of cost, the confusion that follows from the costs, what the probabilities
are worth, day by day and by segment. This module refuses payments without labels: there is nothing
to report then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from counterfoil.apps.finance.fraud.judging import Interval, bootstrap, precision_of
from counterfoil.apps.finance.fraud.kept import Kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.plots import Line, curves, pillars
from counterfoil.apps.finance.fraud.scoring import Scores, figures_of
from counterfoil.apps.finance.fraud.windows import DAY_MS
from counterfoil.errors import InputError
from counterfoil.insight.page.style import STYLE
from counterfoil.ledger.documents import security, written_page

__all__ = ["Judged", "judge", "write_report"]

_FACTORS: Final = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 30.0)
_BINS: Final = 10
_SEGMENTS: Final = 8  # of one column


@dataclass(frozen=True, slots=True)
class Judged:
    """A model on payments with a label. precision: average precision with its interval."""

    kept: Kept
    payments: Sequence[Payment]
    found: Scores
    figures: dict[str, float]
    precision: Interval
    notes: Sequence[str]


def judge(
    kept: Kept, payments: Sequence[Payment], found: Scores, notes: Sequence[str] = ()
) -> Judged:
    """Judge scores of payments; those without a label are left out.

    Raises InputError with code fraud.labels where there is no fraud among them.
    """
    known = [at for at, one in enumerate(payments) if one.label is not None]
    rows = [payments[at] for at in known]
    kept_scores = Scores(
        [found.scores[at] for at in known],
        [found.thresholds[at] for at in known],
        [found.held[at] for at in known],
    )
    figures = figures_of(kept.manifest.costs, rows, kept_scores)
    if not figures:
        raise InputError(
            "fraud.labels",
            f"expected payments with labels and frauds among them, found {len(rows)} with a label",
            hint="A report needs labels; `counterfoil finance score` does not.",
        )
    precision = bootstrap(rows, kept_scores.scores)
    return Judged(kept, rows, kept_scores, figures, precision, notes)


def write_report(judged: Judged, title: str) -> bytes:
    """Write the page: HTML, UTF-8. title: what was judged, such as the file's name."""
    figures = [
        ("Precision and recall", "Each point is a bar for the score: of those above it, the share "
         "that is fraud, and the share of all fraud that is above it. The lower line is chance.",
         _precision_curve(judged)),
        ("What decisions cost", "Cost of frauds that were missed and of reviews, as the bar is "
         "lowered or raised for all payments by the factors in the table, step by step. At the "
         "factor 1 it is where the costs put it.",
         _cost_curve(judged)),
        ("Confusion", "What was decided by the bar, and what it was.", _confusion(judged)),
        ("What the probabilities are worth", "Payments by their score, a tenth of the frauds' "
         "weight each: the mean score beside the share that was fraud. On the dashed line both "
         "are the same.", _calibration(judged)),
        ("Scores", "Payments by score; the lower part is fraud.", _histogram(judged)),
        ("Day by day", "", _days(judged)),
        ("By segment", "Where a model is worse, its figures as a whole hide it. Average precision "
         "depends on how much fraud there is: compare lift, its ratio to chance.",
         _segments(judged)),
    ]  # fmt: skip
    body = [_head(judged, title)]
    body += [
        f'<figure id="{_id(name)}"><figcaption><h2>{name}</h2>'
        + (f"<p>{about}</p>" if about else "")
        + f"</figcaption>{drawn}</figure>"
        for name, about, drawn in figures
    ]
    return written_page("Fraud report", "".join(body), STYLE, security((), STYLE))


def _head(judged: Judged, title: str) -> str:
    manifest, figures, ap = judged.kept.manifest, judged.figures, judged.precision
    first, last = judged.payments[0].at_ms, judged.payments[-1].at_ms
    tiles = [
        ("payments", f"{figures['payments']:,.0f}"),
        ("frauds", f"{figures['frauds']:,.0f}"),
        ("average precision", f"{ap.value:.3f}"),
        ("its 95 % interval", f"{ap.low:.3f} to {ap.high:.3f}"),
        ("card precision at 100", f"{figures['card_precision_100']:.3f}"),
        ("held", f"{figures['held']:,.0f}"),
        ("of them fraud", f"{figures['held_frauds']:,.0f}"),
        ("cost", f"{figures['cost']:,.0f}"),
        ("had nobody looked", f"{figures['cost_of_nothing']:,.0f}"),
    ]
    facts = [
        ("Payments", f"{title}, {_day(first)} to {_day(last)}"),
        ("Model, SHA-256", judged.kept.digest),
        ("Learned from", f"{manifest.rows:,} payments, {manifest.frauds:,} frauds, until "
         f"{_day(manifest.until_ms)}; SHA-256 {manifest.data}"),
        ("Costs", f"a review {manifest.costs.review:.4g}, a missed fraud "
         f"{manifest.costs.lost:.3g} of its amount and {manifest.costs.fixed:.4g}; capacity "
         f"{manifest.costs.capacity or 'any'} a day, bar raised by {manifest.costs.factor:.3g}"),
        ("Labels", f"known {manifest.delay_ms / DAY_MS:g} days after a payment"),
    ]  # fmt: skip
    notes = list(judged.notes)
    if first <= manifest.until_ms:
        notes.append(
            "The model learned from payments as late as these: figures may be too good. Judge it "
            "on later ones."
        )
    told = "".join(
        f'<p class="wait mark"><span aria-hidden="true">▲</span> {escape(note)}</p>'
        for note in notes
    )
    return (
        f"<header><h1>Fraud report</h1>{told}<dl class='tiles'>{_pairs(tiles)}</dl>"
        f"<dl class='facts'>{_pairs(facts)}</dl></header>"
    )


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in rows)


def _precision_curve(judged: Judged) -> str:
    order = sorted(range(len(judged.payments)), key=lambda at: -judged.found.scores[at])
    frauds, points = 0, list[tuple[float, float]]()
    whole = judged.figures["frauds"]
    for seen, at in enumerate(order, 1):
        if judged.payments[at].label:
            frauds += 1
            points.append((frauds / whole, frauds / seen))
    chance = judged.figures["fraud_share"]
    lines: list[Line] = [
        ("this model", "line", [(0.0, points[0][1]), *points]),
        ("chance", "rule", [(0.0, chance), (1.0, chance)]),
    ]
    return curves("Precision by recall", lines, "recall", "precision")


def _cost_curve(judged: Judged) -> str:
    costs = judged.kept.manifest.costs
    points: list[tuple[float, float]] = []
    rows = []
    for factor in _FACTORS:
        missed = reviews = 0.0
        held = 0
        for payment, score, bar in zip(
            judged.payments, judged.found.scores, judged.found.thresholds, strict=True
        ):
            if score >= bar * factor:
                held += 1
                reviews += costs.review
            elif payment.label:
                missed += costs.at_risk(payment.amount)
        points.append((float(len(points)), missed + reviews))
        rows.append([f"{factor:g}", f"{held:,}", f"{missed:,.0f}", f"{reviews:,.0f}",
                     f"{missed + reviews:,.0f}"])  # fmt: skip
    nothing = judged.figures["cost_of_nothing"]
    lines: list[Line] = [
        ("cost", "line", points),
        ("had nobody looked", "rule", [(0.0, nothing), (float(len(points) - 1), nothing)]),
    ]
    heads = ["bar times", "held", "missed", "reviews", "cost"]
    return (
        curves("Cost by the height of the bar", lines, "step of the table", "cost")
        + f"<details><summary>As a table</summary>{_table(heads, rows)}</details>"
    )


def _confusion(judged: Judged) -> str:
    counts = dict.fromkeys(((True, 1), (True, 0), (False, 1), (False, 0)), 0)
    amounts = dict.fromkeys(counts, 0.0)
    for payment, held in zip(judged.payments, judged.found.held, strict=True):
        key = (held, payment.label or 0)
        counts[key] += 1
        amounts[key] += payment.amount
    rows = [
        [name, f"{counts[held, 1]:,}", f"{counts[held, 0]:,}", f"{amounts[held, 1]:,.0f}",
         f"{amounts[held, 0]:,.0f}"]
        for name, held in (("held", True), ("paid", False))
    ]  # fmt: skip
    return _table(["decided", "fraud", "genuine", "amount of fraud", "amount of genuine"], rows)


def _calibration(judged: Judged) -> str:
    order = sorted(range(len(judged.payments)), key=lambda at: judged.found.scores[at])
    weight = sum(judged.found.scores) / _BINS
    rows, points = [], []
    part: list[int] = []
    held = 0.0
    for place, at in enumerate(order):
        part.append(at)
        held += judged.found.scores[at]
        if held < weight and place + 1 < len(order):
            continue
        mean = held / len(part)
        share = sum(judged.payments[one].label or 0 for one in part) / len(part)
        rows.append([f"{len(part):,}", f"{mean:.4f}", f"{share:.4f}"])
        points.append((mean, share))
        part, held = [], 0.0
    most = max([max(point) for point in points], default=1.0)
    lines: list[Line] = [
        ("this model", "line", [(0.0, 0.0), *points]),
        ("as it should be", "rule", [(0.0, 0.0), (most, most)]),
    ]
    return (
        curves("Share of fraud by mean score", lines, "mean score", "share of fraud")
        + "<details><summary>As a table</summary>"
        + _table(["payments", "mean score", "share of fraud"], rows)
        + "</details>"
    )


def _histogram(judged: Judged) -> str:
    counts = [[0, 0] for _ in range(_BINS)]
    for payment, score in zip(judged.payments, judged.found.scores, strict=True):
        at = min(int(score * _BINS), _BINS - 1)
        counts[at][0] += 1
        counts[at][1] += payment.label or 0
    shown = [(f"{at / _BINS:.1f}", float(a), float(b)) for at, (a, b) in enumerate(counts)][1:]
    low = counts[0]
    return (
        f'<p class="note">{low[0]:,} payments below 0.1, {low[1]:,} of them fraud, are not '
        "drawn.</p>" + pillars("Payments by score", shown, "payments")
    )


def _days(judged: Judged) -> str:
    groups = _grouped(judged, lambda one: str(_day(one.at_ms)))
    drawn = [(name, float(row[2]), float(row[3])) for name, row in groups]
    heads = ["day", "payments", "frauds", "held", "of them fraud", "average precision", "lift"]
    return (
        pillars("Payments held, a day", drawn, "held")
        + "<details><summary>As a table</summary>"
        + _table(heads, [_written(name, row) for name, row in groups])
        + "</details>"
    )


def _segments(judged: Judged) -> str:
    amounts = sorted(one.amount for one in judged.payments)
    cuts = [amounts[len(amounts) * part // 4] for part in (1, 2, 3)]

    def amount(one: Payment) -> str:
        place = sum(one.amount >= cut for cut in cuts)
        low = f"from {cuts[place - 1]:,.2f}" if place else ""
        high = f"below {cuts[place]:,.2f}" if place < 3 else ""
        return f"amount {low} {high}".replace("  ", " ").strip()

    parts: list[Callable[[Payment], str]] = [
        amount,
        lambda one: (
            f"hour {one.at_ms % DAY_MS * 4 // DAY_MS * 6:02} to "
            f"{one.at_ms % DAY_MS * 4 // DAY_MS * 6 + 6:02} UTC"
        ),
    ]
    for at, name in enumerate(judged.kept.manifest.columns.words):
        parts.append(lambda one, at=at, name=name: f"{name} {one.words[at] or 'missing'}")  # type: ignore[misc]  # a default binds the loop's value
    rows = []
    for part in parts:
        groups = sorted(_grouped(judged, part), key=lambda one: -one[1][0])[:_SEGMENTS]
        rows += [_written(name, row) for name, row in groups]
    heads = ["segment", "payments", "frauds", "held", "of them fraud", "average precision", "lift"]
    return _table(heads, rows)


_Row = tuple[int, int, int, int, float]


def _grouped(judged: Judged, key: Callable[[Payment], str]) -> list[tuple[str, _Row]]:
    """Count by group: payments, frauds, held, held frauds, average precision."""
    groups: dict[str, list[int]] = {}
    for at, one in enumerate(judged.payments):
        groups.setdefault(key(one), []).append(at)
    found = []
    for name, places in groups.items():
        labels = [judged.payments[at].label or 0 for at in places]
        held = [judged.found.held[at] for at in places]
        caught = sum(label for label, hold in zip(labels, held, strict=True) if hold)
        precision = precision_of(labels, [judged.found.scores[at] for at in places])
        found.append((name, (len(places), sum(labels), sum(held), caught, precision)))
    return found


def _written(name: str, row: _Row) -> list[str]:
    payments, frauds, held, caught, precision = row
    lift = f"{precision * payments / frauds:,.0f}" if frauds else "no fraud"
    figures = [f"{value:,}" for value in (payments, frauds, held, caught)]
    return [name, *figures, f"{precision:.3f}" if frauds else "no fraud", lift]


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    right = ' class="n"'
    top = "".join(f"<th{right if at else ''}>{escape(h)}</th>" for at, h in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{right if at else ''}>{escape(str(c))}</td>" for at, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def _id(name: str) -> str:
    return name.lower().replace(" ", "-")
