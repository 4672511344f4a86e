"""Opening a chain by its address: the right engine, the right chain, and who runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import ensure_embedded, node_of, open_chain
from counterfoil.chain.embedding import OPERATOR, faucet_path
from counterfoil.errors import (
    Conflict,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from tests.chains import embedded
from tests.lying_node import Reply, misbehaving_server


def chain_seven(call: dict[str, Any]) -> Reply:
    """Answer that the chain is number 7."""
    return 200, json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": "0x7"}).encode(), {}


def test_an_embedded_chain(tmp_path: Path) -> None:
    """It is opened where it was left, and run by the ledger's own operator."""
    chain, _ = embedded(tmp_path)
    chain_id, head = chain.chain_id, chain.head()
    chain.close()
    url = f"embedded:{tmp_path / 'chain.db'}"
    chain = open_chain(url, chain_id=chain_id)
    assert (chain.kind, chain.url, chain.run_by) == ("embedded", url, OPERATOR)
    assert (chain.head(), chain.final(), chain.confirmations) == (head, head, 0)
    chain.close()
    chain.close()
    with pytest.raises(Unavailable):
        chain.head()
    with pytest.raises(VerificationError) as caught:
        open_chain(url, chain_id=chain_id + 1)
    assert caught.value.code == "chain.wrong-network"
    open_chain(url).close()  # the refused one gave its lock back


def test_a_node() -> None:
    """A node's chain is whoever's answers there, and must be the one expected."""
    with misbehaving_server(chain_seven) as url:
        chain = open_chain(url, chain_id=7)
        assert (chain.kind, chain.url, chain.chain_id) == ("rpc", url, 7)
        assert chain.run_by == f"whoever answers at {url}"
        with pytest.raises(InputError):
            node_of(chain)
        chain.close()
        with pytest.raises(VerificationError) as caught:
            open_chain(url, chain_id=8)
        assert caught.value.code == "chain.wrong-network"


@pytest.mark.parametrize(
    "result",
    [{"result": "7"}, {"result": None}, {"error": {"code": -32601, "message": "no"}}],
    ids=range(3),
)
def test_what_is_no_node(result: dict[str, Any]) -> None:
    """A server that tells no chain id is none."""

    def answer(call: dict[str, Any]) -> Reply:
        return 200, json.dumps({"id": call["id"], **result}).encode(), {}

    with misbehaving_server(answer) as url, pytest.raises(Unavailable):
        open_chain(url)


def test_settings() -> None:
    """Confirmations are not negative, and an address is one."""
    for url, options in (("embedded:x", {"confirmations": -1}), ("ftp://x", {})):
        with pytest.raises(InputError):
            open_chain(url, **options)  # type: ignore[arg-type]  # either kind


def test_what_is_not_there(tmp_path: Path) -> None:
    """A missing chain is not made by opening it, and one that is owned names its owner."""
    with pytest.raises(NotFound) as caught:
        open_chain(f"embedded:{tmp_path / 'chain.db'}")
    assert caught.value.code == "chain.missing"
    assert list(tmp_path.iterdir()) == []
    chain, _ = embedded(tmp_path)
    with pytest.raises(Conflict) as owned:
        open_chain(chain.url)
    assert owned.value.code == "chain.owned"
    reader = open_chain(chain.url, read_only=True)
    assert reader.head() == chain.head()
    reader.close()
    chain.close()


def test_made_when_missing(tmp_path: Path) -> None:
    """A chain is made once, with a faucet key that an earlier crash may have left."""
    path = tmp_path / "chain.db"
    chain = ensure_embedded(path)
    known = chain.chain_id
    chain.close()
    chain = ensure_embedded(path)
    assert chain.chain_id == known
    chain.close()
    path.unlink()
    kept = faucet_path(path).read_bytes()
    chain = ensure_embedded(path)
    assert chain.chain_id != known
    assert faucet_path(path).read_bytes() == kept
    assert node_of(chain).chain_id == chain.chain_id
    chain.close()


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    """Neither the room nor a node's address loads web3 or an EVM."""
    code = (
        "import sys, counterfoil.chain as c\n"
        "try: c.open_chain('http://127.0.0.1:1')\n"
        "except Exception as err: print(err.code)\n"
        "print([m for m in ('web3', 'eth', 'eth_account', 'uvicorn') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout.split("\n") == ["chain.unreachable", "[]", ""]
