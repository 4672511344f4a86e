"""Write and read verdicts: what a decider signs so that a contract may act on a decision.

A verdict is an entry of a log: 21 words of 32 bytes, as Solidity's ABI writes them, and then the
decider's signature over EIP-712 typed data. It has one form: every byte counts, nothing is padded.
This module refuses to check signatures, places or governance; `proofs.gate` does.
Source: Solidity ABI specification (static types); EIP-712.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats.keccak import keccak256
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = [
    "EIP712_NAME",
    "EIP712_VERSION",
    "SIGNATURE_MAX_BYTES",
    "VERDICT_TYPE_WORD",
    "WORDS",
    "WORDS_BYTES",
    "MakerKind",
    "SignedVerdict",
    "Verdict",
    "decided_ms",
    "describe",
    "digest_of",
    "format",
    "format_words",
    "hash_text",
    "identity_of",
    "parse",
    "parse_words",
    "struct_hash_of",
    "typed_data_of",
]

VERDICT_TYPE_WORD: Final = sha256(b"counterfoil verdict v1").digest()
"""First 32 bytes of every verdict; begins with neither 0x7b nor 0xd2."""

EIP712_NAME: Final = "Counterfoil Gate"
"""The name in the domain that verdicts are signed for."""

EIP712_VERSION: Final = "1"
"""The version in that domain."""

WORDS: Final = (
    ("type_word", "bytes32"),
    ("chain_id", "uint256"),
    ("gate", "address"),
    ("log_id", "bytes32"),
    ("organisation", "bytes32"),
    ("scope", "bytes32"),
    ("maker_kind", "uint8"),
    ("maker", "bytes32"),
    ("decision", "bytes32"),
    ("subject", "bytes32"),
    ("outcome", "bytes32"),
    ("score", "int256"),
    ("consumer", "address"),
    ("action_hash", "bytes32"),
    ("amount_max", "uint256"),
    ("seq", "uint64"),
    ("nonce", "bytes32"),
    ("decided_at", "uint64"),
    ("not_before", "uint64"),
    ("expiry", "uint64"),
    ("signer", "address"),
)
"""The words in their order: name and ABI type."""

WORDS_BYTES: Final = 32 * len(WORDS)
"""Bytes of the words, 672."""

SIGNATURE_MAX_BYTES: Final = 1024
"""Longest signature; one of an account has 65 bytes, one of a contract (ERC-1271) any length."""

_TYPE: Final = "Verdict(" + ",".join(f"{kind} {name}" for name, kind in WORDS) + ")"
_DOMAIN: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_BITS: Final = {"uint8": 8, "uint64": 64, "uint256": 256}
_LENGTHS: Final = {"bytes32": 32, "address": 20}


class MakerKind(IntEnum):
    """What made a decision."""

    MODEL = 1
    RULE = 2
    CIRCUIT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a decider says, to one contract on one chain, about one action.

    chain_id, gate: where it counts; gate, consumer and signer are addresses of 20 bytes. log_id:
    of the log it stands in, as the anchor contract computes it. organisation, scope, outcome:
    `hash_text` of a URI, of a scope's name (such as `payment.release`), of the outcome's text.
    maker_kind, maker: what decided, by the SHA-256 digest of its bytes. decision: leaf hash of
    the decision's entry in that log. subject: salted. score: parts in 10^18, signed, 256 bits.
    consumer: the contract that may use it. action_hash: of the exact call, or the root over
    chunks of rows. amount_max: the most it can be used for. seq: 1, 2, ... where verdicts run in
    order, else 0. nonce: 32 random bytes. decided_at, not_before, expiry: POSIX seconds, the last
    one included. signer: whose signature follows.
    """

    chain_id: int
    gate: bytes
    log_id: bytes
    organisation: bytes
    scope: bytes
    maker_kind: MakerKind
    maker: bytes
    decision: bytes
    subject: bytes
    outcome: bytes
    score: int
    consumer: bytes
    action_hash: bytes
    amount_max: int
    seq: int
    nonce: bytes
    decided_at: int
    not_before: int
    expiry: int
    signer: bytes


@dataclass(frozen=True, slots=True)
class SignedVerdict:
    """A verdict and its signature, 0 to 1,024 bytes; none where a proof is registered for it."""

    verdict: Verdict
    signature: bytes


def hash_text(text: str) -> bytes:
    """Hash a name, a URI or an outcome as verdicts have it: Keccak-256 of its UTF-8 text.

    Raises InputError with code verdict.text for a lone surrogate, which UTF-8 cannot write.
    """
    try:
        return keccak256(text.encode())
    except UnicodeEncodeError as err:
        raise InputError(
            "verdict.text", f"expected Unicode text, found a lone surrogate in {text[:40]!a}"
        ) from err


def format_words(verdict: Verdict) -> bytes:
    """Write a verdict's words, 672 bytes.

    Raises InputError with code verdict.word for a value that its type does not allow.
    """
    words = [VERDICT_TYPE_WORD]
    for name, kind in WORDS[1:]:
        words.append(_word(name, kind, getattr(verdict, name)))
    return b"".join(words)


def parse_words(data: bytes) -> Verdict:
    """Read a verdict's words.

    data: 672 bytes. Raises InputError with code verdict.size, verdict.kind or verdict.word.
    """
    if len(data) != WORDS_BYTES:
        raise InputError(
            "verdict.size", f"expected {WORDS_BYTES} bytes of words, found {len(data)}"
        )
    if not data.startswith(VERDICT_TYPE_WORD):
        raise InputError("verdict.kind", f"expected a verdict, found {data[:8].hex()}...")
    values: dict[str, Any] = {}
    for at, (name, kind) in enumerate(WORDS[1:], 1):
        values[name] = _value(name, kind, data[32 * at : 32 * at + 32])
    return Verdict(**values)


