"""Check a verdict as far as a log alone shows: who signed it, and that its decision says the same.

The chain and governance are `proofs.gate`'s business. An account's signature has 65 bytes and can
be checked here; one of any other length is a contract's, or there is none since a proof stands
for it, and only the chain can tell. This module refuses to look anything up.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import predicates
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.verdict import SignedVerdict, Verdict, digest_of, hash_text
from counterfoil.proofs.secp256k1 import SIGNATURE_BYTES, recover_address

__all__ = ["Decided", "check_decided", "decided_in", "score_parts", "signs_alone", "verify_decider"]

_PARTS: Final = Decimal(10**18)
_EXACT: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)


class _Model(msgspec.Struct):
    digest: str | None = None


class _Decision(msgspec.Struct):
    outcome: str
    model: _Model
    score: str | None = None


class Decided(msgspec.Struct, frozen=True):
    """What of a decision a verdict repeats.

    issuer: the organisation's URI. outcome: its text. maker: SHA-256 of the model, rule or
    circuit, 64 hexadecimal digits; None where the decision names it by its statement alone.
    score: decimal text.
    """

    issuer: str
    outcome: str
    maker: str | None
    score: str | None


def signs_alone(signed: SignedVerdict) -> bool:
    """Tell whether a verdict's signature is an account's, which needs no chain to be checked."""
    return len(signed.signature) == SIGNATURE_BYTES


def verify_decider(signed: SignedVerdict) -> None:
    """Check that a verdict's signature is its signer's, where it is an account's.

    Raises VerificationError with code signature.account, or verdict.signer for somebody else's or
    one of a contract.
    """
    if not signs_alone(signed):
        raise VerificationError(
            "verdict.signer",
            f"expected an account's signature of {SIGNATURE_BYTES} bytes, found "
            f"{len(signed.signature)}",
            hint="Whether a contract signed it, or a proof stands for it, only the chain can tell.",
        )
    found = recover_address(digest_of(signed.verdict), signed.signature)
    if found != signed.verdict.signer:
        raise VerificationError(
            "verdict.signer",
            f"expected a signature by 0x{signed.verdict.signer.hex()}, found one by "
            f"0x{found.hex()}",
            hint="It was signed for another chain or gate, by somebody else, or changed since.",
        )


def decided_in(entry: StatementEntry) -> Decided | None:
    """Read from a decision's statement what a verdict repeats; None for any other statement."""
    if predicates.name_of(entry.statement.predicate_type) != "decision":
        return None
    header = predicates.parse_header(entry.statement)
    try:
        said = msgspec.json.decode(entry.statement.predicate, type=_Decision)
    except msgspec.MsgspecError:
        return None
    if header is None:
        return None
    return Decided(header[0], said.outcome, said.model.digest, said.score)


def check_decided(verdict: Verdict, decided: Decided) -> None:
    """Check that a verdict says what its decision says: whose, by what, which outcome and score.

    Raises VerificationError with code verdict.decision.
    """
    said = (verdict.organisation, verdict.outcome, verdict.score)
    expected = (
        hash_text(decided.issuer),
        hash_text(decided.outcome),
        score_parts(decided.score),
    )
    names = ("organisation", "outcome", "score")
    other = [name for name, one, two in zip(names, said, expected, strict=True) if one != two]
    if decided.maker is not None and verdict.maker.hex() != decided.maker:
        other.append("maker")
    if other:
        raise VerificationError(
            "verdict.decision",
            f"expected a verdict that says what its decision says, found another {other[0]}",
            hint="Do not act on it: its decider signed what was not decided.",
        )


def score_parts(score: str | None) -> int:
    """Turn a decision's score into parts in 10^18, as verdicts have it; 0 for none.

    score: decimal text; what is finer is rounded half to even. Raises InputError with code
    verdict.score for no number, or one that 256 bits cannot hold.

    >>> score_parts("0.25")
    250000000000000000
    """
    if score is None:
        return 0
    try:
        scaled = _EXACT.multiply(Decimal(score), _PARTS)
        if not scaled.is_finite() or abs(scaled) >= 1 << 255:
            raise OverflowError
        return int(scaled.to_integral_value(ROUND_HALF_EVEN))
    except ArithmeticError as err:
        raise InputError(
            "verdict.score", f"expected a score as decimal text, found {score[:40]!a}"
        ) from err
