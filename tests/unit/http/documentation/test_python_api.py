"""The Python reference is whole and true: every public name, from the source of this version."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import counterfoil
from counterfoil.http.documentation import Library
from counterfoil.http.documentation.python_api import FOLDER, made_pages, write_pages
from counterfoil.http.documentation.python_api.describing import prose
from counterfoil.http.documentation.python_api.pages import SHELLS

ROOT = Path(counterfoil.__file__).parent
PAGES = {name: make() for name, (_, make) in made_pages().items()}
HEADING = re.compile(r"^(#{2,4}) (.+)$", re.MULTILINE)


def headings(page: str, level: int) -> list[str]:
    """Give a page's headings of a level, without escapes; code is no heading."""
    text = re.sub(r"^```.*?^```", "", PAGES[f"{FOLDER}/{page}"], flags=re.MULTILINE | re.DOTALL)
    found = HEADING.findall(text)
    return [name.replace("\\", "") for mark, name in found if len(mark) == level]


def exported(path: Path) -> list[str]:
    """Read a module's `__all__`, in another way than the reference does."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if [ast.unparse(target) for target in targets] == ["__all__"]:
                return list(ast.literal_eval(node.value))
    return []


def test_every_room_has_a_page() -> None:
    """Each package right below `counterfoil` is described, but for the shells."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - SHELLS
    assert {f"{FOLDER}/{name}" for name in {*rooms, "index", "top"}} == set(PAGES)


def test_every_exported_name_is_described() -> None:
    """What a package lists in `__all__` has a heading on its room's page, in that order."""
    missing = []
    for init in ROOT.rglob("__init__.py"):
        parts = init.parent.relative_to(ROOT).parts
        if (parts and parts[0] in SHELLS) or "pages" in parts:
            continue
        names = exported(init)
        found = headings(parts[0] if parts else "top", 3)
        missing += [(parts, name) for name in names if name not in found]
    assert missing == []


def test_modules_of_a_package_that_exports_nothing_are_described() -> None:
    """Where a package lists nothing, what its modules list is public."""
    modules = headings("formats", 2)
    assert {"counterfoil.formats.receipt", "counterfoil.formats.predicates"} <= set(modules)
    found = headings("formats", 3)
    for path in (ROOT / "formats").glob("[!_]*.py"):
        assert set(exported(path)) <= set(found), path.name
    assert {"counterfoil.errors", "counterfoil.units"} <= set(headings("top", 2))


@pytest.mark.parametrize("room", ["ledger", "vault", "watch", "witness", "ports"])
def test_every_public_member_is_described(room: str) -> None:
    """Methods and properties of exported classes are there, inherited ones of ours too."""
    module = importlib.import_module(f"counterfoil.{room}")
    found = set(headings(room, 4))
    for name in module.__all__:
        made = getattr(module, name)
        if not inspect.isclass(made):
            continue
        for above in made.__mro__:
            if not above.__module__.startswith("counterfoil."):
                continue
            for member, value in vars(above).items():
                is_method = inspect.isfunction(value) or isinstance(
                    value, property | classmethod | staticmethod
                )
                if is_method and not member.startswith("_"):
                    assert f"{name}.{member}" in found


def test_how_something_is_called_is_as_in_the_source() -> None:
    """Arguments, defaults, what is keyword only and what comes back are those of the function."""
    page = PAGES[f"{FOLDER}/ledger"]
    assert "Ledger.get(index: int) -> RecordView" in page
    assert "async Ledger.arecord(" in page
    assert "    expect: Mapping[str, Condition] | None = None,\n" in page
    assert "Ledger.size: int" in page
    assert "Read and decode the entry at an index. Raises NotFound with code entry.index." in page


def test_fields_and_constants_show_their_values() -> None:
    """A field has its type and default, a constant its value and the text behind it."""
    assert "    index: int\n" in PAGES[f"{FOLDER}/ledger"]
    top = PAGES[f"{FOLDER}/top"]
    assert "MAX_SAFE_INTEGER: Final = " in top
    assert "    exit_status = 2\n" in top
    assert "    exit_status: ClassVar[int] = 1\n" in top


def test_what_stands_in_a_docstring_is_text() -> None:
    """No docstring becomes markup by accident: the node shows each page without a problem."""
    library = Library()
    for name in PAGES:
        article = library.article(name)
        assert article.problems == ()
        assert article.html.count("<h1 ") == 1
        level = [one for one in article.contents if one.level == 3]
        assert len(level) == len(headings(name.rpartition("/")[2], 3))


def test_docstrings_become_markdown() -> None:
    """Paragraphs and lists stay, what stands in is code, marks are escaped outside of code."""
    doc = "Do a*b of <x>, `c*d`, _e_ and f_g.\n\n- one [0, n)\n# two\n\n    >>> run()\n    1\n"
    assert list(prose(doc)) == [
        "Do a\\*b of \\<x\\>, `c*d`, \\_e\\_ and f_g.",
        "",
        "- one \\[0, n)",
        "\\# two",
        "",
        "```text",
        ">>> run()",
        "1",
        "```",
        "",
    ]


def test_other_tools_get_files(tmp_path: Path) -> None:
    """The same pages can be written down, and are written again only when they changed."""
    write_pages(tmp_path)
    path = tmp_path / FOLDER / "vault.md"
    assert path.read_text() == PAGES[f"{FOLDER}/vault"]
    before = path.stat().st_mtime_ns
    (tmp_path / FOLDER / "log.md").write_text("old")
    write_pages(tmp_path)
    assert path.stat().st_mtime_ns == before
    assert (tmp_path / FOLDER / "log.md").read_text() == PAGES[f"{FOLDER}/log"]