def format(signed: SignedVerdict) -> bytes:
    """Write a verdict as an entry: its words and its signature, at most 1,696 bytes.

    Raises InputError with code verdict.word or verdict.signature-size.
    """
    return format_words(signed.verdict) + _bounded(signed.signature)


def parse(data: bytes) -> SignedVerdict:
    """Read a verdict that is an entry.

    Raises InputError with code verdict.size, verdict.kind, verdict.word or
    verdict.signature-size.
    """
    verdict = parse_words(data[:WORDS_BYTES])
    return SignedVerdict(verdict, _bounded(data[WORDS_BYTES:]))


def identity_of(data: bytes) -> bytes:
    """Name a verdict by what it says: SHA-256 of its words; data: its entry.

    The same verdict signed anew is no new one.
    """
    return sha256(data[:WORDS_BYTES]).digest()


def describe(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict's words for people and programs: bytes in hexadecimal.

    Hashes have 64 digits; addresses `0x` and 40, in lower case. score and amount_max are decimal
    text, and so is any other integer beyond 2^53 - 1.
    """
    found: dict[str, Any] = {"type": "https://counterfoil.dev/verdict/v1"}
    for name, kind in WORDS[1:]:
        value = getattr(verdict, name)
        if kind == "address":
            found[name] = "0x" + value.hex()
        elif kind == "bytes32":
            found[name] = value.hex()
        elif name == "maker_kind":
            found[name] = MakerKind(value).name.lower()
        else:
            large = name in ("score", "amount_max") or value > MAX_SAFE_INTEGER
            found[name] = str(value) if large else value
    return found


def decided_ms(verdict: Verdict) -> int | None:
    """Tell when a verdict says that it was decided, Unix ms; None past what JSON can hold."""
    at_ms = verdict.decided_at * 1000
    return at_ms if at_ms <= MAX_SAFE_INTEGER else None


def struct_hash_of(words: bytes) -> bytes:
    """Hash a verdict's words as EIP-712 hashes a struct: all its fields are single words."""
    return keccak256(keccak256(_TYPE.encode()) + words)


def digest_of(verdict: Verdict) -> bytes:
    """Compute what a decider signs, 32 bytes: the EIP-712 digest for the verdict's chain and gate.

    Raises InputError with code verdict.word.
    """
    words = format_words(verdict)
    domain = keccak256(
        keccak256(_DOMAIN.encode())
        + keccak256(EIP712_NAME.encode())
        + keccak256(EIP712_VERSION.encode())
        + words[32:96]  # chain id and gate
    )
    return keccak256(b"\x19\x01" + domain + struct_hash_of(words))


def typed_data_of(verdict: Verdict) -> dict[str, Any]:
    """Give the whole EIP-712 document, for wallets and hardware that sign those."""
    kinds = {"name": "string", "version": "string", "chainId": "uint256"}
    kinds["verifyingContract"] = "address"
    message: dict[str, Any] = {"type_word": "0x" + VERDICT_TYPE_WORD.hex()}
    for name, _ in WORDS[1:]:
        value = getattr(verdict, name)
        message[name] = "0x" + value.hex() if isinstance(value, bytes) else int(value)
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in kinds.items()],
            "Verdict": [{"name": name, "type": kind} for name, kind in WORDS],
        },
        "primaryType": "Verdict",
        "domain": {
            "name": EIP712_NAME,
            "version": EIP712_VERSION,
            "chainId": verdict.chain_id,
            "verifyingContract": "0x" + verdict.gate.hex(),
        },
        "message": message,
    }


def _word(name: str, kind: str, value: Any) -> bytes:
    if kind in _LENGTHS:
        if isinstance(value, bytes) and len(value) == _LENGTHS[kind]:
            return value.rjust(32, b"\0")
    elif isinstance(value, int):
        if kind == "int256" and -1 << 255 <= value < 1 << 255:
            return value.to_bytes(32, "big", signed=True)
        fits = kind != "int256" and 0 <= value < 1 << _BITS[kind]
        if fits and (name != "maker_kind" or value in list(MakerKind)):
            return value.to_bytes(32, "big")
    raise _unfit(name, kind, repr(value)[:80])


def _value(name: str, kind: str, word: bytes) -> Any:
    if kind == "bytes32":
        return word
    if kind == "int256":
        return int.from_bytes(word, "big", signed=True)
    number = int.from_bytes(word, "big")
    if number >> _BITS.get(kind, 160):
        raise _unfit(name, kind, word.hex())
    if kind == "address":
        return word[12:]
    if name == "maker_kind":
        if number not in list(MakerKind):
            raise _unfit(name, "1 (model), 2 (rule) or 3 (circuit)", str(number))
        return MakerKind(number)
    return number


def _unfit(name: str, kind: str, found: str) -> InputError:
    return InputError("verdict.word", f"expected {kind} as the {name} of a verdict, found {found}")


def _bounded(signature: bytes) -> bytes:
    if len(signature) > SIGNATURE_MAX_BYTES:
        raise InputError(
            "verdict.signature-size",
            f"expected a signature of at most {SIGNATURE_MAX_BYTES} bytes, found {len(signature)}",
            hint="A contract that signs has to do with less.",
        )
    return signature
