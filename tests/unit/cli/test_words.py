"""How values are written for people."""

from __future__ import annotations

import io

import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import (
    brief,
    content_line,
    counted,
    facts,
    number,
    or_nothing,
    plain,
    time_of,
)

PLAIN = Paint(io.StringIO())


def test_hashes_numbers_and_times() -> None:
    """Hashes are cut to twelve digits, numbers have their thousands apart, times are UTC."""
    assert brief("ab" * 32) == "abababababab…"
    assert brief("ab") == "ab"
    assert number(1234567) == "1,234,567"
    assert time_of(1_795_356_042_841) == "2026-11-22 14:00:42 UTC"
    assert time_of(None) == "not said"
    assert time_of(2**53 - 1) == "9007199254740991 ms after 1970"


def test_one_thing_is_no_more_than_one() -> None:
    """What is counted stands in the singular for one, and in the plural for any other number."""
    assert [counted(n, "link") for n in (0, 1, 2000)] == ["0 links", "1 link", "2,000 links"]
    assert counted(2, "entry", "entries") == "2 entries"


def test_what_a_record_says_cannot_command_a_terminal() -> None:
    """Control characters, also of direction, are shown and not obeyed."""
    assert plain("a\x1b[31m\u202eb") == "a\\u001b[31m\\u202eb"
    assert content_line({"a": "\x1b]0;x\x07"}) == '{"a": "\\u001b]0;x\\u0007"}'
    assert list(facts([("name", "a\nb")], PLAIN)) == ["  name  a\\u000ab"]


def test_long_content_is_cut() -> None:
    """A line stays a line."""
    assert len(content_line({"a": "x" * 1000})) == 161


def test_what_has_no_value_is_left_out() -> None:
    """Names are aligned, and only those that have a value."""
    assert list(facts([("a", 0), ("long", None), ("bcd", "x"), ("e", "")], PLAIN)) == [
        "  a    0",
        "  bcd  x",
    ]


def test_a_heading_comes_with_its_first_line_alone() -> None:
    """Nothing is headed where there is nothing, or where an error comes first."""
    assert list(or_nothing(["a", "b"], "none", "heading")) == ["heading", "a", "b"]
    assert list(or_nothing([], "none", "heading")) == ["none"]
    broken = or_nothing((str(1 // each) for each in (0,)), "none", "heading")
    with pytest.raises(ZeroDivisionError):
        next(broken)


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a terminal that wants colour gets it."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    paint = Paint(Terminal())
    brushes = [paint.good, paint.warn, paint.bad, paint.strong, paint.quiet]
    painted = [brush("x") for brush in brushes]
    assert len(set(painted)) == 5
    assert all(text.startswith("\x1b[") and text.endswith("x\x1b[0m") for text in painted)
    assert PLAIN.bad("x") == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert Paint(Terminal()).good("x") == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert Paint(Terminal()).good("x") == "x"
