"""Progress is for people at a terminal, and only when something takes long."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from counterfoil.cli import bar
from counterfoil.cli.bar import ProgressBar


def test_no_terminal_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a pipe or file nothing is drawn."""
    with ProgressBar() as shown:
        shown(1, 2, "rows")
    assert capsys.readouterr() == ("", "")


def test_a_bar_is_drawn_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal sees what is done and how fast, phase by phase; standard output stays clean."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    monkeypatch.setattr(bar, "_PATIENCE_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar() as shown:
        shown(10, 100, "rows checked")
        shown(50, None, "rows recorded")
        shown(70, 100, "rows recorded")
    said = capsys.readouterr()
    assert said.out == ""
    assert "rows recorded" in said.err
    assert "/s" in said.err


def test_what_only_waits_counts_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is counted yet there is no 0, and no rate of 0/s."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    monkeypatch.setattr(bar, "_PATIENCE_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar() as shown:
        shown(0, None, "waiting for a block")
    said = capsys.readouterr().err
    assert "waiting for a block" in said
    assert "0 waiting" not in said
    assert "/s" not in said


def test_a_moment_needs_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done at once draws nothing, also on a terminal."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    with ProgressBar() as shown:
        shown(1, 2, "rows")
    assert capsys.readouterr().err == ""


def test_nothing_is_drawn_while_an_item_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that tells step by step has its bar taken away for each step, and after the last."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    monkeypatch.setattr(bar, "_PATIENCE_S", 0)
    monkeypatch.setenv("TERM", "xterm")

    with ProgressBar() as shown:

        def work() -> Iterator[int]:
            for number in range(3):
                shown(number, 3, "steps done")
                yield number

        for _ in shown.between(work()):
            assert shown._bars is None
        shown(3, 3, "steps done")
    assert shown._bars is None
    assert "steps done" in capsys.readouterr().err
