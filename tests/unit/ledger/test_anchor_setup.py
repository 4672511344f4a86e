"""A chain is made ready once, with nothing of ours replaced and no credential shown."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.anchor_setup import anchor_account, name_of_place, owner_account
from tests.ledgers import set_setting
from tests.statements import refused


def test_names_show_no_credentials() -> None:
    """A node's key is in its address: the name has a digest in its place."""
    assert name_of_place("embedded") == "embedded"
    assert name_of_place("https://rpc.example") == "https://rpc.example"
    one, two = (name_of_place(f"https://rpc.example/v3/{key}") for key in ("secret", "other"))
    assert one.startswith("https://rpc.example#")
    assert "secret" not in one
    assert one != two
    with refused("chain.url", InputError):
        name_of_place("ftp://rpc.example")


def test_accounts_are_made_once(folder: Path) -> None:
    """Two keys, for their owner only, and the same ones each time."""
    layout = Layout(folder)
    owner, anchorer = owner_account(layout), anchor_account(layout)
    assert owner.address != anchorer.address
    assert owner_account(layout).address == owner.address
    for path in (layout.keys / "evm").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_a_contract_that_is_not_ours(folder: Path) -> None:
    """Where the registry names other code, nothing is anchored."""
    from counterfoil.chain import (
        ContractAbi,
        create_embedded,
        deploy,
        faucet_of,
    )
    from tests.probe_contract import compiled

    assert ContractAbi
    layout = Layout(folder)
    with closing(create_embedded(layout.chain)) as chain:
        deploy(chain, faucet_of(layout.chain), compiled(), layout.deployments, arguments=bytes(32))
    path = next(layout.deployments.iterdir())
    from counterfoil.contracts import load_artifact

    ours, text = load_artifact("anchor"), path.read_text(encoding="utf-8")
    theirs = compiled()
    for old, new in (
        (f'"{theirs.name}"', '"anchor"'),
        (theirs.abi_sha256, ours.abi_sha256),
        (theirs.source_sha256, ours.source_sha256),
    ):
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    set_setting(folder, "anchor_chains", '["embedded"]')
    with open_ledger(folder) as ledger, pytest.raises(VerificationError) as caught:
        ledger.anchor()
    assert caught.value.code == "anchor.contract"
