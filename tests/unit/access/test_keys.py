"""Keys: made once, kept as digests, bound to a ledger, and ended at once."""

from __future__ import annotations

import stat
from base64 import b64encode
from hmac import compare_digest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.access import AccessBook, AccessKeys, Guard, Limits, Rate, keyring
from counterfoil.access.credentials import SESSION_COOKIE, read_credential
from counterfoil.access.tokens import new_token, parse_token
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    InputError,
    NotFound,
    Refused,
    TooMany,
    Unauthenticated,
)
from counterfoil.testing.clock import ManualClock

ORIGIN = "shop.example/log"
HERE = "192.0.2.7"


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def guard(tmp_path: Path, clock: ManualClock) -> Guard:
    return Guard.open(tmp_path / "access.db", ORIGIN, clock)


def code_of(error: pytest.ExceptionInfo[CounterfoilError]) -> str:
    return error.value.code


def test_a_key_shows_its_principal(guard: Guard) -> None:
    """Who shows a key is the principal that it was made for, by Bearer and by Basic alike."""
    key, token = guard.keys.add("till", ["writer"], scopes=["record"], sources=["till/1"])
    by_bearer = guard.identify(bearer(token.text), {}, HERE)
    assert by_bearer is not None
    assert (by_bearer.name, by_bearer.key_id, by_bearer.via) == ("till", key.key_id, "key")
    assert by_bearer.in_scope(("record", "add"))
    assert not by_bearer.in_scope(("case", "ls"))
    assert by_bearer.may_write("till/1")
    assert not by_bearer.may_write(None)
    for pair in (f"any:{token.text}", f"{token.text}:"):
        basic = {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        assert guard.identify(basic, {}, HERE) == by_bearer


def test_nothing_shown_is_nobody(guard: Guard) -> None:
    """A request without a credential is nobody's, and may do nothing that needs a role."""
    assert guard.identify({}, {}, HERE) is None
    with pytest.raises(Unauthenticated) as caught:
        guard.require(None, "reader", ("record", "ls"), HERE)
    assert code_of(caught) == "access.unknown"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Digest abc", "access.credential"),
        ("Bearer", "access.credential"),
        ("Bearer nothing", "access.credential"),
        ("Basic !!!", "access.credential"),
        ("Bearer " + "x" * 20_000, "access.credential"),
        ("Bearer cfk_short", "access.key-form"),
        ("Bearer e30.e30.", "access.token-issuer"),
        ("Bearer \u0663", "access.credential"),
    ],
)
def test_what_is_no_key_is_refused(guard: Guard, header: str, code: str) -> None:
    """What cannot be a key is refused by its form, and is not repeated in the message."""
    with pytest.raises(Unauthenticated) as caught:
        guard.identify({"authorization": header}, {}, HERE)
    assert code_of(caught) == code
    assert header.partition(" ")[2][:6] not in caught.value.message or len(header) < 10


def test_a_typo_is_told_apart_from_a_guess(guard: Guard) -> None:
    """One changed character is a wrong checksum; a well-formed key of nobody is refused as such."""
    _, token = guard.keys.add("a", ["reader"])
    changed = token.text[:-8] + ("A" if token.text[-8] != "A" else "B") + token.text[-7:]
    with pytest.raises(Unauthenticated) as caught:
        guard.keys.check(changed)
    assert code_of(caught) == "access.key-form"
    with pytest.raises(Unauthenticated) as caught:
        guard.keys.check(new_token().text)
    assert code_of(caught) == "access.key-refused"


def test_no_secret_is_kept(guard: Guard, tmp_path: Path) -> None:
    """The file holds no key, only digests, and only its owner may read it."""
    _, token = guard.keys.add("a", ["operator"])
    guard.keys.check(token.text)
    guard.tick(now=True)
    secret = token.text.rpartition("_")[2].encode()
    for path in tmp_path.glob("access.db*"):
        assert secret not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.text not in repr(token)


