"""Put attacks into simulated traffic of a chain, for authors of detectors.

Quiet traffic comes from `insight.simulate`; a scene adds transactions, transfers of tokens and
approvals to its blocks, as rows of the same tables. Everything follows from the seed. This module
refuses to change what is quiet, and to write real addresses: all are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

from counterfoil.insight.extra import need
from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.opening import connect
from counterfoil.insight.rows import TRANSFER_TOPIC
from counterfoil.insight.simulate import CHAIN_ID, simulated_parts
from counterfoil.insight.tables import SCHEMAS, TABLES, Tables, arrow_schema

__all__ = ["APPROVAL_TOPIC", "Move", "Scene", "quiet_chain", "tables_of", "write_chain"]

APPROVAL_TOPIC: Final = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
"""First topic of `Approval(address,address,uint256)`."""

Move = tuple[str, str, int]
"""Who sends a token to whom, and how much in its smallest unit."""

_SLOT_S: Final = 12
_TIP: Final = 10**9
_LATE: Final = 100_000  # places in a block of what is added, after all that is quiet


def quiet_chain(transactions: int, seed: int, per_block: int | None = None) -> dict[str, Any]:
    """Simulate quiet traffic: table -> `pyarrow.Table`.

    per_block: spread it, so many transactions in each block, as on a smaller chain; the blocks'
    own rows are left out then, for they would no longer fit.
    """
    arrow, np = need("pyarrow"), need("numpy")
    parts = [tables for _, _, tables, _ in simulated_parts(transactions, seed)]
    found = {
        table: arrow.concat_tables([part[table] for part in parts if table in part])
        for table in TABLES
    }
    if per_block is None:
        return found
    rows = found["transactions"]
    first = int(rows["block_number"][0].as_py())
    start = int(rows["block_timestamp"][0].as_py())
    places = np.arange(rows.num_rows) // per_block
    at = dict(zip(rows["hash"].to_pylist(), places.tolist(), strict=True))
    found["transactions"] = _placed(rows, places, first, start)
    for table in ("logs", "token_transfers"):
        places = np.array([at[one] for one in found[table]["transaction_hash"].to_pylist()])
        found[table] = _placed(found[table], places, first, start)
    found["blocks"] = found["blocks"].slice(0, 0)
    return found


def _placed(rows: Any, places: Any, first: int, start: int) -> Any:
    arrow = need("pyarrow")
    for name, values in (
        ("block_number", first + places),
        ("block_timestamp", start + _SLOT_S * places),
    ):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, name, arrow.array(values, arrow.int64()))
    return rows


def tables_of(tables: Mapping[str, Any]) -> Tables:
    """Open tables that are in memory, as a detector takes them."""
    connection = connect(1)
    for name in TABLES:
        held = tables.get(name)
        connection.register(name, arrow_schema(name).empty_table() if held is None else held)
    return Tables(connection, {name: frozenset(SCHEMAS[name]) for name in tables}, "0" * 64)


def write_chain(folder: Path, tables: Mapping[str, Any]) -> None:
    """Write tables into a new folder, as `chain sync` does."""
    numbers = tables["transactions"]["block_number"]
    first = min(numbers.to_pylist())
    last = max(numbers.to_pylist())
    with ChainFolder(folder, "simulated, with attacks", CHAIN_ID, simulated=True) as opened:
        opened.commit([(first, last, True, dict(tables))], "0x" + "00" * 32)


class Scene:
    """Quiet traffic, and what is added to it.

    first, last: numbers of its blocks. people: accounts that sign transactions in it, in order of
    their first. random: where every draw comes from.
    """

    def __init__(self, quiet: Mapping[str, Any], seed: int = 1) -> None:
        self._quiet = dict(quiet)
        self.random = Random(seed)  # noqa: S311 - a simulation
        numbers = self._quiet["transactions"]["block_number"].to_pylist()
        self.first, self.last = min(numbers), max(numbers)
        self.people = list(
            dict.fromkeys(self._quiet["transactions"]["from_address"].to_pylist()[:20_000])
        )
        prices = sorted(map(int, self._quiet["transactions"]["gas_price"].to_pylist()[:20_000]))
        self._price = prices[len(prices) // 2]
        self._added: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def account(self, like: str | None = None, digits: int = 4) -> str:
        """Draw an address; like: one that it has so many digits in common with at either end."""
        drawn = f"{self.random.getrandbits(160):040x}"
        if like is not None:
            drawn = like[2 : 2 + digits] + drawn[digits:-digits] + like[-digits:]
        return "0x" + drawn

    def send(
        self, block: int, signer: str, to: str, value: int, *, times: float = 1.0, data: str = "0x"
    ) -> str:
        """Add a transaction that sends coins. value: wei. times: of the usual price of gas."""
        tx_hash = f"0x{self.random.getrandbits(256):064x}"
        price = Decimal(int(self._price * times))
        row = dict.fromkeys(SCHEMAS["transactions"])
        row |= {
            "hash": tx_hash,
            "nonce": 0,
            "from_address": signer,
            "to_address": to,
            "value": Decimal(value),
            "gas": 60_000,
            "gas_price": price,
            "input": data,
            "transaction_index": _LATE + len(self._added["transactions"]),
            "receipt_gas_used": 50_000,
            "receipt_status": 1,
            "receipt_effective_gas_price": price,
            **self._place(block),
        }
        self._added["transactions"].append(row)
        return tx_hash

    def move(self, block: int, signer: str, called: str, token: str, moves: Sequence[Move]) -> str:
        """Add a transaction that calls a contract, which moves tokens."""
        tx_hash = self.send(block, signer, called, 0, data="0x23b872dd")
        for sender, receiver, amount in moves:
            topics = [TRANSFER_TOPIC, _word(sender), _word(receiver)]
            self._log(block, tx_hash, token, topics, amount)
            row = dict.fromkeys(SCHEMAS["token_transfers"])
            row |= {
                "token_address": token,
                "from_address": sender,
                "to_address": receiver,
                "value": str(amount),
                "amount": float(amount),
                "token_standard": "erc20",
                "transaction_hash": tx_hash,
                "log_index": self._added["logs"][-1]["log_index"],
                **self._place(block),
            }
            self._added["token_transfers"].append(row)
        return tx_hash

    def approve(
        self, block: int, owner: str, token: str, spender: str, *, signer: str | None = None
    ) -> str:
        """Add an approval of everything; signer: who hands in the owner's signature (permit)."""
        data = "0x095ea7b3" if signer is None else "0xd505accf"
        tx_hash = self.send(block, signer or owner, token, 0, data=data)
        topics = [APPROVAL_TOPIC, _word(owner), _word(spender)]
        self._log(block, tx_hash, token, topics, 2**256 - 1)
        return tx_hash

    def tables(self) -> dict[str, Any]:
        """Give all rows: table -> `pyarrow.Table`."""
        arrow = need("pyarrow")
        return {
            name: arrow.concat_tables(
                [held, arrow.Table.from_pylist(self._added[name], schema=arrow_schema(name))]
            )
            for name, held in self._quiet.items()
        }

    def _log(self, block: int, tx_hash: str, token: str, topics: list[str], amount: int) -> None:
        row = dict.fromkeys(SCHEMAS["logs"])
        row |= {
            "log_index": _LATE + len(self._added["logs"]),
            "transaction_hash": tx_hash,
            "transaction_index": self._added["transactions"][-1]["transaction_index"],
            "address": token,
            "data": f"0x{amount:064x}",
            "topics": topics,
            **self._place(block),
        }
        self._added["logs"].append(row)

    def _place(self, block: int) -> dict[str, Any]:
        return {
            "block_number": block,
            "block_timestamp": 1_780_000_000 + _SLOT_S * (block - self.first),
            "block_hash": f"0x{block:064x}",
        }


def _word(address: str) -> str:
    return "0x" + "0" * 24 + address[2:]
