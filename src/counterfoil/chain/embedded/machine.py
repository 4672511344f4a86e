"""Run the EVM of an embedded chain: make a block of a transaction, look, and execute again.

A block is made the way it is later checked: its bare form is imported, so that replaying it can
only give the same bytes. This module alone imports py-evm; it refuses to write: what a block
changes waits in the database for its commit.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import rlp
from eth.chains.base import Chain
from eth.constants import CREATE_CONTRACT_ADDRESS, ZERO_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.db.backends.base import BaseDB
from eth.exceptions import HeaderNotFound, Revert, TransactionNotFound
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from counterfoil.chain.refusals import error_text
from counterfoil.chain.transport import REVERTED, TRANSACTION_REJECTED, RpcError

if TYPE_CHECKING:
    from eth.abc import (
        BlockAPI,
        BlockHeaderAPI,
        ComputationAPI,
        ReceiptAPI,
        SignedTransactionAPI,
        StateAPI,
    )

    from counterfoil.chain.embedded.database import ChainDatabase

__all__ = ["GAS_LIMIT", "MAX_CALL_GAS", "Machine", "Message", "Mined", "encoded_size", "evm_chain"]

GAS_LIMIT: Final = 30_000_000
"""Gas of a block, the same for ever."""

MAX_CALL_GAS: Final = GAS_LIMIT
_BLOB_TRANSACTION: Final = 3


@dataclass(frozen=True, slots=True)
class Message:
    """What a call does. to: 20 bytes; empty makes a contract. sender: 20 bytes."""

    to: bytes
    sender: bytes
    data: bytes
    value: int
    gas: int


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in its block. receipt: its own."""

    block: BlockAPI
    transaction: SignedTransactionAPI
    receipt: ReceiptAPI


class _KeyValues(BaseDB):
    """Lets py-evm keep its keys in our database."""

    def __init__(self, database: ChainDatabase) -> None:
        self._database = database

    def __getitem__(self, key: bytes) -> bytes:
        value = self._database.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._database.put(key, value)

    def __delitem__(self, key: bytes) -> None:
        self._database.put(key, None)

    def _exists(self, key: bytes) -> bool:
        return self._database.get(key) is not None


def evm_chain(chain_id: int) -> type[Chain]:
    """Make the class of a chain: Prague from its first block, blocks without work or stake."""
    quiet = logging.getLogger("counterfoil.chain.embedded")
    quiet.addHandler(logging.NullHandler())  # what goes wrong is raised, not printed

    class EmbeddedChain(Chain):
        logger = quiet
        vm_configuration = ((BlockNumber(0), PragueVM),)

    EmbeddedChain.chain_id = chain_id
    return EmbeddedChain


