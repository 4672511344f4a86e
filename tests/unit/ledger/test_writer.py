"""Single records: numbers, conditions, duplicates and refusals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.formats.predicates import Record
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.opening import Writing
from counterfoil.ledger.producer import (
    CONTENT_MAX_DEPTH,
    INLINE_CONTENT_MAX_BYTES,
    STATEMENT_MAX_BYTES,
)
from counterfoil.ledger.writer import HEADER_OPTIONS, promise
from counterfoil.units import ENTRY_MAX_BYTES
from tests.ledgers import OWNER, parts_of, prove
from tests.statements import refused

Stall = Callable[[], AbstractContextManager[None]]


def test_own_series(ledger: Ledger) -> None:
    """Records without a source are numbered from 0 in the series of the producer's key."""
    recorded = [ledger.record({"n": n}) for n in range(3)]
    assert [r.number for r in recorded] == [0, 1, 2]
    assert {r.source for r in recorded} == {f"api:{ledger.keys[0].keyid[:16]}"}
    assert [r.index for r in recorded] == [3, 4, 5]
    assert [ledger.get(r.index).leaf for r in recorded] == [r.leaf for r in recorded]


def test_named_series(ledger: Ledger) -> None:
    """A named source has numbers of its own; the caller may choose them, gaps and all."""
    assert ledger.record({"a": 1}, source="orders").number == 0
    assert ledger.record({"a": 2}, source="orders", number=7).number == 7
    assert ledger.record({"a": 3}, source="orders").number == 8
    assert ledger.record({"a": 4}, source="orders", number=3).number == 3
    assert ledger.record({"a": 5}, source="orders").number == 9
    assert (OWNER, "orders", 5) in ledger.sources()


def test_said_twice(ledger: Ledger) -> None:
    """The same number and content again gets the first receipt, and nothing is recorded."""
    first = ledger.record({"a": 1}, source="s", number=4)
    again = ledger.record('{ "a": 1 }', source="s", number=4)
    assert again == Recorded(first.index, first.leaf, "s", 4, duplicate=True)
    assert ledger.size == first.index + 1
    assert prove(ledger, again.index).content == b'{"a":1}'


def test_said_differently(ledger: Ledger) -> None:
    """The same number with other content is refused, and so is the same content otherwise meant."""
    first = ledger.record({"a": 1}, source="s", number=4)
    with refused("record.number-taken", Conflict):
        ledger.record({"a": 2}, source="s", number=4)
    with refused("record.number-taken", Conflict):
        ledger.record({"a": 1}, source="s", number=4, corrects=0)
    assert ledger.size == first.index + 1


def test_said_twice_at_once(writing: Writing, stalled: Stall) -> None:
    """Twins that wait in one queue are recorded once; both get the one receipt."""
    writer = writing.writer
    with stalled():
        answers = [writer.record(b'{"a":1}', {}, "s", 0) for _ in range(3)]
        other = writer.record(b'{"a":2}', {}, "s", 0)
    found = [answer.result() for answer in answers]
    assert [r.duplicate for r in found] == [False, True, True]
    assert len({(r.index, r.leaf) for r in found}) == 1
    with refused("record.number-taken", Conflict):
        other.result()


def test_queued_records_cannot_be_cancelled(writing: Writing, stalled: Stall) -> None:
    """What was handed over is recorded: nobody can half take it back."""
    with stalled():
        answer = writing.writer.record(b"{}", {}, "s", None)
        assert not answer.cancel()
    assert answer.result().number == 0
    assert not promise().cancel()


def test_conditions(ledger: Ledger) -> None:
    """A record with `expect` is recorded only while its counters hold, and changes them."""
    ledger.record({}, expect={"seat": (None, "sold"), "stock": (None, 3)})
    with pytest.raises(Conflict) as caught:
        ledger.record({}, expect={"stock": (3, 2), "seat": (None, "sold")})
    assert caught.value.code == "log.expect"
    assert (ledger.counter("seat"), ledger.counter("stock")) == ("sold", 3)
    ledger.record({}, expect={"stock": (3, 2), "seat": ("sold", None)})
    assert (ledger.counter("seat"), ledger.counter("stock")) == (None, 2)
    with refused("log.expect", Conflict):
        ledger.record({}, expect={"stock": ("2", 1)})


def test_conditions_are_signed(ledger: Ledger) -> None:
    """What a record expected stands in its statement: a reader sees the change, too."""
    recorded = ledger.record({}, expect={"stock": (None, 3)})
    predicate = prove(ledger, recorded.index).predicate
    assert isinstance(predicate, Record)
    assert predicate.expect == {"stock": (None, 3)}


def test_a_repeated_condition_is_a_duplicate(ledger: Ledger) -> None:
    """A record sent again after a lost answer is found, though its counter has moved on."""
    change: dict[str, Any] = {"stock": (None, 3)}
    first = ledger.record({}, source="s", number=0, expect=change)
    assert ledger.record({}, source="s", number=0, expect=change).index == first.index
    assert ledger.counter("stock") == 3


