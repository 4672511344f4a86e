"""A check that was run is a signed statement that says of what, on what, by which suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger
from counterfoil.provenance.checks import (
    Fairness,
    Item,
    Report,
    Suite,
    choose_thresholds,
    format_suite,
    load_suite,
    parse_suite,
)
from counterfoil.provenance.statements.parts import Reference
from tests import models_made
from tests.ledgers import prove
from tests.statements import refused

DATA: dict[str, Any] = {
    "sex": ["f"] * 100 + ["m"] * 100,
    "paid": ["no", "yes"] * 100,
    "score": np.r_[np.linspace(0, 0.6, 100), np.linspace(0.2, 1, 100)],
}
FRAME = pa.table({name: list(values) for name, values in DATA.items()})
SUITE = Suite(label="paid", fairness=Fairness(sensitive=("sex",)))
ABOUT = Reference(digest="ab" * 32, name="credit")


def test_a_check_of_a_model_is_recorded_and_proven(ledger: Ledger) -> None:
    """The statement holds verdict, items, suite and both references, and is found by digest."""
    done = ledger.checks.run(
        "fairness", DATA, suite=SUITE, about=ABOUT, on="cd" * 32, score="score"
    )
    said = ledger.get(done.index).content
    assert (said["check"], said["passed"], said["suite"]) == ("fairness", False, SUITE.digest)
    assert said["about"] == {"digest": "ab" * 32, "name": "credit"}
    assert said["data"] == {"digest": "cd" * 32}
    gap = next(item for item in said["items"] if not item["passed"])
    assert gap["name"] == "demographic_parity_difference/sex"
    assert gap["measured"]["confidence_ppm"] == 950_000
    assert prove(ledger, done.index).index == done.index
    assert [view.index for view in ledger.checks.ls("ab" * 32)] == [done.index]
    assert ledger.search(f"subject.sha256={'ab' * 32} kind=check").hits[0].index == done.index
    assert done.reference.leaf == done.leaf


def test_a_check_of_a_file_is_about_the_file(ledger: Ledger, tmp_path: Path) -> None:
    """Its SHA-256 names it; a suite can be a file; what fails is recorded, too."""
    path, suite = tmp_path / "a.csv", tmp_path / "suite.json"
    path.write_text("n\n1\n1\n")
    suite.write_bytes(format_suite(Suite(name="mine")))
    done = ledger.checks.run("quality", path, suite=suite)
    assert not done.passed
    assert ledger.get(done.index).content["about"]["name"] == "a.csv"
    by_index = ledger.checks.run("quality", DATA, about=done.index)
    assert by_index.about.leaf == done.leaf


def test_what_is_checked_may_be_at_hand(ledger: Ledger) -> None:
    """What recording returned, an artefact, a booster in memory: each by the digest it has."""
    booster = models_made.booster()
    before = ledger.checks.run("quality", DATA, about=booster)
    made = ledger.models.record(booster, "credit")
    assert before.about.digest == made.digest
    after = ledger.checks.run("quality", DATA, about=made, on=ledger.datasets.record(FRAME, "d"))
    assert (after.about.leaf, after.about.role) == (made.leaf, None)
    assert "leaf" in ledger.get(after.index).content["data"]
    opened = ledger.models.load(made)
    assert ledger.checks.run("quality", DATA, about=opened).about.digest == made.digest


def test_a_threshold_is_recorded_where_it_made_the_outcome(ledger: Ledger) -> None:
    """So that decisions can be held to it; outcomes that were given have none."""
    options: dict[str, Any] = {"suite": SUITE, "about": ABOUT, "score": "score"}
    done = ledger.checks.run("fairness", DATA, threshold=0.3, **options)
    assert ledger.get(done.index).content["threshold"] == "0.3"
    done = ledger.checks.run("fairness", DATA, predicted="paid", **options)
    assert "threshold" not in ledger.get(done.index).content


def test_bad_input_records_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """Nothing in particular, a missing file, an unknown suite or check, unnamed outcomes."""
    size = ledger.size
    with refused("check.about"):
        ledger.checks.run("quality", DATA)
    with refused("check.kind"):
        ledger.checks.run("taste", DATA, about=ABOUT)  # type: ignore[arg-type]
    with refused("check.reference"):
        ledger.checks.run("drift", DATA, about=ABOUT)
    with refused("check.predicted"):
        ledger.checks.run("fairness", DATA, about=ABOUT, suite=SUITE)
    with refused("check.positive"):
        wrong = Suite(label="sex", fairness=SUITE.fairness)
        ledger.checks.run("fairness", DATA, about=ABOUT, suite=wrong, score="score")
    with refused("check.data"):
        ledger.checks.run("quality", {"a": [[1], [2]]}, about=ABOUT)
    with pytest.raises(NotFound):
        ledger.checks.run("quality", tmp_path / "none.csv", about=ABOUT)
    with refused("check.suite-file", NotFound):
        load_suite(tmp_path / "none.json")
    with refused("check.suite"):
        parse_suite("[quality]\nmissing_at_mots = 0.1\n")
    assert ledger.size == size


def test_a_report_of_many_items_fits_an_entry(ledger: Ledger) -> None:
    """What failed is always there; what only informs gives way, and the note says so."""
    items = [
        Item(name=f"i{n}", passed=n != 1999, value=0.5, at_most=None, found="x" * 900)
        for n in range(2000)
    ]
    done = ledger.checks.record(Report("own", tuple(items), 5), about=ABOUT)
    said = ledger.get(done.index).content
    assert "items that only inform are left out" in said["note"]
    assert [item["name"] for item in said["items"] if not item["passed"]] == ["i1999"]


def test_a_suite_s_digest_is_of_all_it_asks() -> None:
    """TOML and JSON of one suite agree; another limit is another digest."""
    text = '[quality]\nmissing_at_most = 0.1\n[columns.age]\ntype = "number"\nlow = 0\n'
    suite = parse_suite(text)
    assert parse_suite(format_suite(suite)).digest == suite.digest
    assert suite.digest != parse_suite(text.replace("0.1", "0.2")).digest


def test_thresholds_keep_the_gap_and_tell_their_cost() -> None:
    """By group and single, on a validation split; a new group and no way out are errors."""
    random = np.random.default_rng(0)
    group = np.where(random.random(4000) < 0.5, "f", "m")
    score = np.clip(random.normal(np.where(group == "m", 0.6, 0.4), 0.2), 0, 1)
    truth = random.random(4000) < score
    each = choose_thresholds(truth, score, group, gap_at_most=0.05, by_group=True)
    assert each.gap_before > 0.3
    assert each.gap <= 0.05
    assert 0 < each.cost < 0.2
    chosen = each.apply(score, group)
    rates = [chosen[group == name].mean() for name in ("f", "m")]
    assert abs(rates[0] - rates[1]) == pytest.approx(each.gap)
    single = choose_thresholds(truth, score, group, gap_at_most=0.2)
    assert single.gap <= 0.2
    assert len(set(single.by_group.values())) == 1
    assert single.cost > each.cost
    with refused("check.threshold"):
        each.apply([0.5], ["x"])
    with refused("check.threshold"):
        choose_thresholds(truth, score[:-1], group)


def test_a_check_that_is_none_is_named_first(ledger: Ledger) -> None:
    """Whatever else is wrong, the name of the check is what is told, and what was meant."""
    with pytest.raises(InputError, match="found 'fairnes'") as caught:
        ledger.checks.run("fairnes", {"a": [1, 2]})  # type: ignore[arg-type]  # what is tested
    assert (caught.value.code, caught.value.hint) == ("check.kind", "Did you mean fairness?")
