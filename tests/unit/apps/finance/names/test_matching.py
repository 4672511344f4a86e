"""Names are matched across scripts, orders and forms; scores behave, and say why."""

from __future__ import annotations

import json
from math import exp, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.names import load_matcher
from counterfoil.apps.finance.names.features import FEATURES, NAMES, compare
from counterfoil.apps.finance.names.matcher import Matcher, read_weights
from counterfoil.apps.finance.names.parsing import parse
from counterfoil.apps.finance.names.text import NAME_MAX, clean
from counterfoil.errors import InputError

MATCHER = load_matcher()
TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "Владимир Путин",
        "习近平",
        "محمد بن سلمان",
        "김정은",
        "Acme GmbH 2",
        "O'Neil, J.-P.",
        "a b c d",
    ]
)
SCHEMAS = st.sampled_from(["Person", "Company", "Vessel", "LegalEntity", ""])

SAME = [
    ("Wladimir Putin", "PUTIN, Vladimir", "Person"),
    ("Владимир Путин", "Vladimir Putin", "Person"),
    ("Αλέξης Τσίπρας", "Alexis Tsipras", "Person"),
    ("فرناندو بيريز", "Fernando Pérez", "Person"),
    ("习近平", "Xi Jinping", "Person"),
    ("김정은", "Kim Jong Un", "Person"),
    ("‮John\u200b Smith", "john smith", "Person"),
    ("J. F. Kennedy", "John Fitzgerald Kennedy", "Person"),
    ("Bill Gates", "William Gates", "Person"),
    ("Muhammad Abd al-Rahman", "Mohamed Abdelrahman", "Person"),
    ("Jean Marie Le Pen", "LE PEN, Jean-Marie", "Person"),
    ("JanDaniel Bothma", "Jan Daniel Bothma", "Person"),
    ("Dr. Amina Diallo", "Amina Diallo", "Person"),
    ("Siemens AG", "Siemens Aktiengesellschaft", "Company"),
    ("\u041e\u041e\u041e Ромашка", "Romashka LLC", "Company"),
    ("1st Intl Bank", "First International Bank", "Company"),
    ("Brigade Forty-Four", "Brigade 44", "Organization"),
    ("M/V Sea Heron", "Sea Heron", "Vessel"),
]
OTHER = [
    ("Ivan Petrov", "Ivan Sidorov", "Person"),
    ("Maria Lopez Garcia", "Ana Lopez Garcia", "Person"),
    ("Ivan Petrovich Sidorov", "Ivan Andreevich Sidorov", "Person"),
    ("William W Frost", "Frost, William G.", "Person"),
    ("Stephen King", "Stephen Smith", "Person"),
    ("习近朋", "习近平", "Person"),
    ("Deutsche Bank AG", "Deutsche Bank GmbH", "Company"),
    ("Alpine Trading Company", "Borealis Trading Company", "Company"),
    ("Volkswagen AG", "Siemens AG", "Company"),
]


@pytest.mark.parametrize(("one", "other", "schema"), SAME, ids=range(len(SAME)))
def test_one_name_in_two_forms_matches(one: str, other: str, schema: str) -> None:
    """Scripts, orders, initials, short forms, joined words, titles and legal forms do not part."""
    assert MATCHER.match(one, other, schema).match


@pytest.mark.parametrize(("one", "other", "schema"), OTHER, ids=range(len(OTHER)))
def test_two_names_that_look_alike_do_not_match(one: str, other: str, schema: str) -> None:
    """Siblings, other fathers, other initials, other forms of company and shared words part."""
    assert not MATCHER.match(one, other, schema).match


def test_numbers_count() -> None:
    """Another number costs more than a letter, and is said."""
    found = MATCHER.match("Acme Fund 1 Ltd", "Acme Fund 2 Ltd", "Company")
    assert found.score < MATCHER.match("Acme Fund 1 Ltd", "Acne Fund 1 Ltd", "Company").score
    assert any("numbers differ: 1 and 2" in why for why in found.why)


