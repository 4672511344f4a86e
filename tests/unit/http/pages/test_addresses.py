"""Addresses of pages, and the searches that they stand for."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.http.pages.addresses import VALUE_MAX, changed, condition, quoted, searched
from counterfoil.ledger.search.query import Comparison, parse

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


@given(_TEXT.filter(bool), _TEXT)
def test_a_value_that_is_clicked_is_searched_as_it_stands(field: str, value: str) -> None:
    """Whatever a record says, its condition is one comparison of that field with that text."""
    (found,) = parse(condition(field, value)).conditions
    assert isinstance(found, Comparison)
    assert (found.field, found.in_header) == (field, False)
    assert (found.value.text, found.operator) == (value, "=")


@given(st.one_of(st.integers(-(2**53), 2**53), st.booleans(), st.none()))
def test_a_number_or_literal_is_searched_as_one(value: Any) -> None:
    """Numbers, true, false and null are no texts in a search."""
    found = cast("Comparison", parse(condition("x", value)).conditions[0])
    if isinstance(value, bool) or value is None:
        assert found.value.literal
    else:
        assert found.value.number == value


def test_a_name_of_the_header_means_the_contents_field() -> None:
    """A content's own field `kind` is not taken for the kind of the record."""
    (own,) = parse(condition("kind", "x")).conditions
    (header,) = parse(condition("kind", "x", header=True)).conditions
    assert not cast("Comparison", own).in_header
    assert cast("Comparison", header).in_header


def test_what_is_too_long_to_search_cannot_be_clicked() -> None:
    """A long text, or one with a NUL, gives no condition, and none leads to all records."""
    assert condition("x", "y" * (VALUE_MAX + 1)) == ""
    assert condition("x", "a\x00b") == ""
    assert condition("x", {"no": "scalar"}) == ""
    assert searched("") == "/records"


@given(st.lists(st.tuples(st.sampled_from("abf"), _TEXT.filter(bool)), max_size=6), _TEXT)
def test_an_address_differs_in_one_thing_alone(pairs: list[tuple[str, str]], value: str) -> None:
    """Of what was asked for all stays, in order, but the parameter that is changed."""
    query: dict[str, list[str]] = {}
    for name, one in pairs:
        query.setdefault(name, []).append(one)
    found = parse_qs(urlsplit(changed("/records", query, b=value)).query, keep_blank_values=True)
    want = {**query, "b": [value]}
    assert found == {name: values for name, values in want.items() if values != [""]}


def test_another_question_begins_at_its_first_page() -> None:
    """Where one stood in the results of another question means nothing."""
    assert changed("/records", {"after": ["7"], "kind": ["key"]}, kind=None) == "/records"
    assert changed("/records", {"kind": ["key"]}, after=7) == "/records?kind=key&after=7"


def test_quotes_in_text_end_nothing() -> None:
    """A quote or backslash stays inside of the text."""
    assert quoted('a"b\\') == '"a\\"b\\\\"'
