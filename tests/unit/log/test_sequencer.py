"""Group commit: who is answered is durable, in order, whole, and nobody is answered too early."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from counterfoil.errors import Conflict, Refused, Unavailable
from counterfoil.log import AlreadyRecorded, Appended, Submission
from counterfoil.log.sequencer import GROUP_ENTRIES, Sequencer
from counterfoil.ports import Head, Span
from counterfoil.testing.clock import ManualClock
from counterfoil.testing.memory import MemoryStore
from tests.log_rig import entries_of, raises_code
from tests.unit.log.sequencing import Gate, check_sound, held, sequencer_of


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sequencer(store: MemoryStore) -> Iterator[Sequencer]:
    started = sequencer_of(store)
    yield started
    started.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


def test_an_answer_names_the_place(sequencer: Sequencer, store: MemoryStore) -> None:
    """The future gives the first index and the size, and the entries stand there."""
    one = sequencer.submit(Submission([b"a", b"b"])).result(60)
    two = sequencer.submit(Submission([b"c"])).result(60)
    assert (one, two) == (Appended(0, 2), Appended(2, 3))
    assert held(store) == [b"a", b"b", b"c"]
    assert sequencer.head == store.head()
    check_sound(store)


def test_the_head_is_told_after_each_commit(store: MemoryStore) -> None:
    """Whoever publishes hears of every committed head, and of no other."""
    heads: list[Head] = []
    sequencer = sequencer_of(store, heads=heads)
    for entry in (b"a", b"b"):
        sequencer.submit(Submission([entry])).result(60)
    with raises_code("log.expect"):
        sequencer.submit(Submission([b"c"], expect={"x": (1, 2)})).result(60)
    sequencer.close()
    assert [head.size for head in heads] == [1, 2]


def test_entries_are_cut_where_bundles_end(sequencer: Sequencer, store: MemoryStore) -> None:
    """Each segment lies inside one bundle, whatever the submissions' sizes."""
    for count in (250, 10, 600):
        sequencer.submit(Submission(entries_of(count))).result(60)
    edges = [(s.first, s.count) for s in store.segments(0, 860)]
    assert edges == [(0, 250), (250, 6), (256, 4), (260, 252), (512, 256), (768, 92)]
    check_sound(store)


def test_many_threads_are_committed_together(gate: Gate) -> None:
    """While one commit is on its way all others gather, and one transaction answers them all."""
    sequencer = sequencer_of(gate.store)
    first = sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    submissions = [Submission([b"%d:%d" % (k, j) for j in range(k % 4 + 1)]) for k in range(60)]
    with ThreadPoolExecutor(20) as pool:
        waiting = list(pool.map(sequencer.submit, submissions))
    assert not any(future.done() for future in waiting)
    gate.open.set()
    answers = [future.result(60) for future in waiting]
    sequencer.close()
    assert first.result() == Appended(0, 1)
    assert gate.store.names == ["commit", "commit"]
    entries = held(gate.store)
    for submission, answer in zip(submissions, answers, strict=True):
        run = entries[answer.first : answer.first + len(submission.entries)]
        assert run == list(submission.entries)
    assert sorted(entries[1:]) == sorted(e for s in submissions for e in s.entries)
    check_sound(gate.store)


def test_one_threads_submissions_keep_their_order(gate: Gate) -> None:
    """What one thread hands over one after the other stands in that order."""
    sequencer = sequencer_of(gate.store)
    waiting = [sequencer.submit(Submission([b"%d" % k])) for k in range(200)]
    gate.open.set()
    assert [future.result(60).first for future in waiting] == list(range(200))
    sequencer.close()


