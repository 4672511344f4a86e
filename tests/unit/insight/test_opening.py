"""Every form that a chain's data comes in is read to the same tables, exactly or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.insight.copying import copy_tables
from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.opening import digest_of, open_tables
from counterfoil.insight.tables import SCHEMAS, TABLES, Tables, arrow_schema
from tests.chain_rows import as_cryo, as_csv, as_node, raw_blocks
from tests.shared_data import data_path

ORDER = {"blocks": "number", "transactions": "hash", "contracts": "address"}


def rows_of(tables: Tables, table: str) -> list[dict[str, Any]]:
    """Give all rows of a table, in one order."""
    order = ORDER.get(table, "transaction_hash, log_index")
    query = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608
    found: list[dict[str, Any]] = tables.sql(query).to_pylist()
    return found


def columns_of(tables: Tables, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """Give some columns of all rows."""
    return [tuple(row[name] for name in columns) for row in rows_of(tables, table)]


@pytest.fixture
def exported() -> Tables:
    """Open ethereum-etl's own export."""
    return open_tables(data_path("eth_raw_blocks"))


def test_an_export_of_ethereum_etl(exported: Tables) -> None:
    """What ethereum-etl exported is what the tables hold: every row, every wei."""
    rows = raw_blocks()
    assert [exported.count(table) for table in TABLES] == [2, 298, 681, 291, 1]
    total = exported.sql("SELECT sum(value) AS wei FROM transactions")["wei"][0].as_py()
    assert total == sum(int(one["value"]) for one in rows["transactions"])
    kept = {one["hash"]: one for one in rows["transactions"]}
    for row in rows_of(exported, "transactions"):
        theirs = kept[row["hash"]]
        for name in row:
            if name != "block_timestamp" and row[name] != theirs[name]:
                assert isinstance(row[name], Decimal), name
                assert int(row[name]) == theirs[name]
    values = {(r["transaction_hash"], r["log_index"]): r["value"] for r in rows["token_transfers"]}
    for row in rows_of(exported, "token_transfers"):
        assert int(row["value"]) == values[row["transaction_hash"], row["log_index"]]
        assert (row["amount"] is None) == (row["token_standard"] == "erc721")


def test_transfers_from_events_are_ethereum_etls(tmp_path: Path) -> None:
    """Transfers that are made of events alone are those that ethereum-etl made of them."""
    logs = data_path("eth_raw_blocks") / "expected_logs.json.gz"
    expected = {
        (one["transaction_hash"], one["log_index"]): (
            one["token_address"],
            one["from_address"],
            one["to_address"],
            str(one["value"]),
        )
        for one in raw_blocks()["token_transfers"]
    }
    with open_tables(logs) as tables:
        found = {
            (one["transaction_hash"], one["log_index"]): (
                one["token_address"],
                one["from_address"],
                one["to_address"],
                one["value"],
            )
            for one in rows_of(tables, "token_transfers")
        }
    assert found == expected


def test_csv_is_the_same(exported: Tables, tmp_path: Path) -> None:
    """The same rows as CSV, where every value is text, are the same tables."""
    with open_tables(*as_csv(raw_blocks(), tmp_path)) as tables:
        for table in TABLES:
            assert rows_of(tables, table) == rows_of(exported, table)


def test_a_nodes_answers_are_the_same(exported: Tables, tmp_path: Path) -> None:
    """Blocks and receipts as a node answers them are the tables that ethereum-etl makes."""
    with open_tables(as_node(raw_blocks(), tmp_path / "answers.json")) as tables:
        for table in TABLES:
            names = [name for name in SCHEMAS[table] if name != "bytecode"]
            assert columns_of(tables, table, names) == columns_of(exported, table, names)


def test_cryo_is_the_same(exported: Tables, tmp_path: Path) -> None:
    """Cryo's bytes and split topics are the same values, and what it lacks stays null."""
    names = {
        "blocks": ["number", "hash", "miner", "timestamp", "gas_used", "base_fee_per_gas"],
        "transactions": [
            *("hash", "nonce", "from_address", "to_address", "value", "gas", "gas_price", "input"),
            *("block_number", "block_timestamp", "receipt_status"),
        ],
        "logs": ["address", "data", "topics", "block_number", "block_timestamp", "log_index"],
        "token_transfers": ["token_address", "from_address", "to_address", "value", "amount"],
    }
    with open_tables(*as_cryo(raw_blocks(), tmp_path)) as tables:
        for table, columns in names.items():
            assert columns_of(tables, table, columns) == columns_of(exported, table, columns)
        assert "gas_limit" not in tables.given("blocks")


