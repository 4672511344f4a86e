"""The documents are true: their blocks run, their references are made from the source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.doc_blocks import SHOWN_ONLY, TESTED, commands_of
from tests.shared_data import ROOT
from tools import error_reference

DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if "_build" not in path.parts
)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*(\S*).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def name_of(path: Path) -> str:
    """Name a document in a test's id."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_block_has_a_language_that_is_tested(path: Path) -> None:
    """No code hides from the tests in a block of another language, or of none."""
    languages = {match[2] for match in FENCE.finditer(path.read_text(encoding="utf-8"))}
    plain = {language for language in languages if not language.startswith("{")}
    assert plain <= TESTED | SHOWN_ONLY


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the project leads to one that is there."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_error_has_a_readable_code() -> None:
    """A code stands as text where an error is made, so that searching the source finds it."""
    unread = [finding.where for finding in error_reference.collect() if not finding.code]
    assert unread == [], "write the code out as a whole at these places"


def test_every_error_is_documented() -> None:
    """docs/reference/errors.md is what the source says; the tool named there writes it anew."""
    findings = [finding for finding in error_reference.collect() if finding.code]
    written = error_reference.PAGE.read_text(encoding="utf-8")
    assert written == error_reference.page(findings), "run: ./dev python -m tools.error_reference"


def test_error_codes_are_read_through_helper_functions(tmp_path: Path) -> None:
    """A code that reaches its error as an argument is found; one put together is reported."""
    (tmp_path / "module.py").write_text(
        "LIMIT = 5\n"
        "def bad(code):\n"
        "    return InputError(code, f'expected {LIMIT}, got {x}', hint='Send less.')\n"
        "def check():\n"
        "    raise bad('thing.too-long')\n"
        "def other(part):\n"
        "    raise NotFound(f'thing.{part}', 'none')\n"
    )
    found = [(f.code, f.kind, f.message, f.hint) for f in error_reference.collect(tmp_path)]
    assert found == [
        ("", "NotFound", "none", ""),
        ("thing.too-long", "InputError", "expected 5, got …", "Send less."),
    ]


def test_console_blocks_are_split_into_commands() -> None:
    """A line that begins with `$ ` is a command, and what follows it the output expected."""
    block = "a comment\n$ echo one \\\n  two\none two\n\n$ true\n"
    assert commands_of(block) == [("echo one    two", "one two\n\n"), ("true", "")]
