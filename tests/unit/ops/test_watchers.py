"""Watchers run from the command line, over a ledger, another log, or a monitor's folder."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.cli import main
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import alerts as alert_text
from counterfoil.cli.text import watchers as text
from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.network import LogApp
from counterfoil.ops import alerts, watchers
from counterfoil.ops.serving import serving
from counterfoil.ops.watchers import Reached, Summary
from counterfoil.ports import STANDARD_STREAM, Document
from counterfoil.watch import Told
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.watchers import ledger_with_past

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
PLAIN = Paint(io.StringIO())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a ledger with sixty records of its past, and one of back-dated entries now."""
    monkeypatch.chdir(tmp_path)
    folder = ledger_with_past(tmp_path / "shop")
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 60})
        ledger.publish()
        ledger.record({"n": 61}, at_ms=1_000_000)
    return tmp_path


def json_lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Run a command; gives the objects that it prints."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_run_from_the_command_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alerts are printed as they are recorded, can be listed, acknowledged and taken as labels."""
    (told,) = json_lines(capsys, "watch", "run", "all", "--ledger", "shop", "--once")
    assert told["kind"] == "back-dated"
    assert json_lines(capsys, "watch", "run", "all", "--ledger", "shop", "--once") == []
    (listed,) = json_lines(capsys, "watch", "alerts", "--ledger", "shop", "--new")
    assert (listed["index"], listed["verdict"]) == (told["index"], None)
    words = ["--verdict", "real", "--by", "Ada Example", "--note", "clock, mended"]
    json_lines(capsys, "watch", "ack", str(told["index"]), *words, "--ledger", "shop")
    assert json_lines(capsys, "watch", "alerts", "--ledger", "shop", "--new") == []
    assert main(["watch", "labels", "--ledger", "shop", "--out", "labels.csv"]) == 0
    (row,) = csv.DictReader((place / "labels.csv").read_text(encoding="utf-8").splitlines())
    assert (row["verdict"], row["by"], row["note"]) == ("real", "Ada Example", "clock, mended")
    assert row["entries"] == str(told["evidence"][0]["index"])
    states = json_lines(capsys, "watch", "ls", "--ledger", "shop")
    (back,) = [one for one in states if one["name"] == "back-dated"]
    assert (back["states"][0]["alerts"], back["settings"]["per_week"]) == (1, 1.0)


def test_a_backtest_records_nothing(place: Path) -> None:
    """What would have been said is shown, with how often a week, and the ledger stays."""
    with counterfoil.open(place / "shop", read_only=True) as ledger:
        size = ledger.size
    *told, summary = watchers.backtest(("back-dated",), ledger=Path("shop"))
    assert isinstance(summary, Summary)
    assert (len(told), summary.alerts) == (1, 1)
    assert summary.per_week is not None
    lines = list(text.backtest([*told, summary], PLAIN))
    assert "a week" in lines[-1]
    quiet = watchers.backtest(("back-dated",), ledger=Path("shop"), learned=10**6)
    (none,) = quiet
    assert isinstance(none, Summary)
    assert (none.alerts, none.events, none.per_week) == (0, 0, None)
    with counterfoil.open(place / "shop", read_only=True) as ledger:
        assert ledger.size == size


def test_settings_are_chosen_by_name(place: Path) -> None:
    """A setting for one watcher, or for all that have it; what fits none is refused."""
    tolerant = ("back-dated.tolerance_s=1e15", "per_week=2")
    assert (
        list(watchers.run(("back-dated", "flood"), ledger=Path("shop"), set_=tolerant, once=True))
        == []
    )
    for wrong in ("per_week", "colour=red", "odd-hours.per_week=2", "back-dated.colour=1"):
        with raises_code("watch.setting", InputError):
            list(watchers.backtest(("back-dated",), ledger=Path("shop"), set_=(wrong,)))
    with raises_code("watch.unknown", NotFound):
        list(watchers.backtest(("nobody",), ledger=Path("shop")))
    with raises_code("watch.none", InputError):
        list(watchers.backtest((), ledger=Path("shop")))
    with raises_code("watch.from", InputError):
        list(watchers.backtest(("equivocation",), ledger=Path("shop")))
    with raises_code("watch.learned", InputError):
        list(watchers.run(("flood",), ledger=Path("shop"), learned=-1, once=True))


