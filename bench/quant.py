"""What strategies would have earned on 33 years of 20 shares, and what luck makes of track records.

The first tables are `counterfoil quant backtest`, by month and by week, dear and for nothing. The
next ask how often a report is fooled: strategies without any skill are committed, and the best of
them is shown, with its chance of skill taken alone, and deflated by how many there were. The last
one is the cost of a commitment beside a record of the same ledger. Nothing was tuned to the data;
the shares are known to have survived, so that all of this is better than what could be had.

    ./dev bench quant                            # about two minutes
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench.forecasts import DATA
from bench.measure import scratch, table
from counterfoil.apps.quant.backtest import backtest
from counterfoil.apps.quant.book import commit, reveal, said_by
from counterfoil.apps.quant.bundle import make_bundle, verify_bundle
from counterfoil.apps.quant.figures import Figure, chance_of_skill, deflated
from counterfoil.apps.quant.forecasts import moment, parse_asked
from counterfoil.apps.quant.prices import read_prices
from counterfoil.apps.quant.records import Commitment
from counterfoil.ledger import create_ledger, open_ledger
from counterfoil.ports import SystemClock
from counterfoil.testing.witnesses import MetWitness

__all__: list[str] = []

ROUNDS = 500
COMMITS = 40


def main() -> None:
    """Measure and print."""
    prices = read_prices(DATA / "prices_sp500_20" / "sp500_20.csv.gz")
    for every, cost in ((21, 10), (21, 0), (5, 10)):
        found = backtest(prices, every=every, cost_bps=cost)
        rows = [
            [
                one.strategy,
                _told(one.sharpe),
                f"{one.growth_a_year:+.1%}",
                f"{one.drawdown:.0%}",
                f"{one.turnover:.2f}",
                _told(one.information_coefficient, 3),
                _told(one.edge),
            ]
            for one in found.strategies
        ]
        names = ["", "Sharpe", "a year", "worst fall", "turnover", "IC", "Sharpe less equal weight"]
        title = f"{found.steps} steps of {every} days, {found.first} to {found.last}, {cost} bps"
        table(title, names, rows)
    table("no skill, 36 periods: called skilled at 95 %", ["tried", "alone", "deflated"], _fooled())
    table(f"{COMMITS} forecasts of 20 things", ["", "ms each", "of a record"], _costs())


def _fooled() -> list[list[str]]:
    """Let chance make strategies, show the best, and count how often that is believed."""
    rows = []
    for tried in (1, 2, 5, 20, 100):
        alone = seen = 0
        for seed in range(ROUNDS):
            made = np.random.default_rng(seed).standard_t(4, (tried, 36)) * 0.03
            ratios = made.mean(axis=1) / made.std(axis=1, ddof=1)
            best = made[int(ratios.argmax())]
            alone += (chance_of_skill(best) or 0) > 0.95
            seen += (deflated(best, list(ratios), tried) or 0) > 0.95
        rows.append([str(tried), f"{alone / ROUNDS:.1%}", f"{seen / ROUNDS:.1%}"])
    return rows


def _costs() -> list[list[str]]:
    """Commit, reveal and verify in one ledger, beside plain records there."""
    said = {
        "entry": "2031-01-02",
        "exit": "2031-02-03",
        "forecasts": [{"target": f"T{at}", "expected": "0.01"} for at in range(20)],
    }
    asked = parse_asked(said)
    with scratch() as folder:
        create_ledger(folder / "ledger", SystemClock(), organisation="urn:example:fund")
        witness = MetWitness(folder / "ledger", folder / "witness")
        reader = witness.join()
        witness.clock.at_ms = moment("2030-12-31")
        with open_ledger(folder / "ledger") as ledger:

            def record() -> None:
                ledger.record(said)
                ledger.publish()

            base = _ms(record)
            made = _ms(lambda: commit(ledger, "s", asked, cosign=witness.cosign))
            places = [one for one in said_by(ledger) if isinstance(one.said, Commitment)]
            began = time.perf_counter()
            for one in places:
                reveal(ledger, one)
            shown = (time.perf_counter() - began) * 1e3 / len(places)
            data = make_bundle(ledger, cosign=witness.cosign)
        began = time.perf_counter()
        proven = verify_bundle(data, reader, int(time.time()) + 10**9)
        checked = (time.perf_counter() - began) * 1e3 / COMMITS
        witness.close()
        if len(proven.track.entered) != COMMITS:
            raise AssertionError("expected every forecast in the bundle")
    return [
        ["record, published", f"{base:.1f}", "1.0"],
        ["commit, cosigned", f"{made:.1f}", f"{made / base:.1f}"],
        ["reveal", f"{shown:.1f}", f"{shown / base:.1f}"],
        ["verify", f"{checked:.1f}", f"{checked / base:.1f}"],
        ["KB in the bundle", f"{len(data) / 1e3 / COMMITS:.1f}", ""],
    ]


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(COMMITS):
        call()
    return (time.perf_counter() - began) * 1e3 / COMMITS


def _told(one: Figure | None, digits: int = 2) -> str:
    if one is None or one.low is None or one.high is None:
        return ""
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


if __name__ == "__main__":
    main()
