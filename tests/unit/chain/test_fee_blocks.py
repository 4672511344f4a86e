"""Base fees of the newest blocks, joined from several answers, none of which is simply believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import NodeChain
from counterfoil.chain import fee_blocks as module
from counterfoil.chain.fee_blocks import newest_fees
from counterfoil.errors import CounterfoilError
from tests.chains import embedded, funded
from tests.lying_node import lying


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[NodeChain]:
    """A chain of a few blocks: each coin that is sent makes one."""
    made, faucet = embedded(tmp_path)
    for number in range(5):
        funded(made, faucet, 50 + number)
    yield made
    made.close()


@pytest.mark.parametrize("at_once", [1, 2, 1024])
def test_answers_are_joined(
    chain: NodeChain, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many blocks a node gives at once, fees are the same, one more than blocks."""
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    head = chain.head().number
    found = newest_fees(chain, 4)
    assert (found.first, len(found.fees)) == (head - 3, 5)
    assert found.gas_used > 0
    assert list(found.fees) == chain.base_fees(4)[1]
    whole = newest_fees(chain, 1000)
    assert (whole.first, len(whole.fees)) == (0, head + 2)
    assert whole.fees[-5:] == found.fees


@pytest.mark.parametrize(
    ("method", "change", "code"),
    [
        ("eth_feeHistory", lambda f: f.update(oldestBlock="0x1"), "chain.lied"),
        ("eth_feeHistory", lambda f: f.update(baseFeePerGas=["0x1"]), "chain.lied"),
        ("eth_feeHistory", lambda f: f.update(baseFeePerGas=[]), "chain.unreachable"),
        ("eth_feeHistory", lambda f: f["baseFeePerGas"].__setitem__(-1, "0x5"), "chain.lied"),
        ("eth_getBlockByNumber", lambda f: f.update(gasUsed="many"), "chain.unreachable"),
    ],
    ids=["other blocks", "too few", "none", "another fee", "no gas"],
)
def test_lies_about_fees(
    chain: NodeChain, monkeypatch: pytest.MonkeyPatch, method: str, change: Any, code: str
) -> None:
    """Answers that do not join are refused, and say which node gave them."""
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    asked: list[object] = []

    def lie(params: Any, honest: Any) -> Any:
        found = honest()
        asked.append(params)
        if code != "chain.lied" or len(asked) > 1:  # the first answer is not held against another
            change(found)
        return found

    liar, node = lying(chain)
    node.lies[method] = lie
    with pytest.raises(CounterfoilError) as caught:
        newest_fees(liar, 4)
    assert caught.value.code == code
