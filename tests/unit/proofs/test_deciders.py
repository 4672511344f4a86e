"""What a log alone shows of a verdict: an account's signature, and what its decision says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.formats.verdict import SignedVerdict, hash_text
from counterfoil.proofs.deciders import (
    Decided,
    check_decided,
    decided_in,
    score_parts,
    verify_decider,
)
from tests.contracts.signing import key
from tests.verdicts import plain_verdict, sign

DECIDED = Decided("https://org.example", "release", sha256(b"model").hexdigest(), "-0.25")


def test_signed() -> None:
    """An account's signature is checked; for anything else the chain has to be asked."""
    said = plain_verdict()
    verify_decider(SignedVerdict(said, sign(said)))
    for signature, code in [
        (sign(said, key("other")), "verdict.signer"),
        (sign(replace(said, seq=1)), "verdict.signer"),
        (b"", "verdict.signer"),
        (b"contract's", "verdict.signer"),
        (b"\xff" * 65, "signature.account"),
    ]:
        with pytest.raises(VerificationError) as caught:
            verify_decider(SignedVerdict(said, signature))
        assert caught.value.code == code


def test_said_otherwise() -> None:
    """Each thing that a verdict repeats of its decision counts."""
    said = plain_verdict()
    check_decided(said, DECIDED)
    check_decided(replace(said, maker=bytes(32)), msgspec.structs.replace(DECIDED, maker=None))
    for change in (
        {"organisation": hash_text("https://other.example")},
        {"outcome": hash_text("return")},
        {"score": said.score + 1},
        {"maker": bytes(32)},
    ):
        with pytest.raises(VerificationError) as caught:
            check_decided(replace(said, **change), DECIDED)
        assert caught.value.code == "verdict.decision"
        assert next(iter(change)) in caught.value.message


@given(st.decimals(-1000, 1000, places=18))
def test_scores(score: Decimal) -> None:
    """Scores of up to 18 places are exact."""
    assert score_parts(str(score)) == int(score * 10**18)


def test_scores_that_are_finer_or_none() -> None:
    """What is finer is rounded half to even; no score is 0; no number is refused."""
    assert score_parts("0.0000000000000000005") == 0
    assert score_parts("0.0000000000000000015") == 2
    assert score_parts(None) == 0
    for text in ("", "x", "NaN", "Infinity", "1e60", "1e999999999"):
        with pytest.raises(InputError) as caught:
            score_parts(text)
        assert caught.value.code == "verdict.score"


def statement(uri: str, predicate: bytes) -> StatementEntry:
    subject = (sha256_subject("it", b"it"),)
    said = Statement(subject, uri, msgspec.Raw(predicate))
    return StatementEntry(Envelope(b"", STATEMENT_PAYLOAD_TYPE, ()), said)


def test_reading_a_decision() -> None:
    """A decision is read by what verdicts repeat; other statements, and broken ones, are none."""
    uri = "https://counterfoil.dev/decision/v1"
    whole = b'{"issuer":"i","source":"s","number":1,"outcome":"o","model":{"digest":"d"}}'
    assert decided_in(statement(uri, whole)) == Decided("i", "o", "d", None)
    assert decided_in(statement("https://other.example/v1", whole)) is None
    assert decided_in(statement(uri, b'{"outcome":"o","model":{}}')) is None
    assert decided_in(statement(uri, whole.replace(b'"o"', b"1"))) is None
