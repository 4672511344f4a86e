"""Figures are what a slow count of the same data gives, and do not depend on threads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import pytest

from counterfoil.insight.figures import Result, figures, run, shape_of
from counterfoil.insight.opening import open_tables
from counterfoil.insight.simulate import simulate
from counterfoil.insight.tables import Tables
from counterfoil.ports import ChainTables
from tests.shared_data import data_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate 3,000 transactions."""
    place = tmp_path_factory.mktemp("figures")
    simulate(place, 3000, 5)
    return place


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    """Open them."""
    return open_tables(folder)


@pytest.fixture(scope="module")
def made(tables: Tables) -> dict[str, Result]:
    """Make all figures."""
    return all_of(tables)


def all_of(tables: ChainTables) -> dict[str, Result]:
    """Make all figures: name -> result."""
    kept: dict[str, Any] = {}
    return {one.name: run(tables, one, kept) for one in figures(shape_of(tables))}


def records(result: Result) -> list[dict[str, Any]]:
    """Give a result's rows by column."""
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def test_every_figure_is_made(made: dict[str, Result]) -> None:
    """Simulated data holds what every figure needs, and each has rows."""
    assert len(made) == len(figures(shape_of(open_tables(data_path("eth_raw_blocks")))))
    for result in made.values():
        assert result.missing == ()
        assert result.rows, result.figure.name


def test_threads_change_nothing(folder: Path, made: dict[str, Result]) -> None:
    """One thread gives the same digests as many: the order of sums is no part of a result."""
    with open_tables(folder, threads=1) as tables:
        alone = all_of(tables)
    assert {n: r.sha256 for n, r in alone.items()} == {n: r.sha256 for n, r in made.items()}


def test_concentration(tables: Tables, made: dict[str, Result]) -> None:
    """Gini, HHI and top shares are those of the textbook, counted pair by pair."""
    moved: dict[str, int] = {}
    for one in tables.sql(
        "SELECT from_address AS a, value FROM transactions WHERE receipt_status = 1 AND value > 0"
    ).to_pylist():
        moved[one["a"]] = moved.get(one["a"], 0) + int(one["value"])
    values = sorted(moved.values())
    total, count = sum(values), len(values)
    apart = sum(abs(one - two) for one in values for two in values)
    sent = records(made["concentration"])[0]
    assert sent["side"] == "sent"
    assert sent["accounts"] == count
    assert sent["gini"] == pytest.approx(apart / (2 * count * total))
    assert sent["hhi"] == pytest.approx(sum((one / total) ** 2 for one in values))
    assert sent["top_10"] == pytest.approx(sum(values[-10:]) / total)
    curve = [one for one in records(made["lorenz"]) if one["side"] == "sent"]
    assert curve[-1] == {"side": "sent", "accounts": 1, "coins": 1}
    assert all(one["coins"] <= two["coins"] for one, two in pairwise(curve))
    assert all(one["coins"] <= one["accounts"] for one in curve)


def test_sums_over_time(tables: Tables, made: dict[str, Result]) -> None:
    """Buckets add up to the whole, for transactions, coins, gas and contracts."""
    overview = records(made["overview"])[0]
    for name, column, total in (
        ("transactions-over-time", "transactions", overview["transactions"]),
        ("coins-over-time", "coins", overview["coins_moved"]),
        ("gas-over-time", "gas", records(made["blocks"])[0]["gas_used"]),
        ("contracts-over-time", "contracts", tables.count("contracts")),
        ("fullness", "blocks", tables.count("blocks")),
    ):
        assert sum(one[column] for one in records(made[name])) == pytest.approx(total)


def test_the_fee_rule_on_real_blocks() -> None:
    """Eighty of eighty real base fees follow from the block before, by EIP-1559."""
    with open_tables(data_path("eth_blocks_recent") / "blocks_2025_01_basefee.csv") as tables:
        found = records(all_of(tables)["fee-rule"])
    assert found == [{"blocks_with_parent": 80, "by_rule": 80}]


