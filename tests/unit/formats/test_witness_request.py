"""A request to a witness has one spelling, and carries its checkpoint untouched."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import note, witness_request
from counterfoil.formats.witness_request import PROOF_MAX, REQUEST_MAX_BYTES, AddCheckpoint
from tests.c2sp import LOG, assert_total, mutated, notes, refuses, signed

CHECKPOINT = note.format(signed(LOG))
HASH = base64.b64encode(bytes(range(32))).decode()

requests = st.builds(
    AddCheckpoint,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=PROOF_MAX).map(tuple),
    st.just(CHECKPOINT) | notes.map(note.format),
)


def text(*lines: str, checkpoint: bytes = CHECKPOINT) -> bytes:
    """Write a request by hand, right or wrong."""
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + checkpoint


@given(requests)
def test_round_trip(value: AddCheckpoint) -> None:
    """A request is read back the same."""
    assert witness_request.parse(witness_request.format(value)) == value


@given(mutated(requests.map(witness_request.format)))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(witness_request.parse, witness_request.format, data)


def test_layout() -> None:
    """Lines stand in the order of the specification, the checkpoint verbatim after a blank one."""
    value = AddCheckpoint(7, (bytes(range(32)),) * 2, CHECKPOINT)
    assert witness_request.format(value) == text("old 7", HASH, HASH)
    assert witness_request.parse(text("old 0")) == AddCheckpoint(0, (), CHECKPOINT)


EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q\
1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V626\
7UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""
"""The request that C2SP tlog-witness prints as its example."""


def test_example_of_the_specification() -> None:
    """The specification's own example is read, and written back byte for byte."""
    value = witness_request.parse(EXAMPLE.encode())
    assert (value.old_size, len(value.proof)) == (20852014, 4)
    assert len(note.parse(value.checkpoint).signatures) == 2
    assert witness_request.format(value) == EXAMPLE.encode()


MALFORMED: list[tuple[bytes, str]] = [
    (b"", "witness.request-lines"),
    (b"old 0\n", "witness.request-lines"),
    (b"old 0\n" + CHECKPOINT.replace(b"\n\n", b"\n"), "witness.request-lines"),
    (b"\n\n" + CHECKPOINT, "witness.request-old"),
    (text("Old 0"), "witness.request-old"),
    (text("old"), "witness.request-old"),
    (text("old "), "witness.request-old"),
    (text("old  1"), "witness.request-old"),
    (text("old 01"), "witness.request-old"),
    (text("old -1"), "witness.request-old"),
    (text("old +1"), "witness.request-old"),
    (text("old 1 "), "witness.request-old"),
    (text("old 9223372036854775808"), "witness.request-old"),
    (text(" old 1"), "witness.request-old"),
    (text(HASH, "old 1"), "witness.request-old"),
    (text("old 1", "old 1"), "witness.request-proof"),
    (text("old 1", HASH[:-1]), "witness.request-proof"),
    (text("old 1", HASH + " "), "witness.request-proof"),
    (text("old 1", "AAAA"), "witness.request-proof"),
    (text("old 1", HASH[:-2] + "9="), "witness.request-proof"),
    (text("old 1", *[HASH] * (PROOF_MAX + 1)), "witness.request-proof"),
    (text("old 1").replace(b"\n", b"\r\n", 1), "text.control-character"),
    (text("old 1", "\t"), "text.control-character"),
    (text("old 1").replace(b"old", b"\xff", 1), "text.not-utf8"),
    (text("old 1", checkpoint=b""), "note.no-signatures"),
    (text("old 1", checkpoint=CHECKPOINT[:-1]), "note.signature"),
    (text("old 1", checkpoint=CHECKPOINT + b"\n"), "note.signature"),
    (text("old 1", checkpoint=b"a\0" + CHECKPOINT), "text.control-character"),
    (bytes(REQUEST_MAX_BYTES + 1), "witness.request-too-long"),
]


@pytest.mark.parametrize(("data", "code"), MALFORMED, ids=map(str, range(len(MALFORMED))))
def test_malformed(data: bytes, code: str) -> None:
    """Each rule of the form has its own refusal."""
    with refuses(code):
        witness_request.parse(data)


@pytest.mark.parametrize(
    ("old_size", "proof", "part"),
    [
        (-1, (), "old"),
        (2**63, (), "old"),
        (0, (bytes(31),), "proof"),
        (0, (bytes(32),) * 64, "proof"),
    ],
)
def test_constructed_requests_are_checked(
    old_size: int, proof: tuple[bytes, ...], part: str
) -> None:
    """A request that could not be written cannot be made either."""
    with refuses(f"witness.request-{part}"):
        AddCheckpoint(old_size, proof, CHECKPOINT)
    with refuses("note.no-signatures"):
        AddCheckpoint(0, (), b"")
