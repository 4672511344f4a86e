"""Find labels that are probably wrong: flipped by an attacker, or by a tired hand.

Without a reference: models that did not see a row say what its label should be. Among the rows
that they are surest of, hardly any label disagrees in clean data; of flipped labels a share stays
in every part of the data. Which rows: confident learning. With a reference: its model disagrees
more with these labels than with its own, and rows that both hold show flips exactly. This module
refuses to call a row wrong: it names suspects.

Sources: Northcutt, Jiang and Chuang, Confident Learning, JAIR 70, 2021; Patrini et al., Making
Deep Neural Networks Robust to Label Noise, CVPR 2017 (anchor points).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from counterfoil.provenance.checks.intervals import difference_interval, wilson
from counterfoil.provenance.checks.labels import Labelled, places_in
from counterfoil.provenance.checks.learning import average_precision, predict_from
from counterfoil.provenance.checks.results import Item, first_rows
from counterfoil.provenance.checks.suite import Suite

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["against_reference", "label_noise", "suspects"]

_SUREST: Final = 0.2
_SUREST_MIN: Final = 40
_PRECISE: Final = 0.65
_ABOVE_CHANCE: Final = 0.2  # of the way from chance, which is the class's share, to perfect


def suspects(probabilities: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Name rows whose label a model confidently takes for another, worst first.

    A row is suspect when another class's probability reaches what that class's own rows get on
    average, and is its largest.
    """
    classes = probabilities.shape[1]
    threshold = np.array(
        [probabilities[label == k, k].mean() if (label == k).any() else 1.0 for k in range(classes)]
    )
    other = np.where(probabilities >= threshold, probabilities, -1.0)
    best = other.argmax(axis=1)
    mine = probabilities[np.arange(len(label)), label]
    theirs = other.max(axis=1)
    rows = np.flatnonzero((best != label) & (theirs > mine))
    order = np.argsort(-(theirs[rows] - mine[rows]), kind="stable")
    return rows[order]


def label_noise(data: Labelled, probabilities: NDArray[np.float64], suite: Suite) -> list[Item]:
    """Estimate the share of wrong labels where models are surest, class by class."""
    limits, items, total = suite.poisoning, list[Item](), len(data.label)
    bad = suspects(probabilities, data.label)
    for k, name in enumerate(data.classes):
        count = int((data.label == k).sum())
        size = min(len(data.label), max(_SUREST_MIN, int(_SUREST * count)))
        surest = np.argsort(-probabilities[:, k], kind="stable")[:size]
        wrong = surest[data.label[surest] != k]
        low, high = wilson(len(wrong), size, limits.confidence)
        # Of a class that features hardly tell, even the surest rows are often another's: of a
        # common one as often as any row, by chance.
        precise, share = average_precision(probabilities[:, k], data.label == k), count / total
        above = share + _ABOVE_CHANCE * (1 - share)
        judged = precise >= (above if 2 * count >= total else _PRECISE)
        items.append(
            Item(
                name=f"label-noise/{name}"[:255],
                passed=not judged or low <= limits.noise_at_most,
                value=len(wrong) / size,
                low=low,
                high=high,
                confidence=limits.confidence,
                rows=size,
                at_most=limits.noise_at_most if judged else None,
                method=(
                    f"share labelled otherwise of the {size} rows that out-of-fold models are "
                    f"surest to be {name[:80]}; fails where Wilson's interval is all over the limit"
                ),
                found=""
                if judged
                else f"Not judged: features tell this class too badly (average precision "
                f"{precise:.2f}, {share:.2f} by chance); give a trusted reference.",
                where=first_rows(data.rows[wrong]),
                count=len(wrong),
            )
        )
    items.append(
        Item(
            name="label-suspects",
            passed=True,
            value=len(bad) / len(data.label),
            rows=len(data.label),
            method="confident learning on out-of-fold predictions; informs only, since hard rows "
            "look like wrong ones",
            where=first_rows(data.rows[bad]),
            count=len(bad),
        )
    )
    return items


