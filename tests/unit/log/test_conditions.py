"""A group takes a submission up as a whole, or refuses it and is unchanged."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import Conflict
from counterfoil.log import AlreadyRecorded, Submission
from counterfoil.log.conditions import Group
from counterfoil.ports import Span
from counterfoil.testing.commits import next_commit
from counterfoil.testing.memory import MemoryStore
from tests.log_rig import raises_code


def committed(**changes: Any) -> Group:
    """Start a group on a log of ten entries that holds `changes`."""
    store = MemoryStore()
    store.commit(next_commit(store.head(), [b"x"] * 10, **changes))
    return Group(store, 10)


def state(group: Group) -> object:
    """Give everything that the group holds."""
    return copy.deepcopy(
        (group.entries, group.runs, group.identities, group.counters, group.key_entries)
    )


def numbered(first: int, count: int = 1, source: str = "s") -> Submission:
    """Make a submission of `count` numbered statements."""
    return Submission([b"n"] * count, [Span("i", source, first, count, 0)])


def test_places_are_counted_from_the_group() -> None:
    """Offsets of a submission become indices of the log."""
    group = committed()
    assert group.add(Submission([b"a", b"b"])) == 10
    more = Submission(
        [b"c", b"d"],
        spans=[Span("i", "s", 5, 1, 1)],
        identities={b"x" * 32: 0},
        expect={"stock": (None, 3)},
        key_entries=[1],
    )
    assert group.add(more) == 12
    assert group.entries == [b"a", b"b", b"c", b"d"]
    assert len(group.leaf_hashes) == 4
    assert group.spans == [Span("i", "s", 5, 1, 13)]
    assert (group.identities, group.counters) == ({b"x" * 32: 12}, {"stock": 3})
    assert group.key_entries == [13]


def test_runs_that_follow_each_other_are_one() -> None:
    """Numbers in a row at places in a row are one run, whatever came between them in time."""
    group = committed()
    for first in (0, 1):
        group.add(numbered(first))
    group.add(numbered(2, source="t"))
    group.add(numbered(2))
    assert group.spans == [
        Span("i", "s", 0, 2, 10),
        Span("i", "s", 2, 1, 13),
        Span("i", "t", 2, 1, 12),
    ]


@pytest.mark.parametrize(
    ("first", "count", "index"), [(5, 1, 3), (4, 2, 3), (6, 1, 4), (0, 99, 3), (6, 4, 4)]
)
def test_a_number_that_is_committed_is_refused(first: int, count: int, index: int) -> None:
    """A run that shares a number with one in the store is refused with its entry."""
    group = committed(spans=[Span("i", "s", 5, 2, 3)])
    group.add(Submission([b"a"]))
    before = state(group)
    with pytest.raises(AlreadyRecorded) as caught:
        group.add(numbered(first, count))
    assert (caught.value.index, caught.value.span) == (index, Span("i", "s", 5, 2, 3))
    assert state(group) == before


@pytest.mark.parametrize(
    ("first", "count", "index"), [(5, 1, 11), (6, 3, 12), (0, 6, 11), (0, 99, 13), (9, 1, 13)]
)
def test_a_number_of_the_same_group_is_refused(first: int, count: int, index: int) -> None:
    """A run that shares a number with an earlier submission of the group is refused."""
    group = committed()
    group.add(Submission([b"a"]))
    group.add(numbered(5, 2))
    group.add(numbered(9))
    before = state(group)
    with pytest.raises(AlreadyRecorded) as caught:
        group.add(numbered(first, count))
    assert caught.value.index == index
    assert state(group) == before


def test_numbers_beside_those_that_are_taken_are_free() -> None:
    """Before, between and after runs there is room, and other sources do not matter."""
    group = committed(spans=[Span("i", "s", 5, 2, 3)])
    group.add(numbered(9))
    for first, count in ((0, 5), (7, 2), (10, 3)):
        group.add(numbered(first, count))
    group.add(numbered(5, source="t"))
    group.add(Submission([b"n"], [Span("j", "s", 5, 1, 0)]))
    assert [run.first for run in group.runs["i", "s"]] == [0, 7, 9, 10]


def test_an_identity_is_taken_once() -> None:
    """A statement without a number that is in the store, or in the group, is refused."""
    group = committed(identities={b"a" * 32: 4})
    group.add(Submission([b"new"], identities={b"b" * 32: 0}))
    before = state(group)
    for identity, index in ((b"a" * 32, 4), (b"b" * 32, 10)):
        with pytest.raises(AlreadyRecorded) as caught:
            group.add(Submission([b"again"], identities={identity: 0}))
        assert (caught.value.index, caught.value.span) == (index, None)
    assert state(group) == before


@pytest.mark.parametrize("value", [None, 0, 1, "1", ""], ids=repr)
def test_a_counter_must_be_what_is_expected(value: int | str | None) -> None:
    """Only the very value will do, in value and in type, and its change is seen at once."""
    group = committed(counters={"stock": value})
    before = state(group)
    values: list[int | str | None] = [None, 0, 1, 2, "1", "", "0"]
    for other in values:
        if (other, type(other)) != (value, type(value)):
            with raises_code("log.expect", Conflict):
                group.add(Submission([b"a"], expect={"stock": (other, 9)}))
    assert state(group) == before
    group.add(Submission([b"a"], expect={"stock": (value, 9)}))
    with raises_code("log.expect", Conflict):
        group.add(Submission([b"a"], expect={"stock": (value, 9)}))
    group.add(Submission([b"a"], expect={"stock": (9, None)}))
    group.add(Submission([b"a"], expect={"stock": (None, 5)}))
    assert group.counters == {"stock": 5}


def test_a_value_of_another_type_in_the_store_is_not_equal() -> None:
    """Should a store give True for 1, then 1 is not what is there."""
    group = committed(counters={"stock": True})
    with raises_code("log.expect", Conflict):
        group.add(Submission([b"a"], expect={"stock": (1, 2)}))


def test_one_condition_that_fails_refuses_all() -> None:
    """Of several conditions all must hold; otherwise no counter changes."""
    group = committed(counters={"a": 1, "b": 1})
    with raises_code("log.expect", Conflict):
        group.add(Submission([b"x"], expect={"a": (1, 2), "b": (2, 3)}))
    assert (group.counters, group.entries) == ({}, [])


def test_a_place_that_is_taken_is_refused() -> None:
    """A submission that must stand at an index is refused when the log has moved on."""
    group = committed()
    group.add(Submission([b"a"], at=10))
    before = state(group)
    with raises_code("log.moved", Conflict):
        group.add(Submission([b"b"], at=10))
    assert state(group) == before
    assert group.add(Submission([b"b"], at=11)) == 11


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.sampled_from("st")), max_size=20),
    st.integers(0, 20),
)
def test_numbers_are_as_in_a_table(runs: list[tuple[int, int, str]], committed_at: int) -> None:
    """Over any runs, committed or not, a group decides as a plain table of numbers does."""
    store = MemoryStore()
    table: dict[tuple[str, int], int] = {}
    group = Group(store, 0)
    for at, (first, count, source) in enumerate(runs):
        if at == committed_at and group.entries:
            store.commit(next_commit(store.head(), group.entries, spans=group.spans))
            group = Group(store, store.head().size)
        taken = {table[source, k] for k in range(first, first + count) if (source, k) in table}
        try:
            index = group.add(numbered(first, count, source))
        except AlreadyRecorded as err:
            assert err.index in taken
        else:
            assert not taken
            table |= {(source, first + k): index + k for k in range(count)}