@settings(max_examples=150, deadline=None)
@given(one=TEXTS, other=TEXTS, schema=SCHEMAS)
def test_scores_behave(one: str, other: str, schema: str) -> None:
    """A score is within 0 and 1, the same for the mirror image and again, and explained."""
    found = MATCHER.match(one, other, schema)
    mirrored = MATCHER.match(other, one, schema)
    assert 0 <= found.score < 1
    assert (found.score, found.contributions) == (mirrored.score, mirrored.contributions)
    assert found == MATCHER.match(one, other, schema)
    assert found.why
    if found.contributions:
        odds = found.base + sum(found.contributions.values())
        assert isclose(found.score, 1 / (1 + exp(-odds)), abs_tol=1e-3)


@settings(max_examples=150, deadline=None)
@given(one=TEXTS, other=TEXTS, schema=SCHEMAS)
def test_nothing_is_nearer_than_the_name_itself(one: str, other: str, schema: str) -> None:
    """No other name scores more with a name than the name does with itself."""
    assert MATCHER.match(one, one, schema).score >= MATCHER.match(one, other, schema).score


def test_the_top_band_has_an_order() -> None:
    """Equal names rank by how much they say, and above every other spelling: nothing is 1."""
    long = MATCHER.match("Grigory Pavlovich Sokolov", "Grigory Pavlovich Sokolov", "Person").score
    short = MATCHER.match("Li Wei", "Li Wei", "Person").score
    other = MATCHER.match("Grigory Pavlovich Sokolov", "Grigori Pavlovich Sokolov", "Person").score
    assert short < long < 1
    assert other < long


@pytest.mark.parametrize("empty", ["", "  ", "\u200f\u202e", "...", "\x00\x07", "🙂"])
def test_nothing_matches_nothing(empty: str) -> None:
    """A name without letters scores 0 with any, and with itself, and the reason says so."""
    for other in ("Jane Doe", empty):
        found = MATCHER.match(empty, other, "Person")
        assert (found.score, found.match) == (0.0, False)
        assert "empty" in found.why[0]


def test_long_names_are_cut_and_say_so() -> None:
    """A name of a hundred thousand letters is compared by its beginning."""
    long = "word " * 20_000
    found = MATCHER.match(long, long, "Company")
    assert found.match
    assert any("longer than" in why for why in found.why)
    assert len(clean(long)) <= NAME_MAX


def test_every_feature_is_documented_and_weighed() -> None:
    """Weights are of the documented features, and none speaks against its documented direction."""
    assert set(MATCHER.weights) == set(FEATURES) == set(NAMES)
    for name, feature in FEATURES.items():
        assert feature.means
        assert feature.sign * MATCHER.weights[name] >= 0
    same = compare(parse("Ann Lee", "person"), parse("Ann Lee", "person"))
    values = dict(zip(NAMES, same.values, strict=True))
    assert {name for name, value in values.items() if value} == {"evidence"}


def test_weights_say_where_they_are_from() -> None:
    """The shipped weights name what they were learned on, by digest and count."""
    assert MATCHER.trained["pairs"]["rows"] > 0
    assert len(MATCHER.trained["pairs"]["sha256"]) == 64
    assert len(MATCHER.trained["made"]["list_digest"]) == 64


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        json.dumps({"format": "other/1", "bias": 0, "weights": {}, "trained": {}}).encode(),
        json.dumps(
            {"format": "counterfoil-names/1", "bias": 0, "weights": {"a": 1}, "trained": {}}
        ).encode(),
    ],
)
def test_other_weights_are_refused(data: bytes) -> None:
    """What is no file of weights, or of other features, is refused."""
    with pytest.raises(InputError, match=r"names\.weights"):
        read_weights(data)


def test_weights_are_finite() -> None:
    """A weight that is no number is refused."""
    with pytest.raises(InputError, match=r"names\.weights"):
        Matcher(dict.fromkeys(NAMES, float("nan")), 0.0, {})
