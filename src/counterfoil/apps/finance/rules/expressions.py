"""Compile a condition in CEL, and refuse one that could cost more than a condition may.

Expressions may come from anybody who may write a rule file. CEL has no loops, no I/O and no clock,
but its parser recurses, and macros within macros multiply. So each text is measured before it is
parsed: its length, its nesting, its macros, what it names, and what it calls. What passes costs at
most its length times the longest list; this module refuses the rest, and needs no timer for it.

Source: the CEL specification (cel.dev); the package common-expression-language, whose parser
bounds nesting by itself only near 100.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["EXPRESSION_MAX", "Condition", "Schema", "compile_condition"]

EXPRESSION_MAX: Final = 2_000
"""Longest expression, characters."""

_NESTING_MAX: Final = 24
_MACROS_MAX: Final = 4
_OPERATORS_MAX: Final = 200
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)|(?P<comment>//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<dot>\.)
    |(?P<mark>&&|\|\||[<>=!]=|[-+*/%<>!?:,])""",
    re.VERBOSE,
)
_MACROS: Final = frozenset({"all", "exists", "exists_one", "filter"})
_WORDS: Final = frozenset({"true", "false", "null", "in"})
_CALLS: Final = frozenset({"size", "contains", "startsWith", "endsWith", "int", "string", "has"})
_OPERATIONS: Final = frozenset(
    {
        "!_", "-_", "@in", "@not_strictly_false", "_!=_", "_%_", "_&&_", "_*_", "_+_", "_-_",
        "_/_", "_<=_", "_<_", "_==_", "_>=_", "_>_", "_?_:_", "_[_]", "_||_",
    }
)  # fmt: skip

Schema = Mapping[str, Any]
"""What an expression may name: name -> another schema, or None for a value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    text: the expression. paths: what it names, such as `payment.debtor.name`. program: of CEL.
    """

    text: str
    paths: frozenset[str]
    program: Any

    def __call__(self, given: Any) -> bool:
        """Evaluate it.

        given: a mapping of variables, or a context of CEL. Raises InputError with code rules.value
        where it has no truth value.
        """
        try:
            found = self.program.execute(given)
        except (
            ValueError, RuntimeError, TypeError, KeyError, ArithmeticError, IndexError
        ) as err:  # fmt: skip
            raise _no_value(self.text, f"{type(err).__name__}: {err}") from err
        if isinstance(found, bool):
            return found
        raise _no_value(self.text, f"a value of type {type(found).__name__}")


def compile_condition(text: str, schema: Schema) -> Condition:
    """Compile an expression whose value is true or false.

    text: CEL; macros `all`, `exists`, `exists_one` and `filter`, none inside of another; the
    functions size, contains, startsWith, endsWith, int, string and has. schema: what it may name.
    Raises InputError with code rules.expression for what is no such expression, and rules.limit for
    one that is too long, too deep or could take too long.
    """
    if len(text) > EXPRESSION_MAX:
        raise _limit(f"an expression of at most {EXPRESSION_MAX} characters", f"{len(text)}")
    tokens = list(_tokens(text))
    _measure(tokens)
    paths = frozenset(_names(tokens, schema))
    cel = need("cel", "finance")
    try:
        program = cel.compile(text)
        calls = set(program.functions())
    except (ValueError, RuntimeError, TypeError) as err:
        raise _unfit("an expression in CEL", str(err).splitlines()[-1][:200]) from err
    strange = sorted(calls - _OPERATIONS - _CALLS)
    if strange:
        raise _unfit(f"calls of {', '.join(sorted(_CALLS))} only", strange[0])
    return Condition(text, paths, program)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unfit("an expression in CEL", text[at : at + 20])
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            yield kind, match[0]
        at = match.end()


