"""Write docs/reference/errors.md: every error that the source can raise, read from the source.

Run as `./dev python -m tools.error_reference`. The source is read, never run: a code must stand
as text where the error is made, or where the function that makes it is called.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from counterfoil import errors

__all__ = ["PAGE", "Finding", "collect", "main", "page"]

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "counterfoil"
PAGE = ROOT / "docs" / "reference" / "errors.md"

KINDS: dict[str, type[errors.CounterfoilError]] = {
    name: getattr(errors, name) for name in errors.__all__
}
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")

HEAD = """\
# Errors

Every error is a `CounterfoilError` with a stable `code`, a `message` that says what was expected
and what came, and often a `hint`. `…` stands for what differs from case to case. This page is
made from the source by `./dev python -m tools.error_reference`.

| error | means | exit status | HTTP status |
|---|---|---:|---:|
"""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that makes an error. `code` is empty when it cannot be read from the source."""

    code: str
    kind: str
    message: str
    hint: str
    where: str


class _Inline(ast.NodeTransformer):
    """Put the module's constant texts and numbers where their names stand."""

    def __init__(self, tree: ast.Module) -> None:
        self.constants: dict[str, ast.Constant] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
                node.value, ast.Constant
            ):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self.constants.update({_name(target): node.value for target in targets})

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace one name, where it is read."""
        return self.constants.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def collect(source: Path = SOURCE) -> list[Finding]:
    """Find all errors that the modules under `source` can make, sorted by code."""
    found: set[Finding] = set()
    for path in sorted(source.rglob("*.py")):
        found.update(_collect_module(ast.parse(path.read_bytes()), str(path.relative_to(source))))
    return sorted(found)


def _collect_module(tree: ast.Module, where: str) -> Iterator[Finding]:
    """Find a module's errors; a function that is handed the code has those of its callers."""
    calls = list(_calls(_Inline(tree).visit(tree)))
    for function, call in calls:
        if (kind := _name(call.func)) in KINDS:
            first = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "code")]
            codes = _codes(first) or _codes_from_callers(function, calls) or [""]
            for code in codes:
                yield _finding(code, call, kind, f"{where}:{call.lineno}")


def _codes_from_callers(function: str, calls: list[tuple[str, ast.Call]]) -> list[str]:
    """Give the codes that reach `function` as arguments, straight or through other functions."""
    makers, codes = [function], []
    for maker in makers:  # grows while it is walked
        for caller, call in calls:
            if _name(call.func) == maker:
                codes += (here := _codes(call.args))
                makers += [caller] if not here and caller not in makers else []
    return codes


def _calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Give (name of the function around it, call) for each call, outermost first."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield function, node
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield from _calls(node, inside)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _codes(arguments: list[ast.expr]) -> list[str]:
    """Give every text among the arguments that has the form of a code."""
    nodes = [node for argument in arguments for node in ast.walk(argument)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and CODE.fullmatch(text)]


def _finding(code: str, call: ast.Call, kind: str, where: str) -> Finding:
    message = _text(call.args[1]) if len(call.args) > 1 else ""
    named = {keyword.arg: _text(keyword.value) for keyword in call.keywords}
    return Finding(code, kind, message or named.get("message", ""), named.get("hint", ""), where)


def _text(node: ast.expr) -> str:
    """Give a message as it reads, with `…` for each part that is only known at run time."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value)
    if isinstance(node, ast.JoinedStr):
        return re.sub("…+", "…", "".join(_text(part) for part in node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return "…"


def page(findings: list[Finding]) -> str:
    """Format the page: the table of error classes, then the codes by area."""
    lines = [HEAD.rstrip("\n")]
    for name, kind in KINDS.items():
        means = (kind.__doc__ or "").splitlines()[0]
        lines.append(f"| `{name}` | {means} | {kind.exit_status} | {kind.http_status} |")
    areas: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        areas[finding.code.partition(".")[0]][finding.code].append(finding)
    for area, codes in areas.items():
        lines += ["", f"## {area}"]
        for code, places in codes.items():
            kinds = ", ".join(sorted({f"`{place.kind}`" for place in places}))
            lines += ["", f"`{code}` ({kinds})"]
            lines += list(dict.fromkeys(_definition(place) for place in places))
    return "\n".join(lines) + "\n"


def _definition(finding: Finding) -> str:
    message = _plain(finding.message).rstrip(".")
    return f": {message}." + (f" *{_plain(finding.hint)}*" if finding.hint else "")


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup, except inside `code`."""
    return re.sub(
        r"(`[^`]*`)|([\\`*_\[\]<>|$])", lambda m: m[1] or "\\" + m[2], text.replace("\n", " ")
    )


def main() -> int:
    """Write the page. Exit status 0, or 1 when some error's code cannot be read."""
    findings = collect()
    unread = [finding.where for finding in findings if not finding.code]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page([finding for finding in findings if finding.code]), encoding="utf-8")
    for where in unread:
        print(f"no code can be read at src/counterfoil/{where}", file=sys.stderr)
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())
