"""Another party's log is read entry by entry, and only on while it is one history."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.network import LogApp, open_source
from counterfoil.network.remote_log import RemoteLog
from counterfoil.ops.serving import serving
from counterfoil.watch import LogFeed
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish


def remote(where: str) -> RemoteLog:
    return RemoteLog(open_source(where), policy_of())


def test_entries_over_http_are_those_of_the_log(tmp_path: Path) -> None:
    """All entries come, in order and proven, also as the log grows."""
    publish(tmp_path / "log", entries_of(300))
    with serving(LogApp(tmp_path / "log"), "127.0.0.1:0") as url:
        log = remote(url)
        assert list(log.entries(0, 10)) == []
        assert log.refresh() == 300
        assert list(log.entries(0, 300)) == entries_of(300)
        assert list(log.entries(250, 10_000)) == entries_of(300)[250:]
        publish(tmp_path / "log", entries_of(700))
        assert log.refresh() == log.refresh() == 700
        assert list(log.entries(290, 700)) == entries_of(700)[290:]
        log.close()


@pytest.mark.parametrize("size", [250, 300, 700])
def test_another_history_is_not_read_on(size: int, tmp_path: Path) -> None:
    """A log that went back or forked is refused, at once and after a restart."""
    publish(tmp_path / "log", entries_of(300))
    log = remote(str(tmp_path / "log"))
    log.refresh()
    mark = log.mark()
    publish(tmp_path / "log", entries_of(size) if size < 300 else other_entries(size, 5))
    with raises_code("watch.history", VerificationError):
        log.refresh()
    again = remote(str(tmp_path / "log"))
    again.refresh()
    with raises_code("watch.history", VerificationError):
        again.resume(mark)


def test_a_feed_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The place that a watcher keeps holds the log to the tree that was seen."""
    publish(tmp_path / "log", entries_of(300))
    feed = LogFeed(remote(str(tmp_path / "log")))
    assert feed.poll()
    cursor = list(feed.steps(None, 120))[-1].cursor
    publish(tmp_path / "log", entries_of(400))
    feed = LogFeed(remote(str(tmp_path / "log")))
    feed.poll()
    assert [step.place for step in feed.steps(cursor, 1000)] == list(range(120, 400))
    publish(tmp_path / "log", other_entries(400, 5))
    feed = LogFeed(remote(str(tmp_path / "log")))
    feed.poll()
    with raises_code("watch.history", VerificationError):
        list(feed.steps(cursor, 1000))


def test_a_mark_that_is_none_is_refused(tmp_path: Path) -> None:
    """A damaged place is named; none at all asks for nothing."""
    publish(tmp_path / "log", entries_of(300))
    log = remote(str(tmp_path / "log"))
    log.refresh()
    log.resume("")
    with raises_code("watch.cursor", InputError):
        log.resume("many zz")
