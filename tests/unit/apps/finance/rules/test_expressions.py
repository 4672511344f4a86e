"""Conditions are what they say, and none can cost more than a condition may."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.rules.expressions import EXPRESSION_MAX, compile_condition
from counterfoil.errors import InputError

SCHEMA = {
    "payment": {"amount": None, "debtor": {"name": None}},
    "params": {"limit": None, "names": None},
}
FACTS = {
    "payment": {"amount": 7, "debtor": {"name": "Ann"}},
    "params": {"limit": 5, "names": ["Ann", "Bo"]},
}
LONG_LIST = "[" + ",".join("1" * 60) + "]"


def code_of(text: str) -> str:
    with pytest.raises(InputError) as caught:
        compile_condition(text, SCHEMA)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("payment.amount > params.limit", True),
        ("payment.amount - 7 == 0 && !(payment.amount < 1)", True),
        ("payment.debtor.name in params.names", True),
        ("payment.debtor.name.startsWith('B')", False),
        ("params.names.exists(n, n == payment.debtor.name)", True),
        ("params.names.filter(n, n != 'Bo').size() == 1", True),
        ("size(payment.debtor.name) == 3 // three letters\n && true", True),
        ("has(payment.debtor.name) ? payment.amount % 2 == 1 : false", True),
        ('"a.b(" == r"a.b("', True),
    ],
)
def test_conditions_have_their_value(text: str, value: bool) -> None:
    """What CEL says is what comes out."""
    assert compile_condition(text, SCHEMA)(FACTS) is value


@pytest.mark.parametrize(
    "text",
    [
        "1 == 1 " + " " * EXPRESSION_MAX,
        "(" * 30 + "true" + ")" * 30,
        "[" * 30 + "1" + "]" * 30 + " == 1",
        "!" * 30 + "true",
        "-" * 200 + "1 == 1",
        f"{LONG_LIST}.all(a, {LONG_LIST}.exists(b, a == b))",
        f"{LONG_LIST}.filter(a, {LONG_LIST}.all(b, true)).size() == 0",
        " && ".join(["[1].all(a, true)"] * 5),
        "1 == 1" + " || 1 == 1" * 150,
    ],
    ids=["long", "brackets", "lists", "nots", "signs", "nested", "nested filter", "macros", "many"],
)
def test_costly_expressions_are_refused(text: str) -> None:
    """Length, depth, operators and macros are bounded before anything is parsed."""
    assert code_of(text) == "rules.limit"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "payment.amuont > 1",
        "payment.debtor.name.length > 1",
        "secret == 1",
        "payment.amount >",
        "payment.amount > 1)",
        "'open",
        "payment.amount @ 1",
        "[1].map(a, a + a).size() == 1",
        "payment.debtor.name.matches('(a{1000}){1000}')",
        "timestamp('2026-01-01T00:00:00Z') == null",
        "now() > 1",
        "__import__('os') == 1",
        "open('/etc/passwd') == ''",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    """Misspelt names, unknown calls, calls of anything but text, and bad grammar are told."""
    assert code_of(text) in ("rules.expression", "rules.limit")


@pytest.mark.parametrize(
    "text",
    [
        "payment.amount",
        "payment.amount / 0 == 1",
        "payment.amount > 'a'",
        "payment.amount * 9223372036854775807 > 1",
        "params.names[7] == ''",
    ],
)
def test_no_truth_value_is_an_error(text: str) -> None:
    """A condition without a value is never taken for true or false."""
    with pytest.raises(InputError) as caught:
        compile_condition(text, SCHEMA)(FACTS)
    assert caught.value.code == "rules.value"


WORDS = (
    "payment", ".", "amount", "(", ")", "[", "]", "!", "-", "&&", "||", "?", ":", "1", ",",
    "exists", "all", "x", "'a'", "in", "==", "<", "has", "size", "//", "\n", "{", "}",
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_text_is_compiled_or_refused(words: list[str]) -> None:
    """Whatever is written, there is a condition or an InputError, and nothing else."""
    try:
        compiled = compile_condition(" ".join(words), SCHEMA)
    except InputError:
        return
    try:
        assert compiled(FACTS) in (True, False)
    except InputError as err:
        assert err.code == "rules.value"
