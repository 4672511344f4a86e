"""A chain is made ready once, with nothing of ours replaced and no credential shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import NodeChain, create_embedded, deploy, faucet_of
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.contracts import load_artifact
from counterfoil.errors import InputError, Unavailable, VerificationError
from counterfoil.formats import anchors as anchor_files
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.anchor_setup import (
    anchor_account,
    name_of_place,
    owner_account,
    register,
)
from counterfoil.ledger.config import load_config
from counterfoil.ledger.policy_file import own_keys
from counterfoil.ledger.results import Recorded
from tests.ledgers import set_setting
from tests.lying_node import LyingNode
from tests.probe_contract import compiled
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
    layout = Layout(folder)
    with closing(create_embedded(layout.chain)) as chain:
        deploy(chain, faucet_of(layout.chain), compiled(), layout.deployments, arguments=bytes(32))
    path = next(layout.deployments.iterdir())
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


def test_it_may_be_cut_off_anywhere(folder: Path) -> None:
    """Whichever request fails, the next try goes on: one registration, one statement."""
    layout, stated, fails = Layout(folder), dict[tuple[str, int], int](), 0
    keys = own_keys(layout, load_config(layout.config).origin).keys

    def record(kind: str, fields: Mapping[str, Any], source: str, number: int) -> Recorded:
        del kind, fields
        index = stated.setdefault((source, number), len(stated) + 3)
        return Recorded(index, "", source, number)

    with (
        closing(create_embedded(layout.chain)) as chain,
        closing(AnchorBook(layout.anchor_book, create=True)) as book,
    ):
        while True:
            node = LyingNode(chain.transport)
            cut = NodeChain(node, chain.chain_id, "embedded", "us", 0)
            node.lies = dict.fromkeys(METHODS, _fail_after(fails))
            try:
                register(layout, "embedded", cut, keys, book, record)
                break
            except Unavailable:
                fails += 1
        contract, note = register(layout, "embedded", chain, keys, book, record)
        assert fails > 10
        assert contract.owner_of(note.log_id) == owner_account(layout).address
        assert len(stated) == 1
        assert note.stated == 3
        (named,) = anchor_files.parse(layout.anchors.read_bytes())
        assert (named.contract, named.owner) == (note.contract, note.owner)


METHODS = (
    *("eth_sendRawTransaction", "eth_call", "eth_getTransactionReceipt", "eth_getCode"),
    *("eth_getBlockByNumber", "eth_estimateGas", "eth_getTransactionCount", "eth_getBalance"),
)


def _fail_after(left: int) -> Callable[[Sequence[Any], Callable[[], Any]], Any]:
    def answer(_: Sequence[Any], honest: Callable[[], Any]) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unavailable("chain.unreachable", "expected an answer, but it was cut")
        return honest()

    return answer
