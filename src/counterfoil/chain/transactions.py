"""Make transactions ready, so that their bytes can be written down before they are sent.

A transaction that was written down can be sent again after a crash: it has the same hash, and a
chain takes it once. This module refuses to send what was not made ready, and to wait for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.chain.accounts import Account
from counterfoil.chain.quantities import data_text, keccak
from counterfoil.errors import Refused, Unavailable
from counterfoil.ports import Chain, ChainCall, Fees, TxReceipt

__all__ = ["PreparedTransaction", "fund", "prepare", "transact", "wait_receipt"]

_GAS_MARGIN_PERCENT: Final = 20
_POLL_S: Final = 0.05
_MAX_POLL_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """A signed transaction that was not sent yet.

    raw: its bytes. hash: 32 bytes. nonce: of its account. gas: the most that it uses. fees: what
    it offers.
    """

    raw: bytes
    hash: bytes
    nonce: int
    gas: int
    fees: Fees


def prepare(
    chain: Chain,
    account: Account,
    call: ChainCall,
    *,
    nonce: int | None = None,
    fees: Fees | None = None,
    gas: int | None = None,
) -> PreparedTransaction:
    """Sign a transaction for a chain, after the chain was asked whether it would succeed.

    nonce: the account's next one unless given. fees: as the chain suggests unless given. gas: a
    limit; estimated with 20 % more unless given, and then nothing is asked.
    Raises what `Chain.estimate`, `Chain.fees` and `Chain.nonce` raise; Refused with code
    chain.underfunded when the account cannot pay.
    """
    asked = ChainCall(call.to, call.data, account.address, call.value_wei)
    fees = fees or chain.fees()
    if nonce is None:
        nonce = chain.nonce(account.address, pending=True)
    if gas is None:
        gas = chain.estimate(asked) * (100 + _GAS_MARGIN_PERCENT) // 100
        _require_funds(chain, account, gas * fees.max_fee + call.value_wei)
    fields: dict[str, Any] = {
        "chainId": chain.chain_id,
        "nonce": nonce,
        "gas": gas,
        "value": call.value_wei,
        "data": data_text(call.data),
    }
    if call.to is not None:
        fields["to"] = call.to
    if fees.legacy:
        fields["gasPrice"] = fees.max_fee
    else:
        fields["maxFeePerGas"] = fees.max_fee
        fields["maxPriorityFeePerGas"] = fees.priority_fee
    raw = account.sign_transaction(fields)
    return PreparedTransaction(raw, keccak(raw), nonce, gas, fees)


def _require_funds(chain: Chain, account: Account, needed: int) -> None:
    held = chain.balance(account.address)
    if held < needed:
        raise Refused(
            "chain.underfunded",
            f"expected {needed} wei on account {account.address} on chain {chain.chain_id}, "
            f"found {held}",
            hint="Send coins to the account's address; what waits is sent then.",
        )


def wait_receipt(
    chain: Chain,
    tx_hash: bytes,
    *,
    timeout_s: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> TxReceipt:
    """Wait until a transaction stands in a block, and give its receipt.

    Raises Unavailable with code chain.pending after `timeout_s`; it may still be taken later.
    Refused with code chain.reverted when it was reverted.
    """
    waited, pause_s = 0.0, _POLL_S
    while True:
        receipt = chain.tx_receipt(tx_hash)
        if receipt is not None:
            break
        if waited >= timeout_s:
            raise Unavailable(
                "chain.pending",
                f"expected 0x{tx_hash.hex()} in a block of chain {chain.chain_id} within "
                f"{timeout_s:g} s, found it waiting",
                hint="It may still be taken: ask again; a higher fee may replace it.",
            )
        sleep(pause_s)
        waited += pause_s
        pause_s = min(pause_s * 2, _MAX_POLL_S)
    if not receipt.ok:
        raise Refused(
            "chain.reverted",
            f"expected the contract to accept 0x{tx_hash.hex()}, but it was reverted in block "
            f"{receipt.block} of chain {chain.chain_id}",
            hint="The state changed after it was tried: look at it anew, then decide.",
        )
    return receipt


def transact(
    chain: Chain, account: Account, call: ChainCall, *, timeout_s: float = 60.0
) -> TxReceipt:
    """Sign, send and wait; errors as for `prepare`, `Chain.send_raw` and `wait_receipt`."""
    prepared = prepare(chain, account, call)
    chain.send_raw(prepared.raw)
    return wait_receipt(chain, prepared.hash, timeout_s=timeout_s)


def fund(chain: Chain, faucet: Account, address: str, wei: int) -> TxReceipt:
    """Send coins of an embedded chain's faucet to an address; errors as for `transact`."""
    return transact(chain, faucet, ChainCall(address, value_wei=wei))
