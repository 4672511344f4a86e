"""Simulated traffic is labelled, repeatable, and keeps the rules that a real chain keeps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from counterfoil.errors import InputError
from counterfoil.insight.folder import read_state
from counterfoil.insight.opening import open_tables
from counterfoil.insight.simulate import CHAIN_ID, simulate
from counterfoil.insight.tables import Tables
from counterfoil.learn.forecast.basefee import next_base_fee


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate 6,000 transactions."""
    place = tmp_path_factory.mktemp("simulated")
    simulate(place, 6000, 3)
    return place


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    """Open them."""
    return open_tables(folder)


def test_it_says_that_it_is_simulated(folder: Path, tables: Tables) -> None:
    """The state, the chain id, each block and whoever opens it say so."""
    state = read_state(folder)
    assert (state.simulated, state.chain_id) == (True, CHAIN_ID)
    assert "simulated" in state.source
    assert tables.notes == ("the data is simulated",)
    said = tables.sql("SELECT DISTINCT extra_data AS said FROM blocks").to_pylist()
    assert [bytes.fromhex(one["said"][2:]) for one in said] == [b"simulated"]


def test_blocks_keep_the_rules(tables: Tables) -> None:
    """Blocks name their parents, hold what they say, and base fees follow EIP-1559 exactly."""
    found = tables.sql("SELECT * FROM blocks ORDER BY number").to_pylist()
    for one, two in pairwise(found):
        assert two["parent_hash"] == one["hash"]
        assert two["number"] == one["number"] + 1
        expected = next_base_fee(int(one["base_fee_per_gas"]), one["gas_used"], one["gas_limit"])
        assert int(two["base_fee_per_gas"]) == expected
    held = tables.sql(
        "SELECT count(*) AS n, sum(receipt_gas_used)::BIGINT AS gas FROM transactions "
        "GROUP BY block_number ORDER BY block_number"
    ).to_pylist()
    filled = [one for one in found if one["transaction_count"]]
    assert [one["n"] for one in held] == [one["transaction_count"] for one in filled]
    assert [one["gas"] for one in held] == [one["gas_used"] for one in filled]


def test_transactions_keep_the_rules(tables: Tables) -> None:
    """Nonces count each sender's transactions; reverted ones cause nothing."""
    wrong = tables.sql(
        "SELECT hash FROM (SELECT hash, nonce, row_number() OVER (PARTITION BY from_address "
        "ORDER BY block_number, transaction_index) - 1 AS place FROM transactions) "
        "WHERE nonce <> place"
    )
    assert wrong.num_rows == 0
    caused = tables.sql(
        "SELECT l.transaction_hash FROM logs AS l JOIN transactions AS t "
        "ON t.hash = l.transaction_hash WHERE t.receipt_status = 0 OR t.to_address <> l.address"
    )
    assert caused.num_rows == 0
    moved = tables.sql(
        "SELECT count(*) AS n FROM token_transfers AS x JOIN logs AS l "
        "ON l.transaction_hash = x.transaction_hash AND l.log_index = x.log_index "
        "WHERE l.topics[3][27:] = x.to_address[3:] AND l.topics[2][27:] = x.from_address[3:]"
    ).to_pylist()
    assert moved == [{"n": tables.count("token_transfers")}]


def test_the_same_seed(tmp_path: Path, tables: Tables) -> None:
    """One seed gives one chain, another seed another one."""
    simulate(tmp_path / "same", 6000, 3)
    simulate(tmp_path / "other", 6000, 4)
    with open_tables(tmp_path / "same") as same, open_tables(tmp_path / "other") as other:
        assert same.digest == tables.digest
        assert other.digest != tables.digest


def test_a_few_are_in_most(tables: Tables) -> None:
    """A tenth of the senders send most transactions, as on real chains."""
    found = tables.sql(
        "SELECT count(*) AS n FROM transactions GROUP BY from_address ORDER BY n DESC"
    )["n"].to_pylist()
    assert sum(found[: len(found) // 10]) > sum(found) / 2


@pytest.mark.parametrize(("transactions", "seed"), [(0, 1), (10**9, 1), (5, -1)])
def test_what_is_refused(tmp_path: Path, transactions: int, seed: int) -> None:
    """Too few, too many, or no seed."""
    with pytest.raises(InputError) as caught:
        simulate(tmp_path, transactions, seed)
    assert caught.value.code == "insight.simulate"


def test_one_transaction_and_a_used_folder(tmp_path: Path) -> None:
    """One transaction is a chain; a folder that holds tables is not added to."""
    assert sum(part.rows["transactions"] for part in simulate(tmp_path, 1, 0).parts) == 1
    with pytest.raises(InputError, match="expected a new folder"):
        simulate(tmp_path, 1, 0)