def against_reference(
    data: Labelled, before: Labelled, own: NDArray[np.float64], suite: Suite
) -> list[Item]:
    """Compare labels with a reference's.

    own: out-of-fold probabilities of the reference, (m, classes of the reference).
    """
    limits = suite.poisoning
    places = places_in(before.classes, data)
    found = predict_from(
        before.features, before.label, len(before.classes), data.features, suite.seed
    )
    wrong = found.argmax(axis=1) != places
    was = own.argmax(axis=1) != before.label
    hits, other = int(wrong.sum()), int(was.sum())
    low, high = difference_interval(hits, len(wrong), other, len(was), limits.confidence)
    known = np.flatnonzero(places >= 0)
    bad = known[suspects(found[known], places[known])]
    items = [
        Item(
            name="label-disagreement",
            passed=low <= limits.disagreement_at_most,
            value=wrong.mean() - was.mean(),
            low=low,
            high=high,
            confidence=limits.confidence,
            rows=len(wrong),
            at_most=limits.disagreement_at_most,
            method="how much more often the reference's model disagrees with these labels than "
            "with the reference's own; fails where Newcombe's interval is all over the limit",
            found=f"{was.mean():.4f} before, {wrong.mean():.4f} now.",
            where=first_rows(data.rows[bad]),
            count=len(bad),
        )
    ]
    for k, name in enumerate(before.classes):
        now, then = int((places == k).sum()), int((before.label == k).sum())
        items.append(_rate(name, now, len(places), then, len(before.label), suite))
    strange = np.flatnonzero(places < 0)
    if len(strange):
        items.append(
            Item(
                name="label-unknown",
                passed=False,
                value=len(strange) / len(places),
                at_most=0.0,
                method="share of labels that the reference does not have",
                where=first_rows(data.rows[strange]),
                count=len(strange),
            )
        )
    return [*items, _changed(data, before, places, suite)]


def _rate(name: str, now: int, of: int, then: int, of_then: int, suite: Suite) -> Item:
    limits = suite.poisoning
    gap = now / of - then / of_then
    low, high = difference_interval(now, of, then, of_then, limits.confidence)
    near = low if gap > 0 else -high
    return Item(
        name=f"label-rate/{name}"[:255],
        passed=near <= limits.rate_at_most,
        value=abs(gap),
        low=max(0.0, near),
        high=max(high, -low),
        confidence=limits.confidence,
        rows=of,
        at_most=limits.rate_at_most,
        method="change of the label's share; fails where Newcombe's interval is all over the limit",
        found=f"{then / of_then:.4f} before, {now / of:.4f} now.",
    )


def _changed(data: Labelled, before: Labelled, places: NDArray[np.int64], suite: Suite) -> Item:
    """Find rows that the reference holds with other labels only: exact, if the features are."""
    names = [name for name in data.features.names if name in before.features]
    known: dict[bytes, set[int]] = {}
    for key, label in zip(before.features.row_keys(names), before.label.tolist(), strict=True):
        known.setdefault(key, set()).add(label)
    keys = data.features.row_keys(names)
    held = [row for row, key in enumerate(keys) if key in known]
    changed = [row for row in held if int(places[row]) not in known[keys[row]]]
    share = len(changed) / len(keys)
    # Rows that are alike by chance differ in label by chance: only copies of the data can tell.
    same = len(held) >= 0.5 * len(keys)
    return Item(
        name="label-changed",
        passed=not same or share <= suite.poisoning.changed_at_most,
        value=share,
        rows=len(keys),
        at_most=suite.poisoning.changed_at_most if same else None,
        method="share of rows whose features the reference holds, with another label",
        found=f"{len(held)} rows have features that the reference holds.",
        where=first_rows(data.rows[np.array(changed, dtype=np.int64)]),
        count=len(changed),
    )
