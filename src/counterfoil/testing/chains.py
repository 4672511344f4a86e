"""The promises of `ports.Chain`, as checks that every chain must pass.

Subclass `ChainConformance` in a test module and give `open_chain` and `funded`; pytest collects the
rest. The checks share one chain, and each sends its own transactions. This module refuses to
import a test framework, or an engine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from counterfoil.chain import Account, prepare, transact, wait_receipt
from counterfoil.errors import InputError, Refused, VerificationError
from counterfoil.ports import Chain, ChainCall, Fees, TxReceipt
from counterfoil.testing.checks import check, refuses

__all__ = ["COUNTED", "ChainConformance", "probe_code"]

COUNTED: Final = (7).to_bytes(32, "big")
"""The only topic of the event that the probe emits; its data is the new count."""

_NOBODY: Final = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # of EIP-55
_COINS: Final = 10**15
_REASON: Final = b"not like this"


def probe_code() -> bytes:
    """Make the bytes that make the probe: a contract of 150 bytes, written by hand.

    Called with no data it adds one to its count, emits `COUNTED` and returns the count; with any
    data it reverts with a reason.
    """
    push32, push0, mstore = b"\x7f", b"\x5f", b"\x52"
    count = bytes.fromhex("5f54600101805f555f5260076020" + "5fa160205ff3")
    refuse = b"".join(
        [
            b"\x5b",  # JUMPDEST
            push32 + bytes.fromhex("08c379a0").ljust(32, b"\0") + push0 + mstore,  # Error(string)
            b"\x60\x20\x60\x04" + mstore,  # where the text is
            b"\x60" + bytes([len(_REASON)]) + b"\x60\x24" + mstore,  # how long it is
            push32 + _REASON.ljust(32, b"\0") + b"\x60\x44" + mstore,
            b"\x60\x64" + push0 + b"\xfd",  # REVERT
        ]
    )
    branch = b"\x36\x60" + bytes([4 + len(count)]) + b"\x57"  # CALLDATASIZE, PUSH1, JUMPI
    runtime = branch + count + refuse
    return b"\x60" + bytes([len(runtime)]) + bytes.fromhex("8060095f395ff3") + runtime


class ChainConformance:
    """What anchoring relies on."""

    def open_chain(self) -> Chain:
        """Open the chain of the running test; it may be the same for all of them."""
        raise NotImplementedError

    def funded(self) -> Account:
        """Give an account with coins on that chain, which nobody else uses meanwhile."""
        raise NotImplementedError

    def probe(self, chain: Chain, account: Account) -> str:
        """Put the probe on the chain and give its address."""
        address = transact(chain, account, ChainCall(None, probe_code())).contract
        if address is None:
            raise AssertionError("expected the address of a contract, came none")
        return address

    def test_it_says_who_it_is(self) -> None:
        """A chain has an id, an engine, an address and somebody who runs it."""
        chain = self.open_chain()
        check("id", True, chain.chain_id > 0)
        check("engine", True, chain.kind in ("embedded", "rpc"))
        check("words", True, bool(chain.url) and bool(chain.run_by))
        check("web3", chain.chain_id, chain.web3.eth.chain_id)

    def test_blocks(self) -> None:
        """A transaction makes a block; blocks are found by number, and time does not go back."""
        chain, account = self.open_chain(), self.funded()
        before = chain.head()
        receipt = transact(chain, account, ChainCall(_NOBODY, value_wei=1))
        after = chain.head()
        check("the head grew", True, after.number > before.number)
        check("time went on", True, after.time_s >= before.time_s)
        check("its block", receipt.block_hash, getattr(chain.block(receipt.block), "hash", None))
        check("the old head", before, chain.block(before.number))
        check("no block yet", None, chain.block(after.number + 1_000_000))
        final, safe = chain.final(), chain.safe()
        check("order", True, final.number <= safe.number <= chain.head().number)

    def test_coins_and_nonces(self) -> None:
        """Coins move by the value sent and what the gas cost; the nonce counts transactions."""
        chain, account = self.open_chain(), self.funded()
        nonce, held = chain.nonce(account.address), chain.balance(account.address)
        there = chain.balance(_NOBODY)
        receipt = transact(chain, account, ChainCall(_NOBODY, value_wei=_COINS))
        check("received", there + _COINS, chain.balance(_NOBODY))
        cost = receipt.gas_used * receipt.gas_price
        check("spent", held - _COINS - cost, chain.balance(account.address))
        check("gas", 21_000, receipt.gas_used)
        check("nonce", nonce + 1, chain.nonce(account.address))
        check("pending nonce", nonce + 1, chain.nonce(account.address, pending=True))

    def test_a_contract(self) -> None:
        """A contract has code, answers views at any block, and its events are found."""
        chain, account = self.open_chain(), self.funded()
        address = self.probe(chain, account)
        check("code", probe_code()[9:], chain.code(address))
        check("no code", b"", chain.code(_NOBODY))
        receipts = [transact(chain, account, ChainCall(address)) for _ in range(3)]
        count = int.from_bytes(chain.call(ChainCall(address)), "big")
        check("a view of the head", 4, count)
        old = chain.call(ChainCall(address), receipts[0].block)
        check("a view of an old block", 2, int.from_bytes(old, "big"))
        self.check_events(chain, address, receipts)

    def check_events(self, chain: Chain, address: str, receipts: list[TxReceipt]) -> None:
        """Check that the events of three counts are found, each in its place."""
        first, last = receipts[0].block, receipts[-1].block
        found = list(chain.logs(address, 0, last))
        check("events", [log for receipt in receipts for log in receipt.logs], found)
        check("data", [1, 2, 3], [int.from_bytes(log.data, "big") for log in found])
        check("topics", {(COUNTED,)}, {log.topics for log in found})
        check("by topic", found, list(chain.logs(address, first, last, [COUNTED])))
        check("another topic", [], list(chain.logs(address, first, last, [bytes(32)])))
        check("one topic more", [], list(chain.logs(address, first, last, [None, COUNTED])))
        check("later blocks", found[1:], list(chain.logs(address, first + 1, last)))
        check("nobody's", [], list(chain.logs(_NOBODY, first, last)))

    def test_a_revert_says_why(self) -> None:
        """A call that would be reverted is refused with the contract's own reason."""
        chain, account = self.open_chain(), self.funded()
        asked = ChainCall(self.probe(chain, account), b"x", account.address)
        for call in (chain.call, chain.estimate):
            err = refuses(Refused, lambda call=call: call(asked))  # type: ignore[misc]  # bound now
            check("code", "chain.reverted", err.code)
            check("reason", True, _REASON.decode() in err.message)

    def test_sending_again_is_fine(self) -> None:
        """The same transaction can be sent again, before it stands in a block and after."""
        chain, account = self.open_chain(), self.funded()
        prepared = prepare(chain, account, ChainCall(_NOBODY, value_wei=1))
        check("unknown before", False, chain.knows(prepared.hash))
        check("no receipt before", None, chain.tx_receipt(prepared.hash))
        for _ in range(2):
            check("hash", prepared.hash, chain.send_raw(prepared.raw))
        check("known", True, chain.knows(prepared.hash))
        check("taken", True, wait_receipt(chain, prepared.hash).ok)
        check("hash", prepared.hash, chain.send_raw(prepared.raw))
        check("once", prepared.nonce + 1, chain.nonce(account.address))

    def test_another_chain_s_transaction(self) -> None:
        """A transaction that is signed for another chain, or for any, is never passed on."""
        chain, account = self.open_chain(), self.funded()
        nonce = chain.nonce(account.address)
        fields = {"to": _NOBODY, "value": 1, "nonce": nonce, "gas": 21_000, "gasPrice": 10**10}
        for more in ({"chainId": chain.chain_id + 1}, {}):
            raw = account.sign_transaction(fields | more)
            err = refuses(VerificationError, lambda raw=raw: chain.send_raw(raw))  # type: ignore[misc]  # bound now
            check("code", "chain.wrong-network", err.code)
        check("nothing was sent", nonce, chain.nonce(account.address, pending=True))

    def test_refusals(self) -> None:
        """A used nonce, a fee too low and an empty account are refused, each under its code."""
        chain, account = self.open_chain(), self.funded()
        fees = chain.fees()
        call = ChainCall(_NOBODY, value_wei=2)
        used = prepare(chain, account, call, nonce=0, gas=21_000, fees=fees)
        transact(chain, account, ChainCall(_NOBODY, value_wei=1))
        low = prepare(chain, account, call, gas=21_000, fees=Fees(1, 1))
        rich = replace(call, value_wei=chain.balance(account.address))
        poor = prepare(chain, account, rich, gas=21_000, fees=fees)
        for prepared, code in (
            (used, "chain.nonce"),
            (low, "chain.fee"),
            (poor, "chain.underfunded"),
        ):
            err = refuses(Refused, lambda raw=prepared.raw: chain.send_raw(raw))  # type: ignore[misc]  # bound now
            check("code", code, err.code)

    def test_fees_are_enough(self) -> None:
        """What is suggested is taken at once, and the gas that is estimated suffices exactly."""
        chain, account = self.open_chain(), self.funded()
        address = self.probe(chain, account)
        fees = chain.fees()
        check("positive", True, 0 <= fees.priority_fee <= fees.max_fee and fees.max_fee > 0)
        gas = chain.estimate(ChainCall(address, sender=account.address))
        prepared = prepare(chain, account, ChainCall(address), gas=gas, fees=fees)
        chain.send_raw(prepared.raw)
        check("taken", True, wait_receipt(chain, prepared.hash).ok)

    def test_many_readers(self) -> None:
        """Any thread may read while others do."""
        chain, account = self.open_chain(), self.funded()
        expected = chain.balance(account.address)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: chain.balance(account.address), range(16)))
        check("balances", [expected] * 16, found)

    def test_what_is_no_address(self) -> None:
        """An address with a wrong checksum, or cut short, is refused before anybody is asked."""
        chain = self.open_chain()
        for address in (_NOBODY[:-1], _NOBODY.replace("5aA", "5aa"), "coffee", ""):
            err = refuses(InputError, lambda address=address: chain.balance(address))  # type: ignore[misc]  # bound now
            check("code", "chain.address", err.code)
