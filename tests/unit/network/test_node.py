"""A member's process: its log and witness at one address, peers from files, mirrors in threads."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3

import counterfoil
from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Log, Policy
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_file import read_policy
from counterfoil.network.mirror import MirrorEvent
from counterfoil.network.node import MemberApp, PeerMirrors, followed_logs, read_peers
from counterfoil.ops.serving import serving
from counterfoil.ports import SystemClock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.witness import Witness, WitnessMemory
from tests.c2sp import witness as witness_key
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.polling import until


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give a ledger with a few records."""
    folder = copy_ledger(tmp_path / "shop")
    with counterfoil.open(folder) as ledger:
        ledger.record_many([{"n": n} for n in range(5)])
    return folder


def peer_file(folder: Path, ledger: Path, url: str | None) -> None:
    """Write a ledger's log down as a peer."""
    logs = tuple(Log(log.key, url) for log in read_policy(Layout(ledger)).logs)
    folder.mkdir(exist_ok=True)
    (folder / "shop.txt").write_bytes(policies.format(Policy(logs, (), (), NONE)))


def member(ledger: Path, folder: Path) -> MemberApp:
    """Make a member's application, whose witness follows nobody."""
    memory = WitnessMemory(folder / "witness.db", create=True)
    witness = Witness(memory, [NoteSigner(witness_key(1))], lambda _origin: None, SystemClock())
    return MemberApp(ledger, witness, list)


def test_one_address(shop: Path, tmp_path: Path) -> None:
    """The log's files and the witness answer side by side; what is private does not."""
    with serving(member(shop, tmp_path)) as url, urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{url}/checkpoint").data == (shop / "checkpoint").read_bytes()
        assert pool.request("GET", f"{url}/witness/").status == 200
        assert pool.request("POST", f"{url}/witness/add-checkpoint", body=b"x").status == 400
        for private in ("keys/log.key", "ledger.db", "counterfoil.toml", "witness.db"):
            assert pool.request("GET", f"{url}/{private}").status == 404


def test_peers_are_mirrored(shop: Path, tmp_path: Path) -> None:
    """Each peer's log is copied in a thread, and what happens is told."""
    heard: list[tuple[str, MirrorEvent]] = []
    with serving(member(shop, tmp_path)) as url:
        peer_file(tmp_path / "peers", shop, url)
        peers = read_peers(tmp_path / "peers")
        mirrors = PeerMirrors(
            peers, tmp_path / "mirrors", lambda name, event: heard.append((name, event)), 0.05
        )
        try:
            assert until(lambda: bool(heard))
            assert mirrors.alive == {"shop": True}
        finally:
            mirrors.close()
    assert mirrors.alive == {"shop": False}
    name, event = heard[0]
    assert (name, event.event, event.size) == ("shop", "copied", 9)
    copy = tmp_path / "mirrors" / "shop" / "checkpoint"
    assert copy.read_bytes() == (shop / "checkpoint").read_bytes()


def test_a_mirror_that_cannot_begin(shop: Path, tmp_path: Path) -> None:
    """A peer whose mirror's folder holds something else is told of; others go on."""
    heard: list[MirrorEvent] = []
    peer_file(tmp_path / "peers", shop, "http://127.0.0.1:9")
    (tmp_path / "mirrors" / "shop").mkdir(parents=True)
    (tmp_path / "mirrors" / "shop" / "diary").write_text("mine")
    mirrors = PeerMirrors(
        read_peers(tmp_path / "peers"),
        tmp_path / "mirrors",
        lambda _name, event: heard.append(event),
        0.05,
    )
    assert until(lambda: bool(heard))
    mirrors.close()
    assert (heard[0].event, heard[0].code) == ("refused", "mirror.not-empty")


def test_the_witness_follows_the_peers(shop: Path, tmp_path: Path) -> None:
    """All peers' logs, and nobody else's, are followed."""
    peer_file(tmp_path / "peers", shop, "http://127.0.0.1:9")
    followed = policies.parse(followed_logs(read_peers(tmp_path / "peers")))
    assert [log.key for log in followed.logs] == [log.key for log in read_policy(Layout(shop)).logs]
    assert policies.parse(followed_logs([])).logs == ()


def test_peers_that_are_none(shop: Path, tmp_path: Path) -> None:
    """A file that is no policy of one log with an address is named."""
    folder = tmp_path / "peers"
    assert read_peers(folder) == []
    peer_file(folder, shop, None)
    with raises_code("network.peer", InputError) as caught:
        read_peers(folder)
    assert "shop.txt" in caught.value.message
    (folder / "shop.txt").write_text("nonsense\n")
    with raises_code("network.peer", InputError):
        read_peers(folder)
