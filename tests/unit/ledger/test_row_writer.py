"""Many rows at once: all or none, each once, however often they are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, FatalLogError, Unavailable
from counterfoil.ledger import Ledger, RecordedMany
from counterfoil.ledger.opening import Writing
from counterfoil.ledger.producer import INLINE_CONTENT_MAX_BYTES
from counterfoil.ledger.row_writer import RowWriter
from tests.ledgers import OWNER, prove, set_setting
from tests.statements import refused

Stall = Callable[[], AbstractContextManager[None]]


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Make rows that differ."""
    return [{"row": first + n, "amount_minor": 7 * n} for n in range(count)]


def texts(count: int, first: int = 0) -> list[bytes]:
    """Make the same rows as compact JSON."""
    return [b'{"row":%d,"amount_minor":%d}' % (first + n, 7 * n) for n in range(count)]


def test_rows_in_order(ledger: Ledger) -> None:
    """Rows stand in the log in their order, batch signatures between them."""
    done = ledger.record_many(rows(300), source="file")
    assert (done.source, done.first, done.count, done.new) == ("file", 0, 300, 300)
    assert done.indices == tuple(3 + n + n // 128 for n in range(300))
    assert done.size == ledger.size == 3 + 300 + 3
    for number in (0, 127, 128, 299):
        view = ledger.get(done.indices[number])
        assert (view.number, view.content["row"]) == (number, number)
    assert [ledger.get(at).kind for at in (131, 260, 305)] == ["batch"] * 3


def test_rows_without_a_source(ledger: Ledger) -> None:
    """Rows that name no source go on in the producer's own series."""
    ledger.record({})
    first = ledger.record_many(rows(3))
    assert (first.first, ledger.record({}).number) == (1, 4)
    assert ledger.record_many(rows(2)).first == 5


def test_the_same_rows_again(ledger: Ledger) -> None:
    """Rows that stand in the log get their first places, and nothing is recorded."""
    first = ledger.record_many(rows(200), source="file", first=0)
    again = ledger.record_many(rows(200), source="file", first=0)
    assert (again.new, again.indices, again.size) == (0, first.indices, first.size)
    assert ledger.size == first.size


def test_a_killed_run_goes_on(ledger: Ledger) -> None:
    """Sent again from the start, a half recorded file gets only the rows that are missing."""
    ledger.record_many(rows(90), source="file", first=0)
    ledger.record_many(rows(20, 150)[:20], source="file", first=150)
    everything = [*rows(90), *rows(60, 90), *rows(20, 150), *rows(30, 170)]
    done = ledger.record_many(everything, source="file", first=0)
    assert done.new == 90
    found = [ledger.get(index) for index in done.indices]
    assert [view.number for view in found] == list(range(200))
    assert [view.content for view in found] == everything
    assert all(prove(ledger, index).row is None for index in done.indices[::17])
    assert ledger.record_many(everything, source="file", first=0).indices == done.indices


def test_rows_that_were_recorded_one_by_one(ledger: Ledger) -> None:
    """A row is the same record, whether it was signed alone or in a batch."""
    one = ledger.record(rows(3)[1], source="file", number=1)
    done = ledger.record_many(rows(3), source="file", first=0)
    assert (done.new, done.indices[1]) == (2, one.index)
    assert ledger.record(rows(3)[2], source="file", number=2).duplicate


def test_a_changed_file_is_refused(ledger: Ledger) -> None:
    """A row that differs from the recorded one stops the whole call: nothing of it is recorded."""
    done = ledger.record_many(rows(10), source="file", first=0)
    changed = [*rows(9), {"row": "changed"}, {"row": "new"}]
    with pytest.raises(Conflict, match="row 9 of file") as caught:
        ledger.record_many(changed, source="file", first=0)
    assert caught.value.code == "record.number-taken"
    assert ledger.size == done.size


def test_one_bad_row_stops_all(ledger: Ledger) -> None:
    """All rows of a call are recorded or none."""
    with refused("json.number"):
        ledger.record_many([*rows(5), {"x": float("nan")}])
    with refused("record.content"):
        ledger.record_many([*rows(5), "x".encode, {}])  # type: ignore[list-item]  # a mistake
    assert ledger.size == 3
    assert ledger.record_many(rows(1)).first == 0


def test_no_rows(ledger: Ledger) -> None:
    """Recording nothing is a mistake, and is said to be one."""
    with refused("record.empty"):
        ledger.record_many([])


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"source": "bad\x01"}, "record.source"),
        ({"source": "x" * 300}, "record.source"),
        ({"source": "\ud800"}, "record.source"),
        ({"source": ""}, "record.source"),
        ({"source": 5}, "record.source"),
        ({"first": 5}, "record.source"),
        ({"source": "s", "first": -1}, "record.number"),
        ({"source": "s", "first": 2**53 - 2}, "record.number"),
        ({"source": "s", "first": "1"}, "record.number"),
    ],
    ids=str,
)
def test_bad_places_record_nothing(untouched: Ledger, place: dict[str, Any], code: str) -> None:
    """A source or number that no statement can hold is refused before anything is signed."""
    with refused(code):
        untouched.record_many(rows(3), **place)


