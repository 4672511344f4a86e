"""Keys, statements and strategies that the tests of entries, receipts and keyrings share.

Everything is made from fixed seeds, so that a failure can be repeated byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import batch, envelope, statement
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, Signature, keyid_of, pae
from counterfoil.formats.predicates import Header, Record, format_predicate, uri_of
from counterfoil.formats.predicates.registry import possession_text
from counterfoil.formats.statement import Statement, Subject, sha256_subject
from counterfoil.proofs.merkle import root_of

__all__ = [
    "ORG",
    "ORIGIN",
    "Actor",
    "batch_entry",
    "entry_of",
    "json_objects",
    "json_values",
    "member_entry",
    "payload_of",
    "record",
    "refused",
    "statement_payloads",
]

ORG = "https://org.example"
ORIGIN = "log.example/9f3a"


@contextmanager
def refused(code: str, kind: type[CounterfoilError] = InputError) -> Iterator[None]:
    """Expect an error of exactly this kind and code, whose message says what was expected."""
    with pytest.raises(CounterfoilError) as caught:
        yield
    error = caught.value
    assert (type(error), error.code) == (kind, code), str(error)
    assert "expected " in error.message
    assert "\n" not in error.hint


class Actor:
    """A key of an organisation that signs statements; its seed is the digest of `label`."""

    def __init__(self, label: str, organisation: str = ORG) -> None:
        self.organisation = organisation
        self._private = Ed25519PrivateKey.from_private_bytes(sha256(label.encode()).digest())
        self.public = self._private.public_key().public_bytes_raw()
        self.keyid = keyid_of(self.public)

    def signature(self, payload_type: str, payload: bytes) -> Signature:
        """Sign a payload."""
        return Signature(self.keyid, self._private.sign(pae(payload_type, payload)))

    def possession(self, organisation: str, role: str) -> str:
        """Sign that this key speaks for an organisation in a role; base64."""
        text = possession_text(organisation, role, self.keyid)
        return encode_base64(self._private.sign(text))


def payload_of(predicate: Header, subjects: Sequence[Subject] = ()) -> bytes:
    """Make a statement's payload; without subjects the record's content, or a name, is it."""
    if not subjects:
        content = getattr(predicate, "content", msgspec.UNSET)
        inline = bytes(content) if content is not msgspec.UNSET else b"subject"
        subjects = [sha256_subject("content", inline)]
    raw = msgspec.Raw(format_predicate(predicate))
    return statement.format(Statement(tuple(subjects), uri_of(predicate), raw))


def entry_of(payload: bytes, *signers: Actor, payload_type: str = STATEMENT_PAYLOAD_TYPE) -> bytes:
    """Wrap a payload, signed by each of the signers, in its canonical envelope."""
    signatures = [signer.signature(payload_type, payload) for signer in signers]
    ordered = tuple(sorted(signatures, key=lambda signature: signature.keyid))
    return envelope.format(Envelope(payload, payload_type, ordered))


def member_entry(payload: bytes) -> bytes:
    """Wrap a statement that a batch will sign."""
    return envelope.format_unsigned_statement(payload)


def batch_entry(
    signer: Actor, payloads: Sequence[bytes], origin: str = ORIGIN, *, root: bytes | None = None
) -> bytes:
    """Sign many statements at once."""
    root = root_of(map(batch.member_hash, payloads)) if root is None else root
    said = Batch(1_700_000_000_000, len(payloads), "ab" * 16, origin, root.hex())
    return entry_of(batch.format(said), signer, payload_type=BATCH_PAYLOAD_TYPE)


def record(number: int = 0, content: bytes = b'{"amount":5}', issuer: str = ORG) -> Record:
    """Make a record of the source `test`."""
    return Record(issuer=issuer, source="test", number=number, content=msgspec.Raw(content))


_scalars: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
)

json_values: st.SearchStrategy[object] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)

json_objects: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8), json_values, max_size=5
)


@st.composite
def statement_payloads(draw: st.DrawFn) -> bytes:
    """Make the payload of a record with any content."""
    content = msgspec.json.encode(draw(json_objects))
    return payload_of(record(draw(st.integers(0, 2**53 - 1)), content))
