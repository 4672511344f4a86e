"""Sessions: begun by those who showed who they are, and ended in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.access import Guard
from counterfoil.access.credentials import SESSION_COOKIE
from counterfoil.access.sessions import IDLE_MS, LONGEST_MS
from counterfoil.errors import Refused, Unauthenticated
from counterfoil.ports.access import Principal
from counterfoil.testing.clock import ManualClock

HERE = "192.0.2.7"


@pytest.fixture
def guard(tmp_path: Path, clock: ManualClock) -> Iterator[Guard]:
    with closing(Guard.open(tmp_path / "access.db", "shop.example/log", clock)) as opened:
        yield opened


def reader(guard: Guard) -> Principal:
    return guard.keys.add("alice", ["reader"])[0].principal()


def test_a_session_stands_for_its_key(guard: Guard) -> None:
    """Who brings a session's id is whom its key stands for, by way of a session."""
    principal = reader(guard)
    session = guard.sessions.begin(principal)
    found = guard.identify({}, {SESSION_COOKIE: session.text}, HERE)
    assert found is not None
    assert (found.name, found.roles, found.via) == ("alice", frozenset({"reader"}), "session")


def test_no_session_id_is_kept(guard: Guard, tmp_path: Path) -> None:
    """The file holds digests of ids only."""
    session = guard.sessions.begin(reader(guard))
    for path in tmp_path.glob("access.db*"):
        assert session.text.encode() not in path.read_bytes()
    assert session.text not in repr(session)


def test_a_made_up_id_never_becomes_a_session(guard: Guard) -> None:
    """An id that was not made here is refused, before and after somebody signs in (fixation)."""
    for _ in range(2):
        with pytest.raises(Unauthenticated) as caught:
            guard.identify({}, {SESSION_COOKIE: "chosen-by-an-attacker"}, HERE)
        assert caught.value.code == "access.session"
        guard.sessions.begin(reader(guard))


def test_sessions_end_in_time(guard: Guard, clock: ManualClock) -> None:
    """A session ends when nobody uses it, and at the latest half a day after it began."""
    idle, used = (guard.sessions.begin(reader(guard)) for _ in range(2))
    began = clock.now_ms()
    clock.advance(IDLE_MS - 1)
    guard.sessions.check(used.text)
    clock.advance(1)
    with pytest.raises(Unauthenticated):
        guard.sessions.check(idle.text)
    while clock.now_ms() + IDLE_MS // 2 < began + LONGEST_MS:
        clock.advance(IDLE_MS // 2)
        guard.sessions.check(used.text)
    clock.at_ms = began + LONGEST_MS
    with pytest.raises(Unauthenticated):
        guard.sessions.check(used.text)


def test_a_session_ends_with_its_key(guard: Guard) -> None:
    """When the key that began a session is revoked, the session has ended, too."""
    principal = reader(guard)
    session = guard.sessions.begin(principal)
    guard.keys.revoke(principal.key_id)
    with pytest.raises(Unauthenticated):
        guard.sessions.check(session.text)


def test_signing_out_ends_a_session(guard: Guard) -> None:
    """After signing out the id counts no more; other sessions go on."""
    principal = reader(guard)
    one, other = guard.sessions.begin(principal), guard.sessions.begin(principal)
    guard.sessions.check(one.text)
    guard.sessions.end(one.text)
    with pytest.raises(Unauthenticated):
        guard.sessions.check(one.text)
    guard.sessions.check(other.text)


def test_sessions_of_one_key_are_bounded(guard: Guard, clock: ManualClock) -> None:
    """Beyond twenty sessions of one key the oldest end, so that no key can fill the file."""
    principal = reader(guard)
    sessions = []
    for _ in range(21):
        clock.advance(1)
        sessions.append(guard.sessions.begin(principal))
    with pytest.raises(Unauthenticated):
        guard.sessions.check(sessions[0].text)
    for session in sessions[1:]:
        guard.sessions.check(session.text)


def test_form_tokens_belong_to_one_session(guard: Guard) -> None:
    """A form's token of another session, or none, is refused; it does not tell the session's id."""
    one, other = (guard.sessions.begin(reader(guard)).text for _ in range(2))
    token = guard.sessions.form_token(one)
    guard.sessions.check_form(one, token)
    assert one not in token
    for wrong in ("", guard.sessions.form_token(other), "\udc80"):
        with pytest.raises(Refused) as caught:
            guard.sessions.check_form(one, wrong)
        assert caught.value.code == "access.form"
