"""The app's story: a year and a half of forecasts, one made late, one not revealed, and a cheat.

Prices are simulated and have no pattern, so that honest figures show no skill. Time is the
witness's: another organisation's, whose clock the story sets, and which is met in person rather
than over a network. This module refuses to tell what did not come true.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from counterfoil.apps.quant.baselines import MONTH, YEAR
from counterfoil.apps.quant.book import Said, commit, reveal, said_by
from counterfoil.apps.quant.bundle import make_bundle, track_of, verify_bundle
from counterfoil.apps.quant.forecasts import Asked, Made, moment
from counterfoil.apps.quant.judge import judge
from counterfoil.apps.quant.model import PARAMETERS, examples_of, fit, forecast
from counterfoil.apps.quant.prices import Prices, read_prices
from counterfoil.apps.quant.records import Commitment
from counterfoil.errors import Unavailable, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ports import APP_LEDGER, Progress, Scene, SystemClock
from counterfoil.testing.witnesses import MetWitness

__all__ = ["BUNDLE", "POLICY", "PRICES", "demo", "simulated", "write_prices"]

PRICES: Final = "prices.csv"
"""Name of the simulated prices in the story's folder."""

BUNDLE: Final = "track-record.json"
"""Name of the track record in the story's folder."""

POLICY: Final = "policy.txt"
"""Name of a reader's policy in the story's folder."""

_NAMES: Final = ("ASH", "BIRCH", "CEDAR", "ELM", "FIR", "LARCH", "OAK", "PINE")
_FIRST: Final = date(2019, 1, 1)
_DAYS: Final = 1400
_ROUNDS: Final = 11
_LATE, _SILENT = 4, 8  # rounds: one committed when it had begun, one never revealed
_HELD: Final = 28  # days of the calendar


@dataclass(frozen=True, slots=True)
class _Round:
    """One month: the day the forecasts are for, and the one on which they are done."""

    number: int
    entry: str
    exit: str


def demo(folder: Path, progress: Progress) -> Iterator[Scene]:
    """Play the story; see `ports.AppDemo`."""
    place = folder / APP_LEDGER
    create_ledger(place, SystemClock(), name="quant", organisation="urn:example:fund")
    write_prices(folder / PRICES, simulated())
    with closing(MetWitness(place, folder / "witness")) as witness:
        reader = witness.join()
        witness.clock.at_ms = moment(_FIRST.isoformat())
        yield Scene(
            "witness",
            "Another organisation's witness says when a checkpoint was there. The fund's own clock "
            "counts for nothing.",
            {"key": witness.key.name},
        )
        (folder / POLICY).write_bytes(policies.format(reader))
        with open_ledger(place) as ledger:
            yield from _told(folder, ledger, witness, reader, progress)
    yield Scene(
        "limits",
        "A track record proves what was forecast, when, and that nothing of it is left out. It "
        "does not prove that nothing was tried elsewhere, or that the next forecast is worth more.",
        {"read": "LIMITS.md"},
    )


def _told(
    folder: Path, ledger: Ledger, witness: MetWitness, reader: Policy, progress: Progress
) -> Iterator[Scene]:
    prices = read_prices(folder / PRICES)
    first = len(prices.days) - (_ROUNDS + 1) * MONTH
    leaf = _learn(ledger, prices.upto(first), folder / PRICES)
    yield Scene("model", "A model has learned from the years before, and is on record.", leaf)
    model = leaf["digest"]
    scorer = ledger.models.load(model)
    rounds = list(_rounds(prices, first))
    for one in rounds:
        progress(one.number, len(rounds), "rounds of forecasts")
        begins = moment(one.entry)
        late = one.number == _LATE
        witness.clock.at_ms = begins + (5 * 86_400_000 if late else -6 * 3_600_000)
        made = forecast(prices, one.entry, _HELD, scorer.score_many)
        asked = Asked(one.entry, one.exit, made, "Boosted trees on what prices did before.")
        commit(ledger, "trees", asked, model=model, cosign=witness.cosign)
        if not late:
            asked = Asked(one.entry, one.exit, _momentum(prices, one.entry), "Winners go on.")
            commit(ledger, "momentum", asked, cosign=witness.cosign)
    places = [one for one in said_by(ledger) if isinstance(one.said, Commitment)]
    yield Scene(
        "commit",
        f"{len(places)} forecasts of two strategies are committed: hidden, numbered without a "
        "gap, cosigned the evening before. One was committed when its month had begun.",
        {"forecasts": len(places)},
    )
    shown = [one for one in places if not _silent(one)]
    decisions = [reveal(ledger, one).decisions for one in shown]
    yield Scene(
        "reveal",
        "All but one are revealed. Each forecast of the model is a decision with its reasons now, "
        "based on what was committed, and can be computed again.",
        {"revealed": len(shown), "decisions": sum(map(len, decisions))},
    )
    yield _report(folder, ledger, reader)
    yield from _prove(folder, ledger, witness, reader)


