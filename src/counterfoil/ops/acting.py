"""Have contracts act on recorded decisions, and see what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from counterfoil.act import Acted, Actor, Wanted
from counterfoil.act.acted import read_acted, read_one
from counterfoil.act.contract_calls import call_of
from counterfoil.errors import InputError
from counterfoil.ledger import Recorded
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import Param, Progress, no_progress

__all__ = ["Settled", "check", "follow", "get", "listing", "settle", "submit"]

_Contract = Annotated[
    str, Param("The contract that acts: its name where we put it there, or its address.", "NAME|0x")
]
_Function = Annotated[
    str,
    Param("The function, without the proof; its name alone where the contract is ours.", "F(TYPE)"),
]
_Argument = Annotated[
    tuple[str, ...], Param("Its arguments but for the proof, in order; lists as JSON.", "VALUE")
]
_Scope = Annotated[str, Param("The purpose, such as payment.release.", "NAME")]
_Decider = Annotated[str, Param("Whose key signs the verdict.", "NAME")]
_Amount = Annotated[str, Param("What it moves, in the contract's smallest unit.", "N")]
_UpTo = Annotated[str | None, Param("The most that the verdict allows; else just that.", "N")]
_Maker = Annotated[Literal["model", "rule", "circuit"], Param("What made the decision.")]
_Valid = Annotated[int, Param("How long the verdict can be used, seconds.", "SECONDS")]
_NotBefore = Annotated[
    str | None, Param("From when on it can be used: 2026-11-29, with THH:MM.", "TIME")
]
_Seq = Annotated[int, Param("Its number in a scope that runs in order, from 1; else 0.", "N")]
_Run = Annotated[int, Param("Tells a repetition of the same call apart.", "N")]


@dataclass(frozen=True, slots=True)
class Settled:
    """How far something is that was under way. trouble: code and text of what is in the way."""

    acted: Acted
    trouble: tuple[str, str] | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        trouble = None if self.trouble is None else list(self.trouble)
        return {**self.acted.to_json(), "trouble": trouble}


def submit(
    entry: Entry,
    *,
    contract: _Contract,
    function: _Function,
    arg: _Argument = (),
    scope: _Scope,
    decider: _Decider,
    amount: _Amount = "0",
    up_to: _UpTo = None,
    maker_kind: _Maker = "model",
    valid: _Valid = 86_400,
    not_before: _NotBefore = None,
    seq: _Seq = 0,
    run: _Run = 0,
    subject: Annotated[
        str | None, Param("Whom or what it is about; the verdict has a salted digest of it.")
    ] = None,
    wait: Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")] = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Have a contract act on a decision: sign, record, anchor, check, send, and record the action.

    The same decision for the same call is done once. Raises as `Actor.act`.
    """
    with open_for_writing(ledger) as opened, _acting(opened, chain) as actor:
        asked = _wanted(
            actor,
            contract=contract,
            function=function,
            arg=arg,
            scope=scope,
            decider=decider,
            amount=amount,
            up_to=up_to,
            maker_kind=maker_kind,
            valid=valid,
            not_before=not_before,
            seq=seq,
            run=run,
        )
        return actor.act(find_entry(opened, entry), asked, subject=subject, wait_s=wait)


def check(
    entry: Entry,
    *,
    contract: _Contract,
    function: _Function,
    arg: _Argument = (),
    scope: _Scope,
    decider: _Decider,
    amount: _Amount = "0",
    up_to: _UpTo = None,
    maker_kind: _Maker = "model",
    valid: _Valid = 86_400,
    not_before: _NotBefore = None,
    seq: _Seq = 0,
    run: _Run = 0,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Record and anchor a decision's verdict, and say whether the gate would let it pass now.

    Nothing is sent; `act submit` goes on from there. Raises as `Actor.check`.
    """
    with open_for_writing(ledger) as opened, _acting(opened, chain) as actor:
        asked = _wanted(
            actor,
            contract=contract,
            function=function,
            arg=arg,
            scope=scope,
            decider=decider,
            amount=amount,
            up_to=up_to,
            maker_kind=maker_kind,
            valid=valid,
            not_before=not_before,
            seq=seq,
            run=run,
        )
        return actor.check(find_entry(opened, entry), asked)


def settle(*, chain: OnChain = None, ledger: LedgerFolder = None) -> Iterator[Settled]:
    """Go on with everything that is under way on a chain, as far as it goes now.

    Raises Unavailable when the chain cannot be asked, and as `Actor`.
    """
    with open_for_writing(ledger) as opened, _acting(opened, chain) as actor:
        jobs = actor.book.open_jobs(actor.chain.chain_id)
        errors = actor.go_on()
        for job in jobs:
            if job.kind == "verdict":
                error = errors.get(job.number)
                trouble = None if error is None else (error.code, error.message)
                yield Settled(actor.get(job.number), trouble)


def follow(
    *,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
    progress: Progress = no_progress,
) -> Iterator[Recorded]:
    """Record an action for each use of this log's verdicts, from where it was left off.

    Whoever sent the transaction; in final blocks only. Raises as `Actor.follow`.
    """
    with open_for_writing(ledger) as opened, _acting(opened, chain) as actor:
        yield from actor.follow(progress)


def listing(
    *,
    limit: Annotated[int, Param("At most so many.", "N", short="n")] = 50,
    ledger: LedgerFolder = None,
) -> Iterator[Acted]:
    """List what was asked of contracts, newest first, and how far it is.

    Raises Unavailable with code act.book.
    """
    with open_for_reading(ledger) as opened:
        yield from read_acted(opened.layout.act_book, limit)


def get(
    number: Annotated[int, Param("The number that `act ls` shows.", "NUMBER")],
    *,
    ledger: LedgerFolder = None,
) -> Acted:
    """Show what was asked of a contract: decision, verdict, transaction, action, and trouble.

    Raises NotFound with code act.job, Unavailable with code act.book.
    """
    with open_for_reading(ledger) as opened:
        return read_one(opened.layout.act_book, number)


def _acting(opened: Any, chain: str | None) -> Actor:
    return Actor(opened, chain=chain)


def _wanted(actor: Actor, **given: Any) -> Wanted:
    """Read what is to happen."""
    until = given["not_before"]
    up_to = given["up_to"]
    return Wanted(
        call=call_of(actor, given["contract"], given["function"], given["arg"]),
        scope=given["scope"],
        decider=given["decider"],
        amount=_number("amount", given["amount"]),
        amount_max=None if up_to is None else _number("up-to", up_to),
        maker_kind=given["maker_kind"],
        valid_s=given["valid"],
        not_before_s=0 if until is None else parse_time(until, datetime.now(UTC)) // 1000,
        seq=given["seq"],
        run=given["run"],
    )


def _number(what: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 80:
        return int(text)
    raise InputError(
        "act.number",
        f"expected a whole number as {what}, found {text[:80]!a}",
        hint="Amounts are in the contract's smallest unit: 2500 for 25.00 with two decimals.",
    )
