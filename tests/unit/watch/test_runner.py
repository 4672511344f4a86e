"""A watcher's alerts stand in the ledger once, whatever happens to the watcher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, FatalLogError, Refused, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.watch import Backtest, LedgerLog, LogFeed, Runner
from counterfoil.watch.saved import STATE_FILE
from tests.ledgers import prove
from tests.log_rig import raises_code
from tests.watchers import alerts_of, chosen_every, ledger_with_past, watch_once


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger with 60 records, 20 minutes apart."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as opened:
        yield opened


def test_alerts_are_statements_with_evidence_and_receipts(ledger: Ledger, tmp_path: Path) -> None:
    """An alert names its watcher, what shows it, and is proven like any entry."""
    told = watch_once(ledger, tmp_path / "state")
    first = told[0]
    view = ledger.get(first["index"])
    (shown,) = view.content["evidence"]
    assert ledger.get(shown["index"]).leaf == shown["entry"]["leaf"]
    watcher = ledger.get(ledger.find_leaf(view.content["watcher"]["leaf"]))
    assert watcher.kind == "watcher"
    assert watcher.content["settings"] == {"every": "5", "groups": "3", "window": "3600"}
    assert watcher.content["digest"] == view.content["watcher"]["digest"]
    prove(ledger, first["index"])
    assert {one.kind for one in ledger.trace(first["index"]).nodes.values()} >= {"alert", "watcher"}


def test_a_second_run_says_nothing_twice(ledger: Ledger, tmp_path: Path) -> None:
    """What was told is not told again, by the next run or after the state was lost."""
    watch_once(ledger, tmp_path / "state")
    before = alerts_of(ledger)
    assert watch_once(ledger, tmp_path / "state") == []
    (tmp_path / "state" / STATE_FILE).unlink()
    assert all(one["duplicate"] for one in watch_once(ledger, tmp_path / "state"))
    assert alerts_of(ledger) == before


def test_repeats_are_one_alert_and_its_end_is_told_once(ledger: Ledger, tmp_path: Path) -> None:
    """Findings of a group within the window are counted; the last word says how many."""
    quick = chosen_every(every=2, groups=1, window_s=7200)
    told = watch_once(ledger, tmp_path / "state", quick)
    assert [one.get("state", "open") for one in told] == ["open"]
    with counterfoil.open(ledger.layout.folder) as again:
        slow = chosen_every(every=2, groups=1, window_s=60)
        assert len(watch_once(again, tmp_path / "slow", slow)) == 30
    third = watch_once(ledger, tmp_path / "third", chosen_every(every=7, groups=1, window_s=9000))
    closing = [one for one in third if one.get("state") == "closed"]
    assert all(one["opened"]["leaf"] in {t["leaf"] for t in third} for one in closing)


def test_it_goes_on_where_it_stood(ledger: Ledger, tmp_path: Path) -> None:
    """What comes later is counted on from what was seen; alerts are those of one long run."""
    watch_once(ledger, tmp_path / "state", chosen_every(every=7))
    for number in range(30):
        ledger.record({"later": number})
    watch_once(ledger, tmp_path / "state", chosen_every(every=7))
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    long = [told.said["title"] for told in Backtest(chosen_every(every=7), feed).run()]
    said = [v.content["title"] for v in ledger.views() if v.kind == "alert"]
    assert [t for t in said if t in long] == [t for t in long if t in said]
    assert len(said) == len(set(said)) >= 90 // 7 - 1


def test_it_does_not_see_its_own_alerts(ledger: Ledger, tmp_path: Path) -> None:
    """A watcher that notices everything does not notice itself: the log comes to rest."""
    for _ in range(4):
        watch_once(ledger, tmp_path / "state", chosen_every(every=1, groups=1000, window_s=60))
    kinds = [view.kind for view in ledger.views()]
    assert kinds.count("alert") == kinds.count("record") == 60


def test_alerts_wait_for_a_ledger_that_cannot_record(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where recording fails the alert stays to be said, and the next run says it."""
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    record = ledger.record_statement
    runner = Runner(ledger, chosen_every(), feed, tmp_path / "state")

    def full(*args: object, **more: object) -> object:
        raise Unavailable("store.full", "expected space, found none")

    monkeypatch.setattr(ledger, "record_statement", full)
    with raises_code("store.full", Unavailable):
        list(runner.round())
    assert alerts_of(ledger) == []
    monkeypatch.setattr(ledger, "record_statement", record)
    again = [told.index for told in runner.round()]
    runner.close()
    assert len(again) == len(set(again)) == len(alerts_of(ledger))


