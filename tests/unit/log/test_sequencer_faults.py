"""When a commit fails nobody is told a lie: not those who wait, not those who come later."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.log import AlreadyRecorded, Appended, Submission
from counterfoil.log.sequencer import Sequencer
from counterfoil.log.steady_clock import SteadyClock
from counterfoil.ports import Span, StoredCheckpoint, SystemClock
from counterfoil.testing.memory import MemoryStore
from tests.log_rig import ORIGIN, STORE_WRITES, Watched, fatal, raises_code, sign, unavailable
from tests.unit.log.sequencing import Gate, check_sound, held, sequencer_of


def break_commit(store: Watched, number: int, err: Exception, *, done: bool) -> None:
    """Break the commit of that number, done or not done."""

    def hook(at: int, name: str, arguments: tuple[Any, ...]) -> None:
        if at == number:
            raise err

    if done:
        store.after = hook
    else:
        store.before = hook


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but reported lost"])
def test_an_unknown_commit_stops_the_log(done: bool) -> None:
    """After FatalLogError nobody is acknowledged any more, and a restart sees what is there."""
    inner = MemoryStore()
    store = Watched(inner, STORE_WRITES)
    break_commit(store, 1, fatal(), done=done)
    sequencer = sequencer_of(store)
    assert sequencer.submit(Submission([b"first"])).result(60) == Appended(0, 1)
    with raises_code("test.unknown", FatalLogError):
        sequencer.submit(Submission([b"unknown"])).result(60)
    for _ in range(2):
        with raises_code("test.unknown", FatalLogError):
            sequencer.submit(Submission([b"later"]))
    with raises_code("test.unknown", FatalLogError):
        sequencer.run(lambda: None)
    assert sequencer.fatal is not None
    assert sequencer.head.size == 1
    sequencer.close()
    assert store.names == ["commit", "commit"]
    assert held(inner) == ([b"first", b"unknown"] if done else [b"first"])
    check_sound(inner)
    again = sequencer_of(MemoryStore(inner.disk))
    assert again.submit(Submission([b"next"])).result(60).first == (2 if done else 1)
    again.close()


def test_who_waits_behind_an_unknown_commit_hears_of_it() -> None:
    """What is queued when the log stops fails too, and nothing of it is written."""
    gate = Gate()
    gate.store.after = lambda number, name, arguments: (_ for _ in ()).throw(fatal())
    sequencer = sequencer_of(gate.store)
    waiting: list[Future[Any]] = [sequencer.submit(Submission([b"a"]))]
    gate.reached.wait(60)
    waiting += [sequencer.submit(Submission([b"b"])) for _ in range(5)]
    done: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        waiting.append(pool.submit(sequencer.run, lambda: done.append("trimmed")))
        gate.open.set()
        for future in waiting:
            with raises_code("test.unknown", FatalLogError):
                future.result(60)
    sequencer.close()
    assert (held(gate.store), done) == ([b"a"], [])


def test_a_failed_commit_leaves_the_log_sound() -> None:
    """After Unavailable nothing is stored, and the next entry takes the same place."""
    inner = MemoryStore()
    store = Watched(inner, STORE_WRITES)
    break_commit(store, 1, unavailable(), done=False)
    sequencer = sequencer_of(store)
    sequencer.submit(Submission([b"a"])).result(60)
    lost = Submission(
        [b"b", b"c"], [Span("i", "s", 0, 1, 0)], {b"x" * 32: 1}, {"n": (None, 1)}, [1]
    )
    with raises_code("test.unavailable", Unavailable):
        sequencer.submit(lost).result(60)
    assert (inner.head().size, inner.counter("n"), inner.key_entries()) == (1, None, [])
    assert sequencer.submit(lost).result(60) == Appended(1, 3)
    sequencer.close()
    assert held(inner) == [b"a", b"b", b"c"]
    assert (inner.find_identity(b"x" * 32), inner.counter("n"), inner.key_entries()) == (2, 1, [2])
    check_sound(inner)


REPEATS = {
    "number": Submission([b"a"], [Span("i", "s", 4, 1, 0)]),
    "identity": Submission([b"a"], identities={b"x" * 32: 0}),
    "counter": Submission([b"a"], expect={"n": (None, 1)}),
    "place": Submission([b"a"], at=1),
}


@pytest.mark.parametrize("kind", REPEATS)
@pytest.mark.parametrize("fails", [False, True], ids=["stored", "lost"])
def test_a_refusal_waits_for_what_it_rests_on(kind: str, fails: bool) -> None:
    """Who repeats a statement of the same group hears of its place only once that is durable.

    "Already recorded" is an acknowledgement: given before the commit, and the commit failed, the
    client would throw its record away, and nobody has it.
    """
    gate = Gate()
    sequencer = sequencer_of(gate.store)
    sequencer.submit(Submission([b"first"]))
    gate.reached.wait(60)
    once = sequencer.submit(REPEATS[kind])
    twice = sequencer.submit(REPEATS[kind])
    answered_early: list[bool] = []

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if number == 1:
            answered_early.append(twice.done())
            if fails:
                raise unavailable()

    gate.store.before = fail
    gate.open.set()
    if fails:
        for future in (once, twice):
            with raises_code("test.unavailable", Unavailable):
                future.result(60)
        assert sequencer.submit(REPEATS[kind]).result(60).first == 1
    else:
        assert once.result(60).first == 1
        code = {"counter": "log.expect", "place": "log.moved"}.get(kind, "log.already-recorded")
        with raises_code(code) as caught:
            twice.result(60)
        if isinstance(caught.value, AlreadyRecorded):
            assert caught.value.index == 1
    assert answered_early == [False]
    sequencer.close()


@pytest.mark.parametrize("where", ["commit", "find_identity", "next_number", "find_span"])
def test_an_error_that_nobody_foresaw_stops_the_log(where: str) -> None:
    """A bug in a store ends in FatalLogError for all who wait, not in silence."""

    class Buggy(MemoryStore):
        """Fails with what is no error of ours."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    store = Buggy()
    sequencer = sequencer_of(store)
    sequencer.submit(Submission([b"a"], [Span("i", "s", 9, 1, 0)])).result(60)
    setattr(store, where, fail)
    asked = Submission([b"b"], [Span("i", "s", 0, 1, 0), Span("i", "t", 0, 1, 0)], {b"x" * 32: 0})
    with raises_code("log.unexpected", FatalLogError) as caught:
        sequencer.submit(asked).result(60)
    assert "ZeroDivisionError" in caught.value.message
    with raises_code("log.unexpected", FatalLogError):
        sequencer.submit(Submission([b"c"]))
    sequencer.close()
    check_sound(MemoryStore(store.disk))


