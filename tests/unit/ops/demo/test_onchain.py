"""The demonstration's chain: used where it is installed, asked, and cheated only on copies."""

from __future__ import annotations

import sys

import pytest

from counterfoil.errors import Refused, Unavailable
from counterfoil.ledger import Layout, Ledger, open_ledger
from counterfoil.ledger.config import load_config
from counterfoil.ledger.results import AnchorState
from counterfoil.ops.demo.onchain import anchor, has_chain, use_chain
from counterfoil.ops.demo.place import DemoPlace


@pytest.mark.parametrize("missing", ["web3", "eth"])
def test_it_is_known_without_loading_whether_there_is_one(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Where a part of the extra is missing there is no chain, and nothing fails."""
    assert has_chain()
    monkeypatch.setitem(sys.modules, missing, None)
    assert not has_chain()


def test_settings_of_ones_own_stay(place: DemoPlace) -> None:
    """A fresh ledger gets its own chain and a short wait; what somebody set is left alone."""
    layout = Layout(place.ledger)
    use_chain(layout)
    config = load_config(layout.config)
    assert (config.anchor_chains, config.anchor_max_wait_s) == (("embedded",), 30.0)
    text = layout.config.read_text().replace("30.0", "77.0")
    layout.config.write_text(text)
    use_chain(layout)
    assert layout.config.read_text() == text


def test_without_a_chain_there_is_nothing_to_anchor_on(place: DemoPlace) -> None:
    """A ledger whose settings name no chain says so."""
    with open_ledger(place.ledger) as ledger, pytest.raises(Refused) as caught:
        anchor(ledger)
    assert caught.value.code == "anchor.no-chain"


def test_an_anchor_that_is_not_final_is_no_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not become final is not told as if it had."""
    state = AnchorState("embedded:c", 1, "us", None, None, 5, "sent", trouble=("x", "y"))
    monkeypatch.setattr(Ledger, "anchor", lambda self: [state])
    with pytest.raises(Unavailable, match="an anchor that is final"):
        anchor(Ledger.__new__(Ledger))
