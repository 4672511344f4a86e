"""Verdicts for tests: signed by keys that are the same in every run."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from counterfoil.formats import verdict
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from tests.contracts.signing import key

__all__ = ["DECIDER", "address_of", "entry_of", "plain_verdict", "sign"]

DECIDER: Final = key("decider")


def address_of(account: LocalAccount | str) -> bytes:
    """Give an account's address as verdicts have it, 20 bytes."""
    text = account if isinstance(account, str) else account.address
    return bytes.fromhex(text[2:])


def plain_verdict(**changes: Any) -> Verdict:
    """Give a verdict about a payment, with changes."""
    plain = Verdict(
        chain_id=1337,
        gate=b"\x6a" * 20,
        log_id=sha256(b"log").digest(),
        organisation=hash_text("https://org.example"),
        scope=hash_text("payment.release"),
        maker_kind=MakerKind.MODEL,
        maker=sha256(b"model").digest(),
        decision=sha256(b"decision").digest(),
        subject=sha256(b"subject").digest(),
        outcome=hash_text("release"),
        score=-250_000_000_000_000_000,
        consumer=b"\xc0" * 20,
        action_hash=sha256(b"action").digest(),
        amount_max=1_000,
        seq=0,
        nonce=sha256(b"nonce").digest(),
        decided_at=1_799_999_000,
        not_before=0,
        expiry=1_900_000_000,
        signer=address_of(DECIDER),
    )
    return replace(plain, **changes)


def sign(said: Verdict, signer: LocalAccount = DECIDER) -> bytes:
    """Sign a verdict, 65 bytes."""
    return bytes(Account.unsafe_sign_hash(verdict.digest_of(said), signer.key).signature)


def entry_of(said: Verdict, signer: LocalAccount = DECIDER) -> bytes:
    """Give a signed verdict as an entry."""
    return verdict.format(SignedVerdict(said, sign(said, signer)))
