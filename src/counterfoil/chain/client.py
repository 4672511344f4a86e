"""A chain behind one node: the same code for the embedded EVM and any JSON-RPC address.

Every answer is read strictly and held against what was asked and what was answered before, so
that a broken or lying node gives an error. What one node alone says stays its word: whoever needs
more asks several. This module refuses to sign, and to keep anything on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from counterfoil.chain.answers import (
    base_fee,
    block_ref,
    call_form,
    chain_log,
    check_events,
    contradiction,
    fee_history,
    read,
    topics_form,
    tx_receipt,
)
from counterfoil.chain.quantities import (
    address_of,
    bytes_of,
    data_text,
    hash_of,
    integer_of,
    object_of,
    quantity,
)
from counterfoil.chain.refusals import (
    is_known_already,
    is_missing_method,
    is_used_nonce,
    refusal,
)
from counterfoil.chain.transaction_bytes import parse_signed
from counterfoil.chain.transport import RpcError, Transport
from counterfoil.errors import InputError, Refused, Unavailable, VerificationError
from counterfoil.ports import BlockRef, ChainCall, ChainKind, ChainLog, Fees, TxReceipt

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["DEFAULT_CONFIRMATIONS", "LOG_BLOCKS", "NodeChain"]

T = TypeVar("T")

DEFAULT_CONFIRMATIONS: Final = 64
"""Blocks after which a block counts as final on a chain that does not say: two epochs' slots."""

LOG_BLOCKS: Final = 2_000
"""Blocks that one request for events covers at first; halved where a node finds it too much."""

_MAX_STEP_BACK: Final = 128
_MAX_FEE_WEI: Final = 5_000 * 10**9
_BASE_FEE_ROOM: Final = 2


