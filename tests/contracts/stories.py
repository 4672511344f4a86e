"""What machines that tell stories share: chances, calls that must pass or not, and searches."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.contracts.escrow_model import Paid
from tests.contracts.rig import Contract, Reverted

__all__ = ["Storyteller", "few", "search_for_bug"]


class Storyteller(RuleBasedStateMachine):
    """Draws each story from one seed. random: of it; answer: of the last call that passed."""

    random: Random
    answer: object

    def called(
        self, contract: Contract, right: bool, function: str, *arguments: object, sender: str
    ) -> bool:
        """Call a contract: it must pass if that is right, and else refuse."""
        try:
            self.answer = contract(function, *arguments, sender=sender)
        except Reverted as refusal:
            assert not right, f"{function} was refused: {refusal.reason}"
            return False
        assert right, f"{function} passed"
        return True

    def often(self) -> bool:
        """Say yes half of the time."""
        return self.random.random() < 0.5

    def seldom(self) -> bool:
        """Say yes one time in five."""
        return self.random.random() < 0.2

    def pick_of(self, payments: list[Paid]) -> Paid:
        """Pick a payment, half of the time one of which something is left."""
        open_ones = [each for each in payments if each.left]
        return self.random.choice(open_ones if open_ones and self.often() else payments)


def few(examples: int, steps: int = 20) -> settings:
    """Give settings for so many stories of so many steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
        deadline=None,
        report_multiple_bugs=False,
    )


def search_for_bug(machine: type[Storyteller], examples: int, steps: int = 20) -> None:
    """Require that one of so many stories, the same in every run, shows a bug."""
    search = settings(
        few(examples, steps), phases=[Phase.generate], derandomize=True, database=None
    )
    with pytest.raises((AssertionError, Reverted)):
        run_state_machine_as_test(machine, settings=search)