def test_a_file_twice_counts_once(tmp_path: Path) -> None:
    """Rows that stand in two files are one row, and a note says so."""
    files = as_csv(raw_blocks(), tmp_path)
    again = tmp_path / "again.csv"
    again.write_bytes(files[1].read_bytes())
    with open_tables(*files, again) as tables:
        assert tables.count("transactions") == 298
        assert "298 rows of transactions stood twice" in tables.notes


def test_fractions_are_coins() -> None:
    """A value with a fraction counts in coins and a price in gwei, exactly, and notes say so."""
    folder = data_path("eth_blocks_recent")
    with open_tables(folder / "transactions_2025_07.csv") as tables:
        found = tables.sql(
            "SELECT value, gas_price FROM transactions WHERE hash = "
            "'0xa19585d1d90bc1a7d95310a6a628c084e293a7db8c3517acb379c0a3afa2292d'"
        ).to_pylist()
        assert found == [{"value": Decimal(41 * 10**15), "gas_price": Decimal(32_579_285_013)}]
        assert len(tables.notes) == 2


def test_separate_receipts(tmp_path: Path) -> None:
    """Receipts in a file of their own become columns of the transactions."""
    one, two = "0x" + "1" * 64, "0x" + "2" * 64
    (tmp_path / "transactions.csv").write_text(
        f"hash,from_address,to_address,value,block_number\n{one},0xa,0xb,5,7\n{two},0xa,,0,7\n"
    )
    (tmp_path / "receipts.csv").write_text(
        "transaction_hash,cumulative_gas_used,gas_used,contract_address,status\n"
        f"{one},21000,21000,,1\n{two},99000,78000,0xC,1\n"
    )
    (tmp_path / "blocks.csv").write_text("number,timestamp,gas_used\n7,2023-05-02 12:19:59 UTC,9\n")
    with open_tables(tmp_path) as tables:
        found = rows_of(tables, "transactions")
        assert [row["receipt_gas_used"] for row in found] == [21000, 78000]
        assert [row["block_timestamp"] for row in found] == [1_683_029_999] * 2
        assert [row["address"] for row in rows_of(tables, "contracts")] == ["0xc"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.csv", "hash,from_address,to_address,value\n0x1,0xa,0xb,ten\n", "insight.value"),
        ("a.csv", f"hash,from_address,to_address,value\n0x1,0xa,0xb,{10**38}\n", "insight.value"),
        ("a.csv", "number,timestamp,gas_used\n1,soon,5\n", "insight.value"),
        ("a.csv", "colour,size\nred,5\n", "insight.unknown"),
        ("a.json", '{"colour": "red"}', "insight.json"),
        ("a.json", "[1]", "insight.json"),
        ("a.json", "no JSON", "insight.json"),
        ("a.json", '{"a": 1}\n{"a"', "insight.json"),
        ("a.json", "[" * 100_000, "insight.json"),
        ("a.json", '{"parentHash": "0x", "transactions": 5}', "insight.json"),
        ("a.json.gz", "not packed", "insight.json"),
        ("a.parquet", "not Parquet", "insight.file"),
        ("a.txt", "text", "insight.unknown"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, text: str, code: str) -> None:
    """What is no table, or no value of its column, is refused: nothing becomes null silently."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        open_tables(tmp_path / name)
    assert caught.value.code == code


def test_a_block_that_lies_is_refused(tmp_path: Path) -> None:
    """A receipt of another transaction makes no row."""
    path = as_node(raw_blocks(), tmp_path / "answers.json")
    said = json.loads(path.read_text())
    said[1]["result"][0]["blockHash"] = "0x" + "0" * 64
    path.write_text(json.dumps(said))
    with pytest.raises(InputError, match="expected the receipt"):
        open_tables(path)


def test_nothing_there(tmp_path: Path) -> None:
    """A place without a file is said to be empty."""
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NotFound) as caught:
            open_tables(place)
        assert caught.value.code == "insight.file"


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    """Anybody can make the digest with sha256sum: one changed byte changes it, a name too."""
    from hashlib import sha256

    (tmp_path / "b.csv").write_text("number,timestamp,gas_used\n1,2,3\n")
    line = f"{sha256((tmp_path / 'b.csv').read_bytes()).hexdigest()}  b.csv\n"
    with open_tables(tmp_path / "b.csv") as tables:
        assert tables.digest == sha256(line.encode()).hexdigest()
        assert tables.digest == digest_of(tmp_path, [tmp_path / "b.csv"])


def test_queries_that_fail(exported: Tables) -> None:
    """A query that cannot run, or gives nothing, is refused with one code."""
    for query in ("SELECT nothing FROM blocks", "no SQL", "CREATE TABLE t (a INT)"):
        with pytest.raises(CounterfoilError) as caught:
            exported.sql(query)
        assert caught.value.code == "insight.query"
    assert exported.sql("SELECT ? + 1 AS n", [1]).to_pylist() == [{"n": 2}]
    with pytest.raises(KeyError):
        exported.count("colours")


def test_queries_reach_no_other_file(exported: Tables, tmp_path: Path) -> None:
    """A query, which may come from a detector or a receipt, reads the data and no other file."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    copied = tmp_path / "folder"
    copy_tables(exported, copied, "a test")
    with open_tables(copied) as own:
        assert own.count("transactions") == 298
        for tables in (exported, own):
            with pytest.raises(InputError, match="file system operations are disabled"):
                tables.sql(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")  # noqa: S608


def test_other_spellings(tmp_path: Path) -> None:
    """Hexadecimal wei, floats, times as times, lists and 256 bits are all read exactly."""
    moment = datetime(2023, 5, 2, 12, 19, 59, tzinfo=UTC)
    pq.write_table(
        pa.table(
            {
                "hash": ["0xAB"],
                "from": ["0xC"],
                "to": ["0xD"],
                "value": ["0xde0b6b3a7640000"],
                "gas_price": [1.5],
                "timestamp": pa.array([moment], pa.timestamp("us")),
            }
        ),
        tmp_path / "transactions.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "erc20": [b"\x01" * 20],
                "from_address": [b"\x02" * 20],
                "to_address": [b"\x03" * 20],
                "value_binary": [b"\xff" * 32],
            }
        ),
        tmp_path / "transfers.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "log_index": [0, 1],
                "topics": pa.array([["0xAA", "0xBB"], []], pa.list_(pa.string())),
                "address": ["0xE", "0xE"],
            }
        ),
        tmp_path / "logs.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "address": [b"\x04" * 20],
                "function_sighashes": pa.array([[b"\xa9\x05\x9c\xbb"]], pa.list_(pa.binary())),
                "is_erc20": ["true"],
                "code": [b"\x60"],
            }
        ),
        tmp_path / "contracts.parquet",
    )
    with open_tables(tmp_path) as tables:
        (paid,) = rows_of(tables, "transactions")
        assert (paid["hash"], paid["value"], paid["gas_price"]) == ("0xab", 10**18, 1_500_000_000)
        assert paid["block_timestamp"] == int(moment.timestamp())
        (moved,) = rows_of(tables, "token_transfers")
        assert (moved["value"], moved["amount"]) == (str(2**256 - 1), float(2**256 - 1))
        said = tables.sql("SELECT topics FROM logs ORDER BY log_index")["topics"].to_pylist()
        assert said == [["0xaa", "0xbb"], []]
        (held,) = rows_of(tables, "contracts")
        assert held["function_sighashes"] == ["0xa9059cbb"]
        assert (held["is_erc20"], held["bytecode"]) == (True, "0x60")


