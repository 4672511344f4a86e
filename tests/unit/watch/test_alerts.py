"""People say what came of an alert, and their words become labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger
from counterfoil.watch import Alerts
from tests.log_rig import raises_code
from tests.watchers import chosen_every, ledger_with_past, watch_once


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger whose watcher raised alerts, some of them several times."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as opened:
        often = chosen_every(every=2, groups=2, window_s=7200)
        watch_once(opened, tmp_path / "state", often)
        opened.record({"much": "later"})
        watch_once(opened, tmp_path / "state", often)
        watch_once(opened, tmp_path / "other", chosen_every(every=9, groups=9))
        yield opened


def test_alerts_are_listed_with_how_they_went_on(ledger: Ledger) -> None:
    """One row an alert, the newest first, with its count when it is over."""
    alerts = list(Alerts(ledger).ls())
    assert [one.begun.index for one in alerts] == sorted(
        (one.begun.index for one in alerts), reverse=True
    )
    ended = [one for one in alerts if one.closed is not None]
    assert len(ended) == 2
    for one in ended:
        assert one.count > 1
        assert Alerts(ledger).get(one.closed.index).begun.leaf == one.begun.leaf  # type: ignore[union-attr]  # it ended
    assert len(list(Alerts(ledger).ls(limit=2))) == 2
    assert list(Alerts(ledger).ls(watcher="nobody")) == []
    assert list(Alerts(ledger).ls(watcher="every"))


def test_alerts_are_a_frame(ledger: Ledger) -> None:
    """As a table each alert has its columns, and what a person said of it beside them."""
    room = Alerts(ledger)
    first = next(room.ls())
    room.acknowledge(first.begun.index, "real", by="Ada Example")
    frame = polars.DataFrame(room.ls())
    assert frame["index"].to_list() == [one.begun.index for one in room.ls()]
    assert frame.filter(polars.col("verdict") == "real")["by"].to_list() == ["Ada Example"]
    assert frame["count"].to_list() == [one.count for one in room.ls()]
    assert set(frame["content.kind"]) == {one.begun.content["kind"] for one in room.ls()}


def test_the_newest_word_of_a_person_counts(ledger: Ledger) -> None:
    """A verdict can be taken back by another; nothing that was said is lost."""
    first, second, *_ = Alerts(ledger).ls()
    room = Alerts(ledger)
    room.acknowledge(first.begun.index, "real", by="Ada Example", role="auditor", note="thief")
    room.acknowledge(first.begun.leaf, "false", by="Grace Example")
    said = room.get(first.begun.index)
    assert (said.verdict, said.to_json()["by"]) == ("false", "Grace Example")
    assert room.get(second.begun.index).verdict is None
    assert first.begun.leaf not in {one.begun.leaf for one in room.ls(new=True)}
    (label,) = room.labels()
    assert label.begun.leaf == first.begun.leaf
    row = label.to_json()
    assert row["verdict"] == "false"
    assert row["evidence"][0]["index"] == first.begun.content["evidence"][0]["index"]
    kinds = {node.kind for node in ledger.trace(first.begun.index).nodes.values()}
    assert "acknowledgement" in kinds


def test_only_an_alert_can_be_acknowledged(ledger: Ledger) -> None:
    """Another entry, and a verdict that is none, are refused."""
    for wrong in (0, "ab" * 32, "x", True):
        with raises_code("alert.unknown" if wrong != "ab" * 32 else "entry.leaf", NotFound):
            Alerts(ledger).acknowledge(wrong, "real", by="Ada")
    alert = next(iter(Alerts(ledger).ls())).begun.index
    with raises_code("predicate.malformed", InputError):
        Alerts(ledger).acknowledge(alert, "maybe", by="Ada")  # type: ignore[arg-type]  # on purpose


def test_an_incident_links_an_alert(ledger: Ledger) -> None:
    """An incident names the alerts that it is about, and its report proves them."""
    from counterfoil.ledger.incidents.report import make_report

    alert = next(iter(Alerts(ledger).ls())).begun.index
    opened = ledger.incidents.open(
        "Key stolen",
        severity="incident",
        system="shop",
        description="A key was used at night.",
        happened_from_ms=1,
        became_aware_ms=2,
        linked=[alert],
    )
    report = make_report(ledger, opened.index, 3)
    assert [(one.kind, one.index) for one in report.proven][-1] == ("alert", alert)
    assert all(one.receipt is not None for one in report.proven)


def test_a_list_says_what_each_alert_says(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed or asked for alone, page by page: the same end, and the newest word of a person."""
    room = Alerts(ledger)
    found = list(room.ls(limit=100))
    for at, one in enumerate(found[::2]):
        room.acknowledge(one.begun.index, "real" if at % 2 else "false", by="Ada Example")
    room.acknowledge(found[0].begun.index, "real", by="Max Example", note="looked again")
    monkeypatch.setattr("counterfoil.watch.alerts._PAGE", 2)
    listed = list(room.ls(limit=100))
    assert listed == [room.get(one.begun.index) for one in listed]
    assert (listed[0].verdict, len(listed)) == ("real", len(found))
    assert {one.verdict for one in listed} == {"real", "false", None}
    fresh = list(room.ls(limit=100, new=True))
    assert fresh == [one for one in listed if one.said is None]
