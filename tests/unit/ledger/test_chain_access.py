"""A ledger's own chain is reached from any process; others are not reached at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import counterfoil
from counterfoil.errors import NotFound, Refused
from counterfoil.ledger import open_ledger
from counterfoil.ports import ChainCall
from tests.ledgers import set_setting
from tests.statements import refused


def test_the_owner_asks_for_others(folder: Path) -> None:
    """Owner, another process and a reader see one chain; what it refuses reaches whoever asked."""
    set_setting(folder, "anchor_chains", '["embedded"]')
    with counterfoil.open(folder) as owner, counterfoil.open(folder) as other:
        with closing(owner.open_chain()) as here, closing(other.open_chain("embedded")) as there:
            assert here.chain_id == there.chain_id
            assert here.head() == there.head()
            assert there.kind == "embedded"
            for chain in (here, there):
                with refused("chain.reverted", Refused):
                    chain.call(ChainCall(None, b"\xfe"))
        with open_ledger(folder, read_only=True) as reader, closing(reader.open_chain()) as seen:
            assert seen.chain_id == here.chain_id
        (state,) = other.anchor(60, only="embedded")
        assert state.phase == "final"


def test_only_chains_of_the_settings(folder: Path) -> None:
    """What is not anchored on is not acted on."""
    with counterfoil.open(folder) as ledger, refused("anchor.no-chain", Refused):
        ledger.open_chain()
    set_setting(folder, "anchor_chains", '["http://127.0.0.1:9"]')
    with counterfoil.open(folder) as ledger:
        with refused("act.chain", NotFound):
            ledger.open_chain("embedded")
        with refused("anchor.no-chain", Refused):
            ledger._writable().ask_chain("eth_chainId", [])
