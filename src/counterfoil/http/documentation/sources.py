"""Find the documents: in an installed package beside this module, in a checkout where they are.

A page has a name, such as `guides/act`, which is also its path below `/docs`. Names are looked up
in a table that is made once from what is there, so no name leads out of the documents' folder.
This module refuses to render, to follow symbolic links, and to write.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from counterfoil.errors import NotFound, Unavailable
from counterfoil.http.documentation.python_api import FOLDER, made_pages

__all__ = ["PROJECT", "Sources", "find_sources", "first_heading"]

PROJECT: Final[Mapping[str, str]] = {
    "LIMITS.md": "limits",
    "SECURITY.md": "security",
    "ARCHITECTURE.md": "architecture",
    "bench/README.md": "benchmarks",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "README.md": "readme",
}
"""Documents outside of `docs/` -> the names of their pages."""

_PACKAGED: Final = Path(__file__).resolve().parent / "pages"
_HEADING: Final = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)
_PLAIN: Final = frozenset({"", ".md", ".py", ".toml"})
"""Endings of files that a page may show or link to."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The documents of one version.

    root: the folder that holds `docs/` and the documents of the project.
    pages: name -> file below root, with `/` between folders. files: other files that may be shown.
    made: name -> (title, what makes its Markdown), of pages that are made when they are asked for;
    `pages` names the files that they would be.
    """

    root: Path
    pages: Mapping[str, str]
    files: frozenset[str]
    made: Mapping[str, tuple[str, Callable[[], str]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Read the Markdown of a page. Raises NotFound with code documentation.page."""
        file = self.pages.get(name)
        if file is None:
            raise NotFound(
                "documentation.page",
                f"expected the name of a document, got {name[:100]!r}",
                hint="Search the documentation, or begin at its first page.",
            )
        if name in self.made:
            return self.made[name][1]()
        return (self.root / file).read_text(encoding="utf-8")

    def title(self, name: str) -> str:
        """Give the first heading of a page, without markup. Raises as `text`."""
        return self.made[name][0] if name in self.made else first_heading(self.text(name)) or name

    def lists_nothing(self, name: str) -> bool:
        """Say whether a page is known to hold no table of contents, without making it."""
        return name in self.made and not name.endswith("/index")

    def file(self, path: str) -> str:
        """Read a file that a page shows. Raises NotFound with code documentation.file."""
        if path not in self.files:
            raise NotFound(
                "documentation.file",
                f"expected a file that the documents show, got {path[:100]!r}",
                hint="Follow the links of the pages.",
            )
        return (self.root / path).read_text(encoding="utf-8")

    def resolve(self, page: str, target: str) -> str:
        """Give the file below root that `target` means on a page; it need not be there.

        A target that begins with `/` counts from `docs/`, as in Sphinx. What would lead out of the
        root gives a path that begins with `..`, which is no document's.
        """
        if target.startswith("/"):
            return posixpath.normpath(f"docs{target}")
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.pages[page]), target))

    def name_of(self, file: str) -> str | None:
        """Name the page of a file below root; None where it is no page."""
        name = PROJECT.get(file, file.removeprefix("docs/").removesuffix(".md"))
        return name if self.pages.get(name) == file else None


def find_sources(root: Path | None = None) -> Sources:
    """Find the documents below root; without one, those of this installation, with made pages.

    Raises Unavailable with code documentation.missing when there are none.
    """
    places = [_PACKAGED, Path(__file__).resolve().parents[4]] if root is None else [root]
    for place in places:
        if (place / "docs" / "index.md").is_file():
            return _read(place, made_pages() if root is None else {})
    raise Unavailable(
        "documentation.missing",
        "expected the documents beside this package or in a checkout, found none",
        hint="Install a wheel of Counterfoil, or run from a whole checkout.",
    )


def _read(root: Path, made: Mapping[str, tuple[str, Callable[[], str]]]) -> Sources:
    pages: dict[str, str] = {}
    files: set[str] = set()
    for path in _walk(root / "docs"):
        file = path.relative_to(root).as_posix()
        if path.suffix == ".md" and not (made and file.startswith(f"docs/{FOLDER}/")):
            pages[file.removeprefix("docs/").removesuffix(".md")] = file
        elif path.suffix in _PLAIN:
            files.add(file)
    pages.update({name: file for file, name in PROJECT.items() if (root / file).is_file()})
    pages.update({name: f"docs/{name}.md" for name in made})
    files.update({"LICENSE"} if (root / "LICENSE").is_file() else ())
    return Sources(root, dict(sorted(pages.items())), frozenset(files), made)


def first_heading(text: str) -> str:
    """Give a document's title, without markup; empty when it has none."""
    found = _HEADING.search(text)
    return re.sub(r"[`*]", "", found[1]) if found else ""


def _walk(folder: Path) -> Iterator[Path]:
    """Give the files of a folder; what Sphinx or Python left there is none of ours."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
