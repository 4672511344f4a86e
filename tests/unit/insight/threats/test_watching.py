"""The watcher over a chain: final blocks alone, each alert once, wherever it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError
from counterfoil.formats.predicates import ContentRef
from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.threats.watching import CHAIN_THREATS, FinalBlocks
from counterfoil.ledger import Ledger
from counterfoil.testing.chain_attacks import CHAIN_ATTACKS, ChainAttack
from counterfoil.testing.chain_scene import Scene, quiet_chain, write_chain
from counterfoil.watch import Runner, choose
from tests.watchers import ledger_with_past

ATTACKS = ("address poisoning", "approval phishing", "overpaid", "swept wallets", "wash trades")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as opened:
        yield opened


def scene_with(names: tuple[str, ...]) -> tuple[Scene, list[ChainAttack]]:
    scene = Scene(quiet_chain(900, 5, 2), 8)
    return scene, [CHAIN_ATTACKS[name](scene, scene.first + 40) for name in names]


def titles_of(ledger: Ledger) -> list[str]:
    page = ledger.search("kind=alert", limit=100, newest_first=False)
    return [str(hit.content["title"]) for hit in page.hits]


def watch(ledger: Ledger, folder: Path, state: Path, stop_after: int | None = None) -> list[Any]:
    feed = FinalBlocks(folder)
    told = []
    with Runner(ledger, choose("chain-threats"), feed, state) as runner:
        feed.poll()
        for one in runner.round():
            if not one.duplicate:
                told.append(one.to_json())
            if len(told) == stop_after:
                break
    return told


def test_each_attack_is_an_alert_with_its_finding_kept(ledger: Ledger, tmp_path: Path) -> None:
    """Alerts name the attackers; the finding lies beside the ledger; a second run is silent."""
    scene, attacks = scene_with(ATTACKS)
    write_chain(tmp_path / "chain", scene.tables())
    told = watch(ledger, tmp_path / "chain", tmp_path / "state")
    opened = [one for one in told if "opened" not in one]
    guilty = {account for one in attacks for account in one.accounts}
    assert {one["kind"] for one in opened} == {one.kind for one in attacks}
    assert {one["group"].partition("/")[2] or one["group"] for one in opened} <= guilty
    (kept,) = opened[0]["kept"]
    said = json.loads(ledger.kept(ContentRef(kept["sha256"], kept["size"])))
    assert said["kind"] == opened[0]["kind"]
    assert said["transactions"]
    assert watch(ledger, tmp_path / "chain", tmp_path / "state") == []


def test_a_watcher_that_is_stopped_tells_each_alert_once(ledger: Ledger, tmp_path: Path) -> None:
    """Stopped after every alert and started again, it says what one long run says."""
    scene, _ = scene_with(ATTACKS)
    write_chain(tmp_path / "chain", scene.tables())
    for _ in range(40):
        if not watch(ledger, tmp_path / "chain", tmp_path / "state", stop_after=1):
            break
    halting = titles_of(ledger)
    with counterfoil.open(ledger_with_past(tmp_path / "other")) as other:
        watch(other, tmp_path / "chain", tmp_path / "again")
        assert halting == titles_of(other)
    assert len(halting) >= len(ATTACKS)


def test_a_block_that_may_still_go_is_not_seen(ledger: Ledger, tmp_path: Path) -> None:
    """An attack in blocks that a reorganisation replaces is never told; once final, it is."""
    scene, _ = scene_with(("overpaid",))
    attacked, quiet = scene.tables(), quiet_chain(900, 5, 2)
    span = (scene.first, scene.last)
    with ChainFolder(tmp_path / "chain", "simulated", 5, simulated=True) as folder:
        folder.commit([(*span, False, attacked)], "", scene.first + 39)
        assert watch(ledger, tmp_path / "chain", tmp_path / "state") == []
        folder.commit([(*span, False, quiet)], "", scene.first + 45)
        assert watch(ledger, tmp_path / "chain", tmp_path / "state") == []
    with ChainFolder(tmp_path / "same", "simulated", 5, simulated=True) as folder:
        folder.commit([(*span, False, attacked)], "", scene.first + 45)
    assert len(watch(ledger, tmp_path / "same", tmp_path / "new")) == 1


def test_files_of_others_and_bad_lists_are_refused(tmp_path: Path) -> None:
    """A folder that does not say what is final is no feed; a list that is missing is told."""
    with pytest.raises(InputError) as raised:
        FinalBlocks(tmp_path)
    assert raised.value.code == "threats.folder"
    listed = tmp_path / "list.csv"
    listed.write_text("address\n0x12\n")
    with pytest.raises(InputError) as raised:
        CHAIN_THREATS.make({"least": 50.0, "known": str(listed)})
    assert raised.value.code == "threats.known"


def test_labels_are_a_setting(ledger: Ledger, tmp_path: Path) -> None:
    """With a list, accounts that live on what a labelled one sent are alerts, too."""
    scene, (attack,) = scene_with(("laundering",))
    write_chain(tmp_path / "chain", scene.tables())
    listed = tmp_path / "list.csv"
    listed.write_text("address,label\n" + "".join(f"{a},{b}\n" for a, b in attack.known.items()))
    feed = FinalBlocks(tmp_path / "chain")
    chosen = choose("chain-threats", {"known": str(listed)})
    with Runner(ledger, chosen, feed, tmp_path / "state") as runner:
        feed.poll()
        told = [one.to_json() for one in runner.round()]
    assert {one["kind"] for one in told} == {"bad-neighbour"}
