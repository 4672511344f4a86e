"""What a monitor keeps becomes alerts, each once, with the proof beside them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger
from counterfoil.network import Monitor, open_source
from counterfoil.network.conviction import EVIDENCE_FOLDER
from counterfoil.network.monitor_state import STATE_FILE
from counterfoil.network.watching import EvidenceFeed
from counterfoil.proofs import equivocation
from counterfoil.watch import Runner, choose
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish


def monitored(folder: Path, *logs: str) -> None:
    """Let a monitor ask some logs once, and keep what it found in `seen`."""
    sources = [open_source(str(folder / log)) for log in logs]
    with Monitor(folder / "seen", policy_of(), sources) as monitor:
        list(monitor.round())


def watched(ledger: Ledger, folder: Path) -> list[str]:
    """Run the watcher once; gives the kinds of what it told."""
    feed = EvidenceFeed(folder / "seen")
    assert feed.poll()
    with Runner(ledger, choose("equivocation"), feed, folder / "state") as runner:
        told = [one.said["kind"] for one in runner.round() if not one.duplicate]
    feed.close()
    return told


def test_a_split_view_is_an_alert_with_its_proof(tmp_path: Path) -> None:
    """Two histories are told once, and anybody can check the proof that is kept."""
    publish(tmp_path / "log", entries_of(300))
    publish(tmp_path / "forged", other_entries(310, 7))
    monitored(tmp_path, "log")
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        assert watched(ledger, tmp_path) == []
        monitored(tmp_path, "log", "forged")
        assert watched(ledger, tmp_path) == ["equivocation"]
        assert watched(ledger, tmp_path) == []
        (alert,) = [view for view in ledger.views() if view.kind == "alert"]
        (kept,) = alert.content["kept"]
        data = ledger.layout.payloads / kept["sha256"][:2] / kept["sha256"]
        proven = equivocation.verify(data.read_bytes())
        assert {proven.first.size, proven.second.size} == {300, 310}
        assert alert.content["severity"] == "high"
        assert alert.content["evidence"][0]["entry"]["digest"] == kept["sha256"]


def test_a_rollback_is_noticed_each_time_it_begins(tmp_path: Path) -> None:
    """A source that serves an older state is told of, and again when it happens anew."""
    watcher = choose("equivocation").make()
    state, cursor = watcher.start(), None
    noticed, places = [], []
    for size in (300, 200, 200, 300, 200, 300):
        publish(tmp_path / "log", entries_of(size))
        monitored(tmp_path, "log")
        found = []
        for step in EvidenceFeed(tmp_path / "seen").steps(cursor, 10):
            state, said = watcher.see(state, step.event)
            found += [one.kind for one in said]
            cursor = step.cursor
            places.append(step.place)
        noticed.append(found)
    assert noticed == [[], ["rollback"], [], [], ["rollback"], []]
    assert places == list(range(4))


def test_what_proves_nothing_is_said_to(tmp_path: Path) -> None:
    """A file among the evidence that convicts nobody is named, with the reason."""
    publish(tmp_path / "log", entries_of(300))
    monitored(tmp_path, "log")
    folder = tmp_path / "seen" / EVIDENCE_FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "equivocation-0.json").write_bytes(b"{}")
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        assert watched(ledger, tmp_path) == ["bad-evidence"]
        (alert,) = [view for view in ledger.views() if view.kind == "alert"]
        shown = alert.content["evidence"][0]["entry"]["digest"]
        assert shown == sha256(b"{}").hexdigest()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """No folder, or one with a damaged state, is named."""
    with raises_code("watch.folder", NotFound):
        EvidenceFeed(tmp_path / "nowhere")
    (tmp_path / STATE_FILE).write_bytes(b"{")
    with raises_code("watch.monitor-state", InputError):
        EvidenceFeed(tmp_path)


@pytest.mark.parametrize("text", [b"[]", b'{"origin": 3, "said": []}'])
def test_a_state_of_another_shape_says_nothing(text: bytes, tmp_path: Path) -> None:
    """What is no monitor's state is not taken for one."""
    (tmp_path / STATE_FILE).write_bytes(text)
    feed = EvidenceFeed(tmp_path)
    assert feed.origin.startswith("monitor ")
    assert list(feed.steps(None, 10)) == []