def test_fees_paid(tables: Tables, made: dict[str, Result]) -> None:
    """The middle of priority fees lies where a sorted list has it."""
    found = records(made["priority-fee"])
    step = shape_of(tables).step
    for one in (found[0], found[-1]):
        paid = tables.sql(
            "SELECT t.gas_price - b.base_fee_per_gas AS tip FROM transactions AS t "
            "JOIN blocks AS b ON b.number = t.block_number "
            "WHERE t.block_timestamp >= ? AND t.block_timestamp < ?",
            [one["since"], one["since"] + step],
        )
        tips = sorted(int(tip) for tip in paid["tip"].to_pylist())
        assert one["median"] == pytest.approx(tips[(len(tips) - 1) // 2] / 1e9)
        assert one["low"] <= one["median"] <= one["high"]


def test_the_network(tables: Tables, made: dict[str, Result]) -> None:
    """Parts, cores and PageRank are those of another library on the same edges."""
    graph = nx.DiGraph()
    for one in tables.sql(
        "SELECT from_address AS a, to_address AS b, count(*) AS n FROM transactions "
        "WHERE to_address IS NOT NULL AND from_address <> to_address GROUP BY ALL"
    ).to_pylist():
        graph.add_edge(one["a"], one["b"], weight=one["n"])
    parts = sorted((len(one) for one in nx.weakly_connected_components(graph)), reverse=True)
    found = records(made["parts"])
    assert [one["accounts"] for one in found] == [len(graph), *parts[:5]]
    ranks = nx.pagerank(graph, alpha=0.85, tol=1e-12)
    cores = nx.core_number(graph.to_undirected())
    for one in records(made["central-accounts"]):
        assert one["rank"] == pytest.approx(ranks[one["account"]], abs=1e-6)
        assert one["core"] == cores[one["account"]]
        assert one["partners"] == len(graph.to_undirected()[one["account"]])
    degrees = records(made["degrees"])
    assert sum(one["accounts"] for one in degrees) == len(graph)


def test_communities_add_up(made: dict[str, Result]) -> None:
    """Accounts of the communities are at most all, and the simulated groups show."""
    everything, *rest = records(made["communities"])
    assert sum(one["accounts"] for one in rest) <= everything["accounts"]
    assert everything["modularity"] > 0.2
    assert all(0 <= one["inside"] <= 1 for one in rest)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        (["eth_blocks_recent/blocks_2025_07.csv"], {"base-fee", "top-senders", "same-code"}),
        (["eth_blocks_recent/transactions_2025_07.csv"], {"gas-over-time", "newest-contracts"}),
        (["eth_raw_blocks"], {"same-code"}),
    ],
    ids=["blocks only", "transactions only", "two whole blocks"],
)
def test_data_that_lacks_something(files: list[str], missing: set[str]) -> None:
    """What the data does not hold is named, and no figure makes it up."""
    with open_tables(*(data_path(one) for one in files)) as tables:
        found = all_of(tables)
    lacking = {name for name, one in found.items() if one.missing}
    assert missing <= lacking
    assert all(not one.rows for one in found.values() if one.missing)
    assert found["overview"].rows


def test_an_account_alone(tmp_path: Path) -> None:
    """Who deals with nobody else is in no network, and the figures say nothing of it."""
    (tmp_path / "a.csv").write_text("hash,from_address,to_address,value\n0x1,0xa,0xa,5\n")
    with open_tables(tmp_path) as tables:
        found = all_of(tables)
    for name in ("communities", "central-accounts", "parts", "degrees", "largest-flows"):
        assert found[name].rows == ()
        assert found[name].columns
    assert records(found["concentration"])[0]["top_1"] == 1


def test_buckets(tables: Tables) -> None:
    """There are at most some sixty buckets, of blocks where the data has no times."""
    shape = shape_of(tables)
    found = tables.sql(f"SELECT DISTINCT {shape.of_blocks} FROM blocks")  # noqa: S608
    assert 2 <= found.num_rows <= 61
    with open_tables(data_path("eth_blocks_recent") / "transactions_2025_07.csv") as untimed:
        assert not shape_of(untimed).timed
