"""A checkpoint is three lines and nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given

from counterfoil.formats import checkpoint
from counterfoil.formats.checkpoint import EMPTY_ROOT, Checkpoint
from tests.c2sp import assert_total, checkpoints, mutated, refuses

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
BODY = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"


@given(checkpoints)
def test_round_trip(value: Checkpoint) -> None:
    """A checkpoint is read back the same."""
    assert checkpoint.parse(checkpoint.format(value)) == value


@given(mutated(checkpoints.map(checkpoint.format)))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(checkpoint.parse, checkpoint.format, data)


def test_example_of_the_specification() -> None:
    """The example of C2SP tlog-checkpoint is read and written."""
    value = checkpoint.parse(BODY.encode())
    assert value.origin == "example.com/behind-the-sofa"
    assert value.size == 20852163
    assert checkpoint.format(value) == BODY.encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "checkpoint.lines"),
        ("\n\n", "checkpoint.lines"),
        (BODY[:-1], "checkpoint.lines"),
        (f"o\n1\n{ROOT}\nx", "checkpoint.lines"),
        (f"o\n{ROOT}\n", "checkpoint.lines"),
        (f"o\n1\n{ROOT}\nextension\n", "checkpoint.extension"),
        (f"o\n1\n{ROOT}\n\n", "checkpoint.extension"),
        (f"\n1\n{ROOT}\n", "checkpoint.origin"),
        (f"{'o' * 256}\n1\n{ROOT}\n", "checkpoint.origin"),
        (f"o\n01\n{ROOT}\n", "checkpoint.size"),
        (f"o\n\n{ROOT}\n", "checkpoint.size"),
        (f"o\n-1\n{ROOT}\n", "checkpoint.size"),
        (f"o\n 1\n{ROOT}\n", "checkpoint.size"),
        (f"o\n9223372036854775808\n{ROOT}\n", "checkpoint.size"),
        (f"o\n0\n{ROOT}\n", "checkpoint.root"),
        ("o\n1\n\n", "checkpoint.root"),
        (f"o\n1\n{ROOT[:-1]}\n", "checkpoint.root"),
        (f"o\n1\n{ROOT[:-4]}\n", "checkpoint.root"),
        (f"o\n1\n{ROOT} \n", "checkpoint.root"),
        (f"o\n1\n{ROOT.replace('I=', 'J=')}\n", "checkpoint.root"),
        (f"o\r\n1\n{ROOT}\n", "text.control-character"),
        (f"o\t\n1\n{ROOT}\n", "text.control-character"),
    ],
)
def test_malformed(body: str, code: str) -> None:
    """Each rule of the specification, and our ban of extension lines, has its own refusal."""
    with refuses(code):
        checkpoint.parse(body.encode())
    with refuses("text.not-utf8"):
        checkpoint.parse(b"\xff" + BODY.encode())


@pytest.mark.parametrize(
    ("origin", "size", "root", "part"),
    [
        ("", 1, bytes(32), "origin"),
        ("a\nb", 1, bytes(32), "origin"),
        ("a\tb", 1, bytes(32), "origin"),
        ("\ud800", 1, bytes(32), "origin"),
        ("é" * 128, 1, bytes(32), "origin"),
        ("o", -1, bytes(32), "size"),
        ("o", 2**63, bytes(32), "size"),
        ("o", 1, bytes(31), "root"),
        ("o", 1, bytes(33), "root"),
        ("o", 0, bytes(32), "root"),
    ],
)
def test_constructed_checkpoints_are_checked(
    origin: str, size: int, root: bytes, part: str
) -> None:
    """A checkpoint that could not be written cannot be made either."""
    with refuses(f"checkpoint.{part}"):
        Checkpoint(origin, size, root)


def test_limits() -> None:
    """The largest size, the longest origin and the empty tree are checkpoints."""
    assert sha256(b"").digest() == EMPTY_ROOT
    for value in (
        Checkpoint("o", 2**63 - 1, bytes(32)),
        Checkpoint("é" * 127, 1, bytes(32)),
        Checkpoint("go.sum database tree", 0, EMPTY_ROOT),
    ):
        assert checkpoint.parse(checkpoint.format(value)) == value
