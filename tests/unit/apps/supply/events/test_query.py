"""Pages of events follow each other, and end where they are limited."""

from __future__ import annotations

import pytest

from counterfoil.apps.supply.events.query import query
from tests.supply_made import indexed, item, seen

EVENTS = tuple(seen(hour, 1, item(1)) for hour in range(40))


def pages(**asked: str) -> list[int]:
    """Follow the pages of a query; how many events each has."""
    sizes, given = [], {name: [value] for name, value in asked.items()}
    met: set[int] = set()
    with indexed(*EVENTS) as index:
        while True:
            page = query(index, given)
            assert not met & set(page.indices)
            met |= set(page.indices)
            sizes.append(len(page.indices))
            if page.next is None:
                return sizes
            given["nextPageToken"] = [page.next]


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ({}, [30, 10]),
        ({"perPage": "20"}, [20, 20]),
        ({"eventCountLimit": "35"}, [35]),
        ({"eventCountLimit": "35", "perPage": "20"}, [20, 15]),
        ({"eventCountLimit": "40", "perPage": "20"}, [20, 20]),
        ({"eventCountLimit": "5000"}, [40]),
        ({"eventCountLimit": "7", "orderDirection": "DESC"}, [7]),
    ],
)
def test_as_many_events_come_as_were_asked_for(asked: dict[str, str], sizes: list[int]) -> None:
    """A limit counts over all pages, each event comes once, and none is kept back silently."""
    assert pages(**asked) == sizes
