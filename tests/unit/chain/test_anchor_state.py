"""What to do next about an anchor: each case of what was written down and what is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.chain.anchor_state import (
    REVERTS_MAX,
    Attempt,
    Job,
    Mined,
    Phase,
    Sight,
    Step,
    Wish,
    choose_exact,
    decide,
    raised_fees,
    wish_due_ms,
)
from counterfoil.ports import Fees

STUCK_MS = 1_000
PLACE = Mined(b"t" * 32, 7, b"b" * 32, 70)
OTHER = replace(PLACE, block=8, block_hash=b"c" * 32)


def job(phase: Phase, mined: Mined | None = None) -> Job:
    """Make a job with one attempt of nonce 3, signed at 0 ms."""
    attempt = Attempt(b"raw", b"t" * 32, 3, 90_000, Fees(100, 10), 0)
    return Job(9, b"r" * 32, 5, b"note", b"data", phase, (attempt,), mined)


def sight(**seen: object) -> Sight:
    """See a transaction that waits, unless told otherwise."""
    common: dict[str, object] = {
        "now_ms": 0,
        "nonce": 3,
        "standing": 5,
        "mined": None,
        "reverted": 0,
        "known": True,
        "final": 6,
    }
    return Sight(**{**common, **seen})  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("phase", "mined", "seen", "step"),
    [
        ("signed", None, {}, Step.SEND),
        ("signed", None, {"known": False}, Step.SEND),
        ("sent", None, {}, Step.WAIT),
        ("sent", None, {"known": False}, Step.SEND),
        ("sent", None, {"now_ms": STUCK_MS}, Step.WAIT),
        ("sent", None, {"now_ms": STUCK_MS + 1}, Step.REPLACE),
        ("sent", None, {"now_ms": STUCK_MS + 1, "nonce": 2}, Step.SIGN),
        ("sent", None, {"nonce": 4}, Step.SIGN),
        ("signed", None, {"nonce": 4, "reverted": 1}, Step.SIGN),
        ("sent", None, {"nonce": 4, "reverted": REVERTS_MAX}, Step.GIVE_UP),
        ("sent", None, {"standing": 9, "nonce": 4}, Step.FIND),
        ("sent", None, {"standing": 12}, Step.FIND),
        ("signed", None, {"mined": PLACE, "standing": 9}, Step.NOTE_MINED),
        ("sent", None, {"mined": PLACE, "final": 99}, Step.NOTE_MINED),
        ("mined", PLACE, {"mined": PLACE}, Step.WAIT),
        ("mined", PLACE, {"mined": PLACE, "final": 7}, Step.NOTE_FINAL),
        ("mined", PLACE, {"mined": OTHER, "final": 99}, Step.NOTE_MINED),
        ("mined", PLACE, {"mined": None, "final": 99}, Step.NOTE_LOST),
    ],
)
def test_steps(phase: Phase, mined: Mined | None, seen: dict[str, object], step: Step) -> None:
    """Each case has its one next step; only what is seen in a final block becomes final."""
    assert decide(job(phase, mined), sight(**seen), STUCK_MS) is step


@given(
    st.sampled_from(["signed", "sent", "mined"]), st.integers(0, 9), st.integers(0, 20),
    st.sampled_from([None, PLACE, OTHER]), st.integers(0, 4), st.booleans(), st.integers(0, 99),
    st.integers(0, 5_000),
)  # fmt: skip
def test_nothing_is_final_unseen(
    phase: Phase, nonce: int, standing: int, mined: Mined | None, reverted: int, known: bool,
    final: int, now_ms: int,
) -> None:  # fmt: skip
    """Whatever is seen: final needs the very block that was written down, and needs it final."""
    seen = sight(
        nonce=nonce, standing=standing, mined=mined, reverted=reverted, known=known, final=final,
        now_ms=now_ms,
    )  # fmt: skip
    one = job(phase, PLACE if phase == "mined" else None)
    step = decide(one, seen, STUCK_MS)
    if step is Step.NOTE_FINAL:
        assert phase == "mined"
        assert mined == PLACE
        assert final >= PLACE.block
    if step in (Step.SEND, Step.REPLACE, Step.SIGN):
        assert mined is None  # never two transactions where one did it
        assert standing < one.size


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.integers(0, 10**30))
def test_fees_are_raised(most: int, tip: int, suggested: int) -> None:
    """A replacement offers an eighth more of both at least, and what the chain asks for."""
    old = Fees(most, tip)
    new = raised_fees(old, Fees(suggested, suggested))
    assert new.max_fee * 1_000 >= most * 1_125
    assert new.priority_fee * 1_000 >= tip * 1_125
    assert new.max_fee >= max(suggested, new.priority_fee)


def test_wishes() -> None:
    """Named checkpoints come smallest first; deadlines count until their entries are anchored."""
    wishes = [Wish(4, True, None, b"4"), Wish(9, True, None, b"9"), Wish(7, False, 70)]
    assert choose_exact(wishes, 0) == wishes[0]
    assert choose_exact(wishes, 4) == wishes[1]
    assert choose_exact(wishes, 9) is None
    assert wish_due_ms(wishes, 4) == 0
    assert wish_due_ms(wishes[2:], 6) == 70
    assert wish_due_ms(wishes, 9) is None
