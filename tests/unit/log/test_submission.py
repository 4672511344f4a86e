"""A submission is checked and copied when it is made, so that no client can hurt the writer."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.errors import Conflict, InputError
from counterfoil.log import AlreadyRecorded, Submission
from counterfoil.ports import Span
from tests.log_rig import raises_code
from tests.rfc6962 import mth

MAX = 2**63 - 1


def span(first: int = 0, count: int = 1, index: int = 0, source: str = "s") -> Span:
    """Make a run of numbers of one issuer."""
    return Span("i", source, first, count, index)


def test_leaf_hashes_are_those_of_the_entries() -> None:
    """The leaf hashes are RFC 6962's, one an entry."""
    submission = Submission([b"a", b"bc"])
    assert submission.leaf_hashes == [mth([b"a"]), mth([b"bc"])]


@pytest.mark.parametrize("entries", [[], [b""], [b"a", b""], [b"x" * 65_536]])
def test_entries_of_a_wrong_size_are_refused(entries: list[bytes]) -> None:
    """No entries, an empty one or one beyond 65,535 bytes are refused."""
    with raises_code("entry.size", InputError):
        Submission(entries)


def test_the_largest_entry_fits() -> None:
    """An entry of exactly 65,535 bytes can be appended."""
    assert len(Submission([b"x" * 65_535]).entries[0]) == 65_535


def test_what_the_caller_changes_later_is_not_appended() -> None:
    """Lists, mappings and buffers that the caller keeps are copied, entry and hash alike."""
    buffer = bytearray(b"before")
    entries: list[Any] = [buffer, b"two"]
    spans, identities, keys = [span()], {b"x" * 32: 1}, [0]
    expect: dict[str, tuple[int | None, int | None]] = {"stock": (None, 1)}
    made = Submission(entries, spans, identities, expect, keys)
    buffer[:] = b"after!"
    for kept in (entries, spans, identities, expect, keys):
        kept.clear()
    assert list(made.entries) == [b"before", b"two"]
    assert made.leaf_hashes == [mth([b"before"]), mth([b"two"])]
    assert (made.spans, made.identities) == ((span(),), {b"x" * 32: 1})
    assert (made.expect, made.key_entries) == ({"stock": (None, 1)}, (0,))


@pytest.mark.parametrize(
    "changes",
    [
        {"spans": [span(count=3)]},
        {"spans": [span(index=2)]},
        {"spans": [span(index=-1)]},
        {"spans": [span(count=0)]},
        {"spans": [span(count=-1, index=1)]},
        {"identities": {b"x" * 32: 2}},
        {"identities": {b"x" * 32: -1}},
        {"key_entries": [2]},
        {"key_entries": [-1]},
    ],
    ids=str,
)
def test_places_outside_the_entries_are_refused(changes: dict[str, Any]) -> None:
    """A run, an identity or a key that points beside the submission's entries is refused."""
    with raises_code("submission.place", InputError):
        Submission([b"a", b"b"], **changes)


@pytest.mark.parametrize(
    "spans",
    [
        [span(first=-1)],
        [span(first=MAX)],
        [span(first=2**70)],
        [span(first=5, count=2), span(first=6)],
        [span(first=5), span(first=4, count=2)],
        [span(first=5), span(first=5, index=1)],
        [span(source="\ud800")],
        [Span("\udfff", "s", 0, 1, 0)],
    ],
    ids=ascii,
)
def test_numbers_that_cannot_be_kept_are_refused(spans: list[Span]) -> None:
    """A number twice in one submission, below 0, beyond 63 bits or of a nameless source."""
    with raises_code("submission.numbers", InputError) as caught:
        Submission([b"a", b"b"], spans)
    assert caught.value.message.isascii()


def test_numbers_of_different_sources_do_not_meet() -> None:
    """The same number of another issuer or source is another statement."""
    spans = [span(), span(source="t", index=1), Span("j", "s", 0, 1, 0)]
    assert len(Submission([b"a", b"b"], spans).spans) == 3


@pytest.mark.parametrize("identity", [b"", b"x" * 31, b"x" * 33, "x" * 32, None])
def test_an_identity_is_a_digest(identity: Any) -> None:
    """Anything but 32 bytes is no identity."""
    with raises_code("submission.identity", InputError):
        Submission([b"a"], identities={identity: 0})


@pytest.mark.parametrize("value", [True, False, 1.0, 2**63, -(2**63), "\ud800", b"1", [1]])
def test_a_counter_is_a_number_or_a_text(value: Any) -> None:
    """A value that a store would keep as another, or not at all, is refused: old or new."""
    for condition in ((value, 1), (1, value)):
        with raises_code("submission.counter", InputError):
            Submission([b"a"], expect={"stock": condition})


def test_a_counters_name_is_text() -> None:
    """A lone surrogate cannot be stored, so it names no counter."""
    with raises_code("submission.counter", InputError):
        Submission([b"a"], expect={"\udc80": (None, 1)})


@pytest.mark.parametrize("value", [None, 0, 2**63 - 1, -(2**63) + 1, "", "ü🌍", "1"])
def test_every_other_value_is_a_counter(value: int | str | None) -> None:
    """64-bit integers, any text and none can be expected and set."""
    assert Submission([b"a"], expect={"ü": (value, value)}).expect == {"ü": (value, value)}


def test_already_recorded_says_where() -> None:
    """The error names the entry and, where there is one, the run of numbers."""
    err = AlreadyRecorded(7, span(first=3))
    assert isinstance(err, Conflict)
    assert (err.code, err.index, err.span) == ("log.already-recorded", 7, span(first=3))
    assert "entry 7" in err.message
