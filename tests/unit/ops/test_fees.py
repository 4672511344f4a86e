"""Base fees to come, from a chain or a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from counterfoil.cli import main
from counterfoil.errors import InputError
from counterfoil.learn.forecast.basefee import next_base_fee
from counterfoil.ops.fees import FeeForecast, fees
from counterfoil.ports import Channel
from tests.chains import embedded
from tests.shared_data import data_path

LIMIT = 30_000_000
BLOCKS = 160


def blocks(count: int = BLOCKS) -> list[tuple[int, int, int]]:
    """Make (fee, gas used, gas limit) of blocks by the rule."""
    random = np.random.default_rng(5)
    fee, made = 10**9, []
    for _ in range(count):
        used = int(LIMIT * np.clip(random.normal(0.5, 0.2), 0, 1))
        made.append((fee, used, LIMIT))
        fee = next_base_fee(fee, used, LIMIT)
    return made


def table(folder: Path, heads: str = "number,base_fee_per_gas,gas_used,gas_limit") -> Path:
    file = folder / "blocks.csv"
    wanted = heads.split(",")
    lines = [heads]
    for number, (fee, used, limit) in enumerate(blocks(), start=100):
        row = {
            "number": number, "base_fee_per_gas": fee, "gas_used": used, "gas_limit": limit
        }  # fmt: skip
        lines.append(",".join(str(row[name]) for name in wanted))
    file.write_text("\n".join(lines) + "\n")
    return file


def told(rpc: object, **options: object) -> FeeForecast:
    given = {"forecaster": "seasonal-naive", **options}
    return fees(rpc=str(rpc), channel=Channel(io.BytesIO(), io.BytesIO()), **given)  # type: ignore[arg-type]


def test_the_next_fee_is_exact(tmp_path: Path) -> None:
    """The next block's fee follows from the newest block by the rule, to the wei."""
    found = told(table(tmp_path), horizon=1)
    assert found.next_by == "rule"
    (step,) = found.steps
    assert step.base_fee_wei == step.low_wei == step.high_wei == next_base_fee(*blocks()[-1])
    assert (step.block, found.newest) == (100 + BLOCKS, 99 + BLOCKS)
    assert found.past is None


def test_further_fees_stay_within_the_rule(tmp_path: Path) -> None:
    """No forecast and no band leaves what an eighth a block allows; the past is judged."""
    found = told(table(tmp_path), horizon=8)
    first = found.steps[0].base_fee_wei
    for ahead, step in enumerate(found.steps):
        assert step.low_wei is not None
        assert step.high_wei is not None
        assert step.low_wei <= step.base_fee_wei <= step.high_wei
        assert step.high_wei <= first * 1.125**ahead + 1
        assert step.low_wei >= first * 0.875**ahead - 1
    assert found.steps[1].low_wei < found.steps[1].high_wei  # type: ignore[operator]
    assert found.windows > 20
    assert found.past is not None
    assert found.stays is not None


def test_without_gas_the_next_fee_is_forecast(tmp_path: Path) -> None:
    """A table of fees alone gives no exact next one, which is said."""
    found = told(table(tmp_path, "base_fee_per_gas"), horizon=2)
    assert found.next_by == "forecast"
    assert found.steps[0].block is None
    assert len(found.notes) == 1


def test_a_nodes_answer_in_a_file(tmp_path: Path) -> None:
    """The last fee of `eth_feeHistory` is that of the next block, by the node's word."""
    answer = {"oldestBlock": "0x64", "baseFeePerGas": ["0xa", "0xb", "0xc"]}
    file = tmp_path / "answer.json"
    for written in (answer, {"jsonrpc": "2.0", "id": 1, "result": answer}):
        file.write_text(json.dumps(written))
        found = told(file, horizon=1)
        assert (found.next_by, found.blocks, found.newest) == ("node", 2, 101)
        assert (found.steps[0].block, found.steps[0].base_fee_wei) == (102, 12)


def test_a_chain_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A chain's newest blocks are read, and its next fee is held against the rule."""
    chain, _ = embedded(tmp_path)
    chain.close()
    words = ["forecast", "fees", "--rpc", f"embedded:{tmp_path / 'chain.db'}", "--horizon", "1"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["next_by"] == "rule"
    assert found["steps"][0]["block"] == found["newest"] + 1
    assert main([*words, "--text"]) == 0
    assert "by EIP-1559, exactly" in capsys.readouterr().out


def test_fees_of_ethereum() -> None:
    """On 81 blocks of Ethereum the next fee is exact, and the bands of further ones hold fees."""
    file = data_path("eth_blocks_recent") / "blocks_2025_01_basefee.csv"
    found = told(file, horizon=5)
    assert found.next_by == "rule"
    assert found.past is not None
    assert found.past.coverage > 0.8


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.csv", "fee\n1\n", "series.column"),
        ("a.csv", "", "series.column"),
        ("a.csv", "base_fee\n", "fees.file"),
        ("a.csv", "base_fee\n-1\n", "fees.file"),
        ("a.csv", "base_fee\n1.5\n", "fees.file"),
        ("a.csv", "number,base_fee\n1,5\n3,5\n", "fees.file"),
        ("a.csv", "base_fee,gas_used,gas_limit\n5,9,3\n", "fees.block"),
        ("a.csv", "base_fee\n" + "5\n" * 9, "forecast.short"),
        ("a.json", "{}", "fees.file"),
        ("a.json", "[" * 100_000, "fees.file"),
        ("a.json", '{"oldestBlock": 3, "baseFeePerGas": ["0x1"]}', "fees.file"),
    ],
)
def test_files_that_hold_no_fees(tmp_path: Path, name: str, text: str, code: str) -> None:
    """The error says what was expected."""
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        told(file, horizon=3)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("options", "code"),
    [({"horizon": 0}, "forecast.horizon"), ({"blocks": 0}, "fees.blocks")],
)
def test_numbers_out_of_range(tmp_path: Path, options: dict[str, int], code: str) -> None:
    """The error says what was expected."""
    with pytest.raises(InputError) as caught:
        told(tmp_path / "none.csv", **options)
    assert caught.value.code == code
