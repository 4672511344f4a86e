"""Detectors of anomalies in streams, by the standard score of the Numenta Anomaly Benchmark.

Every detector runs in the same run on the same series, scores each value by those before it, and
gets its own best threshold over all series, as the benchmark does. `held out` uses, for each folder
of series, the threshold that was best on the others, and weighs folders by their windows.
The baselines: the windowed Gaussian as the benchmark publishes it; random cut forest and
half-space trees by their raw scores; and the last two ranked among their own past, as ours are.

    ./dev bench nab [FOLDER]
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import erfc, sqrt
from pathlib import Path

from bench.measure import table
from counterfoil.learn.anomaly import detector
from counterfoil.learn.anomaly.forests import CutForest
from counterfoil.learn.anomaly.gaussian import WindowedGaussian
from counterfoil.learn.anomaly.halfspace import HalfSpaceTrees
from counterfoil.learn.anomaly.member import Member
from counterfoil.learn.anomaly.nab import PROFILES, Run, best_threshold, score_at

__all__ = ["DETECTORS", "Labelled", "held_out", "labelled", "score_all"]

Score = Callable[[float, float], float]
ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A series with the rows of its labelled windows. folder: the group it belongs to."""

    name: str
    folder: str
    times: list[float]
    values: list[float]
    windows: list[tuple[int, int]]


def labelled(folder: Path) -> list[Labelled]:
    """Read all series (.csv or .csv.gz) of a folder laid out as the benchmark's data."""
    windows = json.loads((folder / "combined_windows.json").read_bytes())
    found = []
    for file in sorted(folder.glob("*/*.csv*")):
        name = f"{file.parent.name}/{file.name.removesuffix('.gz')}"
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        rows = list(csv.DictReader(data.decode().splitlines()))
        times = [_seconds(row["timestamp"]) for row in rows]
        values = [float(row["value"]) for row in rows]
        # A time may come twice: a window begins at its first row, and ends at its first, too.
        spans = [(times.index(_seconds(a)), times.index(_seconds(b))) for a, b in windows[name]]
        found.append(Labelled(name, file.parent.name, times, values, spans))
    return found


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _raw(make: Callable[[], Member], early: float) -> Callable[[], Score]:
    """Score by a member's own number; early: before it says anything."""

    def made() -> Score:
        member = make()

        def score(value: float, at: float) -> float:
            odd = member.odd(value, at)
            return early if odd is None else odd

        return score

    return made


def _named(name: str) -> Callable[[], Score]:
    return lambda: detector(name).score


def _published_gaussian() -> Score:
    """Score by the Q-function of z over the last 1000 values, as the benchmark's detector does."""
    member = WindowedGaussian()

    def score(value: float, at: float) -> float:
        z = member.odd(value, at)
        return 0.0 if z is None else 1 - erfc(z / sqrt(2)) / 2

    return score


DETECTORS: dict[str, Callable[[], Score]] = {
    "counterfoil": _named("auto"),
    "windowed Gaussian, as published": lambda: _published_gaussian(),
    "windowed Gaussian, deviations": _raw(WindowedGaussian, 0.0),
    "random cut forest, values": _raw(lambda: CutForest(1, trees=50), 0.0),
    "random cut forest, shapes of 8": _raw(lambda: CutForest(8, trees=50), 0.0),
    "random cut forest, ranked": _named("random-cut-forest"),
    "half-space trees, values": _raw(lambda: HalfSpaceTrees(1), float("-inf")),
    "half-space trees, shapes of 8": _raw(lambda: HalfSpaceTrees(8), float("-inf")),
    "half-space trees, ranked": _named("half-space-trees"),
}


def score_all(make: Callable[[], Score], corpus: list[Labelled]) -> list[Run]:
    """Score every series from its beginning."""
    runs = []
    for one in corpus:
        score = make()
        scores = [score(value, at) for value, at in zip(one.values, one.times, strict=True)]
        runs.append(Run(scores, one.windows))
    return runs


def held_out(runs: list[Run], corpus: list[Labelled]) -> float:
    """Give the standard score with each folder's threshold chosen on the other folders."""
    total, windows = 0.0, 0
    profile = PROFILES["standard"]
    for folder in sorted({one.folder for one in corpus}):
        others = [run for run, one in zip(runs, corpus, strict=True) if one.folder != folder]
        own = [run for run, one in zip(runs, corpus, strict=True) if one.folder == folder]
        count = sum(len(run.windows) for run in own)
        if count and any(run.windows for run in others):
            threshold = best_threshold(others, profile).threshold
            total += score_at(own, profile, threshold) * count
            windows += count
    return total / windows


def main(folder: Path) -> None:
    """Print the table."""
    corpus = labelled(folder)
    rows = []
    for name, make in DETECTORS.items():
        began = time.process_time()
        runs = score_all(make, corpus)
        spent = time.process_time() - began
        best = {kind: best_threshold(runs, profile) for kind, profile in PROFILES.items()}
        standard = best["standard"]
        values = sum(len(one.values) for one in corpus)
        rows.append(
            [
                name,
                *(f"{one.normalised:.1f}" for one in best.values()),
                f"{held_out(runs, corpus):.1f}",
                f"{standard.found}/{standard.windows}",
                str(standard.false),
                f"{standard.threshold:.4g}",
                f"{1e6 * spent / values:.0f}",
            ]
        )
        print(f"{name}: done", file=sys.stderr)
    heads = ["", "standard", "low FP", "low FN", "held out", "found", "false", "at", "us a value"]
    table(f"{len(corpus)} series of {folder.name}, {values:,} values", heads, rows)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "nab_streams")
