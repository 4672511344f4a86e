"""Three organisations on three machines: one is killed, one lies, one is cut off and comes back.

The machines are network namespaces; each organisation's log, witness and mirrors are its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from counterfoil.formats import policy as policies
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_file import replace_policy
from tests.journeys.command_line import PROGRAM
from tests.journeys.namespaces import Machines
from tests.journeys.organisations import (
    PORT,
    Organisation,
    copy_of,
    found,
    goes_on,
    has,
    until,
    vouched,
)

pytestmark = pytest.mark.root

Three = tuple[Organisation, Organisation, Organisation]


NAMES = ("farm", "carrier", "shop")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folders of three organisations that have agreed on everything."""
    place = tmp_path_factory.mktemp("founded")
    found(place, NAMES)
    return place


@pytest.fixture
def three(_only_as_root: None, tmp_path: Path, founded: Path) -> Iterator[Three]:
    """Give three organisations that run, and have seen each other."""
    place = tmp_path / "three"
    shutil.copytree(founded, place)
    with Machines(*NAMES) as machines, ExitStack() as stack:
        farm, carrier, shop = (Organisation(name, place / name, machines) for name in NAMES)
        for one in (farm, carrier, shop):
            stack.callback(one.kill)
            one.start()
        for one in (farm, carrier, shop):
            one.start_recording()
        for one in (farm, carrier, shop):
            until(f"all vouch for the {one.name}", all_vouch, one)
            for other in (farm, carrier, shop):
                if other is not one:
                    until(f"the {other.name} mirrors the {one.name}", has, other, one, 0)
        yield farm, carrier, shop


def all_vouch(one: Organisation) -> bool:
    """Tell whether all three witnesses cosigned what an organisation has published."""
    return vouched(one)[1] == 3


def policy_file(one: Organisation, folder: Path) -> Path:
    """Give a reader's own copy of an organisation's policy."""
    path = folder / f"{one.name}-policy.txt"
    path.write_bytes(policies.format(one.policy))
    return path


def mirrors(one: Organisation, other: Organisation) -> bool:
    """Tell whether an organisation's mirror of another's log has all of what stands there."""
    return one.mirrored(other) == other.published()


def show_two_histories(
    shop: Organisation, carrier: Organisation, twin: Organisation, farm: Organisation
) -> None:
    """Let the shop go on in two copies of all that it has: one for the carrier, one for the farm.

    Each asks only the witness of the one that it is shown to, and its own.
    """
    for one, friend in ((shop, carrier), (twin, farm)):
        asked = (w if w.name == friend.name else replace(w, url=None) for w in one.policy.witnesses)
        replace_policy(Layout(one.ledger), replace(one.policy, witnesses=tuple(asked)))
    shop.machines.detour("shop", "farm", PORT, PORT + 1)
    shop.start()
    twin.start(PORT + 1)
    for one in (shop, twin):
        until("the shop serves", bool, one.told)
    shop.record("10 crates arrived")
    for text in ("8 crates arrived", "and nothing else"):
        twin.record(text)
    for one, friend in ((shop, carrier), (twin, farm)):
        size = one.published().size
        until(f"the {friend.name} vouches for its history", goes_on, one, size - 1)
        until(f"the {friend.name} mirrors its history", mirrors, friend, one)
    assert carrier.mirrored(shop) != farm.mirrored(twin)


def test_one_is_killed(three: Three, tmp_path: Path) -> None:
    """The others go on, with their quorum, and prove to anybody what the killed one said."""
    farm, carrier, shop = three
    until("the farm recorded", lambda: len(farm.recorded) > 20)
    last = farm.recorded[20]["index"]
    until("the shop has it", has, shop, farm, last)
    farm.kill()
    for one in (carrier, shop):
        until(f"the {one.name} goes on", goes_on, one, one.published().size + 20)
    shutil.rmtree(farm.ledger / "tile")
    policy, copy = policy_file(farm, tmp_path), tmp_path / "copy"
    served = shop.serve(shop.mirror_of("farm"), PORT + 1)
    words: list[str | Path] = ["mirror", "run", served, copy, "--policy", policy, "--once"]
    assert carrier.command(*words).json()["size"] > last
    for index in (0, last):
        out = tmp_path / f"{index}.json"
        carrier.command("mirror", "receipt", str(index), copy, "--out", out).json()
        proven = carrier.command("verify", out, "--policy", policy).json()
        assert (proven["index"], proven["grade"].split()[0]) == (index, "witnessed")


def test_one_lies(three: Three, tmp_path: Path) -> None:
    """A log that shows each of the others its own history, with a quorum, is convicted."""
    farm, carrier, shop = three
    policy, seen = policy_file(shop, tmp_path), tmp_path / "seen"
    of_farm = farm.serve(farm.mirror_of("shop"), PORT + 1)
    monitor: list[str | Path] = ["monitor", "run", shop.url, of_farm, "--policy", policy, "--once"]
    honest = carrier.command(*monitor, "--state", tmp_path / "before")
    assert honest.status == 0, honest.out
    shop.stop()
    with copy_of(shop, tmp_path / "twin") as twin:
        show_two_histories(shop, carrier, twin, farm)
        caught = carrier.command(*monitor, "--state", seen)
    assert caught.status == 1, caught.out
    files = list((seen / "evidence").iterdir())
    assert files
    for file in files:  # read where there is no network
        words = ["evidence", "verify", str(file), "--policy", str(policy)]
        shown = subprocess.run(
            ["unshare", "--net", PROGRAM, *words], capture_output=True, check=True
        )
        proven = json.loads(shown.stdout)
        assert (proven["origin"], proven["in_policy"]) == (shop.published().origin, True)


def test_one_is_cut_off(three: Three, tmp_path: Path) -> None:
    """A log that is cut off goes on alone, below its quorum; when it is back all vouch for it."""
    farm, carrier, shop = three
    shop.machines.cut("shop")
    alone = shop.record("nobody hears me")
    until("it is published", lambda: shop.published().size > alone)
    assert vouched(shop) == (0, 0)
    out, policy = tmp_path / "receipt.json", policy_file(shop, tmp_path)
    words: list[str | Path] = ["receipt", "get", str(alone), "--ledger", shop.ledger, "--out", out]
    shop.command(*words).json()
    refused = shop.command("verify", out, "--policy", policy)
    assert (refused.status, "trust.quorum" in refused.err) == (1, True)
    for one in (farm, carrier):
        until(f"the {one.name} goes on", goes_on, one, one.published().size + 20)
        assert not has(one, shop, alone)
    shop.machines.heal("shop")
    until("it has its quorum again", goes_on, shop, alone)
    until("all vouch for it", all_vouch, shop)
    out.unlink()
    shop.command(*words).json()
    proven = carrier.command("verify", out, "--policy", policy).json()
    assert (proven["index"], proven["grade"].split()[0]) == (alone, "witnessed")
    for one in (farm, carrier):
        until(f"the {one.name} has it", has, one, shop, alone)
