"""How the code blocks of the documents and the doctests of the source are run.

`python` blocks run in one namespace a document; `console` blocks run each line that begins with
`$ ` and compare what it prints (`...` stands for anything). A block that can only be shown says
so with an HTML comment: `<!-- skip: next "why" -->`. A document asks for a file of the data sets
with `<!-- skip: start fetch("set/file.gz") -->`; what follows is skipped where it is missing.
"""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.integration.pytest import pytest_integration
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

from tests.warm_commands import warm_folder

__all__ = ["ROOT", "SHOWN_ONLY", "TESTED", "collect_examples", "run_console"]

ROOT = Path(__file__).resolve().parents[1]

TESTED = frozenset({"python", "console"})
"""Languages of blocks that run."""

SHOWN_ONLY = frozenset({"json", "mermaid", "text", "toml"})
"""Languages of blocks that are data or pictures."""

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_console(example: Example) -> str | None:
    """Run the commands of one `console` block, in order, in the document's folder.

    Gives what went wrong, for a person to read, or None.
    """
    for command, expected in commands_of(str(example.parsed)):
        folders = [warm_folder(), Path(sys.executable).parent, os.environ.get("PATH", "")]
        here = os.pathsep.join(str(folder) for folder in folders if folder)
        ran = subprocess.run(
            ["/bin/bash", "-e", "-o", "pipefail", "-c", command],
            # What a person at a terminal sees: text, though the output is caught.
            env={**os.environ, "PATH": here, "NO_COLOR": "1", "COUNTERFOIL_OUTPUT": "text"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode:
            return f"$ {command}\nended with status {ran.returncode}:\n{ran.stdout}"
        if expected and not doctest.OutputChecker().check_output(expected, ran.stdout, FLAGS):
            return f"$ {command}\nexpected:\n{expected}\ncame:\n{ran.stdout}"
    return None


def commands_of(block: str) -> list[tuple[str, str]]:
    """Split a block into (command, expected output); a backslash at a line's end continues it."""
    lines = block.replace("\\\n", " ").splitlines()
    number = 0
    numbered = []
    for line in lines:
        number += line.startswith("$ ")
        numbered.append((number, line))
    found = []
    for _, group in groupby(numbered, key=lambda pair: pair[0]):
        first, *rest = [line for _, line in group]
        if first.startswith("$ "):
            found.append((first[2:], "".join(f"{line}\n" for line in rest)))
    return found


_collect = pytest_integration(
    Sybil(
        parsers=[
            PythonCodeBlockParser(doctest_optionflags=FLAGS),
            CodeBlockParser("console", run_console),
            SkipParser(),
        ],
        path=str(ROOT),
        patterns=["*.md"],
        fixtures=["document_folder", "fetch"],
    ),
    Sybil(
        parsers=[DocTestParser(FLAGS)],
        path=str(ROOT / "src"),
        patterns=["*.py"],
        fixtures=["document_folder"],
    ),
)


def collect_examples(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file's examples; one without a prompt, as most of the source, is not parsed."""
    if file_path.suffix == ".py" and b">>>" not in file_path.read_bytes():
        return None
    return _collect(file_path, parent)