def test_refusals_give_their_number_back(ledger: Ledger) -> None:
    """Numbers of refused records are used by the next ones: no gap looks like a lost record."""
    ledger.record({}, expect={"once": (None, 1)})
    for _ in range(3):
        with refused("log.expect", Conflict):
            ledger.record({}, expect={"once": (None, 1)})
        with refused("predicate.malformed"):
            ledger.record({}, nonce="bad")
        with refused("statement.audience"):
            ledger.record({"x": "y" * 50_000}, audience="another.example")
    assert [ledger.record({"n": n}).number for n in range(3)] == [1, 2, 3]


def test_gaps_of_an_ended_process_are_filled(ledger: Ledger) -> None:
    """A number that was given back when the process ended is not lost for ever."""
    writer = parts_of(ledger).writer
    numbering = writer.numbering
    taken = [numbering.take(writer.default_source) for _ in range(3)]
    ledger.record({"n": "after"})
    other = [numbering.take("orders") for _ in range(2)]
    ledger.record({"n": "other"}, source="orders")
    ledger.close()
    with counterfoil.open(ledger.layout.folder) as again:
        assert [again.record({"n": n}).number for n in range(4)] == [*taken, 4]
        assert again.record({}, source="orders").number == len(other) + 1
        assert [prove(again, index).index for index in range(3, again.size)]


def test_header_options(ledger: Ledger) -> None:
    """Each option of a header is signed as given, and the receipt verifies."""
    first = ledger.record({"n": 1})
    recorded = ledger.record(
        {"n": 2},
        corrects=first.index,
        supersedes=first.leaf,
        on_behalf_of="https://other.example",
        audience=ledger.origin,
        nonce="0f" * 16,
        at_ms=5,
    )
    said = prove(ledger, recorded.index).predicate
    assert isinstance(said, Record)
    assert (said.corrects, said.supersedes) == (first.leaf, first.leaf)
    assert (said.on_behalf_of, said.nonce) == ("https://other.example", "0f" * 16)
    assert (said.audience, said.at_ms) == (ledger.origin, 5)


def test_options_that_are_none_are_left_out(ledger: Ledger) -> None:
    """A caller may pass on None for what it does not know."""
    recorded = ledger.record({}, nonce=None, audience=None, expect=None, corrects=None)
    assert prove(ledger, recorded.index).content == b"{}"


@pytest.mark.parametrize("name", ["issuer", "number2", "content_ref", "colour", "organisation"])
def test_other_fields_of_the_header_are_refused(untouched: Ledger, name: str) -> None:
    """Nobody can record in another's name, or slip a field into the signed header."""
    assert name not in HEADER_OPTIONS
    other: dict[str, Any] = {name: "https://other.example"}
    with refused("record.header"):
        untouched.record({}, **other)
    assert untouched.size == 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"source": ""}, "record.source"),
        ({"source": "a\x00"}, "record.source"),
        ({"source": "\ud800"}, "record.source"),
        ({"source": "x" * 256}, "record.source"),
        ({"source": 5}, "record.source"),
        ({"number": 5}, "record.source"),
        ({"source": "s", "number": -1}, "record.number"),
        ({"source": "s", "number": 2**53}, "record.number"),
        ({"source": "s", "number": "5"}, "record.number"),
        ({"source": "s", "number": True}, "record.number"),
        ({"expect": ["k"]}, "record.expect"),
        ({"expect": {"k": 5}}, "record.expect"),
        ({"expect": 7}, "record.expect"),
        ({"expect": {"k": (1, 2, 3)}}, "predicate.malformed"),
        ({"expect": {"k": (None, 1.5)}}, "predicate.malformed"),
        ({"expect": {"k": (None, True)}}, "predicate.malformed"),
        ({"expect": {"k": (None, 2**60)}}, "predicate.malformed"),
        ({"expect": {f"k{n}": (None, 1) for n in range(65)}}, "predicate.malformed"),
        ({"expect": {"\ud800": (None, 1)}}, "predicate.malformed"),
        ({"corrects": "abc"}, "predicate.malformed"),
        ({"on_behalf_of": "nobody"}, "predicate.malformed"),
        ({"audience": "another.example"}, "statement.audience"),
        ({"audience": 5}, "statement.audience"),
    ],
    ids=str,
)
def test_bad_options_record_nothing(untouched: Ledger, options: dict[str, Any], code: str) -> None:
    """Whatever is wrong with an option, the answer is one clear error and an unchanged log."""
    with refused(code):
        untouched.record({"a": 1}, **options)
    assert untouched.size == 3


def test_hostile_content_records_nothing(untouched: Ledger) -> None:
    """Content that is no strict JSON object is refused by every verb, and leaves no trace."""
    deep: dict[str, Any] = {}
    for _ in range(64):
        deep = {"a": deep}
    hostile: list[Any] = [
        deep,
        {"x": float("nan")},
        {"x": 2**53},
        {"x": "\ud800" * 50_000},
        {"x": b"bytes"},
        {1: 2},
        {f"k{n}": n for n in range(10_000)} | {"last": {1}},
        b'{"x":"' + b"y" * (1 << 20),
        b'{"a":1},"number":7',
        b"\xff" * 100,
        "[" * 100_000,
        None,
        5,
        ["a"],
        b"",
    ]
    for content in hostile:
        for verb in (untouched.record, untouched.record_later):
            with pytest.raises(InputError):
                verb(content)
        for many in (untouched.record_many, untouched.record_block):
            with pytest.raises(InputError):
                many([{"good": 1}, content])
    assert untouched.size == 3
    assert list(untouched.layout.payloads.iterdir()) == []


