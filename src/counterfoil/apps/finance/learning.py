"""How the fraud model meets a stream, for the checks that every app passes.

It scores with trees that were learned before; what it goes on learning in service is what labels
say of terminals and cards, each when it becomes known. This module refuses to train on the stream.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from counterfoil.apps.finance.fraud.deciding import Decider
from counterfoil.apps.finance.fraud.kept import Kept, load_kept, save_kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.train import train
from counterfoil.apps.finance.simulated import Seen, payments, write_training
from counterfoil.ports import Example, Learning

__all__ = ["learning"]

_LEARNED: Final = 4_000
_STREAM: Final = 400
_TERMINALS: Final = 20
_BAD_FOR: Final = 500  # payments; then it is other terminals that copy cards
_DELAY_DAYS: Final = 0.2


def learning() -> Learning:
    """Give payments of the days after training, and the code that scores and learns in service."""
    examples = [
        Example(
            {"id": one.id, "at_ms": one.at_ms, "card": one.card, "terminal": one.terminal,
             "amount": one.amount_minor / 100},
            float(one.fraud),
        )
        for one in _world()[_LEARNED:]
    ]  # fmt: skip
    return Learning(examples, _score)


def _world() -> list[Seen]:
    """Make frauds a matter of terminals, two of which are bad for a while.

    What is asked here is what labels do to later scores; the simulation's own frauds are so rare
    that they say little in a short stream.
    """
    return [
        replace(one, terminal=f"t-{at % _TERMINALS}", fraud=_is_bad(at))
        for at, one in enumerate(payments(_LEARNED + _STREAM))
    ]


def _is_bad(at: int) -> bool:
    first = at // _BAD_FOR * 3 % _TERMINALS
    return at % _TERMINALS in (first, (first + 7) % _TERMINALS)


def _score(examples: Sequence[Example]) -> Iterable[float]:
    """Score each payment before its label is told."""
    return list(_scores(examples))


def _scores(examples: Sequence[Example]) -> Iterator[float]:
    decider = Decider(_trained())
    for example in examples:
        said = example.inputs
        payment = Payment(
            id=str(said["id"]),
            at_ms=int(said["at_ms"]),
            amount=float(said["amount"]),
            card=str(said["card"]),
            terminal=str(said["terminal"]),
        )
        yield decider.decide(payment).score
        decider.fold.tell(payment.id, int(example.outcome))


@cache
def _trained() -> Kept:
    with tempfile.TemporaryDirectory(prefix="counterfoil-finance-") as place:
        file = Path(place) / "payments.csv"
        write_training(file, _world()[:_LEARNED])
        made = train(file, {}, delay_days=_DELAY_DAYS)
        out = Path(place) / "model"
        save_kept(out, made.manifest, made.onnx, made.reasons, made.memory)
        return load_kept(out)
