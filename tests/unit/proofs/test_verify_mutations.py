"""No byte of a receipt can be changed: every changed receipt is refused."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.proofs.verify import verify_receipt
from tests.statements import Actor
from tests.unit.proofs.receipt_world import World
from tests.unit.proofs.weak_verifier import WeakVerifier

Verify = Callable[[bytes, Policy], object]
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@functools.cache
def world() -> World:
    """Make a log with records of every kind, and rotations and revocations behind them."""
    made = World.begun()
    made.record(content=b'{"a":1}', at_ms=5)
    made.batch(made.members([b'{"n":0}', b'{"n":1}', b'{"n":2}']))
    made.block([b'{"r":0}', b'{"r":1}', b'{"r":2}'])
    made.large(b'{"large":true}')
    made.add(made.recovery, Actor("second"))
    made.revoke(made.recovery, Actor("second"))
    made.record(made.other)
    return made


@functools.cache
def documents() -> dict[str, bytes]:
    """Make one receipt of each kind."""
    made = world()
    block = next(iter(made.rows))
    found = {
        "signed": made.receipt(3),
        "member": made.receipt(5),
        "batch": made.receipt(7),
        "block": made.receipt(block),
        "row": made.receipt(block, row=1),
        "large": made.receipt(next(iter(made.contents))),
        "key": made.receipt(made.key_entries[-1]),
        "other": made.receipt(len(made.entries) - 1),
    }
    return {name: receipts.format(receipt) for name, receipt in found.items()}


def smallest() -> tuple[bytes, Policy]:
    """Make the smallest receipt: the second of two entries."""
    made = World()
    made.add(made.producer, made.producer)
    return receipts.format(made.receipt(made.record(content=b"{}"))), made.policy()


def substitutes(byte: int) -> bytes:
    """Choose other bytes: each bit flipped, the neighbours in base64, another digit and letter."""
    at = BASE64.find(byte)
    near = (BASE64[at ^ 1], BASE64[at ^ 32]) if at >= 0 else ()
    flipped = (byte ^ 1 << bit for bit in range(8))
    return bytes({*near, *flipped, *b"0z"} - {byte})


def mutants(data: bytes) -> Iterator[bytes]:
    """Change every byte in several ways, leave each out, and double each."""
    for at, byte in enumerate(data):
        yield data[:at] + data[at + 1 :]
        yield data[:at] + data[at : at + 1] + data[at:]
        for other in substitutes(byte):
            yield data[:at] + bytes([other]) + data[at + 1 :]


def accepts(verify: Verify, data: bytes, policy: Policy) -> bool:
    """Tell whether a verifier accepts a receipt; any error of ours is a refusal."""
    try:
        verify(data, policy)
    except CounterfoilError:
        return False
    return True


def test_every_byte_of_a_small_receipt() -> None:
    """Each byte changed, left out or doubled: over 20,000 changed receipts, and all refused."""
    data, policy = smallest()
    verify_receipt(data, policy)
    count = 0
    for mutant in mutants(data):
        assert not accepts(verify_receipt, mutant, policy), mutant
        count += 1
    assert count > 20_000


@pytest.mark.parametrize("check", ["checkpoint", "inclusion"])
def test_the_search_would_find_a_hole(check: str) -> None:
    """Planted bug: without one check, the same search finds changed receipts that are accepted."""
    data, policy = smallest()
    weak = WeakVerifier(check)
    weak(data, policy)
    assert any(accepts(weak, mutant, policy) for mutant in mutants(data))


@settings(max_examples=500)
@given(st.sampled_from(sorted(documents())), st.data())
def test_any_byte_of_any_receipt(name: str, data: st.DataObject) -> None:
    """A byte of any kind of receipt, replaced by any other, is refused by both verifiers."""
    document = documents()[name]
    at = data.draw(st.integers(0, len(document) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda other: other != document[at]))
    mutant = document[:at] + bytes([byte]) + document[at + 1 :]
    if _same(mutant, document):
        return
    assert not accepts(verify_receipt, mutant, world().policy())
    assert not accepts(WeakVerifier(), mutant, world().policy())


def _same(mutant: bytes, document: bytes) -> bool:
    """Tell whether a changed text says the same JSON value, such as E for e in an exponent."""
    try:
        return bool(json.loads(mutant) == json.loads(document))
    except ValueError:
        return False


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every text and number of a document."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, (*path, key))
    else:
        yield path


def with_leaf(document: bytes, path: tuple[Any, ...], new: Any) -> bytes:
    """Replace one value of a document."""
    value = at = json.loads(document)
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return json.dumps(value).encode()


def leaf_of(document: bytes, path: tuple[Any, ...]) -> Any:
    """Read one value of a document."""
    at = json.loads(document)
    for key in path:
        at = at[key]
    return at


@pytest.mark.parametrize("name", sorted(documents()))
def test_values_of_other_receipts(name: str) -> None:
    """A value replaced by any other value of the same kind, of this or any receipt, is refused."""
    document = documents()[name]
    values: dict[type, set[Any]] = {str: set(), int: {0, 1, 2**53 - 1}}
    for other in documents().values():
        for path in leaves(json.loads(other)):
            value = leaf_of(other, path)
            values[type(value)].add(value)
    for path in leaves(json.loads(document)):
        old = leaf_of(document, path)
        near = [new for new in values[type(old)] if _close(new, old)]
        for new in near:
            mutant = with_leaf(document, path, new)
            assert not accepts(verify_receipt, mutant, world().policy()), (path, new)


def _close(new: Any, old: Any) -> bool:
    """Tell whether two values could stand for each other: the same length, or both short."""
    if new == old:
        return False
    return isinstance(new, int) or len(new) == len(old) or max(len(new), len(old)) > 200


@functools.cache
def honest() -> dict[tuple[Any, ...], str]:
    """What is true of the log: (index, leaf, content, row) -> the key that signed."""
    found = {}
    for document in documents().values():
        proven = verify_receipt(document, world().policy())
        found[proven.index, proven.leaf, proven.content, proven.row] = proven.signer.keyid
        if proven.content is not None:  # large content may be left out, and so may a row
            found[proven.index, proven.leaf, None, None] = proven.signer.keyid
    return found


@settings(max_examples=500)
@given(st.data())
def test_receipts_made_of_parts(data: st.DataObject) -> None:
    """A receipt put together from the parts of others proves only what one of them proves."""
    pool = [receipts.parse(document) for document in documents().values()]
    parts = {
        name: getattr(data.draw(st.sampled_from(pool)), name)
        for name in ("checkpoint", "record", "batch", "row", "content")
    }
    keys = data.draw(st.lists(st.sampled_from(pool[0].keys), min_size=1, unique=True))
    parts["keys"] = tuple(sorted(keys, key=lambda proof: proof.index))
    try:
        proven = verify_receipt(receipts.Receipt(**parts), world().policy())
    except CounterfoilError:
        return
    claim = (proven.index, proven.leaf, proven.content, proven.row)
    assert honest()[claim] == proven.signer.keyid
