"""Say which keys may speak for which decisions to contracts, how far and why; and take it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from counterfoil.act import Actor, Approval, Governed, Governor, Limits
from counterfoil.act.deciders import FoundDecider, list_deciders, new_decider, revoke_decider
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.named import find_by_text
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import Param

__all__ = ["approvals", "approve", "decider", "deciders", "halt", "resume", "revoke"]

_Approval = Annotated[str, Param("The approval's id, as `act approvals` shows it.", "ID")]
_OneOrAll = Annotated[str, Param("The approval's id, or `all`.", "ID|all")]
_Why = Annotated[str, Param("Why, for whoever audits it.")]
_Wait = Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")]


def decider(
    name: Annotated[str, Param("What the key is called: letters, digits, hyphens.", "NAME")],
    *,
    revoke: Annotated[bool, Param("Let go of it instead; its file stays.")] = False,
    why: Annotated[str, Param("Why it is let go of.")] = "",
    ledger: LedgerFolder = None,
) -> Recorded:
    """Make a key that signs verdicts for the organisation, and record that it does.

    Raises InputError with code act.decider-name or act.why, NotFound with code act.decider, and as
    `Ledger.record_statement`.
    """
    with open_for_writing(ledger) as opened:
        if not revoke:
            return new_decider(opened, name)
        if not why.strip():
            raise InputError(
                "act.why",
                "expected why a decider is let go of, found nothing",
                hint="Say it with --why; and revoke its approvals on each chain, too.",
            )
        return revoke_decider(opened, name, why)


def deciders(*, ledger: LedgerFolder = None) -> Iterator[FoundDecider]:
    """List the keys that sign verdicts for the organisation; their own signatures are checked.

    Raises VerificationError with code act.decider-binding.
    """
    with open_for_reading(ledger) as opened:
        yield from list_deciders(opened)


def approve(
    decider: Annotated[str, Param("Which key may speak: a decider's name or an address.", "NAME")],
    *,
    model: Annotated[
        str, Param("For what: index, leaf, digest or name[:version] of a model or rule.", "MODEL")
    ],
    maker_kind: Annotated[Literal["model", "rule", "circuit"], Param("What that is.")] = "model",
    scope: Annotated[str, Param("For which purpose, such as payment.release.", "NAME")],
    evidence: Annotated[
        str, Param("The statement that this rests on, such as an evaluation.", "INDEX|LEAF")
    ],
    cap: Annotated[str, Param("Most that one verdict moves, in the smallest unit.", "N")],
    period_cap: Annotated[str, Param("Most that all move in a period.", "N")],
    period_count: Annotated[int, Param("Most verdicts in a period.", "N")],
    period: Annotated[int, Param("Length of a period, seconds.", "SECONDS")] = 86_400,
    valid: Annotated[int, Param("How long it holds, seconds.", "SECONDS")] = 30 * 86_400,
    since: Annotated[
        int | None, Param("Decisions from this Unix time on; else from now on.", "SECONDS")
    ] = None,
    min_age: Annotated[int, Param("How old an anchor must be, seconds.", "SECONDS")] = 0,
    veto_window: Annotated[
        int, Param("How long a verdict is announced before it is used, seconds.", "SECONDS")
    ] = 0,
    vetoer: Annotated[str | None, Param("Who may veto meanwhile.", "0x")] = None,
    ordered: Annotated[bool, Param("Verdicts count in the order of their numbers only.")] = False,
    as_signature: Annotated[
        bool, Param("They also count as ERC-1271 signatures, which no period counts.")
    ] = False,
    consumer: Annotated[
        str | None,
        Param("The only contract that may act on it: limits are in its units; else any.", "0x"),
    ] = None,
    by_proof: Annotated[
        bool, Param("The decider is a circuit's verifier: a proof stands for its signature.")
    ] = False,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Governed:
    """Let a decider speak for a model, rule or circuit, for one purpose, within limits.

    By the account that owns the registry. Raises as `Governor.approve`.
    """
    with open_for_writing(ledger) as opened, _governing(opened, chain) as governor:
        limits = Limits(
            cap=_number("cap", cap),
            period_cap=_number("period-cap", period_cap),
            period_count=period_count,
            period_s=period,
            valid_s=valid,
            since_s=since,
            min_age_s=min_age,
            veto_window_s=veto_window,
            vetoer=vetoer,
            ordered=ordered,
            as_signature=as_signature,
            consumer=consumer,
            by_proof=by_proof,
        )
        index = find_entry(opened, evidence)
        digest = _digest(opened, model, maker_kind)
        return governor.approve(
            decider, digest, scope, index, limits, maker_kind=maker_kind, wait_s=wait
        )


def revoke(
    approval: _Approval,
    *,
    why: _Why,
    since: Annotated[
        int | None, Param("Nothing anchored from this Unix time on counts; else now.", "SECONDS")
    ] = None,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Governed:
    """End an approval, for ever: what is anchored from a moment on does not count.

    By the account that owns the registry. Raises as `Governor.revoke`.
    """
    with open_for_writing(ledger) as opened, _governing(opened, chain) as governor:
        return governor.revoke(approval, why=why, from_s=since, wait_s=wait)


def halt(
    approval: _OneOrAll,
    *,
    seconds: Annotated[int, Param("For how long, at most seven days.", "SECONDS")],
    why: _Why,
    as_owner: Annotated[bool, Param("By the owner's account, not the guardian's.")] = False,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Governed:
    """Let nothing through for a while, of one approval or of all.

    By the guardian's account. Raises as `Governor.halt`.
    """
    with open_for_writing(ledger) as opened, _governing(opened, chain) as governor:
        return governor.halt(_one(approval), seconds, why=why, as_owner=as_owner, wait_s=wait)


def resume(
    approval: _OneOrAll,
    *,
    why: _Why,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Governed:
    """End a halt early, by the account that owns the registry.

    Raises as `Governor.resume`.
    """
    with open_for_writing(ledger) as opened, _governing(opened, chain) as governor:
        return governor.resume(_one(approval), why=why, wait_s=wait)


def approvals(*, chain: OnChain = None, ledger: LedgerFolder = None) -> Iterator[Approval]:
    """List who may speak for what, as it stands on the chain now.

    Raises NotFound with code act.not-deployed, and as `Actor`.
    """
    with open_for_writing(ledger) as opened, _governing(opened, chain) as governor:
        yield from governor.ls()


def _governing(opened: Ledger, chain: str | None) -> Governor:
    return Governor(Actor(opened, chain=chain))


def _one(approval: str) -> str | None:
    return None if approval == "all" else approval


def _digest(opened: Ledger, text: str, kind: str) -> str:
    """Find the digest of a model; of what the ledger does not know, 64 digits are taken as it."""
    if kind == "model":
        try:
            reference: Any = int(text) if text.isdigit() and len(text) < 16 else text
            return opened.models.get(reference).digest
        except NotFound:
            if len(text) != 64:
                raise
            return text
    found = find_by_text(opened, text, kind, "digest")
    digest = None if found is None else found.content.get("digest")
    return digest if isinstance(digest, str) else text


def _number(what: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 80:
        return int(text)
    raise InputError(
        "act.limit",
        f"expected a whole number as {what}, found {text[:80]!a}",
        hint="Limits are in the contract's smallest unit; 0 where nothing is moved.",
    )
