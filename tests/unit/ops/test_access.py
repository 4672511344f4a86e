"""Keys of a node, made and ended by commands: each change is a statement in the log."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from counterfoil.access import Guard
from counterfoil.errors import Conflict, CounterfoilError, NotFound, Unauthenticated
from counterfoil.ledger import Layout, Ledger, open_ledger
from counterfoil.ops import access
from counterfoil.ports import SystemClock


def changes(shop: Path) -> list[dict[str, Any]]:
    with open_ledger(shop, read_only=True) as opened:
        return [view.content for view in opened.views() if "access-change" in view.kind]


def guard_of(shop: Path) -> Guard:
    with open_ledger(shop, read_only=True) as opened:
        return Guard.open(Layout(shop).access_book, opened.origin, SystemClock())


def test_a_life_of_a_key(shop: Path) -> None:
    """A key is made, listed, rotated and ended, and the log says who did what to which."""
    assert list(access.listing(ledger=shop)) == []
    made = access.add(
        "till",
        role=("writer", "reader"),
        scope=("record",),
        source=("till/1",),
        expires="90d",
        rate=5,
        quota=100,
        why="it opens on Monday",
        ledger=shop,
    )
    (listed,) = access.listing(ledger=shop)
    assert (listed.roles, listed.sources, listed.quota) == (("writer", "reader"), ("till/1",), 100)
    rotated = access.rotate(made.key_id[:6], actor="alice", ledger=shop)
    ended = access.revoke(rotated.key_id, actor="bob", ledger=shop)
    assert list(access.listing(ledger=shop)) == []
    assert [key.in_force for key in access.listing(all_=True, ledger=shop)] == [False, False]
    assert len(list(access.listing(all_=True, limit=1, ledger=shop))) == 1
    said = changes(shop)
    assert [(one["action"], one["key"], one["by"]) for one in said] == [
        ("add", made.key_id, getpass.getuser()),
        ("add", rotated.key_id, "alice"),
        ("end", made.key_id, "alice"),
        ("end", rotated.key_id, "bob"),
    ]
    assert said[1]["replaces"] == made.key_id
    assert said[0]["why"] == "it opens on Monday"
    assert ended.index > rotated.index > made.index


def test_a_key_is_shown_once_and_kept_nowhere(shop: Path) -> None:
    """The key that is shown opens the node; no file of the ledger holds it."""
    made = access.add("till", role=("writer",), ledger=shop)
    guard = guard_of(shop)
    assert guard.keys.check(made.token)[1].name == "till"
    guard.close()
    for path in shop.rglob("*"):
        assert not path.is_file() or made.token.encode() not in path.read_bytes()


def test_a_grace_leaves_both(shop: Path) -> None:
    """With a grace the old key counts beside the new one until it is over."""
    made = access.add("till", ledger=shop)
    rotated = access.rotate(made.key_id, grace="1h", ledger=shop)
    guard = guard_of(shop)
    for token in (made.token, rotated.token):
        guard.keys.check(token)
    guard.keys.revoke(made.key_id)
    with pytest.raises(Unauthenticated):
        guard.keys.check(made.token)
    guard.close()


def test_a_key_whose_statement_fails_is_none(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log cannot say that a key was made, there is no key."""

    def broken(*_: object, **__: object) -> None:
        raise CounterfoilError("store.full", "the disk is full")

    monkeypatch.setattr(Ledger, "record_statement", broken)
    with pytest.raises(CounterfoilError):
        access.add("till", ledger=shop)
    assert list(access.listing(all_=True, ledger=shop)) == []


@pytest.mark.parametrize("span", ["", "90", "d", "0d", "-1d", "1.5d", "1000y", "9999999999d", "٣d"])
def test_spans_that_are_none_are_refused(shop: Path, span: str) -> None:
    """A span that cannot be read makes no key, rather than one without an end."""
    with pytest.raises(CounterfoilError) as caught:
        access.add("till", expires=span, ledger=shop)
    assert caught.value.code == "access.span"
    assert list(access.listing(all_=True, ledger=shop)) == []


def test_what_is_not_there_is_not_ended(shop: Path) -> None:
    """An unknown key is told apart from one that has ended already."""
    made = access.add("till", ledger=shop)
    with pytest.raises(NotFound):
        access.revoke("zzzz", ledger=shop)
    access.revoke(made.key_id, ledger=shop)
    with pytest.raises(Conflict):
        access.revoke(made.key_id, ledger=shop)
    with pytest.raises(Conflict):
        access.rotate(made.key_id, ledger=shop)