def test_damage_met_while_reading_stops_the_log() -> None:
    """A store that finds itself damaged while a condition is read is not written to again."""

    class Damaged(MemoryStore):
        """Finds damage where counters are."""

        def counter(self, key: str) -> int | str | None:
            raise fatal()

    store = Damaged()
    sequencer = sequencer_of(store)
    with raises_code("test.unknown", FatalLogError):
        sequencer.submit(Submission([b"a"], expect={"n": (None, 1)})).result(60)
    with raises_code("test.unknown", FatalLogError):
        sequencer.submit(Submission([b"b"]))
    sequencer.close()
    assert store.head().size == 0


def test_a_signer_that_fails_stores_nothing() -> None:
    """A checkpoint that cannot be signed is not committed; the entry can be appended later."""
    store, keys = MemoryStore(), [False]

    def maybe(tree: Checkpoint) -> bytes:
        if not keys[0]:
            raise unavailable()
        return sign(tree)

    sequencer = Sequencer(store, ORIGIN, maybe, SteadyClock(SystemClock(), 0), lambda _: None)
    with raises_code("test.unavailable", Unavailable):
        sequencer.submit(Submission([b"a"])).result(60)
    assert store.head().size == 0
    keys[0] = True
    assert sequencer.submit(Submission([b"a"])).result(60) == Appended(0, 1)
    sequencer.close()
    check_sound(store)


def test_work_between_commits() -> None:
    """`run` does its work on the writer's thread, waits for it, and gives its error on."""
    store = MemoryStore()
    sequencer = sequencer_of(store)
    threads: list[str] = []
    sequencer.run(lambda: threads.append(threading.current_thread().name))
    sequencer.run(lambda: store.keep_checkpoint(StoredCheckpoint(0, b"n", 1)))
    assert (threads, store.checkpoints()[0].note) == (["sequencer"], b"n")
    with pytest.raises(ZeroDivisionError):
        sequencer.run(lambda: threads.append(str(1 // 0)))

    def refuse() -> None:
        raise unavailable()

    with raises_code("test.unavailable", Unavailable):
        sequencer.run(refuse)
    assert sequencer.submit(Submission([b"a"])).result(60).first == 0
    sequencer.close()
    with raises_code("log.closed", Unavailable):
        sequencer.run(lambda: None)
    with raises_code("log.closed", Unavailable):
        sequencer.submit(Submission([b"b"]))


def test_work_of_unknown_outcome_stops_the_log() -> None:
    """Trimming is a commit too: when it is unknown whether it was done, nothing more is written."""
    store = MemoryStore()
    sequencer = sequencer_of(store)

    def trim() -> None:
        raise fatal()

    with raises_code("test.unknown", FatalLogError):
        sequencer.run(trim)
    with raises_code("test.unknown", FatalLogError):
        sequencer.submit(Submission([b"a"]))
    sequencer.close()


def test_stop_is_for_good_and_keeps_the_first_reason() -> None:
    """Who finds damage elsewhere can stop the writer; the first reason is the one that is told."""
    sequencer = sequencer_of(MemoryStore())
    first: CounterfoilError = fatal()
    sequencer.stop(FatalLogError("test.first", "expected a whole tile, found a test"))
    sequencer.stop(fatal())
    with raises_code("test.first", FatalLogError):
        sequencer.submit(Submission([b"a"]))
    assert first is not sequencer.fatal
    sequencer.close()
