"""A monitor sees what several sides of a log say, and remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import (
    Conflict,
    FatalLogError,
    InputError,
    NotFound,
    Refused,
    Unavailable,
)
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.network import Monitor, MonitorEvent, open_source
from counterfoil.network.monitor_state import STATE_FILE
from counterfoil.network.sources import LogSource
from counterfoil.proofs import equivocation
from counterfoil.testing.clock import ManualClock
from tests import c2sp
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish, sign_tree


class Witness:
    """A witness in memory: it has a checkpoint and no tiles."""

    has_tiles = False

    def __init__(self, name: str, signed: bytes | None = None) -> None:
        self.name, self.signed = name, signed

    def checkpoint(self) -> bytes:
        if self.signed is None:
            raise Unavailable("test.gone", "expected a witness, found none")
        return self.signed

    def tile(self, path: str) -> bytes | None:
        return None

    def payload(self, digest: str) -> bytes | None:
        return None

    def close(self) -> None:
        pass


class World:
    """A log in a folder, its monitor's state, and a clock."""

    def __init__(self, folder: Path, policy: Policy | None = None) -> None:
        self.log, self.state = folder / "log", folder / "state"
        self.policy = policy or policy_of()
        self.clock = ManualClock(1_800_000_000_000)
        self.folders = [self.log]
        self.more: list[LogSource] = []
        self.watched: Sequence[str] = ()

    def monitor(self) -> Monitor:
        sources = [open_source(str(folder)) for folder in self.folders]
        return Monitor(
            self.state,
            self.policy,
            [*sources, *self.more],
            self.watched,
            stalled_after_s=60,
            clock=self.clock,
        )

    def look(self) -> list[MonitorEvent]:
        """Start a monitor, let it ask once, and stop it."""
        with self.monitor() as monitor:
            return list(monitor.round())

    def kinds(self) -> list[str]:
        """Look once; give the kinds of events."""
        return [event.event for event in self.look()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Make a world with a log of 300 entries."""
    made = World(tmp_path)
    publish(made.log, entries_of(300))
    return made


def test_growth_is_told_once(world: World) -> None:
    """A log that grows is reported with each step and no more, across restarts."""
    first = world.look()
    assert [event.event for event in first] == ["grew"]
    assert (first[0].size, first[0].seq) == (300, 0)
    assert world.look() == []
    publish(world.log, entries_of(700))
    (grown,) = world.look()
    assert (grown.event, grown.size, grown.seq) == ("grew", 700, 1)


@pytest.mark.parametrize("size", [300, 301, 299, 900])
def test_a_split_view_is_convicted(size: int, world: World, tmp_path: Path) -> None:
    """Two sources that tell two histories leave evidence, whichever is larger, and once."""
    publish(tmp_path / "other", other_entries(size, 200))
    world.folders.append(tmp_path / "other")
    events = world.look()
    (fork,) = [event for event in events if event.event == "forked"]
    proven = equivocation.verify(Path(fork.evidence).read_bytes())
    assert {proven.first.size, proven.second.size} == {300, size}
    assert proven.index == (None if size == 300 else 200)
    assert "forked" not in world.kinds()


def test_a_witness_that_saw_another_history_convicts(world: World) -> None:
    """A witness has no tiles, and its checkpoint convicts by the tiles of the log alone."""
    for entries in (other_entries(250, 100), other_entries(300, 100)):
        world.more = [Witness("witness", sign_tree(entries, c2sp.witness(1)))]
        (fork,) = [event for event in world.look() if event.event == "forked"]
        assert equivocation.verify(Path(fork.evidence).read_bytes()).way in ("prefix", "same-size")


def test_a_witness_that_saw_more_than_anybody_can_prove(world: World) -> None:
    """What nobody's tiles prove is told of as such, kept, and convicts once tiles turn up."""
    world.look()
    entries = other_entries(400, 100)
    witness = Witness("witness", sign_tree(entries))
    world.more = [witness]
    assert world.kinds() == ["unproven"]
    assert world.kinds() == []
    witness.signed = sign_tree(entries_of(300))
    publish(world.log, entries)  # the other history comes to light
    assert "forked" in world.kinds()


def test_two_witnesses_that_saw_two_histories(world: World) -> None:
    """Two roots of one size convict although nobody has tiles of either."""
    signed = [sign_tree(other_entries(400, at)) for at in (100, 200)]
    world.more = [Witness(f"w{number}", note) for number, note in enumerate(signed)]
    (fork,) = [event for event in world.look() if event.event == "forked"]
    assert equivocation.verify(Path(fork.evidence).read_bytes()).way == "same-size"


def test_an_honest_larger_checkpoint_becomes_provable(world: World) -> None:
    """A witness may be ahead of what mirrors have; once they have it, all is well."""
    world.look()
    world.more = [Witness("witness", sign_tree(entries_of(400)))]
    assert world.kinds() == ["unproven"]
    publish(world.log, entries_of(400))
    assert world.kinds() == ["grew"]


def test_a_log_that_shrank_is_told_and_is_no_proof(world: World) -> None:
    """A source that serves less than before is named, once, without evidence."""
    world.look()
    publish(world.log, entries_of(200))
    events = world.look()
    assert [event.event for event in events] == ["older"]
    assert "no proof" in events[0].message
    assert not (world.state / "evidence").exists()
    publish(world.log, entries_of(300))
    world.look()


def test_a_rewritten_log_is_convicted_across_a_restart(world: World) -> None:
    """The state remembers what was signed: a history rewritten while nobody looked is caught."""
    world.look()
    publish(world.log, other_entries(320, 10))
    (fork,) = [event for event in world.look() if event.event == "forked"]
    assert equivocation.verify(Path(fork.evidence).read_bytes()).way == "prefix"


def test_growth_without_enough_cosignatures(tmp_path: Path) -> None:
    """A checkpoint below the quorum is told of once, and so is the quorum's return."""
    one, two = c2sp.witness(1), c2sp.witness(2)
    world = World(tmp_path, policy_of(one, two, threshold=2))
    publish(world.log, entries_of(10), sign_tree(entries_of(10), one, two))
    assert world.kinds() == ["grew"]
    publish(world.log, entries_of(20), sign_tree(entries_of(20), one))
    events = world.look()
    assert [event.event for event in events] == ["unwitnessed", "grew"]
    assert "1 of 2" in events[0].message
    assert world.kinds() == []
    publish(world.log, entries_of(20), sign_tree(entries_of(20), one, two))
    assert world.kinds() == ["witnessed"]


def test_a_log_that_does_not_grow_is_stalled(world: World) -> None:
    """After the time without growth that is given, once, until it grows again."""
    world.look()
    world.clock.advance(59_000)
    assert world.kinds() == []
    world.clock.advance(1_000)
    assert world.kinds() == ["stalled"]
    assert world.kinds() == []
    publish(world.log, entries_of(301))
    assert world.kinds() == ["grew"]


def test_a_source_that_is_gone_and_comes_back(world: World, tmp_path: Path) -> None:
    """Nobody at one address is told of once, and so is its return; others go on."""
    witness = Witness("witness")
    world.more = [witness]
    assert sorted(world.kinds()) == ["grew", "unreachable"]
    assert world.kinds() == []
    witness.signed = sign_tree(entries_of(300))
    assert world.kinds() == ["reachable"]


def test_what_the_log_did_not_sign_is_refused(world: World) -> None:
    """A stranger's checkpoint, another log's, or none at all: named, and believed by nobody."""
    stranger = c2sp.secret("stranger.example")
    for signed in (
        sign_tree(entries_of(400), key=stranger, origin="stranger.example"),
        sign_tree(entries_of(400), key=stranger),
        b"no note",
    ):
        world.more = [Witness(f"witness {len(signed)}", signed)]
        assert "refused" in world.kinds()
    with world.monitor() as monitor:
        assert monitor.size == 300


def test_keys_are_told_of(tmp_path: Path) -> None:
    """New and revoked keys, and each signature by a watched key, are told of once."""
    world = World(tmp_path)
    copy_ledger(world.log)
    world.policy = policies.parse((world.log / "policy.txt").read_bytes())
    with counterfoil.open(world.log) as ledger:
        producer = next(key for key in ledger.keys if key.role == "producer")
        ledger.record_rows([b'{"row":%d}' % n for n in range(10)], "file", 0).result()
        ledger.publish()
    world.watched = [producer.keyid[:8]]
    events = world.look()
    added = [event for event in events if event.event == "key-added"]
    assert [(event.index, event.role) for event in added] == [(0, "producer"), (1, "recovery")]
    used = [event for event in events if event.event == "key-used"]
    assert [(event.index, event.kind, event.signature) for event in used] == [
        (0, "key", "holds"),
        (1, "key", "holds"),
        (2, "organisation", "holds"),
        (13, "batch", "holds"),
    ]
    assert used[-1].count == 10
    assert all(event.entry_at_ms for event in used)
    assert world.look() == []
    with counterfoil.open(world.log) as ledger:
        ledger.key_admin.rotate("a year is over")
        ledger.publish()
    assert {"key-added", "key-used", "grew"} <= set(world.kinds())


def test_entries_that_nobody_has_wait(world: World) -> None:
    """Where no source has entries this is told, and they are looked at once one has them."""
    bundle = world.log / "tile" / "entries" / "000"
    data = bundle.read_bytes()
    bundle.unlink()
    assert world.kinds() == ["grew", "unscanned"]
    assert world.kinds() == []
    bundle.write_bytes(data)
    assert world.kinds() == []
    with world.monitor() as monitor:
        assert monitor._state.scanned == 300


def test_an_event_that_was_not_taken_comes_again(world: World) -> None:
    """Events that a crash kept from the reader come again, with their numbers."""
    with world.monitor() as monitor:
        first = next(iter(monitor.round()))
    again = world.look()
    assert again[0] == first
    assert world.look() == []


def test_state_of_another_log_or_damaged_is_refused(world: World) -> None:
    """A monitor does not mix logs, and does not forget silently."""
    world.look()
    stranger = c2sp.secret("stranger.example")
    world.policy = policy_of(keys=[stranger])
    with raises_code("monitor.other-log", Refused):
        world.monitor()
    world.policy = policy_of()
    with world.monitor(), raises_code("ledger.owned", Conflict):
        world.monitor()
    (world.state / STATE_FILE).write_bytes(b"{")
    with raises_code("monitor.state", FatalLogError):
        world.monitor()


def test_what_makes_no_sense_is_refused(world: World, tmp_path: Path) -> None:
    """One log a policy, at least one source with tiles, key ids that are some."""
    world.policy = policy_of(keys=[c2sp.LOG, c2sp.secret("stranger.example")])
    with raises_code("monitor.policy", InputError):
        world.monitor()
    world.policy = policy_of()
    world.watched = ["xyz1"]
    with raises_code("monitor.key", InputError):
        world.monitor()
    world.watched, world.folders = (), []
    with raises_code("monitor.sources", InputError):
        world.monitor()
    with raises_code("source.folder", NotFound):
        open_source(str(tmp_path / "nowhere"))
    with raises_code("source.origin", InputError):
        open_source("witness:http://127.0.0.1:1")
