"""The commands of spoilage do what they say, from a table and events to figures."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import spoilage as text
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import spoilage
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.supply_made import at, event, item, place, transform

PLAIN = Paint(io.StringIO())
TABLE = "product,storage,temperature_c,min_days,max_days\nmilk,refrigerator,,5,7\ncod,,1,4,6\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text(TABLE.replace("cod,,", "cod,dock,"))
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make a ledger with a lot of milk that stood warm for a while."""
    folder = copy_ledger(tmp_path / "ledger")
    events = [transform(0, [item(1)], [item(2)]), transform(1, [item(1)], [item(3)])]
    for hour in range(1, 60):
        report = {"type": "Temperature", "value": 17 if 20 < hour < 30 else 4, "uom": "CEL"}
        events.append(
            event(
                "ObjectEvent",
                hour,
                epcList=[item(2)],
                action="OBSERVE",
                bizStep="sensor_reporting",
                readPoint={"id": place(1)},
                sensorElementList=[
                    {"sensorMetadata": {"time": at(hour)}, "sensorReport": [report]}
                ],
            )
        )
    with open_ledger(folder) as opened:
        capture(opened, events)
    return folder


def test_a_lot_goes_from_its_events_to_figures(ledger: Path, table: Path) -> None:
    """Scored by its events, closed by what came of it, and judged; each is told in words."""
    made = spoilage.score_spoilage(
        item(2), product="milk", products=table, at=at(59), within=48, ledger=ledger
    )
    assert made.outcome == "hurry"
    assert made.left.gaps == ()
    words = "\n".join(text.score_spoilage(made, PLAIN))
    assert words.startswith("hurry https://id.gs1.org/01/04012345111118/21/2")
    assert "17.0 degrees C" in words
    came = spoilage.came_of(made.index, "spoiled", at=at(100), note="sour", ledger=ledger)
    assert came.assumed_h == pytest.approx(41, abs=0.1)
    assert "41.0 h after" in "\n".join(text.came_of(came, PLAIN))
    found = spoilage.judge_spoilage(ledger=ledger)
    assert found.corrected.lots == 1
    assert "the printed date" in "\n".join(text.judge_spoilage(found, PLAIN))
    later = spoilage.score_spoilage(
        item(2), product="milk", products=table, at=at(120), ledger=ledger
    )
    assert "By 1 outcome of this product" in later.note
    assert later.to_json()["used"] == later.left.used


def test_readings_may_come_from_a_file(ledger: Path, table: Path, tmp_path: Path) -> None:
    """A logger's CSV counts instead of events; what is no reading is refused with its line."""
    file = tmp_path / "logger.csv"
    rows = "".join(f"{at(hour)},{4}\n" for hour in range(10))
    file.write_text("time,value\n" + rows)
    options = {"product": "cod", "products": table, "ledger": ledger}
    made = spoilage.score_spoilage(item(3), at=at(9), readings=file, **options)  # type: ignore[arg-type]
    assert made.outcome == "sell"
    late = tmp_path / "late.csv"
    late.write_text("time,value\n" + rows + f"{at(10)},30\n")
    came = spoilage.came_of(made.index, "good", at=at(10), readings=late, ledger=ledger)
    assert came.assumed_h == 0
    for wrong in ("time,value\nnoon,4\n", "time,value\n2030-01-01T00:00:00Z,warm\n", "a,b\n1,2\n"):
        file.write_text(wrong)
        with raises_code("supply.history", InputError):
            spoilage.score_spoilage(item(3), at=at(9), readings=file, **options)  # type: ignore[arg-type]


def test_what_is_not_known_is_told(ledger: Path, table: Path) -> None:
    """An unknown product or thing, a thing that nobody measured, a limit that is none."""
    for thing, options, code, kind in (
        (item(2), {"product": "beer"}, "supply.product", NotFound),
        (item(9), {"product": "milk"}, "supply.thing", NotFound),
        (item(3), {"product": "milk"}, "supply.unmeasured", NotFound),
        (item(2), {"product": "milk", "hurry_at": "often"}, "supply.limit", InputError),
        (item(2), {"product": "milk", "ahead_c": "cold"}, "supply.limit", InputError),
        (item(2), {"product": "milk", "at": "noon"}, "supply.time", InputError),
    ):
        with raises_code(code, kind):
            spoilage.score_spoilage(
                thing,
                products=table,
                ledger=ledger,
                **{"at": at(59), **options},  # type: ignore[arg-type]
            )


def test_products_are_listed_with_what_is_left_out(table: Path, tmp_path: Path) -> None:
    """Each with its lives in days; of FoodKeeper's layout also what says no time."""
    found = list(spoilage.list_products(table))
    assert [one.lives for one in found] == [
        ("refrigerator (4 C): 5 to 7 days",), ("dock (1 C): 4 to 6 days",)
    ]  # fmt: skip
    assert "milk" in "\n".join(text.list_products(found, PLAIN))
    keeper = tmp_path / "keeper.json"
    keeper.write_text(
        '{"sheets": [{"name": "Product", "data": [[{"ID": 1}, {"Name": "Salt"}, '
        '{"Pantry_Metric": "Indefinitely"}], {"ID": 2, "Name": "Jam", "Pantry_Min": 1, '
        '"Pantry_Max": 2, "Pantry_Metric": "Years"}]}]}'
    )
    left = list(spoilage.list_products(keeper, name="sal"))
    assert [one.name for one in left] == ["Salt"]
    assert "left out" in "\n".join(text.list_products(left, PLAIN))
    assert list(text.list_products([], PLAIN)) == ["no product"]