def test_another_partys_log_is_watched_under_a_policy(place: Path) -> None:
    """Alerts about a log that is read by its tiles go into one's own ledger, once."""
    copy_ledger(place / "mine")
    policy = place / "shop" / "policy.txt"
    with raises_code("watch.policy", InputError):
        list(watchers.run(("back-dated",), ledger=Path("mine"), log="shop", once=True))

    def once() -> list[Told | Reached]:
        return list(
            watchers.run(
                ("back-dated",), ledger=Path("mine"), log="shop", policy=policy, once=True,
                set_=("learn_hours=1",),
            )
        )  # fmt: skip

    (told,) = once()
    assert isinstance(told, Told)
    assert once() == []
    with counterfoil.open(place / "mine", read_only=True) as ledger:
        said = ledger.get(told.index).content
    with counterfoil.open(place / "shop", read_only=True) as shop:
        assert said["watches"] == shop.origin
        shown = said["evidence"][0]
        assert shown["entry"] == {"leaf": shop.get(shown["index"]).leaf, "origin": shop.origin}


def test_a_log_behind_an_address_wakes_its_watchers(place: Path) -> None:
    """What comes into another party's log is seen at once, however long the interval is."""
    copy_ledger(place / "mine")
    policy = place / "shop" / "policy.txt"
    with serving(LogApp(place / "shop")) as url:
        run = watchers.run(
            ("back-dated",), ledger=Path("mine"), log=url, policy=policy, interval=3600,
            set_=("learn_hours=1",), window=1,
        )  # fmt: skip
        first = next(run)
        with counterfoil.open(place / "shop") as ledger:
            ledger.record({"n": 62}, at_ms=2_000_000)
            ledger.publish()
        second = next(run)
        run.close()  # type: ignore[attr-defined]  # a generator
    assert isinstance(first, Told)
    assert isinstance(second, Told)
    assert second.index > first.index
    assert not [one for one in threading.enumerate() if one.name == f"events {url}"]


@pytest.mark.parametrize("events", ["absent", "lying"])
def test_a_stream_that_is_absent_or_lies_changes_nothing(events: str, place: Path) -> None:
    """Without a stream the log is asked by the clock; what a stream says is never believed."""
    copy_ledger(place / "mine")
    true, lie = LogApp(place / "shop"), b"data: log\ndata: 9000\ndata: root\n\n" * 100

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] != "/events":
            await true(scope, receive, send)
            return
        status, body = (404, b"none") if events == "absent" else (200, lie)
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with serving(app) as url:
        run = watchers.run(
            ("back-dated",), ledger=Path("mine"), log=url, policy=place / "shop" / "policy.txt",
            interval=1, set_=("learn_hours=1",), window=1,
        )  # fmt: skip
        told = [next(run)]
        with counterfoil.open(place / "shop") as ledger:
            ledger.record({"n": 62}, at_ms=2_000_000)
        told.append(next(run))
        run.close()  # type: ignore[attr-defined]  # a generator
    assert [type(one) for one in told] == [Told, Told]