def test_settings_do_not_change_under_a_state(ledger: Ledger, tmp_path: Path) -> None:
    """A state of other settings, a damaged one, and one in use are refused, by name."""
    watch_once(ledger, tmp_path / "state")
    with raises_code("watch.other-settings", Refused):
        watch_once(ledger, tmp_path / "state", chosen_every(every=6))
    feed = LogFeed(LedgerLog(ledger))
    with (
        Runner(ledger, chosen_every(), feed, tmp_path / "state"),
        raises_code("ledger.owned", Conflict),
    ):
        Runner(ledger, chosen_every(), feed, tmp_path / "state")
    (tmp_path / "state" / STATE_FILE).write_bytes(b"{")
    with raises_code("watch.state", FatalLogError):
        watch_once(ledger, tmp_path / "state")


def test_what_was_told_otherwise_before_stays(ledger: Ledger, tmp_path: Path) -> None:
    """Where the state is lost and a watcher now says it otherwise, the first word stands."""
    watch_once(ledger, tmp_path / "state")
    before = alerts_of(ledger)
    (tmp_path / "state" / STATE_FILE).unlink()
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    with Runner(ledger, chosen_every(), feed, tmp_path / "state") as runner:
        see = runner._watcher.see

        def otherwise(state: Any, event: Any) -> Any:
            state, found = see(state, event)
            return state, [replace(one, title="said otherwise") for one in found]

        runner._watcher.see = otherwise  # type: ignore[method-assign]  # a model on another machine
        told = list(runner.round())
    assert all(one.duplicate for one in told)
    assert alerts_of(ledger) == before
    assert [one.index for one in told] == [v.index for v in ledger.views() if v.kind == "alert"]


def test_an_alert_that_is_nowhere_is_damage(ledger: Ledger, tmp_path: Path) -> None:
    """A number that is taken by nothing that can be found is no reason to go on in silence."""
    feed = LogFeed(LedgerLog(ledger))
    runner = Runner(ledger, chosen_every(), feed, tmp_path / "state")
    with runner, raises_code("watch.lost-alert", FatalLogError):
        runner._find(12345)


def test_a_state_of_another_shape_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """What a watcher cannot read back is named, and nothing is learned anew by accident."""
    watch_once(ledger, tmp_path / "state")
    path = tmp_path / "state" / STATE_FILE
    path.write_bytes(path.read_bytes().replace(b'"state":{"count"', b'"state":{"count":"x","old"'))
    with raises_code("watch.state", FatalLogError):
        watch_once(ledger, tmp_path / "state")


def test_what_is_only_learned_is_not_told(ledger: Ledger, tmp_path: Path) -> None:
    """A new watcher may learn from the past in silence, and tells of what comes after."""
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    with Runner(ledger, chosen_every(), feed, tmp_path / "state", learned=40) as runner:
        told = list(runner.round())
        assert runner.seen >= 60
    assert told
    assert min(one.said["evidence"][0]["index"] for one in told) >= 40


def test_a_backtest_says_what_a_run_says(ledger: Ledger, tmp_path: Path) -> None:
    """The same code over the same history: the same alerts, and nothing recorded."""
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    tested = Backtest(chosen_every(window_s=1800), feed)
    said = [one.said for one in tested.run()]
    size = ledger.size
    told = watch_once(ledger, tmp_path / "state", chosen_every(window_s=1800))
    assert ledger.size > size
    assert [one["title"] for one in said] == [one["title"] for one in told]
    assert tested.alerts == sum(one.get("state", "open") == "open" for one in told)
    assert tested.per_week is None or tested.per_week > 0
