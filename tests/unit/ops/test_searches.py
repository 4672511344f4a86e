"""Records are found by what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops.searches import search


@pytest.fixture
def sold(shop: Path) -> Path:
    """Give a ledger with payments."""
    with open_ledger(shop) as ledger:
        ledger.record_many([{"amount": n * 10, "currency": "EUR"} for n in range(20)])
    return shop


def test_terms_are_one_query(sold: Path) -> None:
    """Terms must all hold; pages follow each other; without terms all are listed."""
    page = search(("currency=EUR", "amount>100"), ledger=sold, limit=4, oldest_first=True)
    amounts = [hit.content["amount"] for hit in page.hits]
    assert amounts == [110, 120, 130, 140]
    more = search(
        ("currency=EUR", "amount>100"), ledger=sold, limit=4, oldest_first=True, after=page.next
    )
    assert [hit.content["amount"] for hit in more.hits] == [150, 160, 170, 180]
    newest = search(("currency=EUR",), ledger=sold, limit=1)
    assert [hit.content["amount"] for hit in newest.hits] == [190]
    assert len(search(ledger=sold, limit=1000).hits) >= 23


def test_a_query_that_cannot_be_read_is_refused(sold: Path) -> None:
    """The error says where the query goes wrong."""
    with pytest.raises(InputError) as found:
        search(("amount>",), ledger=sold)
    assert found.value.code == "search.query"


def test_progress_is_told_while_the_index_grows(sold: Path) -> None:
    """A first search of a long log shows how far the index is."""
    heard: list[str] = []
    with open_ledger(sold) as ledger:
        ledger.record_many([{"n": n} for n in range(3000)])
    search(("n=2999",), ledger=sold, progress=lambda done, total, unit: heard.append(unit))
    assert set(heard) <= {"entries indexed"}
