"""Mirrors run once or on and on, serve meanwhile, and tell of what changed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import urllib3

from counterfoil.cli import main
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import mirrors as text
from counterfoil.errors import FatalLogError, InputError, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.network import open_source
from counterfoil.network.mirror import MirrorEvent
from counterfoil.ops import mirrors
from counterfoil.ops.mirrors import MirrorStarted
from counterfoil.ops.receipts import Saved
from counterfoil.ops.serve import serve
from counterfoil.ports import Document
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish

PLAIN = Paint(io.StringIO())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a log of 300 entries, and the policy that trusts it."""
    monkeypatch.setattr("counterfoil.ops.mirrors.time.sleep", lambda _s: None)
    publish(tmp_path / "log", entries_of(300))
    (tmp_path / "policy.txt").write_bytes(policies.format(policy_of()))
    return tmp_path


def once(place: Path, source: str = "log") -> list[MirrorEvent | MirrorStarted]:
    """Mirror once."""
    policy = place / "policy.txt"
    return list(mirrors.run(str(place / source), place / "copy", policy=policy, once=True))


def test_once(place: Path) -> None:
    """One round is told of, whatever it did; one that fails raises."""
    assert [event.event for event in once(place)] == ["copied"]
    assert [event.event for event in once(place)] == ["unchanged"]
    publish(place / "forged", other_entries(300, 7))
    with raises_code("mirror.forked", VerificationError):
        once(place, "forged")


def test_on_and_on(place: Path) -> None:
    """It serves, copies, goes on through failures, and tells each of them once."""
    policy = place / "policy.txt"
    source, copy = str(place / "log"), place / "copy"
    events = mirrors.run(source, copy, policy=policy, listen="127.0.0.1:0", interval=1)
    started = next(events)
    assert isinstance(started, MirrorStarted)
    first = next(events)
    assert (first.event, first.size) == ("copied", 300)  # type: ignore[union-attr]  # a round
    served = open_source(started.url)
    assert served.checkpoint() == (place / "log" / "checkpoint").read_bytes()
    served.close()
    whole = (place / "log" / "checkpoint").read_bytes()
    (place / "log" / "checkpoint").unlink()
    failed = next(events)
    assert isinstance(failed, MirrorEvent)
    assert (failed.event, failed.code, failed.size) == ("refused", "source.no-checkpoint", 300)
    (place / "log" / "checkpoint").write_bytes(whole)
    publish(place / "log", entries_of(400))
    grown = next(events)
    assert isinstance(grown, MirrorEvent)
    assert (grown.event, grown.entries) == ("copied", 100)
    publish(place / "log", other_entries(500, 7))
    forked = next(events)
    assert isinstance(forked, MirrorEvent)
    assert (forked.event, Path(forked.evidence).is_file()) == ("forked", True)
    events.close()  # type: ignore[attr-defined]  # a generator


def test_a_check_comes_first(place: Path) -> None:
    """What is here is proven again before anything is copied, if asked for."""
    once(place)
    (place / "copy" / "tile" / "0" / "000").unlink()
    policy, log = place / "policy.txt", str(place / "log")
    events = list(mirrors.run(log, place / "copy", policy=policy, once=True, check=True))
    assert [event.event for event in events] == ["checked", "unchanged"]
    assert "1 tiles mended" in next(iter(text.run(events, PLAIN)))


def test_a_mirror_that_is_damaged_ends(place: Path) -> None:
    """Damage of the mirror itself is no reason to try again: it ends with the error."""
    events = mirrors.run(str(place / "log"), place / "copy", policy=place / "policy.txt")
    next(events)
    (place / "copy" / "tile" / "0" / "001.p" / "44").write_bytes(b"torn")
    publish(place / "log", entries_of(299))
    with raises_code("log.damaged", FatalLogError):
        next(events)


def test_what_people_read(place: Path) -> None:
    """Each event is a line; what is wrong says how to check it."""
    lines = list(text.run([MirrorStarted("serving", "http://127.0.0.1:1"), *once(place)], PLAIN))
    assert lines[0] == "serving at http://127.0.0.1:1"
    assert "copied  300 entries" in lines[1]
    assert "300 new in" in lines[1]
    assert lines[1].endswith("signed by the log alone")
    event = MirrorEvent(
        "forked",
        0,
        "log",
        "log.example",
        5,
        "00" * 32,
        payloads=2,
        missing=1,
        code="mirror.forked",
        message="expected one history",
        evidence="copy/evidence/a file.json",
    )
    told = list(text.run([event], PLAIN))
    assert "2 payloads; 1 payloads not there" in told[0]
    assert told[1:] == [
        "  expected one history [mirror.forked]",
        "  check it: counterfoil evidence verify 'copy/evidence/a file.json'",
    ]


def test_receipts(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A receipt from a mirror is a file, or standard output, and verifies."""
    policy, copy = shop / "policy.txt", tmp_path / "copy"
    list(mirrors.run(str(shop), copy, policy=policy, once=True))
    out = tmp_path / "receipt.json"
    saved = mirrors.receipt(2, copy, out=out)
    assert isinstance(saved, Saved)
    assert (saved.index, saved.size, saved.bytes) == (2, 3, out.stat().st_size)
    printed = mirrors.receipt(2, copy, out=Path("-"))
    assert isinstance(printed, Document)
    assert b"".join(printed.chunks) == out.read_bytes()
    assert main(["verify", str(out), "--policy", str(policy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"] == 2


@pytest.mark.parametrize("interval", [0, -1, 86_401])
def test_a_pause_that_makes_no_sense(interval: int, place: Path) -> None:
    """Rounds come at least a second and at most a day apart."""
    with raises_code("usage.interval", InputError):
        next(mirrors.run("log", place / "copy", policy=place / "policy.txt", interval=interval))


def test_serving_says_where(shop: Path, tmp_path: Path) -> None:
    """A ledger and a mirror are served; the first thing that is told is the address."""
    from counterfoil.cli.text.serve import serve as say

    list(mirrors.run(str(shop), tmp_path / "copy", policy=shop / "policy.txt", once=True))
    for folder in (shop, tmp_path / "copy"):
        served = serve(ledger=folder, listen="127.0.0.1:0", share="hashes")
        first = next(served)
        assert first.url.startswith("http://127.0.0.1:")
        assert "(hashes) at http://127.0.0.1:" in next(iter(say([first], PLAIN)))
        with urllib3.PoolManager() as pool:
            found = pool.request("GET", f"{first.url}/checkpoint")
        assert found.data == (folder / "checkpoint").read_bytes()
        served.close()  # type: ignore[attr-defined]  # it is a generator
