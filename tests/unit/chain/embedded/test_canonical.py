"""Multicall3 stands where every library looks for it, and is the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.chain import ContractAbi
from counterfoil.chain.embedded.canonical import MULTICALL3, canonical_contracts
from counterfoil.errors import VerificationError
from counterfoil.ports import ChainCall
from tests.chains import embedded, funded

ABI = ContractAbi(
    [
        {
            "type": "function",
            "name": "aggregate3",
            "inputs": [
                {
                    "name": "calls",
                    "type": "tuple[]",
                    "components": [
                        {"name": "target", "type": "address"},
                        {"name": "allowFailure", "type": "bool"},
                        {"name": "callData", "type": "bytes"},
                    ],
                }
            ],
            "outputs": [
                {
                    "name": "returnData",
                    "type": "tuple[]",
                    "components": [
                        {"name": "success", "type": "bool"},
                        {"name": "returnData", "type": "bytes"},
                    ],
                }
            ],
        },
        {
            "type": "function",
            "name": "getEthBalance",
            "inputs": [{"name": "addr", "type": "address"}],
            "outputs": [{"name": "balance", "type": "uint256"}],
        },
        {
            "type": "function",
            "name": "getChainId",
            "inputs": [],
            "outputs": [{"name": "chainid", "type": "uint256"}],
        },
    ]
)


def test_many_views_in_one_call(tmp_path: Path) -> None:
    """One call of Multicall3 gives the answers of several, and says which failed."""
    chain, faucet = embedded(tmp_path)
    account = funded(chain, faucet, 3)
    calls = [
        (MULTICALL3, False, ABI.encode("getEthBalance", account.address)),
        (MULTICALL3, False, ABI.encode("getChainId")),
        (MULTICALL3, True, b"\1\2\3\4"),
    ]
    data = chain.call(ChainCall(MULTICALL3, ABI.encode("aggregate3", calls)))
    (found,) = ABI.decode("aggregate3", data)
    assert [ok for ok, _ in found] == [True, True, False]
    numbers = [int.from_bytes(answer, "big") for _, answer in found]
    assert numbers[:2] == [chain.balance(account.address), chain.chain_id]
    chain.close()


def test_another_code_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that is not the known code is not put on any chain."""
    assert list(canonical_contracts()) == [MULTICALL3]
    monkeypatch.setattr("counterfoil.chain.embedded.canonical.files", lambda _: tmp_path)
    for text in ("6001", "not hexadecimal"):
        (tmp_path / "multicall3.hex").write_text(text)
        with pytest.raises(VerificationError) as caught:
            canonical_contracts()
        assert caught.value.code == "chain.canonical"
