"""Monitors run once or on and on, and evidence is verified by anybody."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import monitors as text
from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.network.monitor_state import MonitorEvent
from counterfoil.ops import monitors
from counterfoil.ports import Channel
from tests import c2sp
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish

PLAIN = Paint(io.StringIO())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a log of 300 entries, another history of it, and the policy that trusts it."""
    monkeypatch.setattr("counterfoil.ops.monitors.time.sleep", lambda _s: None)
    monkeypatch.chdir(tmp_path)
    publish(tmp_path / "log", entries_of(300))
    publish(tmp_path / "forged", other_entries(310, 7))
    (tmp_path / "policy.txt").write_bytes(policies.format(policy_of()))
    return tmp_path


def look(*sources: str) -> monitors.Events:
    """Ask once."""
    return monitors.run(tuple(sources), policy=Path("policy.txt"), state=Path("seen"), once=True)


def test_once(place: Path) -> None:
    """What is well ends with status 0, and what is not with 1."""
    events = look("log")
    assert [event.event for event in events] == ["grew"]
    assert events.exit_status == 0
    events = look("log", "forged")
    assert "forked" in [event.event for event in events]
    assert events.exit_status == 1


def test_nobody_answers(place: Path) -> None:
    """With one round, nobody's answer is an error of its own."""
    (place / "log" / "checkpoint").unlink()
    with raises_code("monitor.nobody", Unavailable):
        list(look("log"))


def test_on_and_on(place: Path, channel: Channel) -> None:
    """Round follows round; what is found can be verified from its file."""
    policy = Path("policy.txt")
    events = monitors.run(("log",), policy=policy, state=Path("seen"), interval=1)
    assert next(events).event == "grew"
    publish(place / "log", other_entries(310, 7))
    found = next(events)
    assert found.event == "forked"
    with raises_code("ledger.owned", CounterfoilError):
        look("log")
    events.close()
    proven = monitors.verify(Path(found.evidence), channel=channel)
    assert (proven.way, proven.first_size, proven.second_size) == ("prefix", 300, 310)
    assert proven.in_policy is None
    assert monitors.verify(Path(found.evidence), policy=policy, channel=channel).in_policy
    stranger = policies.format(policy_of(keys=[c2sp.secret("stranger.example")]))
    Path("other.txt").write_bytes(stranger)
    other = monitors.verify(Path(found.evidence), policy=Path("other.txt"), channel=channel)
    assert other.in_policy is False
    told = list(text.verify(other, PLAIN))
    assert told[0] == f"proven: {c2sp.ORIGIN} signed two histories"
    assert any("not in your policy" in line for line in told)


def test_evidence_of_what_two_people_kept(place: Path, channel: Channel) -> None:
    """Two checkpoints that were kept, and a mirror's tiles where needed, become evidence."""
    policy, out = Path("policy.txt"), Path("proof.json")
    kept = Path("log/checkpoint"), Path("forged/checkpoint")
    with raises_code("evidence.no-tiles", CounterfoilError):
        monitors.make(*kept, policy=policy, out=out)
    made = monitors.make(*kept, policy=policy, from_=("log", "forged"), out=out)
    assert (made.way, made.index) == ("fork", 7)
    assert monitors.verify(out, policy=policy, channel=channel) == made
    assert next(iter(text.make(made, PLAIN))).startswith("proven: ")
    publish(place / "log", entries_of(310))
    monitors.make(*kept, policy=policy, out=out)
    assert monitors.verify(out, channel=channel).way == "same-size"
    with raises_code("evidence.same-checkpoint", CounterfoilError):
        monitors.make(kept[0], kept[0], policy=policy, out=out)


def test_what_is_no_evidence_fails(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that proves nothing ends with an error, never with a half word."""
    Path("x.json").write_bytes(b"{}\n")
    assert main(["evidence", "verify", "x.json"]) == 2
    assert "evidence.malformed" in capsys.readouterr().err


def test_what_people_read() -> None:
    """Each event is a line with what matters of it."""
    events = [
        MonitorEvent(0, "grew", 0, source="log", size=300, root="ab" * 32),
        MonitorEvent(
            1,
            "key-used",
            0,
            index=7,
            key="cd" * 32,
            kind="batch",
            count=128,
            signature="does not hold",
        ),
        MonitorEvent(2, "key-added", 0, index=1, key="cd" * 32, kind="key", role="producer"),
        MonitorEvent(3, "forked", 0, message="two histories", evidence="seen/x.json"),
        MonitorEvent(4, "stalled", 0),
    ]
    lines = list(text.run(events, PLAIN))
    assert "  grew  300 entries, root abab" in lines[0]
    assert "entry 7, key " in lines[1]
    assert "batch, over 128 statements, its signature: does not hold" in lines[1]
    assert "key, producer" in lines[2]
    assert lines[4:6] == ["  two histories", "  check it: counterfoil evidence verify seen/x.json"]
