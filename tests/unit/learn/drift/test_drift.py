"""Drift is seen soon, and rarely where there is none."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from counterfoil.errors import InputError
from counterfoil.learn.drift import Adwin, drifted


def test_a_moved_mean_is_seen_and_the_old_one_forgotten() -> None:
    """A step by two deviations is seen within 64 values, and the mean is the new one soon."""
    random = Random(3)
    window = Adwin()
    assert not any(window.add(random.gauss(0, 1)) for _ in range(1000))
    assert window.width == 1000
    moves = [window.add(random.gauss(2, 1)) for _ in range(300)]
    assert moves.index(True) < 64
    assert window.width < 400
    assert window.mean == pytest.approx(2, abs=0.3)


def test_quiet_streams_rarely_alarm() -> None:
    """Over 20 quiet streams of 2000 values at most one is said to have moved."""
    alarms = 0
    for seed in range(20):
        random = Random(seed)
        window = Adwin()
        alarms += any(window.add(random.gauss(0, 1)) for _ in range(2000))
    assert alarms <= 1


def test_a_window_is_small_and_exact() -> None:
    """Buckets hold each value once, in logarithmic number, and the mean is exact."""
    window = Adwin(confidence=1e-9)
    values = [float(value % 7) for value in range(5000)]
    for value in values:
        window.add(value)
    assert window.width == 5000
    assert window.mean == pytest.approx(sum(values) / 5000)
    assert sum(map(len, window.rows)) <= 5 * 13


def test_a_constant_stream_never_moves() -> None:
    """No variance is no reason to see a change, and a first other value is no proof."""
    window = Adwin()
    assert not any(window.add(5.0) for _ in range(500))


def test_a_saved_window_goes_on() -> None:
    """A window through JSON says the same of what follows."""
    random = Random(5)
    first = Adwin()
    for _ in range(700):
        first.add(random.gauss(0, 1))
    again = msgspec.json.decode(msgspec.json.encode(first), type=Adwin)
    later = [random.gauss(1, 1) for _ in range(200)]
    assert [first.add(value) for value in later] == [again.add(value) for value in later]
    assert again == first


@pytest.mark.parametrize("confidence", [0.0, 1.0, -3.0])
def test_a_confidence_is_a_chance(confidence: float) -> None:
    """A confidence outside of (0, 1) and a value that is not finite are refused."""
    with pytest.raises(InputError) as caught:
        Adwin(confidence=confidence)
    assert caught.value.code == "learn.confidence"
    with pytest.raises(InputError) as other:
        Adwin().add(float("nan"))
    assert other.value.code == "learn.value"


def table(random: Random, rows: int, shift: float = 0.0, odd: float = 0.0) -> dict[str, list[Any]]:
    return {
        "amount": [random.gauss(shift, 1) for _ in range(rows)],
        "age": [random.randrange(18, 90) for _ in range(rows)],
        "kind": ["b" if random.random() < 0.2 + odd else "a" for _ in range(rows)],
        "fixed": ["x"] * rows,
    }


def test_features_that_moved_are_named_and_others_are_not() -> None:
    """A shifted number and a changed word are named, with how far they moved."""
    random = Random(1)
    found = drifted(table(random, 800), table(random, 800, shift=0.8, odd=0.3))
    assert {one.name for one in found if one.drifted} == {"amount", "kind"}
    assert [one.test for one in found if one.drifted] in (["ks", "chi2"], ["chi2", "ks"])
    assert all(one.psi >= 0.25 for one in found if one.drifted)
    assert next(one for one in found if one.name == "fixed").p == 1.0


def test_few_tables_from_one_source_differ() -> None:
    """Of 100 pairs of tables of one source at most 3 name any feature."""
    random = Random(2)
    pairs = [drifted(table(random, 200), table(random, 200)) for _ in range(100)]
    assert sum(any(one.drifted for one in found) for found in pairs) <= 3


def test_what_is_missing_is_told_apart() -> None:
    """None and not-a-number are missing, whose share is told."""
    random = Random(4)
    now = table(random, 100)
    now["amount"][:25] = [None] * 10 + [float("nan")] * 15
    found = {one.name: one for one in drifted(table(random, 100), now)}
    assert found["amount"].missing == pytest.approx(0.25)
    assert found["age"].missing == 0


def test_tables_that_cannot_be_compared_are_refused() -> None:
    """Other columns, none, or too few values are errors."""
    random = Random(6)
    whole = table(random, 50)
    cases: list[tuple[dict[str, list[Any]], dict[str, list[Any]], str]] = [
        (whole, {"amount": whole["amount"]}, "drift.columns"),
        ({}, {}, "drift.columns"),
        (whole, table(random, 10), "drift.rows"),
    ]
    for before, now, code in cases:
        with pytest.raises(InputError) as caught:
            drifted(before, now)
        assert caught.value.code == code