def test_wide_and_heavy_content(ledger: Ledger) -> None:
    """Ten thousand keys, long texts and deep nesting within the limits are recorded and proven."""
    deep: dict[str, Any] = {}
    for _ in range(CONTENT_MAX_DEPTH - 1):
        deep = {"a": deep}
    with refused("json.depth"):
        ledger.record({"a": deep})
    with refused("json.depth"):
        ledger.record_many([{}, {"a": deep}])
    for content in ({f"k{n}": n for n in range(10_000)}, {"x": "\u20ac" * (1 << 18)}, deep):
        recorded = ledger.record(content)
        assert json_text.parse(prove(ledger, recorded.index).content or b"") == content


def test_corrections_name_entries_that_exist(ledger: Ledger) -> None:
    """An index that is not in the log cannot be corrected."""
    with refused("entry.index", NotFound):
        ledger.record({}, corrects=99)


def _content(size: int) -> bytes:
    return b'{"x":"%s"}' % (b"y" * (size - 8))


def test_large_content_is_kept_beside_the_log(ledger: Ledger) -> None:
    """Content up to 40,000 bytes stands in its entry, larger content beside it; both are proven."""
    for size in (INLINE_CONTENT_MAX_BYTES, INLINE_CONTENT_MAX_BYTES + 1, 1 << 20):
        recorded = ledger.record(_content(size))
        assert len(ledger.entry(recorded.index)) <= ENTRY_MAX_BYTES
        verified = prove(ledger, recorded.index)
        assert verified.content == _content(size)
        beside = "content_ref" in ledger.get(recorded.index).content
        assert beside == (size > INLINE_CONTENT_MAX_BYTES)


def test_the_header_may_push_a_record_over_the_limit(ledger: Ledger) -> None:
    """Content and header together must fit; what does not is refused and recorded nowhere."""
    wide = {f"{n:02}" + "\u00e9" * 200: (None, "\U0001f600" * 100) for n in range(10)}
    header = len(json_text.format({key: list(change) for key, change in wide.items()}))
    assert header + INLINE_CONTENT_MAX_BYTES < STATEMENT_MAX_BYTES
    fits = ledger.record(_content(INLINE_CONTENT_MAX_BYTES), expect=wide)
    assert prove(ledger, fits.index).content == _content(INLINE_CONTENT_MAX_BYTES)
    wider = {f"{n:02}" + "\u00e9" * 250: (None, "\U0001f600" * 250) for n in range(10)}
    with pytest.raises(InputError) as caught:
        ledger.record(_content(INLINE_CONTENT_MAX_BYTES), expect=wider)
    assert caught.value.code == "statement.size"
    assert ledger.size == fits.index + 1
    assert ledger.counter(next(iter(wider))) is None


def test_large_content_with_conditions(ledger: Ledger) -> None:
    """A record beside the log takes the same options, and its content is disclosed."""
    counters: Any = {f"{n}" + "x" * 200: [None, n] for n in range(30)}
    recorded = ledger.record(_content(100_000), expect=counters, corrects=0)
    assert len(prove(ledger, recorded.index).content or b"") == 100_000
    assert ledger.counter("7" + "x" * 200) == 7


def test_exactly_one_thread_wins(ledger: Ledger) -> None:
    """Of many threads that expect the same counter value, one is recorded, and all hear so."""
    start, answers = threading.Barrier(16), list[Recorded | Conflict]()

    def work(n: int) -> None:
        start.wait()
        for round_ in range(5):
            expect: dict[str, Any] = {f"seat{round_}": (None, n)}
            try:
                answers.append(ledger.record({"n": n}, expect=expect))
            except Conflict as err:
                answers.append(err)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [answer for answer in answers if isinstance(answer, Recorded)]
    assert (len(answers), len(winners)) == (80, 5)
    for winner in winners:
        said = prove(ledger, winner.index).predicate
        assert isinstance(said, Record)
        ((seat, (_, holder)),) = (said.expect or {}).items()
        assert ledger.counter(seat) == holder
    later = [ledger.record({}).number for _ in range(80)]
    assert sorted([*later, *(winner.number for winner in winners)]) == list(range(85))


def test_many_threads_leave_no_gap(ledger: Ledger) -> None:
    """Numbers of a source that many threads record into are 0, 1, 2, ... in the log."""
    futures = list[Future[Recorded]]()

    def work(n: int) -> None:
        futures.extend([ledger.record_later({"t": n, "k": k}, source="s") for k in range(100)])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded = [future.result() for future in futures]
    assert sorted(r.number for r in recorded) == list(range(800))
    by_index = sorted(recorded, key=lambda r: r.index)
    assert [r.number for r in by_index] == list(range(800))
    assert ledger.sources()[-1] == (OWNER, "s", 800)
