"""Evidence has exactly one spelling, and random bytes are no evidence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import evidence
from counterfoil.formats.evidence import EVIDENCE_MAX_BYTES, EvidenceBundle
from counterfoil.formats.predicates import ForkPoint, OtherPrefix
from tests.c2sp import assert_total, mutated, refuses

_HASH = "0f" * 32
BUNDLES = [
    EvidenceBundle("log.example", "vkey", "first\n", "second\n"),
    EvidenceBundle("log.example", "vkey", "1", "2", ForkPoint(3, _HASH, (_HASH, _HASH), _HASH, ())),
    EvidenceBundle("log.example", "vkey", "é", "2", prefix=OtherPrefix(_HASH, (_HASH,) * 63)),
]


@pytest.mark.parametrize("bundle", BUNDLES)
def test_round_trip(bundle: EvidenceBundle) -> None:
    """What is written is read back, as JSON on one line."""
    data = evidence.format(bundle)
    assert evidence.parse(data) == bundle
    assert data.count(b"\n") == 1
    assert json.loads(data)["type"] == evidence.EVIDENCE_TYPE


@given(mutated(st.sampled_from([evidence.format(bundle) for bundle in BUNDLES])))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are refused, or are exactly what would be written."""
    assert_total(evidence.parse, evidence.format, data)


def test_other_spellings_are_refused() -> None:
    """White space, another order, an empty field, a missing newline: none is evidence."""
    data = evidence.format(BUNDLES[0])
    document = json.loads(data)
    for other in (
        data[:-1],
        data + b"\n",
        json.dumps(document).encode() + b"\n",
        json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode() + b"\n",
        data.replace(b"}", b',"fork":null}'),
    ):
        with refuses("evidence.not-canonical"):
            evidence.parse(other)


def test_what_is_no_evidence_is_refused() -> None:
    """Other documents, unknown fields, too much and broken text are named as such."""
    data = evidence.format(BUNDLES[0])
    with refuses("evidence.malformed"):
        evidence.parse(b"[]")
    with refuses("evidence.malformed"):
        evidence.parse(b'{"type":"https://counterfoil.dev/receipt/v1"}')
    with refuses("evidence.malformed"):
        evidence.parse(data.replace(b"}", b',"more":1}'))
    with refuses("evidence.size"):
        evidence.parse(bytes(EVIDENCE_MAX_BYTES + 1))
    with refuses("evidence.malformed"):
        evidence.format(EvidenceBundle("log.example", "vkey", "\ud800", "2"))