def _measure(tokens: list[tuple[str, str]]) -> None:
    """Bound nesting, operators and macros, and refuse a macro inside of another one."""
    if not tokens:
        raise _unfit("an expression in CEL", "nothing")
    depth, macros, operators, signs = 0, 0, 0, 0
    inside: list[int] = []
    for at, (kind, word) in enumerate(tokens):
        operators += kind == "mark"
        signs = signs + 1 if word in ("!", "-") else 0
        if kind == "open":
            depth += 1
            before = tokens[at - 1] if at else ("", "")
            called = at > 1 and tokens[at - 2][0] == "dot" and before[0] == "name"
            if word == "(" and called and before[1] in _MACROS:
                macros += 1
                if inside:
                    raise _limit("no macro inside of another one", before[1])
                inside.append(depth)
        elif kind == "close":
            if inside and inside[-1] == depth:
                inside.pop()
            depth -= 1
        if depth > _NESTING_MAX or signs > _NESTING_MAX:
            raise _limit(f"brackets and signs nested at most {_NESTING_MAX} deep", "more")
    if depth != 0:
        raise _unfit("as many brackets closed as opened", "others")
    if macros > _MACROS_MAX:
        raise _limit(f"at most {_MACROS_MAX} macros", str(macros))
    if operators > _OPERATORS_MAX:
        raise _limit(f"at most {_OPERATORS_MAX} operators", str(operators))


def _names(tokens: list[tuple[str, str]], schema: Schema) -> Iterator[str]:
    """Give the paths that are named; a misspelt one fails here, when the rule is read."""
    bound = _bound(tokens)
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        after_dot = at > 0 and tokens[at - 1][0] == "dot"
        called = tokens[at + 1 : at + 2] == [("open", "(")]
        plain = word in _WORDS or word in bound or (called and word in _CALLS)
        if kind != "name" or after_dot or plain:
            at += 1
            continue
        at, path = _follow(tokens, at, schema)
        yield path


def _bound(tokens: list[tuple[str, str]]) -> set[str]:
    """Name the variables that macros bind: the word after `.exists(`, before its comma."""
    return {
        tokens[at + 3][1]
        for at in range(len(tokens) - 4)
        if tokens[at][0] == "dot"
        and tokens[at + 1][1] in _MACROS
        and tokens[at + 2] == ("open", "(")
        and tokens[at + 3][0] == "name"
        and tokens[at + 4] == ("mark", ",")
    }


def _follow(tokens: list[tuple[str, str]], at: int, schema: Schema) -> tuple[int, str]:
    """Follow `a.b.c` through the schema; gives the place after it, and the path."""
    known: Any = schema
    path: list[str] = []
    while True:
        word = tokens[at][1]
        path.append(word)
        if not isinstance(known, Mapping) or word not in known:
            names = ", ".join(sorted(known)) if isinstance(known, Mapping) else "no field"
            raise _unfit(f"one of {names[:200] or 'nothing'}", ".".join(path))
        known = known[word]
        after = tokens[at + 1 : at + 4]
        kinds = [kind for kind, _ in after]
        method = kinds == ["dot", "name", "open"] and after[2][1] == "("
        if kinds[:2] != ["dot", "name"] or method:
            return at + 1, ".".join(path)
        if known is None:
            raise _unfit(f"{'.'.join(path)}, which has no fields", f"{path[-1]}.{after[1][1]}")
        at += 2


def _unfit(expected: str, found: str) -> InputError:
    return InputError(
        "rules.expression",
        f"expected {expected}, found {found[:200]!a}",
        hint='For example: payment.amount_minor >= params.limit && payment.method == "cash".',
    )


def _limit(expected: str, found: str) -> InputError:
    return InputError(
        "rules.limit",
        f"expected {expected}, found {found[:60]!a}",
        hint="Split the rule into several conditions; all of them must hold.",
    )


def _no_value(text: str, found: str) -> InputError:
    return InputError(
        "rules.value",
        f"expected true or false from {text[:80]!a}, found {found[:160]!a}",
        hint="Numbers are whole; compare numbers with numbers and text with text.",
    )
