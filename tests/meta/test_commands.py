"""The documents name every command and setting, and say of them what the source says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from counterfoil.ledger.config import ENVIRONMENT_PREFIX, Config
from counterfoil.ops.registry import GROUPS, OPERATIONS
from tests.shared_data import ROOT
from tools import command_reference

DOCUMENTS = [
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if "_build" not in path.parts and path != command_reference.PAGE
]
# Not the names of byte formats, such as `counterfoil row v1`.
COMMAND = re.compile(
    r"(?:^\$ (?:! )?|`)counterfoil ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)\b(?! v\d)", re.MULTILINE
)
NAMES = frozenset(operation.name for operation in OPERATIONS)


def exists(words: str) -> bool:
    """Tell whether words begin a command, or name a group of commands."""
    return words in NAMES | set(GROUPS) or words.split()[0] in NAMES


def test_the_reference_is_what_the_source_says() -> None:
    """docs/reference/commands.md has every command, parameter, example and setting."""
    written = command_reference.PAGE.read_text(encoding="utf-8")
    assert written == command_reference.page(), "run: ./dev python -m tools.command_reference"
    for operation in OPERATIONS:
        assert f" counterfoil {operation.name}\n" in written
        assert all(example in written for example in operation.examples)


def test_every_setting_is_named() -> None:
    """Each setting of a ledger, and each variable, stands in the reference with its meaning."""
    written = command_reference.PAGE.read_text(encoding="utf-8")
    for name in Config.__struct_fields__:
        assert f"| `{name}` |" in written
    source = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "counterfoil").rglob("*.py")
    )
    variables = set(re.findall(rf"\b{ENVIRONMENT_PREFIX}[A-Z_]*[A-Z]\b", source))
    assert {name for name in variables if f"`{name}`" not in written} == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_only_commands_that_exist(path: Path) -> None:
    """A document that tells of a command tells of one that is there."""
    found = COMMAND.findall(path.read_text(encoding="utf-8"))
    assert [words for words in found if not exists(words)] == []


def test_hints_name_only_commands_that_exist() -> None:
    """What an error tells its reader to run can be run."""
    found = {
        words: path.name
        for path in sorted((ROOT / "src" / "counterfoil").rglob("*.py"))
        for words in COMMAND.findall(path.read_text(encoding="utf-8"))
    }
    assert {words: where for words, where in found.items() if not exists(words)} == {}