class Machine:
    """The EVM over one database."""

    def __init__(self, database: ChainDatabase, chain_id: int) -> None:
        self._database = database
        self._class = evm_chain(chain_id)
        self.chain_id = chain_id

    def genesis(self, time_s: int, accounts: Mapping[bytes, Mapping[str, Any]]) -> bytes:
        """Make block 0 and give its hash; it waits for the database's commit.

        accounts: address of 20 bytes -> balance (wei), nonce, code, storage.
        """
        params: dict[str, Any] = {
            "coinbase": ZERO_ADDRESS,
            "difficulty": 0,
            "extra_data": b"",
            "gas_limit": GAS_LIMIT,
            "mix_hash": ZERO_HASH32,
            "nonce": bytes(8),
            "timestamp": time_s,
        }
        state: Any = {address: dict(account) for address, account in accounts.items()}
        made = self._class.from_genesis(AtomicDB(_KeyValues(self._database)), params, state)
        return bytes(made.get_canonical_head().hash)

    def evm(self) -> Chain:
        """Give the chain as it stands in the database now."""
        return self._class(AtomicDB(_KeyValues(self._database)))

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """Read a signed transaction, and refuse one that is not for this chain.

        Raises RpcError.
        """
        try:
            transaction = PragueVM.get_transaction_builder().decode(raw)
            transaction.validate()
            sender = transaction.sender
            chain_id = transaction.chain_id
        except Exception as err:  # py-evm raises what it likes on bytes that are no transaction
            raise RpcError(TRANSACTION_REJECTED, f"invalid transaction: {err!s:.100}") from err
        if not raw or raw[0] == _BLOB_TRANSACTION or sender == ZERO_ADDRESS:
            raise RpcError(TRANSACTION_REJECTED, "transaction type not supported")
        if chain_id != self.chain_id:  # py-evm itself would run it: a replay of another chain's
            raise RpcError(
                TRANSACTION_REJECTED, f"invalid chain id: have {chain_id}, want {self.chain_id}"
            )
        return transaction

    def mine(self, transaction: SignedTransactionAPI, now_s: int) -> Mined:
        """Put one transaction in a new block, which waits for the database's commit.

        now_s: Unix time; the block's is at least one second after its parent's. Raises RpcError
        for a transaction that may not be in a block, or that would be reverted; then nothing
        waits.
        """
        evm = self.evm()
        head = evm.get_canonical_head()
        header = self._next_header(evm, head, now_s)
        self._admit(evm, header, transaction)
        bare = PragueVM.get_block_class()(
            header=header, transactions=[transaction], uncles=[], withdrawals=[]
        )
        try:
            block = evm.import_block(bare, perform_validation=False).imported_block
            (receipt,) = block.get_receipts(evm.chaindb)
        except (ValidationError, RecursionError) as err:
            self._database.discard()
            raise _unfit(err) from err
        except BaseException:
            self._database.discard()
            raise
        if receipt.state_root != b"\x01":
            self._database.discard()
            self._explain(transaction, header.timestamp)
        return Mined(block, transaction, receipt)

    def _explain(self, transaction: SignedTransactionAPI, now_s: int) -> None:
        """Run a transaction that fails again, to say why."""
        message = Message(
            transaction.to,
            transaction.sender,
            transaction.data,
            transaction.value,
            transaction.gas,
        )
        self.call(message, None, now_s)
        raise RpcError(TRANSACTION_REJECTED, "execution failed")  # only its fee made it fail

    def _next_header(self, evm: Chain, head: BlockHeaderAPI, now_s: int) -> BlockHeaderAPI:
        return evm.create_header_from_parent(
            head,
            timestamp=max(head.timestamp + 1, now_s),
            coinbase=ZERO_ADDRESS,
            gas_limit=GAS_LIMIT,
            mix_hash=secrets.token_bytes(32),
        )

    def _admit(self, evm: Chain, header: Any, transaction: SignedTransactionAPI) -> None:
        """Refuse in the words of other nodes what py-evm would refuse in its own."""
        state = evm.get_vm(header).state
        nonce = state.get_nonce(transaction.sender)
        if transaction.nonce != nonce:
            how = "low" if transaction.nonce < nonce else "high"
            said = f"nonce too {how}: next nonce {nonce}, tx nonce {transaction.nonce}"
            raise RpcError(TRANSACTION_REJECTED, said)
        if transaction.max_fee_per_gas < header.base_fee_per_gas:
            said = (
                f"max fee per gas less than block base fee: {transaction.max_fee_per_gas}, "
                f"base fee {header.base_fee_per_gas}"
            )
            raise RpcError(TRANSACTION_REJECTED, said)
        if transaction.gas > header.gas_limit:
            raise RpcError(TRANSACTION_REJECTED, "exceeds block gas limit")
        if transaction.gas < transaction.intrinsic_gas:
            said = (
                f"intrinsic gas too low: have {transaction.gas}, want {transaction.intrinsic_gas}"
            )
            raise RpcError(TRANSACTION_REJECTED, said)
        cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
        balance = state.get_balance(transaction.sender)
        if balance < cost:
            said = f"insufficient funds for gas * price + value: have {balance}, want {cost}"
            raise RpcError(TRANSACTION_REJECTED, said)

    def call(self, message: Message, number: int | None, now_s: int) -> bytes:
        """Run a message and give what it returns; nothing changes.

        number: the block after which it runs, with that block's time; None: as if it stood in
        the block that would come next. Raises RpcError.
        """
        return bytes(_succeeded(self._run(message, number, now_s)).output)

    def estimate(self, message: Message, now_s: int) -> int:
        """Find the least gas with which a message succeeds in the next block. Raises RpcError."""
        first = _succeeded(self._run(message, None, now_s))
        high, low = message.gas, 20_999
        used = message.gas - first.get_gas_remaining()
        while high - low > 1:
            middle = used if low < used < high else (low + high) // 2
            used = 0  # tried once: it is the answer unless an inner call keeps 1/64 back
            if self._enough(message, middle, now_s):
                high = middle
                if not self._enough(message, middle - 1, now_s):
                    low = middle - 1
            else:
                low = middle
        return high

    def _enough(self, message: Message, gas: int, now_s: int) -> bool:
        tried = Message(message.to, message.sender, message.data, message.value, gas)
        try:
            return not self._run(tried, None, now_s).is_error
        except RpcError:
            return False

    def _run(self, message: Message, number: int | None, now_s: int) -> ComputationAPI:
        state = self.state(number, now_s)
        sender = Address(message.sender)
        unsigned = PragueVM.get_transaction_builder().create_unsigned_transaction(
            nonce=state.get_nonce(sender),
            gas_price=0,
            gas=message.gas,
            to=Address(message.to) if message.to else CREATE_CONTRACT_ADDRESS,
            value=message.value,
            data=message.data,
        )
        if message.gas < unsigned.intrinsic_gas:
            raise RpcError(TRANSACTION_REJECTED, "intrinsic gas too low")
        if state.get_balance(sender) < message.value:
            raise RpcError(TRANSACTION_REJECTED, "insufficient funds for transfer")
        spoofed: Any = SpoofTransaction(unsigned, from_=sender)
        try:
            return state.apply_transaction(spoofed)
        except (ValidationError, RecursionError) as err:
            raise _unfit(err) from err

    def state(self, number: int | None, now_s: int) -> StateAPI:
        """Give the state after a block, to be looked at and thrown away; gas costs nothing there.

        number, now_s: as for `call`. Raises RpcError when there is no such block.
        """
        evm = self.evm()
        if number is None:
            header = self._next_header(evm, evm.get_canonical_head(), now_s)
        else:
            header = self.header(number)
        return evm.get_vm(header.copy(base_fee_per_gas=0)).state

    def head(self) -> BlockHeaderAPI:
        """Read the newest block's header."""
        return self.evm().get_canonical_head()

    def header(self, number: int) -> BlockHeaderAPI:
        """Read the header of a block. Raises RpcError when there is none."""
        try:
            return self.evm().get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound as err:
            raise RpcError(TRANSACTION_REJECTED, "header not found") from err

    def block(self, number: int) -> BlockAPI:
        """Read a block. Raises RpcError when there is none."""
        return self.evm().get_block_by_header(self.header(number))

    def find(self, tx_hash: bytes) -> Mined | None:
        """Find a transaction by its hash; None when it stands in no block."""
        evm = self.evm()
        try:
            number, index = evm.get_canonical_transaction_index(Hash32(tx_hash))
        except (TransactionNotFound, KeyError):
            return None
        block = evm.get_canonical_block_by_number(number)
        return Mined(block, block.transactions[index], block.get_receipts(evm.chaindb)[index])


def _succeeded(computation: ComputationAPI) -> ComputationAPI:
    if not computation.is_error:
        return computation
    error = computation.error
    if isinstance(error, Revert):
        data = bytes(computation.output)
        text = error_text(data)
        raise RpcError(REVERTED, f"execution reverted{f': {text}' if text else ''}", data)
    raise RpcError(TRANSACTION_REJECTED, f"execution failed: {error!s:.100}")


def _unfit(err: ValidationError | RecursionError) -> RpcError:
    """Refuse what py-evm cannot run: calls in calls are Python's own, and Python's limit holds."""
    if isinstance(err, RecursionError):
        return RpcError(TRANSACTION_REJECTED, "execution failed: too many calls in calls")
    return RpcError(TRANSACTION_REJECTED, f"invalid transaction: {err!s:.200}")


def encoded_size(block: BlockAPI) -> int:
    """Measure the RLP encoding of a block, bytes."""
    return len(rlp.encode(block))
