"""The house rules that a tool can check: floors, shapes of modules, forbidden words, the lock."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.shared_data import ROOT, program, require

MODULES = sorted((ROOT / "src").rglob("*.py"))

CODE = frozenset({".css", ".html", ".js", ".py", ".vy", ""})
LINES_MAX = 400

# Written so that this file, which is searched too, does not contain what it looks for.
HOSTS = ("pypi[.]org", "pythonhosted[.]org", "npmjs[.]org", "npmjs[.]com", "debian[.]org")
FOLDERS = ("/wor[k]", "/roo[t]", "/opt/pyp[i]")
FORBIDDEN = re.compile(
    "|".join([*HOSTS, *(rf"(?<![\w./]){folder}/" for folder in FOLDERS)]).encode()
)


@cache
def tracked_files() -> list[Path]:
    """Give the files that are in the repository, or would be with the next commit."""
    require((ROOT / ".git").exists(), "this is no git checkout")
    command = [program("git"), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted({path for path in paths if path.is_file()})


def test_floors() -> None:
    """Imports only go downwards: import-linter keeps every contract of pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_shape(path: Path) -> None:
    """Every module says why it exists, and names what it offers to others."""
    tree = ast.parse(path.read_bytes())
    assert ast.get_docstring(tree), "expected a docstring that says why the module exists"
    assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    names = [ast.unparse(n.targets[0] if isinstance(n, ast.Assign) else n.target) for n in assigned]
    empty = path.name == "__init__.py" and len(tree.body) == 1
    assert empty or path.name == "__main__.py" or "__all__" in names, "expected an __all__"


def test_every_test_states_its_promise() -> None:
    """A test's docstring says, in a sentence, what the reader may rely on while it passes."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_files_are_small() -> None:
    """One idea a file: none is longer than 400 lines."""
    sizes = {
        str(path.relative_to(ROOT)): path.read_bytes().count(b"\n")
        for path in tracked_files()
        if path.suffix in CODE and path.name != "LICENSE"
    }
    assert {name: size for name, size in sizes.items() if size > LINES_MAX} == {}


def test_no_file_names_a_machine_or_an_index() -> None:
    """What is committed works anywhere: no package index is named, and no path of one machine."""
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked_files()
        if (match := FORBIDDEN.search(path.read_bytes()))
    }
    assert found == {}


def test_forbidden_words_are_found() -> None:
    """The search above finds what it looks for, and lets ordinary paths pass."""
    assert FORBIDDEN.search(b"https://files.python" + b"hosted.org/x")
    assert FORBIDDEN.search(b"cd /wor" + b"k/main")
    assert not FORBIDDEN.search(b"tile/entries/000 and .dev/root/x and frame/work/x")


def test_lock_is_complete_and_plain() -> None:
    """The lock pins what pyproject.toml asks for, with hashes, and says nothing of where from."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    kept = re.compile(r"[a-z0-9.-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lock.splitlines() if not kept.fullmatch(line)] == []
    pinned: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE):
        pinned.setdefault(name, set()).add(version)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
        asked = Requirement(text)
        versions = pinned.get(canonicalize_name(asked.name), set())
        assert any(asked.specifier.contains(version) for version in versions), text


def test_import_is_light() -> None:
    """`import counterfoil` loads nothing that only a shell, a test or an extra needs."""
    heavy = ["cyclopts", "hypothesis", "numpy", "pyarrow", "pytest", "rich"]
    code = f"import sys, counterfoil; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_kinds_of_statements_are_light() -> None:
    """Every ledger knows all kinds, those of apps too: that loads no chain, model or table."""
    heavy = ["counterfoil.act", "counterfoil.chain", "lightgbm", "numpy", "pyarrow", "web3"]
    code = (
        "import sys; from counterfoil.ledger.predicate_types import registered; registered(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