def test_a_group_ends_at_its_limit(gate: Gate) -> None:
    """A group is committed once it has `GROUP_ENTRIES` entries, though more wait."""
    sequencer = sequencer_of(gate.store)
    waiting = [sequencer.submit(Submission([b"first"]))]
    gate.reached.wait(60)
    run = entries_of(GROUP_ENTRIES // 2)
    waiting += [sequencer.submit(Submission(run)) for _ in range(5)]
    gate.open.set()
    for future in waiting:
        future.result(60)
    sequencer.close()
    commits = [arguments[0] for _, arguments in gate.store.calls]
    sizes = [commit.head.size - commit.base for commit in commits]
    assert sizes == [1, GROUP_ENTRIES, GROUP_ENTRIES, GROUP_ENTRIES // 2]


def test_a_refused_submission_leaves_no_entry(gate: Gate) -> None:
    """In one group those that are refused leave nothing, the others stand without a gap."""
    sequencer = sequencer_of(gate.store)
    sequencer.submit(Submission([b"first"], expect={"n": (None, 0)}))
    gate.reached.wait(60)
    good = sequencer.submit(Submission([b"a", b"b"], expect={"n": (0, 1)}))
    bad = sequencer.submit(Submission([b"x", b"y"], expect={"n": (0, 2)}))
    late = sequencer.submit(Submission([b"c"], expect={"n": (1, 5)}))
    gate.open.set()
    assert (good.result(60), late.result(60)) == (Appended(1, 4), Appended(3, 4))
    with raises_code("log.expect", Conflict):
        bad.result(60)
    sequencer.close()
    assert held(gate.store) == [b"first", b"a", b"b", b"c"]
    assert gate.store.counter("n") == 5


def test_of_racing_threads_exactly_one_wins(sequencer: Sequencer, store: MemoryStore) -> None:
    """Many try to change a counter from one value to another: one entry a value, no update lost."""

    def race(thread: int) -> list[int]:
        won = []
        while (now := store.counter("stock")) is None or int(now) < 30:
            change = (now, 1 if now is None else int(now) + 1)
            try:
                sequencer.submit(Submission([b"%d" % thread], expect={"stock": change})).result(60)
            except Conflict as err:
                assert err.code == "log.expect"
            else:
                won.append(change[1])
        return won

    with ThreadPoolExecutor(8) as pool:
        won = [value for run in pool.map(race, range(8)) for value in run]
    assert sorted(won) == list(range(1, 31))
    assert (store.counter("stock"), store.head().size) == (30, 30)


def test_a_repeated_statement_gets_its_first_place(sequencer: Sequencer) -> None:
    """A number or identity that is recorded is refused with the entry that holds it."""
    numbered = Submission([b"a", b"b"], [Span("i", "s", 4, 2, 0)])
    named = Submission([b"c"], identities={b"x" * 32: 0})
    sequencer.submit(numbered).result(60)
    sequencer.submit(named).result(60)
    for submission, index in ((numbered, 0), (named, 2)):
        with pytest.raises(AlreadyRecorded) as caught:
            sequencer.submit(submission).result(60)
        assert caught.value.index == index


def test_back_pressure(gate: Gate) -> None:
    """Beyond `PENDING_ENTRIES` waiting entries a submitter waits, and goes on when they are less.

    One that is larger than the limit itself is let in when nothing else waits.
    """
    sequencer = sequencer_of(gate.store)
    sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    run = Submission([b"x"] * 8192)
    waiting = [sequencer.submit(run) for _ in range(4)]
    huge = Submission([b"y"] * 40_000)
    with ThreadPoolExecutor(2) as pool:
        late = [
            pool.submit(sequencer.submit, Submission([b"z"])),
            pool.submit(sequencer.submit, huge),
        ]
        threading.Event().wait(0.05)
        assert not any(future.done() for future in late)
        gate.open.set()
        waiting += [future.result(60) for future in late]
    for future in waiting:
        future.result(60)
    sequencer.close()
    assert gate.store.head().size == 1 + 4 * 8192 + 1 + 40_000


def test_large_entries_weigh_more(gate: Gate) -> None:
    """Not only the number but the size of what waits is bounded, and of a group too."""
    sequencer = sequencer_of(gate.store)
    sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    large = Submission([b"x" * 65_535] * 64)  # 4 MB
    waiting = [sequencer.submit(large) for _ in range(8)]
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(sequencer.submit, large)
        threading.Event().wait(0.05)
        assert not late.done()
        gate.open.set()
        waiting.append(late.result(60))
    for future in waiting:
        future.result(60)
    sequencer.close()
    commits = [arguments[0] for _, arguments in gate.store.calls]
    assert max(commit.head.size - commit.base for commit in commits) <= 3 * 64


def test_close_answers_what_it_took(store: MemoryStore) -> None:
    """While threads submit, close: each hears of its entry or that the log is closed."""
    sequencer = sequencer_of(store)
    started = threading.Barrier(5)

    def write(thread: int) -> list[bytes]:
        done: list[bytes] = []
        started.wait()
        while True:
            entry = b"%d:%d" % (thread, len(done))
            try:
                sequencer.submit(Submission([entry])).result(60)
            except Unavailable as err:
                assert err.code == "log.closed"
                return done
            done.append(entry)

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, thread) for thread in range(4)]
        started.wait()
        while store.head().size < 20:
            threading.Event().wait(0.001)
        sequencer.close()
        acknowledged = [entry for writer in writers for entry in writer.result(60)]
    assert sorted(acknowledged) == sorted(held(store))
    sequencer.close()
    check_sound(store)


