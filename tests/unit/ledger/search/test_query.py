"""The query language: what is written is what is asked, and what cannot be read says where."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.ledger.search.query import Comparison, Query, Value, Words, parse
from tests.log_rig import raises_code


def test_conditions() -> None:
    """Every form of a condition is read as the description of the language says."""
    query = parse('kind=record  amount>=57.160 a.b!="x y"\tnote~"Late Fee" 596 "two words" z<null')
    assert query.conditions == (
        Comparison("kind", True, "=", Value("record")),
        Comparison("amount", False, ">=", Value("57.160", Decimal("57.16"))),
        Comparison("a.b", False, "!=", Value("x y")),
        Words("note", False, ("late", "fee"), "Late Fee"),
        Words(None, False, ("596",), "596", Decimal(596)),
        Words(None, False, ("two", "words"), "two words"),
        Comparison("z", False, "<", Value("null", None, literal=True)),
    )


@pytest.mark.parametrize(
    ("written", "field", "in_header"),
    [
        ("source=x", "source", True),
        ("content.source=x", "source", False),
        ('"source"=x', "source", False),
        ('"content.source"=x', "content.source", False),
        ("content.content.x=x", "content.x", False),
        ("expect.stock=x", "expect.stock", True),
        ("subject.sha256=x", "subject.sha256", True),
        ("subject=x", "subject", False),
        ('"a=b"=x', "a=b", False),
        ('""=x', "", False),
        ("kind~x", "kind", True),
    ],
)
def test_fields(written: str, field: str, in_header: bool) -> None:
    """A name is the header's unless it says `content.` or stands in quotes."""
    (condition,) = parse(written).conditions
    assert (condition.field, condition.in_header) == (field, in_header)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a=1", Value("1", Decimal(1))),
        ("a=-1.50e3", Value("-1.50e3", Decimal(-1500))),
        ('a="1"', Value("1")),
        ("a=007", Value("007")),
        ("a=+1", Value("+1")),
        ("a=NaN", Value("NaN")),
        ("a=\u0661", Value("\u0661")),
        ("a=true", Value("true", None, literal=True)),
        ('a="true"', Value("true")),
        ("a=TRUE", Value("TRUE")),
        ('a=""', Value("")),
        ("a=x=y>z", Value("x=y>z")),
        (r'a="\"\\\n"', Value('"\\\\n')),
        ("a=2026-07-18", Value("2026-07-18")),
        ("leaf=ABC", Value("abc")),
    ],
)
def test_values(written: str, value: Value) -> None:
    """What is written like a number is one, literals are literals, and quotes make text."""
    (condition,) = parse(written).conditions
    assert isinstance(condition, Comparison)
    assert condition.value == value


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("=5", 1),
        ("a = 5", 3),
        ("kind=record >5", 13),
        ("a=", 3),
        ("a= 5", 3),
        ('a="open', 3),
        ('"open', 1),
        ('a="x"y', 6),
        ('"x"y', 4),
        ("!!!", 1),
        ('a~"--"', 3),
        ("index>abc", 7),
        ('at_ms="5"', 7),
        ("number=2026-01-01", 8),
        ("x" * 1025 + "=1", 1),
        ("x " * 2049, 4097),
    ],
)
def test_faults_name_their_place(written: str, at: int) -> None:
    """A query that cannot be read is refused with the character at which it cannot."""
    with raises_code("search.query", InputError) as caught:
        parse(written)
    assert f"at character {at} " in caught.value.message
    assert caught.value.hint


def test_nothing_asks_for_everything() -> None:
    """An empty query has no condition."""
    assert parse("") == parse(" \n") == Query(())


@given(st.text(st.sampled_from('ab1."\\=!<>~ \t-é') | st.characters()))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Random text is a query or an InputError, and nothing else."""
    try:
        query = parse(text)
    except InputError as err:
        assert err.code == "search.query"
    else:
        assert all(isinstance(condition, Comparison | Words) for condition in query.conditions)
