"""Which accounts launder: our patterns beside baselines, in simulated payments with planted ones.

Worlds of several seeds, each cut in time: models learn on days 20 to 60 with their labels, and all
are judged on days 60 to 100, whose patterns they never saw; what was before is known as history.
Beside chance: number of payments, amount, LightGBM on 30 simple figures of an account, new
relations among them, and the same with our score as one more. Ours
alone learns nothing from labels. Means over worlds with 95 % intervals (t), and paired gains.

A second table cuts the patterns' traces: more commission, more patience. A third says how long a
search takes. Simulated, all of it: the Elliptic data are not at hand.

    ./dev bench laundering [WORLDS]      about a minute for five
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

import lightgbm
import numpy as np
from scipy.stats import t as student
from sklearn.metrics import average_precision_score

from bench.measure import table
from counterfoil.apps.finance.graphs import Settings, make_network, search_network
from counterfoil.testing.laundering import SimulatedPayments, simulate_laundering

ACCOUNTS: Final = 8_000
PAYMENTS: Final = 160_000
DAYS: Final = 100
PATTERNS: Final = 48
LEARN_DAY: Final = 20
CUT_DAY: Final = 60
_DAY: Final = 86_400
MODELS: Final = ("ours", "chance", "payments", "amount", "lightgbm", "lightgbm + ours")


def part(world: SimulatedPayments, low: float, high: float) -> tuple[Any, ...]:
    """Take the payments of some days: source, target, at, amount, pattern."""
    inside = (world.at >= low * _DAY) & (world.at < high * _DAY)
    columns = (world.source, world.target, world.at, world.amount, world.pattern)
    return tuple(one[inside] for one in columns)


def labels(payments: tuple[Any, ...]) -> Any:
    """Tell which accounts take part in a planted pattern."""
    source, target, _, _, pattern = payments
    found = np.zeros(ACCOUNTS, dtype=bool)
    found[source[pattern >= 0]] = found[target[pattern >= 0]] = True
    return found


def simple(before: tuple[Any, ...], payments: tuple[Any, ...]) -> Any:
    """Describe accounts by simple figures: (accounts, 30) float64.

    Of both ends, in the period and in the time before: payments, total, mean, spread, largest,
    others, active days; and how many others were new in the period.
    """
    columns = []
    for ends in ((0, 1), (1, 0)):
        pairs = []
        for source, amount, at in (
            (before, before[3], before[2]),
            (payments, payments[3], payments[2]),
        ):
            one, other = source[ends[0]], source[ends[1]]
            columns += figures(one, other, at, amount)
            pairs.append(np.unique(one * ACCOUNTS + other))
        new = np.setdiff1d(pairs[1], pairs[0]) // ACCOUNTS
        columns.append(np.bincount(new, minlength=ACCOUNTS))
    return np.column_stack(columns).astype(float)


def figures(one: Any, other: Any, at: Any, amount: Any) -> list[Any]:
    """Describe one end of the payments of some time."""
    count = np.bincount(one, minlength=ACCOUNTS)
    total = np.bincount(one, weights=amount, minlength=ACCOUNTS)
    square = np.bincount(one, weights=amount**2, minlength=ACCOUNTS)
    others = np.bincount(np.unique(one * ACCOUNTS + other) // ACCOUNTS, minlength=ACCOUNTS)
    largest = np.zeros(ACCOUNTS)
    np.maximum.at(largest, one, amount)
    active = np.bincount(np.unique(one * 10_000 + at // _DAY) // 10_000, minlength=ACCOUNTS)
    mean = total / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(square / np.maximum(count, 1) - mean**2, 0))
    return [count, total, mean, spread, largest, others, active]


def ours(payments: tuple[Any, ...], since_day: float) -> Any:
    """Score accounts by patterns that end from a day on: (accounts,) float64."""
    source, target, at, amount, _ = payments
    network = make_network(source.astype(str), target.astype(str), at, amount)
    settings = Settings(networks=2, since_s=int(since_day * _DAY))
    found = search_network(network, settings).scores
    scores = np.zeros(ACCOUNTS)
    scores[np.array([int(name) for name in network.accounts])] = found
    return scores


def boosted(values: Any, known: Any, others: Any) -> Any:
    """Learn with LightGBM, and score others."""
    model = lightgbm.LGBMClassifier(
        n_estimators=200, learning_rate=0.05, num_leaves=15, min_child_samples=10, verbose=-1,
        random_state=0, n_jobs=1,
    )  # fmt: skip
    return np.asarray(model.fit(values, known).predict_proba(others))[:, 1]


def judged(seed: int, **options: float) -> dict[str, tuple[float, float]]:
    """Judge all models in one world: average precision, and precision of the first hundred."""
    world = simulate_laundering(ACCOUNTS, PAYMENTS, DAYS, PATTERNS, seed, **options)
    end = DAYS + 30
    before, early = part(world, 0, LEARN_DAY), part(world, LEARN_DAY, CUT_DAY)
    known_days, late = part(world, 0, CUT_DAY), part(world, CUT_DAY, end)
    known, truth = labels(early), labels(late)
    table_early, table_late = simple(before, early), simple(known_days, late)
    own_early, own_late = ours(known_days, LEARN_DAY), ours(part(world, 0, end), CUT_DAY)
    count = np.bincount(np.concatenate(late[:2]), minlength=ACCOUNTS)
    both = np.concatenate([late[3], late[3]])
    scores = {
        "ours": own_late,
        "chance": np.random.default_rng(seed).random(ACCOUNTS),
        "payments": count,
        "amount": np.bincount(np.concatenate(late[:2]), weights=both, minlength=ACCOUNTS),
        "lightgbm": boosted(table_early, known, table_late),
        "lightgbm + ours": boosted(
            np.column_stack([table_early, own_early]),
            known,
            np.column_stack([table_late, own_late]),
        ),
    }
    return {name: (precision(truth, one), first(truth, one)) for name, one in scores.items()}


def precision(truth: Any, scores: Any) -> float:
    """Compute average precision."""
    return float(average_precision_score(truth, scores))


def first(truth: Any, scores: Any, count: int = 100) -> float:
    """Compute the precision of the first hundred."""
    return float(truth[np.argsort(-scores, kind="stable")[:count]].mean())


def interval(values: list[float]) -> str:
    """Write a mean and its 95 % interval."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return f"{mean:.3f}"
    half = float(student.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count))
    return f"{mean:.3f} ± {half:.3f}"


