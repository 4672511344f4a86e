"""What anchoring costs, as whole transactions on the embedded EVM's engine; the limits hold."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

import pytest
from eth_tester import EthereumTester, PyEVMBackend

from counterfoil.chain import ContractAbi
from counterfoil.contracts import load_artifact
from tests.contracts.gas_cases import LEVELS, GasCase, Where, gas_cases, growth
from tests.contracts.gas_page import check_documented

Measure = Callable[[GasCase], int]


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

    known: dict[str, int] = {}

    def run(case: GasCase) -> int:
        if case.name in known:
            return known[case.name]
        used: list[object] = []
        for call in case.calls:
            data = abi.encode(call.function, *call.resolved(where))
            used.append(send(call.sender, where.contract, data, 1_000_000)["gas_used"])
        known[case.name] = int(str(used[-1]))
        return known[case.name]

    return run


@pytest.fixture(scope="module")
def used(measure: Measure) -> dict[str, int]:
    """Give the gas of each row of the table."""
    table = {case.name: measure(case) for case in gas_cases()}
    for level in LEVELS:
        table[f"2^{level}, growth, mean"] = round(mean(measure(case) for case in growth(level)))
    return table


def test_limits(used: dict[str, int]) -> None:
    """No case uses more than its limit, as one whole transaction."""
    assert [case.name for case in gas_cases() if used[case.name] > case.limit] == []


def test_anchoring_past_2_to_the_30(used: dict[str, int], measure: Measure) -> None:
    """Beyond 2^30 leaves, less than 90,000 gas: in the mean, and always for whole tiles."""
    assert used["2^30, growth, mean"] < 90_000
    assert used["2^30, whole tiles of 256"] < 90_000
    assert max(measure(case) for case in growth(30)) < used["2^30, worst"] < 99_000


def test_the_documented_table(used: dict[str, int]) -> None:
    """The table in the reference says what is measured; a few zero bytes may differ."""
    check_documented("### Anchor", used)


def test_deploying() -> None:
    """The contract fits into a block and under the limit of EIP-170 with room to spare."""
    artifact = load_artifact("anchor")
    assert len(artifact.runtime) < 24_576 * 2 // 3
    assert len(artifact.bytecode) < 49_152