class NodeChain:
    """A `Chain` behind a transport; `open_chain` makes one.

    chain_id: the one that the node must have. confirmations: None to ask the chain itself what
    is final; a number makes a block final that has as many blocks after it.
    """

    def __init__(
        self,
        transport: Transport,
        chain_id: int,
        kind: ChainKind,
        run_by: str,
        confirmations: int | None = None,
    ) -> None:
        self._transport = transport
        self._chain_id = chain_id
        self._kind: ChainKind = kind
        self._run_by = run_by
        self._confirmations = confirmations
        self._highest = 0
        self._final: BlockRef | None = None
        self._web3: Web3 | None = None
        self._turn = threading.Lock()

    @property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""
        return self._chain_id

    @property
    def kind(self) -> ChainKind:
        """Which engine this is."""
        return self._kind

    @property
    def url(self) -> str:
        """Where it is, without any credentials."""
        return self._transport.shown

    @property
    def run_by(self) -> str:
        """Who runs it, in words that follow "run by"."""
        return self._run_by

    @property
    def confirmations(self) -> int:
        """Blocks after which a block counts as final where the chain itself does not say."""
        return DEFAULT_CONFIRMATIONS if self._confirmations is None else self._confirmations

    @property
    def transport(self) -> Transport:
        """What carries its requests."""
        return self._transport

    @property
    def web3(self) -> Web3:
        """The Web3 under it; what is called on it raises web3's own errors."""
        from counterfoil.chain.web3_bridge import web3_over

        with self._turn:
            if self._web3 is None:
                self._web3 = web3_over(self._transport)
            return self._web3

    def check_network(self) -> None:
        """Check that the node is one of this chain.

        Raises VerificationError with code chain.wrong-network.
        """
        found = self._ask("eth_chainId", [], "a chain id", integer_of)
        if found != self._chain_id:
            raise VerificationError(
                "chain.wrong-network",
                f"expected chain {self._chain_id} at {self.url}, found chain {found}",
                hint="Check the address of the node, or the chain id that was set.",
            )

    def head(self) -> BlockRef:
        """Read the newest block; one that went far back is not believed."""
        self.check_network()
        found = self._block("latest")
        if found is None:
            raise contradiction(self.url, "a newest block", "none")
        with self._turn:
            behind = self._highest - found.number
            self._highest = max(self._highest, found.number)
        if behind > _MAX_STEP_BACK:
            raise Unavailable(
                "chain.behind",
                f"expected at least block {found.number + behind} from the chain at {self.url}, "
                f"found block {found.number} to be the newest",
                hint="The node lost blocks that it had: use another node of the same chain.",
            )
        return found

    def safe(self) -> BlockRef:
        """Read the newest block that is unlikely to go: `safe`, else `final`."""
        found = None if self._confirmations is not None else self._tagged("safe")
        return found or self.final()

    def final(self) -> BlockRef:
        """Read the newest final block; one that changed or went back is not believed."""
        found = None if self._confirmations is not None else self._tagged("finalized")
        if found is None:
            number = max(0, self.head().number - self.confirmations)
            found = self.block(number)
            if found is None:
                raise contradiction(self.url, f"block {number} below its head", "none")
        with self._turn:
            known = self._final
            if known is None or found.number > known.number:
                self._final = found
        if known is not None and self._confirmations is None and found.number <= known.number:
            again = found if found.number == known.number else self.block(known.number)
            if again is None or again.hash != known.hash:
                raise contradiction(
                    self.url,
                    f"the final block {known.number} to stay 0x{known.hash.hex()}",
                    "none" if again is None else f"0x{again.hash.hex()}",
                )
        return found

    def _tagged(self, tag: str) -> BlockRef | None:
        """Read a block by its tag; None where the node does not know the tag."""
        try:
            return self._block(tag)
        except (Refused, InputError):
            return None

    def block(self, number: int) -> BlockRef | None:
        """Read a block of the canonical chain; None when it is not there (yet)."""
        found = self._block(quantity(number))
        if found is not None and found.number != number:
            raise contradiction(self.url, f"block {number}", f"block {found.number}")
        return found

    def _block(self, which: str) -> BlockRef | None:
        return self._ask("eth_getBlockByNumber", [which, False], "a block", _or_none(block_ref))

    def balance(self, address: str) -> int:
        """Read an account's coins, wei."""
        return self._ask("eth_getBalance", [_address(address), "latest"], "a balance", integer_of)

    def nonce(self, address: str, *, pending: bool = False) -> int:
        """Count an account's transactions; pending: with those that wait for a block."""
        tag = "pending" if pending else "latest"
        asked = [_address(address), tag]
        return self._ask("eth_getTransactionCount", asked, "a nonce", _count)

    def fees(self) -> Fees:
        """Suggest what to pay now: twice the base fee, so that it may rise for six blocks.

        Raises Refused with code chain.fee when a node asks for more than 5,000 gwei.
        """
        asked = ["latest", False]
        per_gas = self._ask("eth_getBlockByNumber", asked, "a base fee", base_fee)
        if per_gas is None:
            price = self._ask("eth_gasPrice", [], "a gas price", integer_of)
            found = Fees(price, price, legacy=True)
        else:
            tip = self._tip()
            found = Fees(_BASE_FEE_ROOM * per_gas + tip, tip)
        if found.max_fee > _MAX_FEE_WEI:
            raise Refused(
                "chain.fee",
                f"expected a fee of at most {_MAX_FEE_WEI} wei for one unit of gas, found "
                f"{found.max_fee} at {self.url}",
                hint="The chain is very busy, or the node wants you to pay too much.",
            )
        return found

    def base_fees(self, blocks: int, newest: int | None = None) -> tuple[int, list[int]]:
        """List what blocks up to the one after `newest` cost, wei; gives the first one's number."""
        asked = [quantity(blocks), "latest" if newest is None else quantity(newest), []]
        return self._ask("eth_feeHistory", asked, "base fees", fee_history)

    def _tip(self) -> int:
        try:
            found = self._raw("eth_maxPriorityFeePerGas", [])
        except RpcError as err:
            if not is_missing_method(err):
                raise refusal(err, self.url) from err
            gas_price = self._ask("eth_gasPrice", [], "a gas price", integer_of)
            return min(gas_price, 10**9)
        return read(self.url, "a priority fee", integer_of, found)

    def call(self, call: ChainCall, block: int | None = None) -> bytes:
        """Run a view at a block (None: the head) and give what it returns."""
        at = "latest" if block is None else quantity(block)
        return self._ask("eth_call", [_call(call), at], "returned data", bytes_of)

    def estimate(self, call: ChainCall) -> int:
        """Tell how much gas a transaction needs at least."""
        return self._ask("eth_estimateGas", [_call(call)], "an amount of gas", _count)

    def send_raw(self, raw: bytes) -> bytes:
        """Send a signed transaction and give its hash; one that is known already is fine."""
        signed = parse_signed(raw)
        if signed.chain_id != self._chain_id:
            raise VerificationError(
                "chain.wrong-network",
                f"expected a transaction for chain {self._chain_id}, found one for "
                f"{'any chain' if signed.chain_id is None else signed.chain_id}",
                hint="Sign it for this chain: on another one it would do something else.",
            )
        self.check_network()
        try:
            answer = self._raw("eth_sendRawTransaction", [data_text(raw)])
        except RpcError as err:
            if is_known_already(err) or (is_used_nonce(err) and self.knows(signed.hash)):
                return signed.hash
            raise refusal(err, self.url) from err
        found = read(self.url, "a transaction's hash", hash_of, answer)
        if found != signed.hash:
            expected = f"the hash 0x{signed.hash.hex()} of the transaction sent"
            raise contradiction(self.url, expected, f"0x{found.hex()}")
        return signed.hash

    def knows(self, tx_hash: bytes) -> bool:
        """Tell whether a transaction waits for a block or stands in one."""
        found = self._ask(
            "eth_getTransactionByHash",
            [data_text(tx_hash)],
            "a transaction",
            _or_none(lambda v: hash_of(object_of(v)["hash"])),
        )
        if found is not None and found != tx_hash:
            raise contradiction(self.url, f"the transaction 0x{tx_hash.hex()}", f"0x{found.hex()}")
        return found is not None

    def tx_receipt(self, tx_hash: bytes) -> TxReceipt | None:
        """Read what became of a transaction; None while it stands in no canonical block."""
        found = self._ask(
            "eth_getTransactionReceipt",
            [data_text(tx_hash)],
            "a receipt",
            _or_none(_pending_or_receipt),
        )
        if found is None:
            return None
        if found.tx_hash != tx_hash:
            expected = f"the receipt of 0x{tx_hash.hex()}"
            raise contradiction(self.url, expected, f"the one of 0x{found.tx_hash.hex()}")
        stands = self.block(found.block)
        return found if stands is not None and stands.hash == found.block_hash else None

    def logs(
        self, address: str, first: int, last: int, topics: Sequence[bytes | None] = ()
    ) -> Iterator[ChainLog]:
        """List a contract's events from block `first` to block `last`, both included, in order."""
        asked = {"address": _address(address), "topics": topics_form(topics)}
        at, width = first, LOG_BLOCKS
        while at <= last:
            end = min(last, at + width - 1)
            try:
                answer = self._raw(
                    "eth_getLogs", [asked | {"fromBlock": quantity(at), "toBlock": quantity(end)}]
                )
            except RpcError as err:
                if end == at:
                    raise refusal(err, self.url) from err
                width = max(1, (end - at + 1) // 2)  # whatever it said: mostly "too many"
                continue
            found = read(self.url, "events", _events, answer)
            check_events(self.url, found, address, (at, end), topics)
            yield from found
            at = end + 1

    def code(self, address: str) -> bytes:
        """Read the runtime code at an address; empty when there is none."""
        return self._ask(
            "eth_getCode", [_address(address), "latest"], "a contract's code", bytes_of
        )

    def close(self) -> None:
        """Let go of it. Calling it again does nothing."""
        self._transport.close()

    def _raw(self, method: str, params: Sequence[object]) -> object:
        return self._transport.request(method, params)

    def _ask(
        self, method: str, params: Sequence[object], what: str, parse: Callable[[Any], T]
    ) -> T:
        """Ask, and read the answer with `parse`. Raises our errors only."""
        try:
            answer = self._raw(method, params)
        except RpcError as err:
            raise refusal(err, self.url) from err
        return read(self.url, what, parse, answer)


def _or_none(parse: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else parse(value)


def _pending_or_receipt(value: object) -> TxReceipt | None:
    """Read a receipt; some nodes answer one without a block while it waits."""
    return None if object_of(value)["blockHash"] is None else tx_receipt(value)


def _count(value: object) -> int:
    return integer_of(value, 63)


def _events(value: object) -> list[ChainLog]:
    if not isinstance(value, list):
        raise ValueError("expected a list of events")
    return [chain_log(log) for log in value]


def _call(call: ChainCall) -> dict[str, str]:
    for address in (call.to, call.sender):
        if address is not None:
            _address(address)
    return call_form(call)


def _address(value: str) -> str:
    """Check an address that we were given. Raises InputError with code chain.address."""
    try:
        return address_of(value)
    except ValueError as err:
        raise InputError(
            "chain.address",
            f"expected an address of 0x and 40 hexadecimal digits, but: {str(err)!a:.120}",
            hint="Copy it whole; mixed upper and lower case is its checksum (EIP-55).",
        ) from err
