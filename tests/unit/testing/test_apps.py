"""The checks of apps find what they look for: each is shown an app that breaks its promise."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.quant.app import APP
from counterfoil.errors import Refused
from counterfoil.ledger import open_ledger
from counterfoil.ports import Attempt, Example, Learning, Operation, PredicateType
from counterfoil.provenance.statements import ALERT
from counterfoil.testing import apps as checks
from counterfoil.testing import assert_conforms
from counterfoil.testing.app_ledger import Looked, look
from tests.ledgers import copy_ledger
from tests.models_made import booster, rows

LOOKED = Looked(1, 1, 1, 1, 1, 1, 0)


def test_the_quant_app_conforms() -> None:
    """The app that is shipped keeps every promise."""
    found = assert_conforms(APP)
    assert found.commands >= 7
    assert found.looked.decisions > 10
    assert found.looked.replayed > 10


def examples(count: int = 60) -> list[Example]:
    chance = random.Random(1)
    return [Example({"x": chance.random()}, chance.choice([0.0, 1.0])) for _ in range(count)]


def honest(stream: Sequence[Example]) -> Iterator[float]:
    """Score by the mean of what came before."""
    total = 0.0
    for at, one in enumerate(stream):
        yield total / at if at else 0.5
        total += one.outcome


def peeks(stream: Sequence[Example]) -> Iterator[float]:
    """Learn from an outcome before it is scored."""
    total = 0.0
    for at, one in enumerate(stream):
        total += one.outcome
        yield total / (at + 1)


def knows_all(stream: Sequence[Example]) -> Iterator[float]:
    """Score by the mean of the whole stream."""
    mean = sum(one.outcome for one in stream) / len(stream)
    return iter([mean] * len(stream))


def normalises(stream: Sequence[Example]) -> Iterator[float]:
    """Scale inputs by the whole stream's, which leaks without any outcome."""
    top = max(one.inputs["x"] for one in stream[len(stream) // 2 :])
    return (
        score + one.inputs["x"] / top for one, score in zip(stream, honest(stream), strict=True)
    )


def learns_nothing(stream: Sequence[Example]) -> Iterator[float]:
    """Score by the input alone."""
    return (one.inputs["x"] for one in stream)


def test_an_honest_model_passes() -> None:
    """Scoring first and learning after is what is asked for."""
    assert checks.check_learning(Learning(examples(), honest)) == 60


@pytest.mark.parametrize("score", [peeks, knows_all, normalises, learns_nothing])
def test_a_model_that_learns_too_early_is_found(score: Any) -> None:
    """Its own outcome, a later one, a scale of the future, and no learning at all, are seen."""
    with pytest.raises(AssertionError):
        checks.check_learning(Learning(examples(), score))


def test_streams_that_show_nothing_are_refused() -> None:
    """Too short a stream, one outcome only, a score too few and one that is no number."""
    same = [replace(one, outcome=1.0) for one in examples()]
    for given in (
        Learning(examples(10), honest),
        Learning(same, honest),
        Learning(examples(), lambda stream: [0.5] * (len(stream) - 1)),
        Learning(examples(), lambda stream: [float("nan")] * len(stream)),
    ):
        with pytest.raises(AssertionError):
            checks.check_learning(given)


def test_what_is_declared_is_looked_at() -> None:
    """An app of another name, without a sentence, or not registered as it is, is refused."""
    checks.check_declared(APP)
    for other in (
        replace(APP, name="Quant"),
        replace(APP, name="nobody"),
        replace(APP, summary="forecasts"),
        replace(APP, extra="other"),
    ):
        with pytest.raises(AssertionError):
            checks.check_declared(other)


UNTOLD = PredicateType("https://x.example/untold/v1", ALERT.predicate)


def test_records_are_looked_at() -> None:
    """A kind that is not registered, or is none, is refused."""
    assert len(checks.check_predicates(APP)) == 3
    for target in (f"{__name__}:UNTOLD", f"{__name__}:LOOKED"):
        with pytest.raises(AssertionError):
            checks.check_predicates(replace(APP, predicates=(target,)))


def test_commands_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that does not parse, none at all, and another summary are refused."""
    from counterfoil.ops import registry

    good = registry.OPERATIONS
    assert checks.check_commands(APP) >= 7
    for change in (
        {"examples": ("counterfoil quant bundle --no-such-option",)},
        {"examples": ("counterfoil quant reveal",)},
        {"examples": ()},
        {"summary": "Do something else."},
    ):

        def changed(one: Operation, change: Any = change) -> Operation:
            return replace(one, **change) if one.name == "quant bundle" else one

        monkeypatch.setattr(registry, "OPERATIONS", tuple(map(changed, good)))
        with pytest.raises(AssertionError):
            checks.check_commands(APP)


def refuse(code: str) -> None:
    raise Refused(code, "expected a proof, found none")


GOOD = (
    Attempt("no proof", lambda: refuse("gate.inclusion")),
    Attempt("another amount", lambda: refuse("gate.amount")),
    Attempt("used before", lambda: refuse("gate.replayed")),
)


def good_attempts(folder: Path) -> tuple[Attempt, ...]:
    return GOOD


def few_attempts(folder: Path) -> tuple[Attempt, ...]:
    return GOOD[:2]


def same_attempts(folder: Path) -> tuple[Attempt, ...]:
    return GOOD[:1] * 3


def paying_attempts(folder: Path) -> tuple[Attempt, ...]:
    return (*GOOD, Attempt("a stranger", lambda: "paid"))


def test_contracts_are_looked_at(tmp_path: Path) -> None:
    """One attempt that succeeds, too few of them, one reason for all, and no action are refused."""
    app = replace(APP, contracts=("anchor",), attempts=f"{__name__}:good_attempts")
    assert checks.check_contracts(app, tmp_path, LOOKED) == 3
    assert checks.check_contracts(APP, tmp_path, LOOKED) == 0
    for name in ("few_attempts", "same_attempts", "paying_attempts"):
        with pytest.raises(AssertionError):
            checks.check_contracts(replace(app, attempts=f"{__name__}:{name}"), tmp_path, LOOKED)
    with pytest.raises(AssertionError):
        checks.check_contracts(app, tmp_path, replace(LOOKED, actions=0))
    with pytest.raises(AssertionError):
        checks.check_contracts(replace(app, contracts=()), tmp_path, LOOKED)


def decided(
    folder: Path, *, explain: str = "always", person: str | None = "p-1234567", **record: Any
) -> Path:
    """Make a ledger with two decisions about a person, and a record."""
    place = copy_ledger(folder / "ledger")
    with open_ledger(place) as ledger:
        model = ledger.models.record(booster(), "m", features=("age", "income", "debt", "years"))
        for row in rows(2):
            inputs = {**row, "age": 41.0625 + row["age"]}
            how: Any = {"person": person, "explain": explain, "wait": True}
            with ledger.decision(model.index, inputs, threshold=0.5, **how):
                pass
        if record:
            ledger.record(record)
    return place


PERSONAL = replace(APP, personal=("age", "income"))


def test_a_sound_ledger_passes(tmp_path: Path) -> None:
    """Decisions that are sealed, explained and computed again are what is asked for."""
    found = look(PERSONAL, decided(tmp_path), {})
    assert (found.decisions, found.explained, found.replayed, found.sealed) == (2, 2, 2, 2)


def test_decisions_without_reasons_are_found(tmp_path: Path) -> None:
    """A decision that is not explained is refused, unless its outcome needs no reasons."""
    place = decided(tmp_path, explain="never")
    with pytest.raises(AssertionError, match="says why"):
        look(PERSONAL, place, {})
    with pytest.raises(AssertionError, match="decisions that are explained"):
        look(replace(PERSONAL, explained=("another",)), place, {})


def test_personal_data_that_stands_open_is_found(tmp_path: Path) -> None:
    """An input or field that is somebody's, in the open under its name, is refused."""
    with pytest.raises(AssertionError, match="stand open"):
        look(PERSONAL, decided(tmp_path, person=None), {})
    (tmp_path / "two").mkdir()
    with pytest.raises(AssertionError, match="stand open"):
        look(PERSONAL, decided(tmp_path / "two", where={"income": 3}), {})


def test_personal_data_under_another_name_is_found(tmp_path: Path) -> None:
    """A sealed value that stands elsewhere in the log, whatever it is called there, is refused."""
    age = 41.0625 + rows(1)[0]["age"]
    with pytest.raises(AssertionError, match="in the log"):
        look(PERSONAL, decided(tmp_path, comment=f"he is {age} years old"), {})


def test_a_kind_that_is_never_recorded_is_found(tmp_path: Path) -> None:
    """A predicate that the demo does not use is not shown to work."""
    with pytest.raises(AssertionError, match="kinds that the demo records"):
        look(PERSONAL, decided(tmp_path), {ALERT.uri: ALERT})


def test_a_damaged_ledger_is_found(tmp_path: Path) -> None:
    """A byte that changed in the log's tiles is refused before anything else."""
    place = decided(tmp_path)
    tile = next(path for path in sorted((place / "tile" / "0").rglob("*")) if path.is_file())
    data = bytearray(tile.read_bytes())
    data[3] ^= 1
    tile.write_bytes(bytes(data))
    with pytest.raises(AssertionError, match="sound"):
        look(PERSONAL, place, {})


def test_a_decision_that_cannot_be_computed_again_is_found(tmp_path: Path) -> None:
    """A model whose bytes are gone leaves decisions that nobody can check."""
    place = copy_ledger(tmp_path / "ledger")
    with open_ledger(place) as ledger:
        model = ledger.models.record(booster(), "m", keep=False)
        with ledger.decision(model.index, rows(1)[0], wait=True) as decision:
            decision.score, decision.outcome, decision.note = 0.7, "hold", "It seemed so."
    with pytest.raises(AssertionError, match="again"):
        look(APP, place, {})
    app = replace(APP, replay=f"{__name__}:again")
    assert look(app, place, {}).replayed == 1


def again(ledger: Any, index: int) -> None:
    """Compute a decision again by a rule of the app's own."""
    assert ledger.decisions.get(index).decision.outcome == "hold"