def test_a_log_that_does_not_answer_is_told_of_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it goes on watching, silence and its end are said; with one look it is an error."""
    copy_ledger(place / "mine")
    policy = place / "shop" / "policy.txt"
    from counterfoil.network.sources import FolderSource

    true, answers = FolderSource.checkpoint, iter("nynn")
    monkeypatch.setattr("counterfoil.ops.watch_following.time.sleep", lambda _s: None)

    def checkpoint(self: FolderSource) -> bytes:
        if next(answers, "n") == "n":
            raise Unavailable("source.unreachable", "expected an answer, found none")
        return true(self)

    monkeypatch.setattr(FolderSource, "checkpoint", checkpoint)
    arguments: dict[str, Any] = {"ledger": Path("mine"), "log": "shop", "policy": policy}
    told = watchers.run(("flood",), **arguments, interval=1)
    events = [next(told) for _ in range(3)]
    assert [one.event for one in events if isinstance(one, Reached)] == [
        "unreachable", "reachable", "unreachable",
    ]  # fmt: skip
    assert next(iter(text.run(events, PLAIN))).startswith("unreachable")
    told.close()  # type: ignore[attr-defined]  # a generator
    with raises_code("source.unreachable", Unavailable):
        list(watchers.run(("flood",), **arguments, once=True))


def test_a_ledger_that_cannot_record_is_asked_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk is full an alert waits; it is recorded, once, when there is room again."""
    from counterfoil.ledger import Ledger

    true, full = Ledger.record_statement, iter([False, True, True])
    monkeypatch.setattr("counterfoil.ops.watch_following.time.sleep", lambda _s: None)

    def record(self: Ledger, *args: Any, **more: Any) -> Any:
        if next(full, False):
            raise Unavailable("store.full", "expected space, found the disk full")
        return true(self, *args, **more)

    monkeypatch.setattr(Ledger, "record_statement", record)
    running = watchers.run(("back-dated",), ledger=Path("shop"))
    words = [next(running) for _ in range(3)]
    running.close()  # type: ignore[attr-defined]  # a generator
    assert [one.event for one in words if isinstance(one, Reached)] == ["unreachable", "reachable"]
    assert [one.said["kind"] for one in words if isinstance(one, Told)] == ["back-dated"]
    with counterfoil.open(place / "shop", read_only=True) as ledger:
        assert [view.kind for view in ledger.views()].count("alert") == 1


def test_it_wakes_when_something_is_recorded(place: Path) -> None:
    """A watcher that follows sees what somebody else records, and records its alert."""
    told: list[Told | Reached] = []

    def follow() -> None:
        running = watchers.run(("back-dated",), ledger=Path("shop"), learned=66)
        told.append(next(running))
        running.close()  # type: ignore[attr-defined]  # a generator

    thread = threading.Thread(target=follow)
    with counterfoil.open(place / "shop") as ledger:
        while ledger.size < 66:
            ledger.record({"more": 1})
        thread.start()
        late = ledger.record({"n": 99}, at_ms=5).index
        thread.join(60)
    (alert,) = told
    assert isinstance(alert, Told)
    assert alert.said["evidence"][0]["index"] == late


def test_labels_as_a_document(place: Path) -> None:
    """Labels go to standard output as a table or as JSON lines, and may be none."""
    for form, first in (("csv", b"index,leaf,watcher"), ("ndjson", b"")):
        found = alerts.labels(out=STANDARD_STREAM, format=form, ledger=Path("shop"))  # type: ignore[arg-type]  # of two
        assert isinstance(found, Document)
        assert b"".join(found.chunks).startswith(first)


def test_words_for_people(place: Path) -> None:
    """Text says what is new, what was said of it, and that there is nothing."""
    assert list(alert_text.listing([], PLAIN)) == ["no alert"]
    told = list(watchers.run(("all",), ledger=Path("shop"), once=True))
    assert any("back-dated" in line for line in text.run(told, PLAIN))
    before = list(alert_text.listing(alerts.listing(ledger=Path("shop")), PLAIN))
    assert "new" in before[1]
    (one,) = [t for t in told if isinstance(t, Told)]
    alerts.ack(str(one.index), verdict="real", by="Ada", note="a thief", ledger=Path("shop"))
    after = list(alert_text.listing(alerts.listing(ledger=Path("shop")), PLAIN))
    assert after[1].endswith("real by Ada: a thief")
    assert any("odd-hours" in line for line in text.listing(watchers.listing(), PLAIN))
