"""Write drawn traffic as rows of the tables; see `simulate`.

This module refuses to draw anything: whoever gives it the same traffic gets the same rows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from counterfoil.insight.extra import need
from counterfoil.insight.rows import TRANSFER_TOPIC
from counterfoil.insight.tables import arrow_schema

if TYPE_CHECKING:
    from counterfoil.insight.simulate import Traffic

__all__ = ["block_rows", "transaction_rows"]

_APPROVAL_TOPIC: Final = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
_TRANSFER: Final = "0xa9059cbb"
_APPROVE: Final = "0x095ea7b3"
_CALLS: Final = ("0x7ff36ab5", "0x3593564c", "0x38ed1739", "0x12aa3caf", "0xd0e30db0")
_TEMPLATES: Final = 24
_SIGHASHES: Final = "0x70a08231"


def block_rows(drawn: Traffic, blocks: slice, hashes: list[str], miners: list[str]) -> Any:
    """Write blocks. hashes: parent of the first, then one for each block."""
    arrow, numpy = need("pyarrow"), need("numpy")
    at = numpy.arange(blocks.start, blocks.stop)
    fees = [Decimal(int(one)) for one in drawn.base_fee[blocks]]
    columns = {
        "number": drawn.first_block + at,
        "hash": hashes[blocks.start + 1 : blocks.stop + 1],
        "parent_hash": hashes[blocks.start : blocks.stop],
        "miner": [miners[(number * number) % len(miners)] for number in at.tolist()],
        "extra_data": ["0x73696d756c61746564"] * len(at),  # "simulated"
        "size": 600 + 180 * drawn.count[blocks],
        "gas_limit": numpy.full(len(at), drawn.gas_limit),
        "gas_used": drawn.block_gas[blocks],
        "timestamp": drawn.time_s(at),
        "transaction_count": drawn.count[blocks],
        "base_fee_per_gas": fees,
        "blob_gas_used": numpy.zeros(len(at), dtype=numpy.int64),
        "excess_blob_gas": numpy.zeros(len(at), dtype=numpy.int64),
    }
    return arrow.table(columns, schema=arrow_schema("blocks"))


def transaction_rows(
    drawn: Traffic, rows: slice, hashes: list[str], tx_hashes: list[str]
) -> dict[str, Any]:
    """Write transactions and what they caused: events, transfers of tokens, contracts."""
    arrow, numpy = need("pyarrow"), need("numpy")
    names = numpy.array(drawn.addresses, dtype=object)
    kind, block, failed = drawn.kind[rows], drawn.block[rows], drawn.failed[rows]
    to, other = names[drawn.to[rows]], names[drawn.other[rows]]
    made = kind == 4
    fees = drawn.base_fee[block]
    price = [Decimal(int(one)) for one in fees + drawn.tip[rows]]
    starts = numpy.concatenate([[True], block[1:] != block[:-1]])
    index = numpy.arange(len(kind)) - numpy.maximum.accumulate(
        numpy.where(starts, numpy.arange(len(kind)), 0)
    )
    place = {
        "block_timestamp": drawn.time_s(block),
        "block_number": drawn.first_block + block,
        "block_hash": [hashes[one + 1] for one in block.tolist()],
    }
    amounts = drawn.amount[rows].tolist()
    inputs = [
        _input(*one) for one in zip(kind.tolist(), other.tolist(), amounts, index, strict=True)
    ]
    columns = {
        "hash": tx_hashes,
        "nonce": drawn.nonce[rows],
        "transaction_index": index,
        "from_address": names[drawn.sender[rows]],
        "to_address": numpy.where(made, None, to),
        "value": [Decimal(one) * 10**9 for one in drawn.value[rows].tolist()],
        "gas": drawn.gas_used[rows] * 6 // 5,
        "gas_price": price,
        "input": inputs,
        **place,
        "max_fee_per_gas": [Decimal(int(one)) for one in 2 * fees + drawn.tip[rows]],
        "max_priority_fee_per_gas": [Decimal(int(one)) for one in drawn.tip[rows]],
        "transaction_type": numpy.full(len(kind), 2),
        "receipt_gas_used": drawn.gas_used[rows],
        "receipt_contract_address": numpy.where(made, to, None),
        "receipt_status": (~failed).astype(numpy.int64),
        "receipt_effective_gas_price": price,
    }
    caused = numpy.flatnonzero(((kind == 1) | (kind == 2)) & ~failed)
    found = {"transactions": arrow.table(columns, schema=arrow_schema("transactions"))}
    found |= _events(columns, numpy.asarray(kind), other, amounts, caused)
    found["contracts"] = _contracts(columns, numpy.flatnonzero(made & ~failed))
    return found


def _input(kind: int, other: str, amount: int, index: int) -> str:
    if kind == 1:
        return f"{_TRANSFER}{_word(other)}{amount:064x}"
    if kind == 2:
        return f"{_APPROVE}{_word(other)}{'f' * 64}"
    if kind == 3:
        return _CALLS[index % len(_CALLS)] + f"{amount:064x}"
    return "0x60806040" if kind == 4 else "0x"


def _word(address: str) -> str:
    return "0" * 24 + address[2:]


def _events(
    columns: dict[str, Any], kind: Any, other: Any, amounts: list[int], caused: Any
) -> dict[str, Any]:
    """Write an event for each token that was moved or approved, and its transfer."""
    arrow, numpy = need("pyarrow"), need("numpy")
    block = columns["block_number"][caused]
    starts = numpy.concatenate([[True], block[1:] != block[:-1]]) if len(caused) else caused
    order = numpy.arange(len(caused))
    log_index = order - numpy.maximum.accumulate(numpy.where(starts, order, 0))
    sender, token = columns["from_address"][caused], columns["to_address"][caused]
    receiver, moves = other[caused], kind[caused] == 1
    value = [amounts[at] for at in caused.tolist()]
    place = {
        "transaction_hash": [columns["hash"][at] for at in caused.tolist()],
        "log_index": log_index,
        "block_timestamp": columns["block_timestamp"][caused],
        "block_number": block,
        "block_hash": [columns["block_hash"][at] for at in caused.tolist()],
    }
    logs = {
        "address": token,
        "transaction_index": columns["transaction_index"][caused],
        "data": [
            f"0x{one:064x}" if move else "0x" + "f" * 64
            for one, move in zip(value, moves, strict=True)
        ],
        "topics": [
            [TRANSFER_TOPIC if move else _APPROVAL_TOPIC, "0x" + _word(one), "0x" + _word(two)]
            for one, two, move in zip(sender, receiver, moves, strict=True)
        ],
        **place,
    }
    transfers = {
        "token_address": token,
        "from_address": sender,
        "to_address": receiver,
        "value": list(map(str, value)),
        "amount": numpy.array(value, dtype=numpy.float64),
        "token_standard": ["erc20"] * len(caused),
        **place,
    }
    schema = arrow_schema("token_transfers")
    moved = arrow.table(transfers, schema=schema).filter(arrow.array(moves.astype(bool)))
    return {"logs": arrow.table(logs, schema=arrow_schema("logs")), "token_transfers": moved}


def _contracts(columns: dict[str, Any], made: Any) -> Any:
    """Write the contracts that were made; many have the code of another one."""
    arrow = need("pyarrow")
    addresses = [columns["receipt_contract_address"][at] for at in made.tolist()]
    codes = [int(one[2:6], 16) ** 2 // 2**16 * _TEMPLATES // 2**16 for one in addresses]
    found = {
        "address": addresses,
        "bytecode": [f"0x6080604052{code:04x}63{_SIGHASHES[2:]}14" for code in codes],
        "function_sighashes": [[_SIGHASHES]] * len(addresses),
        "is_erc20": [False] * len(addresses),
        "is_erc721": [False] * len(addresses),
        "block_number": columns["block_number"][made],
    }
    return arrow.table(found, schema=arrow_schema("contracts"))