def compare(worlds: int, **options: float) -> list[list[str]]:
    """Judge in several worlds; a row for each model."""
    found = [judged(seed, **options) for seed in range(100, 100 + worlds)]
    rows = []
    for name in MODELS:
        each = [one[name][0] for one in found]
        gain = [one["ours"][0] - value for one, value in zip(found, each, strict=True)]
        hundred = [one[name][1] for one in found]
        shown = interval(gain) if name != "ours" else ""
        rows.append([name, interval(each), interval(hundred), shown])
    return rows


def speeds() -> list[list[str]]:
    """Time a search with two null networks, by number of payments."""
    rows = []
    for count in (100_000, 1_000_000, 3_000_000):
        world = simulate_laundering(max(2_000, count // 20), count, DAYS, 80, 7)
        network = make_network(
            world.source.astype(str), world.target.astype(str), world.at, world.amount
        )
        began = time.perf_counter()
        found = search_network(network, Settings(networks=2))
        spent = time.perf_counter() - began
        rows.append([f"{count:,}", f"{spent:.1f}", f"{spent / count * 1e6:.1f}",
                     f"{len(found.findings):,}"])  # fmt: skip
    return rows


def main() -> None:
    """Print the tables."""
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    heads = ["", "average precision", "precision@100", "ours is better by"]
    table(f"accounts that launder, {worlds} worlds", heads, compare(worlds))
    harder = {"commission": 0.2, "patience_days": 8.0}
    table("more is kept on the way, and later", heads, compare(worlds, **harder))
    table("a search", ["payments", "seconds", "µs each", "findings"], speeds())


if __name__ == "__main__":
    main()
