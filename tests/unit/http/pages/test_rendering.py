"""How values look on a page."""

from __future__ import annotations

import pytest

from counterfoil.http.pages.rendering import _brief, _count, _plain, _short, _when


@pytest.mark.parametrize(
    "text", ["\u202egnp.exe", "a\u200bb", "a\u2066b", "\x07", "\ue000", "\ufeff"]
)
def test_a_hidden_character_is_seen(text: str) -> None:
    """Text cannot pose as another by what is not seen or turns the direction of writing."""
    shown = str(_plain(text))
    assert shown.isprintable()
    assert "\\u{" in shown


def test_joiners_of_scripts_stay() -> None:
    """Persian and emoji need the characters that join and part."""
    assert "\u200c" in str(_plain("a\u200cb"))


def test_text_is_escaped_bounded_and_by_itself() -> None:
    """Markup in a value is text; a long one ends in an ellipsis; its direction is its own."""
    shown = str(_plain("<b>" + "x" * 100, 20))
    assert shown == f"<bdi>&lt;b&gt;{'x' * 16}…</bdi>"


def test_a_hash_can_be_copied_whole() -> None:
    """The page holds all of a hash, cut by the style alone, and an attack on it stays text."""
    assert ">" + "ab" * 32 + "<" in str(_short("ab" * 32))
    assert "<img" not in str(_short("<img>"))
    assert str(_short(None)) == "–"


def test_what_nobody_reads_to_its_end_is_short() -> None:
    """A hash shows 12 digits, a long fraction four; an id or a name stays as it is."""
    assert _brief("ab" * 32) == "abababababab…"
    assert _brief("0.0011722743511299951") == "0.001172"
    assert _brief("3600") == "3600"
    assert _brief("1.5") == "1.5"
    assert _brief("p-008399") == "p-008399"
    assert _brief(True) == "true"


def test_a_time_that_no_calendar_has_is_still_told() -> None:
    """A time beyond the year 9999 shows its number, and none a dash."""
    assert str(10**18) in str(_when(10**18))
    assert str(_when(None)) == "–"
    assert "1970-01-01 00:00:01" in str(_when(1000))


def test_counts_have_thin_spaces() -> None:
    """Thousands are apart, small fractions keep three digits."""
    assert _count(1_234_567) == "1\u202f234\u202f567"
    assert _count(0.06471) == "0.0647"
    assert _count(None) == "–"
