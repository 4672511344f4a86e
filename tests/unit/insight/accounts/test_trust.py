"""Features of trust: from the past alone, and what they are worth on public ratings."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from counterfoil.cli import main
from counterfoil.errors import InputError, NotFound
from counterfoil.insight.accounts import Ratings, judge_trust, read_ratings, trust_features
from counterfoil.insight.accounts.fairness import fairness_goodness, flow_of_trust
from counterfoil.insight.accounts.trust import GRAPH_FEATURES, PLAIN_FEATURES
from tests.shared_data import data_path

NAMES = PLAIN_FEATURES + GRAPH_FEATURES


def ratings_csv(count: int = 900, seed: int = 3) -> str:
    """Traders rate each other; one in eight is a cheat, whom most rate badly."""
    random = Random(seed)
    lines = ["source,target,rating,time"]
    for at in range(count):
        source, target = random.sample(range(80), 2)
        bad = target % 8 == 0 and random.random() < 0.8
        rating = random.choice((-10, -5) if bad else (1, 2, 5))
        lines.append(f"{source},{target},{rating},{1_300_000_000 + 3600 * at}")
    return "\n".join(lines)


def read(text: str, tmp_path: Path) -> Ratings:
    file = tmp_path / "ratings.csv"
    file.write_text(text)
    return read_ratings(file)


def test_features_come_from_the_past_alone(tmp_path: Path) -> None:
    """Whatever comes later, the features of the ratings before stay what they were."""
    text = ratings_csv(1100)
    whole = trust_features(read(text, tmp_path))
    lines = text.splitlines()
    changed = [f"{line.rsplit(',', 2)[0]},-10,{line.rsplit(',', 1)[1]}" for line in lines[701:]]
    part = trust_features(read("\n".join(lines[:701] + changed), tmp_path))
    np.testing.assert_array_equal(whole[:700], part[:700])
    assert not np.array_equal(whole[800:], part[800:], equal_nan=True)


def test_numbers_of_accounts_teach_nothing(tmp_path: Path) -> None:
    """Other names for the same accounts give the same features."""
    text = ratings_csv(300)
    other = [text.splitlines()[0]]
    for line in text.splitlines()[1:]:
        source, target, rest = line.split(",", 2)
        other.append(f"u{977 - int(source)},u{977 - int(target)},{rest}")
    first, second = read(text, tmp_path), read("\n".join(other), tmp_path)
    np.testing.assert_array_equal(trust_features(first), trust_features(second))


def test_a_rating_back_is_known_and_unknown_is_blank(tmp_path: Path) -> None:
    """The first rating knows nothing; the answer to it knows what it said."""
    found = trust_features(read("source,target,rating,time\na,b,-10,1\nb,a,-8,2\n", tmp_path))
    at = NAMES.index("back_rating")
    assert np.isnan(found[0, at])
    assert found[1, at] == -1.0
    assert found[1, NAMES.index("target_got")] == 0
    assert found[1, NAMES.index("source_got_mean")] == -1.0


def test_fairness_and_goodness_find_who_is_wronged() -> None:
    """Nine good raters and a liar: the liar is less fair, and its victim stays good."""
    source = np.array([*range(9), 9, *range(9), 9])
    target = np.array([10] * 10 + [11] * 10)
    rating = np.array([1.0] * 9 + [-1.0] + [-1.0] * 9 + [1.0])
    fairness, goodness = fairness_goodness(source, target, rating, 12)
    assert fairness[9] < 0.5 < fairness[0]
    assert goodness[10] > 0.7
    assert goodness[11] < -0.7
    alone = fairness_goodness(source[:0], target[:0], rating[:0], 3)
    assert alone[0].tolist() == [1.0, 1.0, 1.0]
    assert alone[1].tolist() == [0.0, 0.0, 0.0]


def test_trust_does_not_flow_to_a_crowd_that_praises_itself() -> None:
    """Accounts that nobody from the start trusts get nothing, however much they praise."""
    source, target = np.array([0, 1, 3, 4, 5]), np.array([1, 2, 4, 5, 3])
    found = flow_of_trust(source, target, np.ones(5), np.array([0]), 6)
    assert found.sum() == pytest.approx(1.0)
    assert found[0] > found[1] > found[2] > 0
    assert found[3:].tolist() == [0.0, 0.0, 0.0]


def test_ratings_are_judged_late_and_learned_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command judges the last fifth; all that has memory beats chance."""
    file = tmp_path / "ratings.csv.gz"
    file.write_bytes(gzip.compress(ratings_csv().encode()))
    assert main(["account", "trust", str(file), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)["judged"]
    assert (judged["ratings"], judged["learned"], judged["judged"]) == (900, 540, 180)
    chance = judged["models"].pop("chance")["average_precision"]
    for name, one in judged["models"].items():
        assert one["average_precision"] > 1.5 * chance, name
    assert main(["account", "trust", str(file), "--text"]) == 0
    assert "180 late ones judged" in capsys.readouterr().out


BAD = {
    "a column is missing": b"source,target,rating\na,b,1\n",
    "a cell is missing": b"source,target,rating,time\na,b,1\n",
    "no number": b"source,target,rating,time\na,b,good,1\n",
    "no finite number": b"source,target,rating,time\na,b,nan,1\n",
    "no rows": b"source,target,rating,time\n",
    "cut": gzip.compress(b"source,target,rating,time\na,b,1,1\n")[:-9],
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_refused(what: str, tmp_path: Path) -> None:
    """Each kind of broken file is told, and a missing one, too."""
    file = tmp_path / "bad.csv"
    with pytest.raises(NotFound):
        read_ratings(file)
    file.write_bytes(BAD[what])
    with pytest.raises(InputError) as raised:
        read_ratings(file)
    assert raised.value.code == "accounts.ratings"


def test_too_few_negative_ratings_are_refused(tmp_path: Path) -> None:
    """Without distrust there is nothing to foresee."""
    lines = [f"{at % 7},{at % 5 + 7},1,{at}" for at in range(60)]
    with pytest.raises(InputError) as raised:
        judge_trust(read("\n".join(["source,target,rating,time", *lines]), tmp_path))
    assert raised.value.code == "accounts.ratings-few"


def test_the_graph_foresees_distrust_on_public_ratings() -> None:
    """On 35,592 public ratings features of the graph beat boosting on counts, within 95 %."""
    file = data_path("bitcoin_otc_trust") / "bitcoin_otc_trust.csv.gz"
    found = judge_trust(read_ratings(file), resamples=200)
    assert (found.ratings, found.judged, found.distrust) == (35592, 7119, 1095)
    assert found.models["plain_boosting"].gain_low > 0
    assert found.models["fairness_goodness"].gain_low > 0
