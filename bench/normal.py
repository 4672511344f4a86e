"""How well the first model of normal behaviour ranks planted frauds, beside naive baselines.

The payments are simulated, so the figures compare rankings on one made-up world and are no
evidence of any bank's. Split by time: everything learns as it goes, the first part of the days is
not counted. The model saw no label; its one choice of weights (all equal) was made on seed 11,
which is not among those below.

    ./dev bench normal [DAYS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from math import log

from bench.measure import START_MS, table
from counterfoil.learn import Event, NormalBehaviour, average_precision
from counterfoil.learn.account import Running
from counterfoil.testing.payments import Payment, Scenario, payments

__all__: list[str] = []

SEEDS = (101, 102, 103)
CUSTOMERS = 700
WARM_SHARE = 0.5
THRESHOLD = 0.5
DAY_MS = 86_400_000

Rank = Callable[[Payment], float]


def main(days: int) -> None:
    """Rank the payments of the later days by each way, and print the table."""
    split_ms = START_MS + int(days * WARM_SHARE) * DAY_MS
    makers: dict[str, Callable[[], Rank]] = {
        "chance": lambda: lambda _: 0.0,
        "fixed amount threshold": lambda: lambda payment: float(payment.amount_minor),
        "amount, in the account's own deviations": _deviations,
        "model of normal behaviour": _model,
    }
    found: dict[str, list[float]] = {name: [] for name in makers}
    labels: list[Scenario] = []
    seconds = 0.0
    for seed in SEEDS:
        ranks = {name: make() for name, make in makers.items()}
        for payment in payments(seed, start_ms=START_MS, days=days, customers=CUSTOMERS):
            counted = payment.at_ms >= split_ms
            for name, rank in ranks.items():
                began = time.perf_counter()
                score = rank(payment)
                if name == "model of normal behaviour":
                    seconds += time.perf_counter() - began
                if counted:
                    found[name].append(score)
            if counted:
                labels.append(payment.scenario)
    _report(days, found, labels, seconds / (len(labels) / (1 - WARM_SHARE)))


def _report(
    days: int, found: dict[str, list[float]], labels: list[Scenario], seconds_each: float
) -> None:
    frauds = [label is not Scenario.GENUINE for label in labels]
    title = (
        f"{len(labels):,} payments of the last {days - int(days * WARM_SHARE)} of {days} days, "
        f"{sum(frauds)} planted frauds, {len(SEEDS)} worlds"
    )
    rows = []
    for name, scores in found.items():
        figure = average_precision(scores, frauds)
        held = sum(frauds)  # as many as there are: precision there is recall, too
        best = sorted(zip(scores, frauds, strict=True), key=lambda pair: -pair[0])[:held]
        hits = sum(fraud for _, fraud in best) / held
        rows.append([name, f"{figure:.3f}", f"{hits:.3f}" if name != "chance" else ""])
    table(title, ["ranked by", "average precision", "precision at as many as frauds"], rows)
    scores = found["model of normal behaviour"]
    rows = []
    for kind in Scenario:
        those = [score for score, label in zip(scores, labels, strict=True) if label is kind]
        held = sum(score >= THRESHOLD for score in those)
        rows.append([kind.value, f"{len(those):,}", f"{held:,}", f"{held / len(those):.3f}"])
    table(f"held by the model at {THRESHOLD}", ["", "payments", "held", "share"], rows)
    print(f"\n{seconds_each * 1e6:.0f} microseconds a payment, scored and learned")


def _model() -> Rank:
    model = NormalBehaviour()

    def rank(payment: Payment) -> float:
        event = Event(payment.customer, payment.at_ms, payment.amount_minor, payment.terminal)
        return model.learn(event).score

    return rank


def _deviations() -> Rank:
    accounts: dict[str, Running] = {}

    def rank(payment: Payment) -> float:
        own = accounts.setdefault(payment.customer, Running())
        amount = log(payment.amount_minor)
        away = (amount - own.mean) / max(own.var, 0.09) ** 0.5 if own.weight > 3 else 0.0
        own.add(amount, 1.0, 0.98)
        return away

    return rank


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
