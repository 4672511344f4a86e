"""Read what the package's modules offer, from their source: nothing is imported or run.

A name is followed through imports to where it is defined. This module refuses to format.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

__all__ = ["PACKAGE", "Definition", "Found", "Module", "Reader"]

PACKAGE: Final = "counterfoil"

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True, slots=True)
class Found:
    """A definition, the module that holds it, and its docstring."""

    module: Module
    node: Definition
    doc: str


@dataclass
class Module:
    """One module as its source tells it. names: its `__all__`; empty when there is none."""

    name: str
    tree: ast.Module
    names: tuple[str, ...] = ()
    definitions: dict[str, Definition] = field(default_factory=dict)
    comments: dict[str, ast.stmt | None] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def doc(self) -> str:
        """Give its docstring."""
        return ast.get_docstring(self.tree) or ""

    def doc_of(self, name: str) -> str:
        """Give the docstring of a definition, or the text behind an assignment."""
        node = self.definitions[name]
        if isinstance(node, ast.Assign | ast.AnnAssign):
            return _text_of(self.comments[name])
        return ast.get_docstring(node) or ""

    def __post_init__(self) -> None:
        statements = list(_statements(self.tree.body))
        for node, after in zip(statements, [*statements[1:], None], strict=True):
            self._take(node, after)

    def _take(self, node: ast.stmt, after: ast.stmt | None) -> None:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                self.imports[one.asname or one.name] = (node.module, one.name)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            self.definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if not isinstance(target, ast.Name):
                return
            if target.id == "__all__" and node.value is not None:
                self.names = tuple(ast.literal_eval(node.value))
            self.definitions[target.id] = node
            self.comments[target.id] = after


class Reader:
    """The source of the package. root: the folder of the package `counterfoil`.

    What it has read it keeps: a parsed package is large, so let go of a reader, and take a `fresh`
    one for the next page.
    """

    def __init__(self, root: Path, paths: dict[str, Path] | None = None) -> None:
        self._root = root
        self._given = paths
        self._modules: dict[str, Module | None] = {}

    def fresh(self) -> Reader:
        """Give a reader of the same package that has read nothing."""
        return Reader(self._root, self._paths)

    @cached_property
    def every(self) -> tuple[str, ...]:
        """Name every module, packages before what is in them."""
        return tuple(sorted(self._paths))

    @cached_property
    def rooms(self) -> tuple[str, ...]:
        """Name the packages right below this one."""
        inside = (path.parent.name for path in self._root.glob("*/__init__.py"))
        return tuple(sorted(name for name in inside if not name.startswith("_")))

    @cached_property
    def _paths(self) -> dict[str, Path]:
        if self._given is not None:
            return self._given
        found = {}
        for path in self._root.rglob("*.py"):
            parts = path.relative_to(self._root).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if all(part.isidentifier() and part[:1] != "_" for part in parts):
                found[".".join((PACKAGE, *parts))] = path
        return found

    def module(self, name: str) -> Module | None:
        """Read a module; None where there is none of this name."""
        if name not in self._modules:
            path = self._paths.get(name)
            self._modules[name] = (
                None if path is None else Module(name, ast.parse(path.read_bytes()))
            )
        return self._modules[name]

    def is_package(self, name: str) -> bool:
        """Say whether a module is a package, without reading it."""
        return name in self._paths and self._paths[name].name == "__init__.py"

    def find(self, module: str, name: str) -> Found | None:
        """Follow a name to its definition; None where it leads out of the package."""
        seen: set[tuple[str, str]] = set()
        while (module, name) not in seen:
            seen.add((module, name))
            here = self.module(module)
            if here is None:
                return None
            if name in here.definitions:
                return Found(here, here.definitions[name], here.doc_of(name))
            if name not in here.imports:
                return None
            module, name = here.imports[name]
        return None

    def bases(self, found: Found) -> Iterator[Found]:
        """Give the classes of the package that a class is made from, nearest first."""
        if isinstance(found.node, ast.ClassDef):
            for base in found.node.bases:
                plain = base.value if isinstance(base, ast.Subscript) else base
                if isinstance(plain, ast.Name):
                    above = self.find(found.module.name, plain.id)
                    if above is not None and isinstance(above.node, ast.ClassDef):
                        yield above
                        yield from self.bases(above)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give a module's statements, those inside of `if`, `try` and `with` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(node.body)


def _text_of(node: ast.stmt | None) -> str:
    """Give the text that stands behind an assignment, as a docstring does."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        value = node.value.value
        return " ".join(value.split()) if isinstance(value, str) else ""
    return ""
