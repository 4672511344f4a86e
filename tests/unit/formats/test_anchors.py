"""`anchors.json`: whose anchors a reader counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import anchors
from counterfoil.formats.anchors import ANCHORS_MAX_BYTES, NamedAnchor
from tests.statements import refused

ONE = NamedAnchor("log.example/1", 7, "0x" + "aB" * 20, "0x" + "01" * 20, "us")


def test_it_reads_back() -> None:
    """What is written is read the same."""
    two = NamedAnchor("log.example/1", 8, ONE.contract, ONE.owner, "others")
    assert anchors.parse(anchors.format([ONE, two])) == (ONE, two)
    assert anchors.parse(anchors.format([])) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", ""), ("chain_id", 0), ("chain_id", "7"), ("contract", "0x00"), ("owner", None),
        ("run_by", 5), ("more", 1),
    ],
)  # fmt: skip
def test_what_is_malformed(field: str, value: object) -> None:
    """Each field is of its form, and there are no others."""
    document = json.loads(anchors.format([ONE]))
    document["anchors"][0][field] = value
    with refused("anchors.malformed"):
        anchors.parse(json.dumps(document).encode())


def test_what_else_is_refused() -> None:
    """Two anchors of one log on one chain, another type, duplicate keys, and what is too long."""
    with refused("anchors.twice"):
        anchors.parse(anchors.format([ONE, ONE]))
    with refused("anchors.malformed"):
        anchors.parse(anchors.format([ONE]).replace(b"anchors/v1", b"anchors/v2"))
    with refused("anchors.malformed"):
        anchors.parse(b" " * (ANCHORS_MAX_BYTES + 1))
    with pytest.raises(InputError):
        anchors.parse(b'{"anchors":[],"anchors":[]}')


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    """Random bytes are an InputError and nothing else."""
    with pytest.raises(InputError):
        anchors.parse(data)
