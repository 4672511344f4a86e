"""A search finds what reading every entry finds: for any records, any query, any page size."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import counterfoil
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.search import catch_up
from tests.unit.ledger.search.oracle import Asked, expected, words, written

TEXTS = [
    "EUR",
    "eur",
    "Straße 5",
    "STRASSE 5",
    "57.160",
    "5716e-2",
    "-0",
    "007",
    "true",
    "null",
    "",
    " ",
    'say "hi" AND go*',
    "NEAR(a b)",
    "<b>&amp;</b>",
    "2026-07-18T00:00:37",
    "2026-07-18",
    "é",
    "e\u0301",
    "\ufb01n \x00\x1e\x1f end",
    "ab" * 32,
    "AB" * 32,
    "x" * 300,
    "x" * 301,
    "12345678901234567891",
    "12345678901234567892",
    "1e9999",
    "a\\b",
    "व्यापार",
]
NUMBERS = [0, -0.0, 1, 57.16, 100, 1e2, 1e22, -5, 2**53 - 1, 0.1, 1e-7, 0.30000000000000004, 596]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *TEXTS]
KEYS = ["a", "b", "käse", "x y", "a.b", "", "kind", "AND"]
PATHS = [*KEYS, "b.a", "seq", "day", "nested.list", "käse.x y"]
RECORDS = 700  # nearly three blocks


def corpus() -> list[dict[str, Any]]:
    """Make records in which every value stands in several fields, and two fields grow."""
    chosen = random.Random(5)
    made = []
    for at, value in zip(range(RECORDS), itertools.cycle(SCALARS), strict=False):
        record: dict[str, Any] = {chosen.choice(KEYS): value}
        record[chosen.choice(KEYS)] = [chosen.choice(SCALARS), {"a": chosen.choice(SCALARS)}]
        record["nested"] = {"list": [[value], chosen.choice(SCALARS)], "none": {}}
        record["seq"] = at * 3 if at % 7 else str(at * 3)
        record["day"] = f"2026-{at // 60 + 1:02}-{at % 28 + 1:02}"
        made.append(record)
    return made


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, list[RecordView]]]:
    """A ledger of the corpus, all of it indexed, and its decoded entries."""
    with counterfoil.open(tmp_path_factory.mktemp("scan") / "ledger", create=True) as ledger:
        ledger.record_many(corpus())
        assert catch_up(ledger._reading) == ledger.size
        yield ledger, list(ledger.views())


def as_written(value: Any) -> str:
    """Write a scalar as a query's value."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return str({None: "null", True: "true", False: "false"}[value])
    return repr(value)


def needs_quotes(text: str) -> bool:
    """Tell whether text cannot stand in a query without quotes."""
    return not text or '"' in text or any(char.isspace() for char in text)


VALUES = st.sampled_from(SCALARS).map(as_written) | st.sampled_from(
    ["seq", "100", "1000.5", "2026-05", "2026-12-31", "amp", "b", "57", "16", "hi and GO"]
)


@st.composite
def conditions(draw: st.DrawFn) -> Asked:
    """Ask for something that is there, or nearly."""
    text = draw(VALUES)
    operator = draw(st.sampled_from(["word", "~", "=", "!=", "<", "<=", ">", ">="]))
    if operator in ("word", "~") and not words(text):
        text = "eur"
    if operator == "word":
        return Asked(None, "", text, quoted=True)
    quoted = draw(st.booleans()) or needs_quotes(text)
    return Asked(draw(st.sampled_from(PATHS)), operator, text, quoted)


@settings(max_examples=200)
@given(
    asked=st.lists(conditions(), min_size=1, max_size=3),
    newest_first=st.booleans(),
    limit=st.sampled_from([7, 64, 1000]),
)
def test_search_equals_scan(
    searched: tuple[Ledger, list[RecordView]],
    asked: list[Asked],
    newest_first: bool,
    limit: int,
) -> None:
    """All pages, in both orders, join to what a plain scan finds."""
    ledger, views = searched
    wanted = expected(views, asked)
    if newest_first:
        wanted.reverse()
    found: list[int] = []
    after = None
    while True:
        page = ledger.search(written(asked), limit=limit, after=after, newest_first=newest_first)
        found += [hit.index for hit in page.hits]
        assert (page.indexed, page.size, page.notice) == (ledger.size, ledger.size, "")
        assert page.total in (None, len(wanted))
        after = page.next
        if after is None or len(found) > 100:
            break
    assert found == wanted[: len(found)]
    assert after is not None or len(found) == len(wanted)


@pytest.mark.parametrize("value", SCALARS, ids=ascii)
def test_every_value_is_found(searched: tuple[Ledger, list[RecordView]], value: Any) -> None:
    """Each value is found in each field that has it, by equality, and by its words anywhere."""
    ledger, views = searched
    text = as_written(value)
    questions = [Asked(path, "=", text, needs_quotes(text)) for path in PATHS]
    if words(text):
        questions.append(Asked(None, "", text, quoted=True))
    for asked in questions:
        page = ledger.search(written([asked]), limit=1000, newest_first=False)
        assert [hit.index for hit in page.hits] == expected(views, [asked])
        assert page.notice == ""


@settings(max_examples=25)
@given(
    contents=st.lists(
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from(SCALARS), max_size=3),
        min_size=1,
        max_size=40,
    ),
    indexed=st.booleans(),
    asked=conditions(),
)
def test_what_is_new_is_found(
    growing: Ledger, contents: list[dict[str, Any]], indexed: bool, asked: Asked
) -> None:
    """A record is found as soon as it is recorded, whether the index holds it or not yet."""
    growing.record_many(contents)
    if indexed:
        assert catch_up(growing._reading) == growing.size
    page = growing.search(written([asked]), limit=1000, newest_first=False)
    assert [hit.index for hit in page.hits] == expected(list(growing.views()), [asked])[:1000]


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger, to which every example adds."""
    with counterfoil.open(tmp_path_factory.mktemp("growing") / "ledger", create=True) as ledger:
        yield ledger
