"""Speak with a reorder desk: what may be ordered, what was, and whose money lies there.

An order is named by texts, of which the contract knows the hashes. What becomes of an order's money
is the escrow's to say, so that `actions` and `escrow_contract` speak of it. This module refuses to
send: it makes calls, and reads. Source: `contracts/reorder_desk.vy`, `contracts/agreements.vy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.act.actions import NOBODY, PaymentTerms
from counterfoil.act.call import Call
from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import address_of, keccak
from counterfoil.contracts import load_artifact
from counterfoil.errors import InputError
from counterfoil.formats.verdict import hash_text
from counterfoil.ports import Chain, ChainCall

__all__ = ["ORDER_SCOPE", "Agreement", "Order", "Ordered", "ReorderContract", "place"]

ORDER_SCOPE: Final = "supply.order"
"""Scope of verdicts that place orders."""

_ORDER: Final = "(bytes32,bytes32,uint64,uint128,uint64)"
_NAME_MAX: Final = 255
_WORD32: Final = (1 << 32) - 1
_WORD64: Final = (1 << 64) - 1
_WORD128: Final = (1 << 128) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is ordered of whom.

    item, supplier: their names, such as GS1 keys; 1 to 255 printable characters. quantity: units,
    1 to 2^64 - 1. unit_price: for one unit, in the token's smallest unit, 1 to 2^128 - 1.
    deadline_s: POSIX seconds before which it is to be delivered.
    Raises InputError with code supply.terms.
    """

    item: str
    supplier: str
    quantity: int
    unit_price: int
    deadline_s: int

    def __post_init__(self) -> None:
        _require_names(self.item, self.supplier)
        _require("quantity", self.quantity, 1, _WORD64)
        _require("unit_price", self.unit_price, 1, _WORD128)
        _require("deadline_s", self.deadline_s, 1, _WORD64)

    @property
    def amount(self) -> int:
        """What it costs, in the token's smallest unit."""
        return self.quantity * self.unit_price

    @property
    def words(self) -> tuple[Any, ...]:
        """Give the fields in the contract's order."""
        return (
            *(hash_text(self.item), hash_text(self.supplier)),
            *(self.quantity, self.unit_price, self.deadline_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What governance agreed on with a supplier for an item; caps are inclusive.

    item, supplier: names as of `Order`. payee: the supplier's account. token: an ERC-20.
    unit_price: most for one unit, in its smallest unit. quantity: most units of an order;
    period_quantity, period_budget: most units and money of all orders in a period of `period_s`
    seconds, which begins at a multiple of it. lead_s, term_s: least and most seconds from an order
    to its delivery deadline; grace_s: seconds after that in which a delivery may still be proven.
    window_s, arbiter: of appeals, as of `PaymentTerms`. outcome: that a decision to order has.
    Times have 32 bits, prices and money 128, quantities 64.
    Raises InputError with code supply.terms.
    """

    item: str
    supplier: str
    payee: str
    token: str
    unit_price: int
    quantity: int
    period_quantity: int
    period_budget: int
    term_s: int
    period_s: int = 7 * 86_400
    lead_s: int = 0
    grace_s: int = 86_400
    window_s: int = 0
    arbiter: str = NOBODY
    outcome: str = "shortage"

    def __post_init__(self) -> None:
        _require_names(self.item, self.supplier)
        for name in ("payee", "token", "arbiter"):
            try:
                object.__setattr__(self, name, address_of(getattr(self, name)))
            except ValueError as err:
                raise InputError(
                    "supply.terms",
                    f"for the {name}: {err}",
                    hint="An address is 0x and 40 hexadecimal digits.",
                ) from err
        for name, least, most in (
            ("unit_price", 1, _WORD128),
            ("quantity", 1, _WORD64),
            ("period_quantity", 1, _WORD64),
            ("period_budget", 1, _WORD128),
            ("period_s", 1, _WORD32),
            ("term_s", 1, _WORD32),
            ("lead_s", 0, self.term_s),
            ("grace_s", 0, _WORD32),
            ("window_s", 0, 30 * 86_400),
        ):
            _require(name, getattr(self, name), least, most)
        if (self.window_s == 0) != (self.arbiter == NOBODY) or not self.outcome:
            raise InputError(
                "supply.terms",
                "expected an arbiter where there is a window for appeals, nobody where there is "
                f"none, and an outcome; found {self.arbiter}, {self.window_s} s, "
                f"{self.outcome[:40]!a}",
                hint="Without an arbiter a verdict takes effect at once.",
            )

    @property
    def id(self) -> bytes:
        """The hash of item and supplier, 32 bytes."""
        return keccak(hash_text(self.item) + hash_text(self.supplier))

    @property
    def words(self) -> tuple[Any, ...]:
        """Give the fields in the contract's order, without item and supplier."""
        return (
            *(self.payee, self.token, self.unit_price, self.quantity, self.period_quantity),
            *(self.period_budget, self.period_s, self.lead_s, self.term_s, self.grace_s),
            *(self.window_s, self.arbiter, hash_text(self.outcome)),
        )


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was ordered under an agreement in one period: its number, units, and money."""

    period: int
    quantity: int
    money: int


def place(desk: str, order: Order) -> Call:
    """Name the call that places an order; a verdict of `ORDER_SCOPE` has to name its hash.

    desk: the contract's address. The verdict's amount has to be the order's.
    """
    return Call(address_of(desk), f"place({_ORDER},bytes)", (order.words,))


class ReorderContract:
    """The reorder desk at an address of a chain. Reads raise what `Chain.call` raises."""

    def __init__(self, chain: Chain, address: str) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(load_artifact("reorder_desk").abi)

    def funder(self) -> str:
        """Tell whose money it is."""
        return address_of(self._view("FUNDER")[0])

    def escrow(self) -> str:
        """Tell which escrow its orders are paid into."""
        return address_of(self._view("ESCROW")[0])

    def agreed(self, item: str, supplier: str) -> tuple[Any, ...] | None:
        """Read an agreement as the contract has it, in the order of `Agreement.words`.

        None where there is none.
        """
        (found,) = self._view("agreement_of", hash_text(item), hash_text(supplier))
        payee, token, *rest = found
        if payee == NOBODY:
            return None
        *numbers, arbiter, outcome = rest
        return (address_of(payee), address_of(token), *numbers, address_of(arbiter), outcome)

    def agreed_in(self, item: str, supplier: str, first: int = 0) -> str | None:
        """Tell the transaction that last told an agreement, 0x and 64 digits; None where none did.

        first: block from which on to look.
        """
        topics = [self._abi.topic("AgreementMade"), hash_text(item), hash_text(supplier)]
        found = None
        for log in self.chain.logs(self.address, first, self.chain.head().number, topics):
            found = f"0x{log.tx_hash.hex()}"
        return found

    def ordered(self, item: str, supplier: str) -> Ordered:
        """Tell what was ordered in the last period in which something was."""
        return Ordered(*self._view("ordered_of", hash_text(item), hash_text(supplier)))

    def order_of(self, decision: str) -> bytes | None:
        """Tell the payment that a decision's order made; None where it made none.

        decision: leaf of its entry, 64 hexadecimal digits.
        """
        found: bytes = self._view("order_of", bytes.fromhex(decision))[0]
        return found if any(found) else None

    def terms_of(self, order: Order, decision: str) -> PaymentTerms:
        """Tell on which terms an order would be paid now. Raises Refused as `Chain.call`."""
        (found,) = self._view("terms_of", order.words, bytes.fromhex(decision))
        return PaymentTerms.of_words(found)

    def agree(self, agreement: Agreement) -> ChainCall:
        """Make the call by which the registry's owner says what may be ordered."""
        names = (hash_text(agreement.item), hash_text(agreement.supplier))
        return self._call("agree", *names, agreement.words)

    def end(self, item: str, supplier: str) -> ChainCall:
        """Make the call by which the registry's owner ends an agreement."""
        return self._call("end", hash_text(item), hash_text(supplier))

    def withdraw(self, token: str, to: str, amount: int) -> ChainCall:
        """Make the call by which the funder takes out what was not ordered."""
        return self._call("withdraw", token, to, amount)

    def collect(self, token: str) -> ChainCall:
        """Make the call by which anybody brings back here what the escrow returned."""
        return self._call("collect", token)

    def collect_to(self, token: str, to: str, amount: int) -> ChainCall:
        """Make the call by which the funder takes what the escrow returned to any account."""
        return self._call("collect_to", token, to, amount)

    def appeal(self, terms: PaymentTerms) -> ChainCall:
        """Make the call by which the funder objects to a verdict on an order's money."""
        return self._call("appeal", terms.words)

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        return self._abi.decode(function, self.chain.call(self._call(function, *arguments)))

    def _call(self, function: str, *arguments: object) -> ChainCall:
        return ChainCall(self.address, self._abi.encode(function, *arguments))


def _require_names(item: str, supplier: str) -> None:
    for name, text in (("item", item), ("supplier", supplier)):
        if not 0 < len(text) <= _NAME_MAX or not text.isprintable():
            raise InputError(
                "supply.terms",
                f"expected the name of the {name}, 1 to {_NAME_MAX} printable characters, found "
                f"{text[:80]!a}",
                hint="Take a GS1 key, or the name by which your own systems know it.",
            )


def _require(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InputError(
            "supply.terms",
            f"expected {name} from {least} to {most}, found {value}",
            hint="Quantities are whole units, prices whole smallest units of the token.",
        )