def test_the_last_numbers_of_all(ledger: Ledger) -> None:
    """Numbers up to 2^53 - 1 can be used, and are proven."""
    done = ledger.record_many(rows(3), source="s", first=2**53 - 3)
    assert prove(ledger, done.indices[2]).content == b'{"row":2,"amount_minor":14}'
    assert ledger.get(done.indices[2]).number == 2**53 - 1


def test_large_rows(ledger: Ledger) -> None:
    """Rows that are too large for an entry are kept beside the log; all are proven."""
    big = {"x": "y" * (INLINE_CONTENT_MAX_BYTES + 1)}
    done = ledger.record_many([{"a": 1}, big, {"b": 2}], source="s", first=0)
    found = [prove(ledger, index) for index in done.indices]
    assert [len(verified.content or b"") for verified in found] == [7, len(big["x"]) + 8, 7]
    assert ledger.record_many([{"a": 1}, big, {"b": 2}], source="s", first=0).new == 0
    with refused("record.number-taken", Conflict):
        ledger.record_many([{"a": 1}, {"x": big["x"] + "z"}], source="s", first=0)


def test_twins_in_the_queue(writing: Writing, stalled: Stall) -> None:
    """Rows sent twice before the first are recorded are recorded once, and both get the places."""
    writer = RowWriter(writing.writer)
    answers = dict[str, Future[RecordedMany]]()

    def send(name: str, first: int, count: int) -> None:
        answers[name] = writer.record("file", first, texts(count, first))

    with stalled():
        send("first", 0, 100)
        send("apart", 500, 10)
        late = threading.Thread(target=send, args=("again", 0, 100))
        late.start()  # it waits until it is known what becomes of the first
    late.join()
    first, again = answers["first"].result(), answers["again"].result()
    assert (first.new, again.new) == (100, 0)
    assert first.indices == again.indices
    assert answers["apart"].result().new == 10


def test_a_chosen_number_in_the_queue(writing: Writing, stalled: Stall) -> None:
    """Rows that meet a single record of their numbers are refused, and said to be there already."""
    rows_, single = RowWriter(writing.writer), writing.writer
    with stalled():
        one = single.record(b'{"row":1}', {}, "file", 1)
        many = rows_.record("file", 0, texts(3))
    assert one.result().number == 1
    with refused("log.already-recorded", Conflict):
        raise _error(many)


def _error(future: Future[RecordedMany]) -> BaseException:
    error = future.exception()
    assert isinstance(error, Conflict)
    return Conflict(error.code, error.message, hint=error.hint)


def test_refused_rows_give_their_numbers_back(ledger: Ledger) -> None:
    """When rows could not be recorded, the next ones take their numbers."""
    ledger.record_many(rows(5))
    payloads = ledger.layout.payloads
    payloads.rename(payloads.with_name("away"))
    payloads.write_bytes(b"a file where the folder was")
    big = {"x": "y" * (INLINE_CONTENT_MAX_BYTES + 1)}
    for _ in range(2):
        with refused("payload.write", Unavailable):
            ledger.record_many([{}, big])
    assert ledger.record_many(rows(5)).first == 5


def test_rows_that_the_log_refuses(writing: Writing, stalled: Stall) -> None:
    """Rows that wait when the log stops for good fail with its reason, numbers and all."""
    rows_ = RowWriter(writing.writer)
    with stalled():
        waiting = [rows_.record("s", None, texts(3)) for _ in range(2)]
        writing.log._sequencer.stop(FatalLogError("log.mismatch", "expected a, found b"))
    for future in waiting:
        with refused("log.mismatch", FatalLogError):
            future.result()
    assert writing.writer.numbering.take("s") == 0


def test_batches_are_as_large_as_set(folder: Path) -> None:
    """The setting batch_members says how many statements one signature covers."""
    set_setting(folder, "batch_members", "1024")
    with counterfoil.open(folder) as ledger:
        done = ledger.record_many(rows(1025))
        assert [ledger.get(at).kind for at in (1027, 1029)] == ["batch", "batch"]
        assert prove(ledger, done.indices[0]).signer.organisation == OWNER
        assert prove(ledger, done.indices[1023]).content == b'{"row":1023,"amount_minor":7161}'


def test_many_threads_share_a_source(ledger: Ledger) -> None:
    """Rows of many threads in one source are numbered without gaps, each run in one piece."""
    done = list[RecordedMany]()
    threads = [
        threading.Thread(
            target=lambda: done.extend([ledger.record_many(rows(50), source="s") for _ in range(4)])
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    firsts = sorted(each.first for each in done)
    assert firsts == list(range(0, 1200, 50))
    assert len({index for each in done for index in each.indices}) == 1200
    assert ledger.get(done[7].indices[3]).number == done[7].first + 3
