"""Numbers come without gaps, whoever asks, and whatever is refused."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats.predicates.header import Count, Name
from counterfoil.ledger.numbering import Numbering, check_place
from counterfoil.units import MAX_SAFE_INTEGER
from tests.statements import refused


def numbering(start: int = 0, holes: Iterable[int] = ()) -> Numbering:
    """Make numbers that go on from `start`, where `holes` are missing below."""
    return Numbering(lambda source: start, lambda source, below: holes)


def test_numbers_go_on_where_the_log_ends() -> None:
    """A source's first number is the one after the highest that is recorded."""
    numbers = numbering(7)
    assert [numbers.take("a"), numbers.take("a", 10), numbers.take("a")] == [7, 8, 18]


def test_sources_are_apart() -> None:
    """Each source has its own numbers."""
    numbers = numbering()
    assert [numbers.take("a"), numbers.take("b"), numbers.take("a")] == [0, 0, 1]


def test_numbers_given_back_are_taken_first() -> None:
    """A refused statement's number goes to the next statement: no gap stays."""
    numbers = numbering()
    for _ in range(5):
        numbers.take("a")
    numbers.give_back("a", 2)
    numbers.give_back("a", 0)
    assert [numbers.take("a") for _ in range(4)] == [0, 2, 5, 6]


def test_the_end_shrinks_again() -> None:
    """Numbers at the end that come back were never there: the next rows follow on directly."""
    numbers = numbering()
    numbers.take("a", 3)
    numbers.take("a", 1000)
    numbers.take("a")
    numbers.give_back("a", 3, 1000)
    numbers.give_back("a", 1003)
    assert numbers.take("a", 5) == 3


def test_runs_are_never_torn() -> None:
    """Rows get numbers in a row; holes are for single statements."""
    numbers = numbering()
    numbers.take("a", 10)
    numbers.give_back("a", 4, 2)
    assert [numbers.take("a", 2), numbers.take("a"), numbers.take("a")] == [10, 4, 5]


def test_holes_of_an_earlier_process_are_filled() -> None:
    """A number that was given back just before the process ended is taken after it starts again."""
    numbers = numbering(9, [6, 3])
    assert [numbers.take("a") for _ in range(3)] == [3, 6, 9]


def test_chosen_numbers_are_not_given_out() -> None:
    """A number that the caller chose is not given to another statement of the same source."""
    numbers = numbering()
    numbers.use("a", 2)  # the source is not known yet: the log will say
    assert numbers.take("a") == 0
    numbers.use("a", 1, 3)
    assert numbers.take("a") == 4
    numbers.take("a")
    numbers.take("a")
    numbers.give_back("a", 4)
    numbers.use("a", 4)
    assert numbers.take("a") == 7


_steps = st.lists(
    st.tuples(st.sampled_from(["take", "refuse"]), st.integers(1, 4), st.integers(0, 9)),
    max_size=60,
)


@given(_steps)
def test_no_number_twice_and_no_gap(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is taken and refused: nobody shares a number, and filling up leaves no gap."""
    numbers = numbering()
    held: list[tuple[int, int]] = []
    for what, count, which in steps:
        if what == "take":
            held.append((numbers.take("a", count), count))
        elif held:
            numbers.give_back("a", *held.pop(which % len(held)))
    recorded = [first + k for first, count in held for k in range(count)]
    assert len(set(recorded)) == len(recorded)
    highest = max(recorded, default=-1)
    missing = set(range(highest + 1)) - set(recorded)
    assert {numbers.take("a") for _ in missing} == missing
    assert numbers.take("a") == highest + 1


def test_many_threads() -> None:
    """Sixteen threads that record and are refused end up with every number once."""
    numbers, recorded, lock = numbering(), list[int](), threading.Lock()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(300):
            number = numbers.take("a")
            if chance.random() < 0.4:
                numbers.give_back("a", number)
            else:
                with lock:
                    recorded.append(number)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    missing = sorted(set(range(max(recorded) + 1)) - set(recorded))
    assert len(set(recorded)) == len(recorded)
    assert [numbers.take("a") for _ in missing] == missing


@given(st.text(max_size=300) | st.text(st.characters(), min_size=250, max_size=260))
@example("\x7f")
@example("a\x9fb")
@example("\ud800")
@example("\n")
@example("x" * 255)
@example("\U0001f600" * 256)
def test_sources_are_names(source: str) -> None:
    """A source is accepted exactly when a statement's header can hold it."""
    try:
        msgspec.convert(source, Name)
        source.encode()
    except (msgspec.ValidationError, UnicodeEncodeError):
        with refused("record.source"):
            check_place(source, 0)
    else:
        check_place(source, None)


@pytest.mark.parametrize("source", [None, 5, b"a", ["a"], True])
def test_sources_are_text(source: object) -> None:
    """What is no text is no source."""
    with refused("record.source"):
        check_place(source, 0)


@given(st.integers() | st.floats() | st.booleans() | st.text(max_size=5) | st.binary(max_size=3))
@example(MAX_SAFE_INTEGER)
@example(MAX_SAFE_INTEGER + 1)
@example(2**80)
def test_numbers_are_counts(number: object) -> None:
    """A number is accepted exactly when a statement's header can hold it."""
    try:
        msgspec.convert(number, Count)
        fits = type(number) is int
    except msgspec.ValidationError:
        fits = False
    if fits:
        check_place("a", number)
        return
    with refused("record.number"):
        check_place("a", number)


def test_the_last_number_counts() -> None:
    """A run of rows is refused when its last number would be too large."""
    check_place("a", MAX_SAFE_INTEGER - 9, 10)
    with pytest.raises(InputError, match="found 10 from"):
        check_place("a", MAX_SAFE_INTEGER - 8, 10)
