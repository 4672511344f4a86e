"""The supply app keeps what every app promises, and its story comes true in every party's log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from counterfoil.apps.supply.app import APP
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.trace import recall, trace
from counterfoil.apps.supply.replaying import replay
from counterfoil.apps.supply.shopper import check_page
from counterfoil.apps.supply.story import demo
from counterfoil.formats import evidence
from counterfoil.ledger import open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.state import STATE_ENVIRONMENT
from counterfoil.ports import Scene, no_progress
from counterfoil.proofs import equivocation
from counterfoil.testing import assert_conforms
from tests.journeys.receipt_window import Show

KEPT = "urn:epc:class:lgtin:4012345.022222.K2"
FIELD = "urn:epc:class:lgtin:4012345.011111.B7"
PARTIES = ("farm", "packer", "carrier", "ledger")

Played = tuple[Path, Mapping[str, Scene]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Play the story once."""
    folder = tmp_path_factory.mktemp("berries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_ENVIRONMENT, str(tmp_path_factory.mktemp("state")))
        yield folder, {one.name: one for one in demo(folder, no_progress)}


def test_it_conforms() -> None:
    """Its story runs, decisions come out again, and contracts refuse what is not proven."""
    found = assert_conforms(APP)
    assert found.commands > 25
    assert found.looked.decisions >= 5
    assert found.looked.actions >= 4
    assert found.looked.replayed >= 5
    assert found.attempts >= 6


def test_every_party_is_left_with_a_sound_log_that_the_others_witnessed(story: Played) -> None:
    """No log rests on its operator's word; what others said stands in it by their receipts."""
    folder, scenes = story
    assert scenes["farm"].facts["receipt"] == "witnessed 3 of 3"
    for name in PARTIES:
        assert audit(folder / name).findings == ()
    with open_ledger(folder / "ledger", read_only=True) as shop, index_of(shop) as index:
        links = trace(index, KEPT).links
        assert [one.how for one in links] == ["made-of"]
        said = shop.get(links[0].index).content
        assert said["received"]["origin"].startswith("counterfoil.local/packer/")


def test_the_carrier_planned_and_went_another_way_on_a_forecast(story: Played) -> None:
    """Its plan and the better way are in its own log, and come out the same again."""
    folder, scenes = story
    assert scenes["reroute"].facts["saves"] > 0
    with open_ledger(folder / "carrier") as carrier:
        decided = [one.index for one in carrier.decisions.ls(limit=100).hits]
        assert len(decided) == 2
        for index in decided:
            replay(carrier, index)
        based = carrier.get(scenes["reroute"].facts["decision"]).content["based_on"]
    assert based[1]["origin"].startswith("counterfoil.local/shop/")


def test_money_goes_back_for_warm_goods_and_to_the_supplier_for_good_ones(story: Played) -> None:
    """Two decisions, two orders: one comes back on the cold chain's breach, one is paid."""
    _, scenes = story
    assert scenes["order"].facts["decision"] != scenes["shortage"].facts["decision"]
    assert "1800 s are allowed" in scenes["return"].says
    paid = int(scenes["shortage"].facts["amount"])
    assert f"{paid / 100:,.2f}" in scenes["pay"].says


def test_a_recall_finds_both_pallets_of_the_bad_lot(story: Played) -> None:
    """What was filled from one field is found on each pallet that it was put on."""
    folder, _ = story
    with open_ledger(folder / "ledger", read_only=True) as shop, index_of(shop) as index:
        found = recall(index, FIELD).affected
    assert len({one.within for one in found if one.within}) == 2


def test_who_lied_is_proven_to_have_lied(story: Played) -> None:
    """The claim is doubted, no witness signs the second history, and the evidence stands alone."""
    folder, scenes = story
    assert any("km/h" in one for one in scenes["doubt"].facts["doubts"])
    assert len(scenes["caught"].facts["refused"]) == 3
    equivocation.verify(evidence.parse((folder / "carrier-evidence.json").read_bytes()))


@pytest.mark.browser
def test_the_shopper_checks_it_offline(story: Played, show: Show) -> None:
    """The page checks every step in a browser without a network, by the keys of the code."""
    folder, scenes = story
    page = (folder / "berries.html").read_bytes()
    checked = check_page(page, code=scenes["shopper"].facts["code"])
    assert len({one.who for one in checked.steps}) >= 3
    shown = show(page, offline=True)
    assert shown.outcome == "holds"
    shown.page.wait_for_selector("html[data-trust]", state="attached")
    shown.page.fill("#link", scenes["shopper"].facts["code"])
    expect(shown.page.locator("#keys")).to_contain_text("Keys as pinned by berries.example")
    assert shown.requests == [shown.url]