def test_close_wakes_who_waits_for_room(gate: Gate) -> None:
    """A submitter that waits for room hears that the log is closed."""
    sequencer = sequencer_of(gate.store)
    waiting = [sequencer.submit(Submission([b"first"]))]
    gate.reached.wait(60)
    waiting.append(sequencer.submit(Submission([b"x"] * 32_768)))
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(sequencer.submit, Submission([b"late"]))
        threading.Event().wait(0.02)
        closing = pool.submit(sequencer.close)
        with raises_code("log.closed", Unavailable):
            late.result(60)
        gate.open.set()
        closing.result(60)
    assert [future.result(0).first for future in waiting] == [0, 1]


def test_a_cancelled_submission_is_not_stored(gate: Gate) -> None:
    """A future can be cancelled until its group is taken up; the writer lives on."""
    sequencer = sequencer_of(gate.store)
    first = sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    gone, kept = (sequencer.submit(Submission([entry])) for entry in (b"gone", b"kept"))
    assert gone.cancel()
    assert not first.cancel()
    gate.open.set()
    assert kept.result(60) == Appended(1, 2)
    only = sequencer.submit(Submission([b"only"]))
    assert only.result(60).first == 2
    sequencer.close()
    assert held(gate.store) == [b"first", b"kept", b"only"]


def test_a_group_of_cancelled_ones_is_no_commit(gate: Gate) -> None:
    """When all that waits was cancelled, nothing is committed and the log goes on."""
    sequencer = sequencer_of(gate.store)
    sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    assert sequencer.submit(Submission([b"gone"])).cancel()
    gate.open.set()
    sequencer.close()
    assert gate.store.names == ["commit"]


def test_a_callback_that_fails_does_not_stop_the_log(
    sequencer: Sequencer, caplog: pytest.LogCaptureFixture
) -> None:
    """What a caller hangs on a future may raise: it is logged, and the next entry is appended."""
    future = sequencer.submit(Submission([b"a"]))
    future.add_done_callback(lambda _: 1 // 0)
    future.result(60)
    assert sequencer.submit(Submission([b"b"])).result(60).first == 1


def test_a_clock_that_went_back_refuses(store: MemoryStore) -> None:
    """More than five minutes back nothing is stored; once the clock is right the log goes on."""
    machine = ManualClock(10_000_000)
    sequencer = sequencer_of(store, machine)
    sequencer.submit(Submission([b"a"])).result(60)
    machine.advance(-1_000)
    sequencer.submit(Submission([b"b"])).result(60)
    assert store.head().at_ms == 10_000_000
    machine.advance(-600_000)
    with raises_code("clock.back", Refused):
        sequencer.submit(Submission([b"c"])).result(60)
    machine.advance(700_000)
    assert sequencer.submit(Submission([b"d"])).result(60) == Appended(2, 3)
    sequencer.close()
    check_sound(store)


def test_very_many_sources(sequencer: Sequencer, store: MemoryStore) -> None:
    """With more sources than are remembered every number is still taken once."""
    spans = [Span("i", str(k), 0, 1, k) for k in range(10_001)]
    many = Submission([b"n"] * len(spans), spans)
    sequencer.submit(many).result(60)
    for _ in range(2):
        with pytest.raises(AlreadyRecorded):
            sequencer.submit(many).result(60)
        more = Submission([b"m"], [Span("i", "77", store.next_number("i", "77"), 1, 0)])
        sequencer.submit(more).result(60)
    assert store.next_number("i", "77") == 3