def _report(folder: Path, ledger: Ledger, reader: Policy) -> Scene:
    prices = read_prices(folder / PRICES)
    found = ledger.datasets.get("prices")
    track = track_of(ledger, reader, SystemClock().now_ms())
    report = judge(
        track,
        prices,
        issuer=ledger.config.organisation,
        origin=ledger.origin,
        digest=found.digest or "",
    )
    missed = {one.strategy: one.missed for one in report.strategies}
    if missed != {"trees": 2, "momentum": 0}:
        raise _broken(f"two misses, found {missed}")
    facts = {
        one.strategy: {
            "counted": one.counted,
            "missed": [f"{left.number}: {left.why}" for left in one.left],
            "hit_rate": round(one.figures["hit_rate"].value, 3),
            "deflated": None if one.deflated is None else round(one.deflated, 3),
        }
        for one in report.strategies
    }
    return Scene("report", " ".join(report.says), facts)


def _prove(folder: Path, ledger: Ledger, witness: MetWitness, reader: Policy) -> Iterator[Scene]:
    """Write the track record, verify it as a stranger, and leave the worst out."""
    data = make_bundle(ledger, cosign=witness.cosign)
    (folder / BUNDLE).write_bytes(data)
    now_s = SystemClock().now_ms() // 1000
    proven = verify_bundle(data, reader, now_s)
    yield Scene(
        "prove",
        f"The track record of {len(proven.track.entered)} forecasts verifies offline, from the "
        "file and the reader's policy alone.",
        {"file": str(folder / BUNDLE), "bytes": len(data)},
    )
    caught = {}
    for what, left_out in _CHEATS.items():
        plain = msgspec.json.decode(data)
        gone = [one["record"]["entry"] for one in left_out(plain["statements"])]
        for name in ("statements", "times"):
            plain[name] = [one for one in plain[name] if one["record"]["entry"] not in gone]
        try:
            verify_bundle(msgspec.json.encode(plain), reader, now_s)
        except VerificationError as err:
            caught[what] = err.code
            continue
        raise _broken(f"{what} to be refused")
    yield Scene("cheat", "A track record with something left out is refused.", caught)


_CHEATS: Final[dict[str, Callable[[list[Any]], list[Any]]]] = {
    "a forecast in between is left out": lambda found: found[4:5],
    "a strategy is left out": lambda found: found[3:27:2],
    "the count is left out": lambda found: found[-1:],
}


def _learn(ledger: Ledger, known: Prices, file: Path) -> dict[str, Any]:
    """Train on what is known, and record prices and model."""
    data = ledger.datasets.record(
        file, "prices", public=True, description="Simulated; the model has learned from the first "
        f"{len(known.days)} days alone."
    )  # fmt: skip
    recorded = ledger.models.record(
        fit(list(examples_of(known, MONTH, 5))),
        "trees",
        trained_on=[data],
        parameters={name: str(value) for name, value in PARAMETERS.items()},
        accountable="Ada Lovelace",
        task="regression",
    )
    return {"index": recorded.index, "digest": recorded.digest}


def _momentum(prices: Prices, entry: str) -> tuple[Made, ...]:
    """Forecast by last year's return alone, a tenth of it for a month."""
    rows = bisect_left(prices.days, entry)
    values = prices.values[:rows]
    found = (values[-MONTH] / values[-YEAR] - 1) / 120
    return tuple(
        Made(name, repr(round(float(value), 6)))
        for name, value in zip(prices.names, found, strict=True)
    )


def _rounds(prices: Prices, first: int) -> Iterator[_Round]:
    for number in range(_ROUNDS):
        entry = date.fromisoformat(prices.days[first + number * MONTH])
        yield _Round(number, entry.isoformat(), (entry + timedelta(days=_HELD)).isoformat())


def _silent(one: Said) -> bool:
    said = one.said
    return isinstance(said, Commitment) and (
        said.source.endswith("/trees") and said.number == _SILENT
    )


def simulated(days: int = _DAYS, names: Sequence[str] = _NAMES, seed: int = 7) -> Prices:
    """Simulate prices that follow no pattern: a random walk with a common part, on week days."""
    random = np.random.default_rng(seed)
    common = random.standard_t(5, days) * 0.006
    own = random.standard_t(5, (days, len(names))) * 0.009
    values = 50 * np.exp(np.cumsum(0.0003 + common[:, None] + own, axis=0))
    calendar = (_FIRST + timedelta(days=at) for at in range(2 * days))
    dates = [day.isoformat() for day in calendar if day.weekday() < 5][:days]
    return Prices(tuple(dates), tuple(names), np.round(values, 4))


def write_prices(path: Path, prices: Prices) -> None:
    """Write prices as CSV, a column for each thing."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["date", *prices.names])
        for day, row in zip(prices.days, prices.values.tolist(), strict=True):
            table.writerow([day, *row])


def _broken(expected: str) -> Unavailable:
    return Unavailable(
        "quant.broken",
        f"expected {expected}, but it was not so",
        hint="This is a bug of Counterfoil: please report it.",
    )
