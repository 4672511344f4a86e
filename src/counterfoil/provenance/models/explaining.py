"""Compute explanations: exact where the model allows it, else by sampling, and say which.

TreeSHAP comes from LightGBM itself. A linear model's contribution is coefficient x (value - mean).
Everything else is explained by Shapley values over random orders of the features (Castro et al.,
2009; Strumbelj and Kononenko, 2014): each order walks from a background row to the explained one,
so shares and base always add up to the score, while each share has a sampling error. This module
refuses a background that nobody stated.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models.engine import Engine, Linear
from counterfoil.provenance.models.explained import Background, Explained

__all__ = ["BACKGROUND_MAX", "SAMPLES_MAX", "explain"]

BACKGROUND_MAX: Final = 1000
SAMPLES_MAX: Final = 100_000
_ROWS_AT_ONCE: Final = 8192


def explain(
    engine: Engine, row: Sequence[Any], target: int, score: float, background: Background | None
) -> Explained:
    """Explain the score of a checked row.

    target: column of the outcome. score: the model's answer for it. Raises InputError with code
    model.background.
    """
    names = engine.columns.names
    outcome = engine.outcomes[target] if engine.outcomes else ""
    found = engine.contributions(row, target)
    if found is not None:
        total = found.base + sum(found.shares)
        shares = dict(zip(names, found.shares, strict=True))
        return Explained(found.method, found.unit, found.base, shares, True, total, score, outcome)
    linear = engine.linear(target)
    if linear is not None:
        return _by_coefficients(engine, linear, row, score, outcome, background)
    if background is None:
        raise InputError(
            "model.background",
            "expected rows to compare with, found none: this model explains itself only so",
            hint="Record it with background=Background(rows), or with explained_by=... for a "
            "LightGBM booster of the same scores.",
        )
    return _by_sampling(engine, row, target, score, outcome, background)


def _by_coefficients(
    engine: Engine,
    linear: Linear,
    row: Sequence[Any],
    score: float,
    outcome: str,
    background: Background | None,
) -> Explained:
    names = engine.columns.names
    digest = None
    if background is not None:
        rows = _checked(engine, background)
        mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        what, digest = "the background's mean", background.digest
    elif linear.mean is not None:
        mean, what = linear.mean, linear.what
    else:
        mean, what = [0.0] * len(names), "zero"
    base = linear.intercept + sum(w * m for w, m in zip(linear.coefficients, mean, strict=True))
    shares = [
        weight * (float(value) - at)
        for weight, value, at in zip(linear.coefficients, row, mean, strict=True)
    ]
    return Explained(
        f"coefficient x (value - {what})",
        linear.unit,
        base,
        dict(zip(names, shares, strict=True)),
        True,
        base + sum(shares),
        score,
        outcome,
        background=digest,
    )


def _by_sampling(
    engine: Engine,
    row: Sequence[Any],
    target: int,
    score: float,
    outcome: str,
    background: Background,
) -> Explained:
    rows = _checked(engine, background)
    names = engine.columns.names
    if not 1 <= background.samples <= SAMPLES_MAX:
        raise InputError(
            "model.background",
            f"expected 1 to {SAMPLES_MAX} samples, found {background.samples}",
        )
    chance = random.Random(background.seed)  # noqa: S311  # for repeating, not for secrets
    walks: list[tuple[list[int], list[list[Any]]]] = []
    shares, base, done = [0.0] * len(names), 0.0, 0

    def settle() -> float:
        table = [step for _, steps in walks for step in steps]
        values = engine.values(table)[:, target].tolist()
        began = 0.0
        for at, (order, steps) in enumerate(walks):
            along = values[at * len(steps) : (at + 1) * len(steps)]
            began += along[0]
            for place, feature in enumerate(order):
                shares[feature] += along[place + 1] - along[place]
        return began

    for sample in range(background.samples):
        start = rows[sample % len(rows)]
        order = list(range(len(names)))
        chance.shuffle(order)
        steps, now = [list(start)], list(start)
        for feature in order:
            now[feature] = row[feature]
            steps.append(list(now))
        walks.append((order, steps))
        if len(walks) * len(steps) >= _ROWS_AT_ONCE or sample + 1 == background.samples:
            base += settle()
            done += len(walks)
            walks.clear()
    base /= done
    mean = [share / done for share in shares]
    return Explained(
        f"shapley-sampling, {done} orders",
        engine.unit,
        base,
        dict(zip(names, mean, strict=True)),
        False,
        base + sum(mean),
        score,
        outcome,
        background=background.digest,
        seed=background.seed,
    )


def _checked(engine: Engine, background: Background) -> list[list[Any]]:
    if not 1 <= len(background.rows) <= BACKGROUND_MAX:
        raise InputError(
            "model.background",
            f"expected 1 to {BACKGROUND_MAX} background rows, found {len(background.rows)}",
            hint="Take a random sample of the training data.",
        )
    return engine.columns.rows(background.rows)