def test_a_key_of_another_ledger_opens_nothing(guard: Guard, tmp_path: Path) -> None:
    """Neither a key of another ledger nor its row in this ledger's file is let in."""
    clock = ManualClock()
    with_others = AccessBook(tmp_path / "other.db", "farm.example/log")
    _, token = AccessKeys(with_others, clock).add("farmer", ["operator"])
    with pytest.raises(Unauthenticated):
        guard.keys.check(token.text)
    row = with_others.rows("SELECT * FROM key")[0]
    with guard._book.writing() as connection:
        connection.execute("INSERT INTO key VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
    with pytest.raises(Unauthenticated) as caught:
        guard.keys.check(token.text)
    assert code_of(caught) == "access.key-refused"
    with pytest.raises(Refused) as refused:
        AccessBook(tmp_path / "other.db", ORIGIN)
    assert code_of(refused) == "access.other-ledger"


def test_a_revoked_key_ends_at_once_also_from_elsewhere(
    guard: Guard, tmp_path: Path, clock: ManualClock
) -> None:
    """A key that another connection revokes is refused by the very next check."""
    key, token = guard.keys.add("a", ["reader"])
    guard.keys.check(token.text)
    AccessKeys(AccessBook(tmp_path / "access.db", ORIGIN), clock).revoke(key.key_id[:6])
    with pytest.raises(Unauthenticated):
        guard.keys.check(token.text)
    with pytest.raises(Conflict):
        guard.keys.revoke(key.key_id)


def test_a_key_expires(guard: Guard, clock: ManualClock) -> None:
    """A key counts until its end and not one millisecond more."""
    _, token = guard.keys.add("a", ["reader"], expires_ms=clock.now_ms() + 1_000)
    clock.advance(999)
    guard.keys.check(token.text)
    clock.advance(1)
    with pytest.raises(Unauthenticated):
        guard.keys.check(token.text)


def test_rotation_leaves_time_to_change(guard: Guard, clock: ManualClock) -> None:
    """After a rotation both keys count for the grace, then only the new one, which may the same."""
    old, first = guard.keys.add("a", ["writer"], sources=["s"], expires_ms=clock.now_ms() + 10_000)
    clock.advance(5_000)
    new, second = guard.keys.rotate(old.key_id, grace_ms=100)
    assert (new.roles, new.sources, new.replaces) == (old.roles, old.sources, old.key_id)
    assert new.expires_ms == clock.now_ms() + 10_000
    guard.keys.check(first.text)
    guard.keys.check(second.text)
    clock.advance(100)
    guard.keys.check(second.text)
    with pytest.raises(Unauthenticated):
        guard.keys.check(first.text)


def test_no_later_end_puts_off_an_earlier_one(guard: Guard, clock: ManualClock) -> None:
    """A key that is to end keeps its end when it is rotated again with more time."""
    old, token = guard.keys.add("a", ["writer"])
    guard.keys.rotate(old.key_id, grace_ms=100)
    guard.keys.rotate(old.key_id, grace_ms=10_000)
    assert guard.keys.get(old.key_id).revoked_ms == clock.now_ms() + 100
    clock.advance(100)
    with pytest.raises(Unauthenticated):
        guard.keys.check(token.text)


def test_use_is_written_down(guard: Guard, clock: ManualClock) -> None:
    """When a key was last used is known after the next tick."""
    key, token = guard.keys.add("a", ["reader"])
    guard.keys.check(token.text)
    guard.tick(now=True)
    assert guard.keys.get(key.key_id).used_ms == clock.now_ms()


def test_digests_are_compared_in_constant_time(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known or not, a key's digest goes through the compare that does not tell where it differs."""
    seen: list[tuple[int, int]] = []

    def compare(left: bytes, right: bytes) -> bool:
        seen.append((len(left), len(right)))
        return compare_digest(left, right)

    monkeypatch.setattr(keyring, "compare_digest", compare)
    _, token = guard.keys.add("a", ["reader"])
    guard.keys.check(token.text)
    with pytest.raises(Unauthenticated):
        guard.keys.check(new_token().text)
    assert seen == [(32, 32), (32, 32)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": ""}, "access.key-name"),
        ({"name": "a\nb"}, "access.key-name"),
        ({"name": "x" * 101}, "access.key-name"),
        ({"roles": []}, "access.key-role"),
        ({"roles": ["king"]}, "access.key-role"),
        ({"scopes": ["a\x00"]}, "access.key-list"),
        ({"rate": 0.0}, "access.key-limit"),
        ({"quota": 0}, "access.key-limit"),
        ({"expires_ms": 5}, "access.key-expiry"),
    ],
)
def test_bad_keys_are_not_made(guard: Guard, arguments: dict[str, object], code: str) -> None:
    """What a key cannot be is refused before anything is written."""
    good: dict[str, object] = {"name": "a", "roles": ["reader"], **arguments}
    name, roles = good.pop("name"), good.pop("roles")
    with pytest.raises(InputError) as caught:
        guard.keys.add(name, roles, **good)  # type: ignore[arg-type]  # on purpose
    assert code_of(caught) == code
    assert guard.keys.list() == []


def test_keys_are_found_by_their_beginning(guard: Guard) -> None:
    """A unique beginning names a key; nothing, what is unknown and what is unclear do not."""
    key, _ = guard.keys.add("a", ["reader"])
    guard.keys.add("b", ["reader"])
    assert guard.keys.get(key.key_id).name == "a"
    with pytest.raises(NotFound):
        guard.keys.get("")
    with pytest.raises(NotFound):
        guard.keys.get("UPPER")


def test_roles_include_what_they_should(guard: Guard) -> None:
    """An operator may all, an auditor read, a writer no reading, a reader no writing."""
    allowed = {
        "writer": {"writer"},
        "reader": {"reader"},
        "auditor": {"auditor", "reader"},
        "operator": {"auditor", "operator", "reader", "writer"},
    }
    for role, includes in allowed.items():
        principal = guard.keys.add(role, [role])[0].principal()  # type: ignore[list-item]
        for wanted in ("writer", "reader", "auditor", "operator"):
            if wanted in includes:
                assert guard.require(principal, wanted, (), HERE) is principal
            else:
                with pytest.raises(Refused) as caught:
                    guard.require(principal, wanted, (), HERE)
                assert code_of(caught) == "access.role"


def test_guessing_is_slowed_and_locks_nobody_out(tmp_path: Path, clock: ManualClock) -> None:
    """After some wrong keys an address is told to wait, but a right key from there is let in."""
    limits = Limits(failures=Rate(0.001, 3))
    guard = Guard.open(tmp_path / "access.db", ORIGIN, clock, limits=limits)
    _, token = guard.keys.add("a", ["reader"])
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            guard.identify(bearer(new_token().text), {}, HERE)
    with pytest.raises(TooMany) as caught:
        guard.identify(bearer(new_token().text), {}, HERE)
    assert code_of(caught) == "access.failures"
    assert caught.value.retry_after_s > 1
    assert guard.identify(bearer(token.text), {}, HERE) is not None
    with pytest.raises(Unauthenticated):
        guard.identify(bearer(new_token().text), {}, "192.0.2.8")


def test_a_key_has_its_own_rate(guard: Guard) -> None:
    """A key's own rate and burst hold, and another key's requests do not use them up."""
    slow = guard.keys.add("slow", ["reader"], rate=0.001, burst=2)[0].principal()
    other = guard.keys.add("other", ["reader"])[0].principal()
    for _ in range(2):
        guard.admit(slow, 0, 0, HERE).leave()
    with pytest.raises(TooMany) as caught:
        guard.admit(slow, 0, 0, HERE)
    assert code_of(caught) == "access.rate"
    guard.admit(other, 0, 0, HERE).leave()


def test_work_in_flight_is_bounded(tmp_path: Path, clock: ManualClock) -> None:
    """Beyond the bound of requests or bytes at once none is let in, until one has left."""
    limits = Limits(in_flight=2, in_flight_bytes=100)
    guard = Guard.open(tmp_path / "access.db", ORIGIN, clock, limits=limits)
    who = guard.keys.add("one", ["writer"])[0].principal()
    first = guard.admit(who, 0, 60, HERE)
    with pytest.raises(TooMany) as caught:
        guard.admit(who, 0, 60, HERE)
    assert code_of(caught) == "access.busy"
    with guard.admit(who, 0, 40, HERE), pytest.raises(TooMany):
        guard.admit(who, 0, 0, HERE)
    first.leave()
    first.leave()
    assert guard.in_flight == 0
    guard.admit(who, 0, 60, HERE).leave()


def test_every_key_reads_back() -> None:
    """What is made as a key is read as one, and its id is the one that was made."""
    for _ in range(50):
        token = new_token()
        assert parse_token(token.text) == token


def test_a_quota_holds_across_restarts(tmp_path: Path, clock: ManualClock) -> None:
    """A day's quota is neither exceeded nor lost when the node stops, and is new the next day."""
    guard = Guard.open(tmp_path / "access.db", ORIGIN, clock)
    key, _ = guard.keys.add("a", ["writer"], quota=1_000)
    writer = key.principal()
    guard.admit(writer, 400, 0, HERE).leave()
    guard.close()
    guard = Guard.open(tmp_path / "access.db", ORIGIN, clock)
    assert guard.quotas.used(key.key_id) == 400
    guard.admit(writer, 600, 0, HERE).leave()
    guard.refund(writer, 1)
    guard.charge(writer, 1, HERE)
    with pytest.raises(TooMany) as caught:
        guard.admit(writer, 1, 0, HERE)
    assert code_of(caught) == "access.quota"
    assert 0 < caught.value.retry_after_s <= 86_400
    assert guard.in_flight == 0
    clock.advance(86_400_000)
    guard.admit(writer, 1_000, 0, HERE).leave()


def test_a_crash_never_raises_a_quota(tmp_path: Path, clock: ManualClock) -> None:
    """A node that never stopped properly counts what it took ahead as used, and no more."""
    guard = Guard.open(tmp_path / "access.db", ORIGIN, clock)
    key, _ = guard.keys.add("a", ["writer"], quota=1_000)
    guard.admit(key.principal(), 50, 0, HERE).leave()
    again = Guard.open(tmp_path / "access.db", ORIGIN, clock)
    assert again.quotas.used(key.key_id) == 100
    with pytest.raises(TooMany):
        again.admit(key.principal(), 901, 0, HERE)
    again.admit(key.principal(), 900, 0, HERE).leave()


@given(st.one_of(st.text(max_size=200), st.binary(max_size=120).map(lambda b: b.decode("latin-1"))))
def test_no_credential_is_more_than_refused(given_text: str) -> None:
    """Whatever a header or cookie holds is a credential or refused, and never another error."""
    for prefix in ("", "Bearer ", "Basic ", "bearer cfk_", "Basic Og==", "Bearer a.b."):
        try:
            found = read_credential({"authorization": prefix + given_text}, {})
        except Unauthenticated as err:
            assert err.code == "access.credential"
        else:
            assert found is not None
            assert given_text not in repr(found) or len(given_text) < 8
    assert read_credential({}, {SESSION_COOKIE: given_text}) is not None or not given_text


@given(st.text(alphabet="cfk_0123456789abcXYZ\u0661\n ", max_size=80))
def test_no_text_is_read_as_a_key_by_chance(text: str) -> None:
    """Text that was not made as a key is refused by its form, whatever it looks like."""
    with pytest.raises(InputError):
        parse_token("cfk_" + text)
