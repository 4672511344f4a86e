"""A desk that is set up once for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.orders_made import Made, desk_of


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Set a desk up once, with money."""
    with desk_of(tmp_path_factory.mktemp("desk")) as made:
        yield made
