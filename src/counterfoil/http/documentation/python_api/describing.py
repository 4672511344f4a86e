"""Describe one name as Markdown: how it is called, what its docstring says, its public members.

This module refuses to decide what is public: `__all__` does, and an underscore in a class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from counterfoil.http.documentation.python_api.reading import Found, Reader

__all__ = ["describe", "escaped", "first_sentence", "prose"]

_WIDTH: Final = 92
_VALUE_MAX: Final = 160
_INLINE: Final = re.compile(
    r"(``?[^`]+``?)|([\\`*\[\]<>{}$|]|(?<![a-zA-Z0-9])_+|_+(?![a-zA-Z0-9]))"
)
_LIST: Final = re.compile(r"(- |[0-9]+\. )")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def describe(reader: Reader, name: str, found: Found) -> Iterator[str]:
    """Give the lines that describe a name, below a heading of the third level."""
    yield from (f"### {escaped(name)}", "")
    node = found.node
    if isinstance(node, ast.ClassDef):
        yield from _class(reader, name, found, node)
        return
    shown = _called(node, name) if isinstance(node, Function) else _value(node, name)
    yield from ("```text", shown, "```", "", *prose(found.doc), "")


def prose(doc: str) -> Iterator[str]:
    """Turn a docstring into Markdown: paragraphs and lists stay, what stands in is code."""
    for paragraph in re.split(r"\n\s*\n", doc.strip("\n")):
        lines = paragraph.splitlines()
        if lines and all(line.startswith((">>>", "...", "    ")) for line in lines[:1]):
            shown = [line.removeprefix("    ") for line in lines]
            yield from ("```text", *shown, "```", "")
        else:
            yield from (*map(_line, lines), "")


def first_sentence(doc: str) -> str:
    """Give the first line of a docstring, as Markdown."""
    return _line(doc.partition("\n\n")[0].replace("\n", " "))


def _line(line: str) -> str:
    """Escape what Markdown would take for markup, except inside of `code` and a list's mark."""
    bare = line.lstrip()
    mark = _LIST.match(bare)
    kept = line[: len(line) - len(bare)] + (mark[0] if mark else "")
    rest = bare[len(mark[0]) :] if mark else bare
    text = escaped(rest)
    return kept + (f"\\{text}" if text.startswith(("#", "+ ", ": ", "~~~", "=")) else text)


def escaped(text: str) -> str:
    """Escape what Markdown would take for markup, except inside of `code`."""
    return _INLINE.sub(lambda m: m[1] or "".join(f"\\{mark}" for mark in m[2]), text)


def _class(reader: Reader, name: str, found: Found, node: ast.ClassDef) -> Iterator[str]:
    bases = [ast.unparse(one) for one in node.bases]
    bases += [ast.unparse(one) for one in node.keywords]
    fields = list(_fields(node))
    methods = _methods(node)
    lines = [f"class {name}" + (f"({', '.join(bases)})" if bases else "")]
    if "__init__" in methods:
        lines.append(_called(methods["__init__"], name, bound=True))
    yield from ("```text", *lines, *(f"    {one}" for one in fields), "```", "")
    yield from (*prose(found.doc), "")
    for above in reader.bases(found):
        if isinstance(above.node, ast.ClassDef):
            methods = {**_methods(above.node), **methods}
    for method, one in methods.items():
        if not method.startswith("_"):
            yield from _member(f"{name}.{method}", one)


def _methods(node: ast.ClassDef) -> dict[str, Function]:
    return {
        one.name: one
        for one in node.body
        if isinstance(one, Function) and not _is_setter(one) and not _is_overload(one)
    }


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Give a class's fields and, of an enumeration, its members."""
    for one in node.body:
        if isinstance(one, ast.Assign | ast.AnnAssign):
            target = one.targets[0] if isinstance(one, ast.Assign) else one.target
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                yield _value(one, target.id)


def _member(name: str, node: Function) -> Iterator[str]:
    kinds = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}
    if kinds & {"property", "cached_property"}:
        gives = f": {ast.unparse(node.returns)}" if node.returns else ""
        shown = f"{name}{gives}"
    else:
        bound = "staticmethod" not in kinds
        shown = _called(node, name, bound=bound)
    yield from (f"#### {escaped(name)}", "", "```text", shown, "```", "")
    yield from (*prose(ast.get_docstring(node) or ""), "")


def _is_setter(node: Function) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == "setter" for one in _marks(node))


def _is_overload(node: Function) -> bool:
    return any(ast.unparse(one).endswith("overload") for one in _marks(node))


def _marks(node: Function) -> list[ast.expr]:
    return node.decorator_list


def _called(node: Function, name: str, *, bound: bool = False) -> str:
    """Show how a function is called; without `self` where it is a method."""
    arguments = list(_arguments(node.args))
    arguments = arguments[1:] if bound else arguments
    gives = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    before = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    line = f"{before}{name}({', '.join(arguments)}){gives}"
    if len(line) <= _WIDTH:
        return line
    inside = "".join(f"    {one},\n" for one in arguments)
    return f"{before}{name}(\n{inside}){gives}"


def _arguments(given: ast.arguments) -> Iterator[str]:
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    for number, (one, default) in enumerate(zip(plain, defaults, strict=True), 1):
        yield _argument(one, default)
        if number == len(given.posonlyargs):
            yield "/"
    if given.vararg is not None:
        yield f"*{_argument(given.vararg, None)}"
    elif given.kwonlyargs:
        yield "*"
    for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _argument(one, default)
    if given.kwarg is not None:
        yield f"**{_argument(given.kwarg, None)}"


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation else ""
    if default is None:
        return f"{one.arg}{kind}"
    return f"{one.arg}{kind}{' = ' if kind else '='}{ast.unparse(default)}"


def _value(node: ast.Assign | ast.AnnAssign, name: str) -> str:
    """Show a constant, a field or a member with its value, unless that is long."""
    kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
    if node.value is None:
        return f"{name}{kind}"
    value = ast.unparse(node.value)
    return f"{name}{kind} = {value if len(value) <= _VALUE_MAX else '…'}"