def test_blocks_and_receipts_apart(tmp_path: Path) -> None:
    """A block and its receipts meet wherever they stand; without receipts gas stays null."""
    as_node(raw_blocks(), tmp_path / "all.json")
    said = json.loads((tmp_path / "all.json").read_text())
    folder = tmp_path / "apart"
    folder.mkdir()
    (folder / "blocks.jsonl").write_text("\n".join(json.dumps(said[at]) for at in (0, 2)))
    with open_tables(folder) as tables:
        gas = tables.sql("SELECT count(receipt_gas_used) AS n FROM transactions").to_pylist()
        assert (tables.count("transactions"), gas) == (298, [{"n": 0}])
    both = {"block": said[0], "receipts": said[1]["result"]}
    (folder / "blocks.jsonl").write_text(json.dumps(both))
    with open_tables(folder) as tables:
        assert tables.count("logs") > 0
        assert tables.count("blocks") == 1


def test_a_folder_that_lost_a_file(exported: Tables, tmp_path: Path) -> None:
    """A part without one of its files is said to be damaged; an empty folder has empty tables."""
    copy_tables(exported, tmp_path, "a test")
    next(tmp_path.rglob("logs.parquet")).unlink()
    with pytest.raises(InputError) as caught:
        open_tables(tmp_path)
    assert caught.value.code == "insight.file"
    with pytest.raises(InputError) as beside:
        open_tables(tmp_path, data_path("eth_raw_blocks"))
    assert beside.value.code == "insight.places"
    with ChainFolder(tmp_path / "new", "a test", 5) as folder:
        folder.commit([], "")
    with open_tables(tmp_path / "new") as tables:
        assert [tables.count(table) for table in TABLES] == [0] * 5
        assert tables.given("blocks") == frozenset()


def test_schemas_agree() -> None:
    """The types of Arrow and of DuckDB are those of one definition."""
    for table in TABLES:
        assert arrow_schema(table).names == list(SCHEMAS[table])
