"""What anchoring costs, as whole transactions on the embedded EVM's engine; the limits hold.

Run with `-s` to see the table of docs/reference/contracts.md.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

import pytest
from eth_tester import EthereumTester, PyEVMBackend

from counterfoil.chain import ContractAbi
from counterfoil.contracts import load_artifact
from tests.contracts.gas_cases import LEVELS, GasCase, Where, gas_cases, growth

Measure = Callable[[GasCase], int]
BLOCK_GAS = 30_000_000


@pytest.fixture(scope="module")
def measure() -> Measure:
    """Give a function that runs a case's transactions, and tells what the last one used."""
    artifact = load_artifact("anchor")
    chain = EthereumTester(PyEVMBackend())
    accounts = tuple(chain.get_accounts()[:4])
    abi = ContractAbi(artifact.abi)

    def send(sender: int, to: str, data: bytes, gas: int) -> dict[str, object]:
        wanted = {"from": accounts[sender], "to": to, "data": "0x" + data.hex(), "gas": gas}
        receipt = chain.get_transaction_receipt(chain.send_transaction(wanted))
        assert receipt["status"] == 1
        return dict(receipt)

    made = send(0, "", artifact.bytecode, 5_000_000)
    where = Where(131277322940537, str(made["contract_address"]), accounts)

    def run(case: GasCase) -> int:
        used: list[object] = []
        for call in case.calls:
            data = abi.encode(call.function, *call.resolved(where))
            used.append(send(call.sender, where.contract, data, 1_000_000)["gas_used"])
        return int(str(used[-1]))

    return run


def test_limits(measure: Measure, capsys: pytest.CaptureFixture[str]) -> None:
    """No case of the table uses more than its limit, as one whole transaction."""
    used = {case.name: (measure(case), case.limit) for case in gas_cases()}
    print("\n".join(f"{name:45}{gas:>9,}" for name, (gas, _) in used.items()))
    assert {name: both for name, both in used.items() if both[0] > both[1]} == {}


@pytest.mark.parametrize("level", LEVELS)
def test_growth(measure: Measure, level: int) -> None:
    """A log that grows past 2^30 leaves pays less than 90,000 gas an anchor, in the mean."""
    used = [measure(case) for case in growth(level)]
    print(f"2^{level}, growth: {min(used):,} to {max(used):,}, mean {mean(used):,.0f}")
    assert mean(used) < 90_000
    assert max(used) < 99_000


def test_deploying(measure: Measure) -> None:
    """The contract fits into a block and under the limit of EIP-170 with room to spare."""
    artifact = load_artifact("anchor")
    assert len(artifact.runtime) < 24_576 * 2 // 3
    assert len(artifact.bytecode) < 49_152
