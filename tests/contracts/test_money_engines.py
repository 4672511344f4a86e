"""Token, escrow and desk cost and tell the same on two engines that share no code, call by call.

What a transaction costs stands in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chains import numbered_account
from tests.contracts.desk_gas import DeskStory
from tests.contracts.gas_page import check_documented
from tests.contracts.money_gas import MoneyStory
from tests.contracts.story_engines import StoryEngine, on_anvil, on_embedded

STORIES = {"### Token and escrow": (MoneyStory, 90_000), "### Reorder desk": (DeskStory, 95_000)}
"""Heading of its table -> a story, and its first account: all new, so that contracts have the
same addresses on both engines."""


@pytest.fixture(scope="module", params=STORIES)
def heading(request: pytest.FixtureRequest) -> str:
    """Name the table in the reference."""
    return str(request.param)


@pytest.fixture(scope="module")
def own(heading: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryEngine]:
    """The embedded EVM, after the story."""
    story, first = STORIES[heading]
    accounts = tuple(numbered_account(first + number) for number in range(4))
    with on_embedded(tmp_path_factory.mktemp("own"), story, accounts) as engine:
        yield engine


@pytest.fixture(scope="module")
def other(heading: str, own: StoryEngine) -> Iterator[StoryEngine]:
    """Anvil with the same chain id, accounts and times, after the story."""
    with on_anvil(own, STORIES[heading][0]) as engine:
        yield engine


def test_limits_and_table(heading: str, own: StoryEngine) -> None:
    """No call uses more than its limit, and the reference says what is measured."""
    used = {step.name: gas for step, gas, _, _ in own.done if step.name}
    assert {step.name: gas for step, gas, _, _ in own.done if gas > step.limit} == {}
    check_documented(heading, used)


def test_two_engines(own: StoryEngine, other: StoryEngine) -> None:
    """Both use the same gas for each call, and tell the same events."""
    assert own.done == other.done
