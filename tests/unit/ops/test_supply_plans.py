"""Commands that plan: from files to plans, pictures and decisions, and what they refuse."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.supply.plan.problem import text_of
from counterfoil.apps.supply.plan.replaying import replay
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import routes as routes_text
from counterfoil.cli.text.supply import stock as stock_text
from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import routes, stock
from counterfoil.ports import STANDARD_STREAM, Channel
from tests.ledgers import copy_ledger
from tests.plans_made import line, made
from tests.unit.apps.supply.plan.test_instances import SMALL

PLAIN = Paint(io.StringIO())
BERRIES: dict[str, Any] = {
    "name": "berries",
    "demand": [[12, 14, 9], [10, 11, 18], [15, 9, 12]],
    "costs": {"short": 300, "waste": 150, "hold": 2},
    "shelf_life_days": 2,
    "pack": 4,
}


def given(data: str | bytes = b"") -> Channel:
    """Give bytes on standard input."""
    text = data.encode() if isinstance(data, str) else data
    return Channel(io.BytesIO(text), io.BytesIO())


def test_routes_are_planned_drawn_and_recorded(tmp_path: Path) -> None:
    """One command gives the plan, its picture, and a decision that comes out the same again."""
    ledger, svg = copy_ledger(tmp_path / "shop"), tmp_path / "routes.svg"
    problem = made(6, 10)
    found = routes.route(
        STANDARD_STREAM, iterations=30, svg=svg, ledger=ledger, channel=given(text_of(problem))
    )
    told = "\n".join(routes_text.route(found, PLAIN))
    assert f"recorded as entry {found.index}" in told
    for one in found.plan.unserved:
        assert one.says in told
    with open_ledger(ledger) as opened:
        replay(opened, found.index or 0)
    drawn = ET.fromstring(svg.read_text())  # noqa: S314  # our own text
    words = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert len([one for one in words if one and "stops," in one]) == len(found.plan.routes)
    assert f"{len(found.plan.unserved)} of which nobody serves" in svg.read_text()
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}rect"))) == 1


def test_an_instance_is_compared_with_the_best_known(tmp_path: Path) -> None:
    """The gap to a solution's cost is told; standard input may hold an instance, too."""
    file, best = tmp_path / "small.vrp", tmp_path / "small.sol"
    file.write_text(SMALL)
    best.write_text("Route #1: 1 2\nRoute #2: 3\nCost 32\n")
    found = routes.route(file, best=best, iterations=30, channel=given())
    assert found.gap == found.plan.cost / 32 - 1
    assert "best known 32" in "\n".join(routes_text.route(found, PLAIN))
    again = routes.route(STANDARD_STREAM, iterations=30, channel=given(SMALL))
    assert again.plan == found.plan
    with pytest.raises(InputError) as caught:
        routes.route(file, iterations=5, svg=tmp_path / "x.svg", channel=given())
    assert caught.value.code == "plan.no-coordinates"
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"iterations": 0}, "plan.budget"),
        ({"seconds": -1}, "plan.budget"),
        ({"seed": -1}, "supply.seed"),
        ({"seed": 1 << 31}, "supply.seed"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, int], code: str) -> None:
    """Nothing is planned with no time, or with a seed that no search takes."""
    with pytest.raises(InputError) as caught:
        routes.route(STANDARD_STREAM, channel=given(text_of(made(0, 3))), **options)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"vehicles": []},
        {"vehicles": [{"id": "van", "start": "nowhere"}]},
        {"vehicles": [{"id": "van", "start": "k0", "wings": 2}]},
        {"stops": [{"id": "a", "place": "k1"}, {"id": "a", "place": "k1"}]},
        {"stops": [{"id": "a", "place": "k1", "from_ms": 5, "until_ms": 4}]},
        {"stops": [{"id": "a", "place": "k1", "vehicles": ["bus"]}]},
        {"distance_m": [[0]]},
        {"duration_s": [[0, 1], [1, -1]]},
        {"places": [{"id": "k0", "x": 0, "y": 0}, {"id": "k1"}], "distance_m": None},
    ],
)
def test_what_is_no_problem_is_refused(change: dict[str, Any]) -> None:
    """A problem that does not fit together is refused whole, and the error says what is wrong."""
    said = json.loads(text_of(line([{"id": "a", "place": "k1"}]))) | change
    with pytest.raises(InputError) as caught:
        routes.route(STANDARD_STREAM, iterations=1, channel=given(json.dumps(said)))
    assert caught.value.code == "plan.problem"


def test_a_plan_is_left_from_its_files(tmp_path: Path) -> None:
    """The plan that one command printed is what the other one starts from."""
    ledger = copy_ledger(tmp_path / "shop")
    problem = line([{"id": "a", "place": "k2"}, {"id": "b", "place": "k9"}])
    files = {name: tmp_path / f"{name}.json" for name in ("problem", "plan")}
    files["problem"].write_text(text_of(problem))
    planned = routes.route(files["problem"], iterations=20, channel=given())
    files["plan"].write_text(json.dumps(planned.to_json()))
    found = routes.reroute(
        files["problem"],
        files["plan"],
        STANDARD_STREAM,
        now="2030-03-17T17:47:40Z",  # a minute after the start
        iterations=20,
        ledger=ledger,
        channel=given('{"delays_s":{"van 1":60}}'),
    )
    told = "\n".join(routes_text.reroute(found, PLAIN))
    assert found.proposal.outcome in told
    assert found.to_json()["saves"] == found.proposal.saves
    with open_ledger(ledger) as opened:
        replay(opened, found.index or 0)
    files["plan"].write_text('{"routes":[]}')
    with pytest.raises(InputError) as caught:
        routes.reroute(files["problem"], files["plan"], STANDARD_STREAM, channel=given("{}"))
    assert caught.value.code == "plan.file"


@pytest.mark.parametrize("rule", ["newsvendor", "policy"])
def test_stock_is_decided_and_recorded(tmp_path: Path, rule: Any) -> None:
    """A file with samples and costs leads to what to order now, and to a decision on record."""
    ledger = copy_ledger(tmp_path / "shop")
    shown = stock.stock(rule, STANDARD_STREAM, channel=given(json.dumps(BERRIES)))
    assert shown.index is None
    found = stock.stock(rule, STANDARD_STREAM, ledger=ledger, channel=given(json.dumps(BERRIES)))
    told = "\n".join(stock_text.stock(found, PLAIN))
    assert told.startswith("order ")
    assert f"recorded as entry {found.index}" in told
    assert found.to_json() == shown.to_json() | {"index": found.index}
    with open_ledger(ledger) as opened:
        replay(opened, found.index or 0)
    with pytest.raises(InputError) as caught:
        stock.stock(rule, STANDARD_STREAM, seed=-1, channel=given(json.dumps(BERRIES)))
    assert caught.value.code == "supply.seed"
