"""Token and escrow cost and tell the same on two engines that share no code, call by call.

What a transaction costs stands in docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chains import numbered_account
from tests.contracts.gas_page import check_documented
from tests.contracts.money_gas import MoneyStory
from tests.contracts.story_engines import StoryEngine, on_anvil, on_embedded

ACCOUNTS = tuple(numbered_account(90_000 + number) for number in range(4))
"""The same on both, all new: so contracts have the same addresses."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryEngine]:
    """The embedded EVM, after the story."""
    with on_embedded(tmp_path_factory.mktemp("own"), MoneyStory, ACCOUNTS) as engine:
        yield engine


@pytest.fixture(scope="module")
def other(own: StoryEngine) -> Iterator[StoryEngine]:
    """Anvil with the same chain id, accounts and times, after the story."""
    with on_anvil(own, MoneyStory) as engine:
        yield engine


def test_limits_and_table(own: StoryEngine) -> None:
    """No call uses more than its limit, and the reference says what is measured."""
    used = {step.name: gas for step, gas, _, _ in own.done if step.name}
    assert {step.name: gas for step, gas, _, _ in own.done if gas > step.limit} == {}
    check_documented("### Token and escrow", used)


def test_two_engines(own: StoryEngine, other: StoryEngine) -> None:
    """Both use the same gas for each call, and tell the same events."""
    assert own.done == other.done
