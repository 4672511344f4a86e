"""A file of rules is read whole, or refused with the rule and the place that is wrong."""

from __future__ import annotations

import pytest

from counterfoil.apps.finance.rules import default_rules, read_rules, run_cases
from counterfoil.apps.finance.rules.reading import RULES_MAX_BYTES
from counterfoil.errors import InputError
from tests.payments_made import rule_file


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read_rules(data)
    return caught.value


def test_shipped_rules_pass_their_own_tests() -> None:
    """Every shipped rule has a case that meets it and one that does not, and all pass."""
    results = list(run_cases(default_rules()))
    assert [one for one in results if not one.passed] == []
    assert len(results) >= 2 * len(default_rules().rules) - 1
    assert all(rule.sources for rule in default_rules().rules)


def test_digests_name_what_decides() -> None:
    """A changed limit is another rule and another text; a changed comment only another text."""
    one, same = read_rules(rule_file()), read_rules(rule_file() + b"\n# words\n")
    other = read_rules(rule_file().replace(b"limit = 500", b"limit = 499"))
    assert one.rules[0].digest == same.rules[0].digest != other.rules[0].digest
    assert len({one.digest, same.digest, other.digest}) == 3


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        (b'outcome = "hold"', b'outcome = "pass"', "rules.field", "outcome"),
        (b'outcome = "hold"', b'outcome = "shoot"', "rules.field", "outcome"),
        (b'severity = "low"', b'severity = "dire"', "rules.field", "severity"),
        (b'id = "large"', b'id = "Large"', "rules.field", "id"),
        (b'reason = "It is large."', b"", "rules.field", "reason"),
        (b"limit = 500", b"limit = 0.5", "rules.field", "whole numbers"),
        (b"limit = 500", b"Limit = 500", "rules.field", "param"),
        (b"limit = 500", b"limit = 99999999999999999999", "rules.file", ""),
        (b'title = "Large"', b'title = "Large"\ncolour = 1', "rules.field", "colour"),
        (b"params.limit", b"params.limt", "rules.expression", "limt"),
        (b'expect = "pass"', b'expect = "flag"', "rules.field", "expect"),
        (b'name = "test"', b'name = "test', "rules.file", "TOML"),
        (b'name = "test"', b"name = 7", "rules.field", "name"),
        (b"[[rule]]", b"[[rules]]", "rules.field", "rules"),
    ],
)
def test_what_is_wrong_is_named(old: bytes, new: bytes, code: str, says: str) -> None:
    """Each mistake is told with what was expected, and a part of what was found."""
    text = rule_file()
    assert old in text
    err = refused(text.replace(old, new, 1))
    assert err.code == code or (code == "rules.file" and err.code == "rules.field")
    assert says in err.message


@pytest.mark.parametrize(
    "more",
    [
        'time_zone = "Mars/Olympus"',
        "effective_from = 2026-01-02\neffective_until = 2026-01-02",
        'effective_from = "soon"',
        'window.w = { of = "debtor.shoe", over = "1h" }',
        'window.w = { of = "debtor.account", over = "1 hour" }',
        'window.w = { of = "debtor.account", over = "9999d" }',
        'window.W = { of = "debtor.account", over = "1h" }',
        'window.w = { of = "debtor.account", over = "1h", where = "window.w.count > 1" }',
        'window.w = { of = "debtor.account", over = "1h", why = "" }',
        "sources = [1]",
        "effective_from = 12:00:00",
    ],
)
def test_dates_and_windows_are_checked(more: str) -> None:
    """Zones, spans, fields and dates that are none are refused when the file is read."""
    assert refused(rule_file(more=more)).code.startswith("rules.")


def test_versions_must_not_overlap() -> None:
    """Two versions of a rule at one moment, or two of one name, are refused."""
    text = rule_file().decode()
    head, body = text.split("[[rule]]", 1)
    one = f"[[rule]]{body}"
    later = one.replace('version = "1"', 'version = "2"', 1)
    first = one.replace("params =", "effective_until = 2026-06-01\nparams =")
    second = later.replace("params =", "effective_from = 2026-06-01\nparams =")
    assert len(read_rules(f"{head}{first}{second}".encode()).rules) == 2
    for wrong in (f"{one}{later}", f"{first}{first}"):
        assert refused(f"{head}{wrong}".encode()).code == "rules.versions"


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"a = 1", b"x" * (RULES_MAX_BYTES + 1), b"[" * 5000]
)
def test_what_is_no_file_of_rules_is_refused(data: bytes) -> None:
    """Whatever bytes come, it is an InputError."""
    assert refused(data).code.startswith("rules.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('payments = [{ at = 2026-03-02T12:00:00Z, amount_minor = 501 }]', "payments = []"),
        ("params = { limit = 500 }", "params = 5"),
        ("limit = 500", f"limit = {list(range(1001))}"),
        ("limit = 500", "limit = [[1]]"),
        ("limit = 500", ", ".join(f"p{n} = {n}" for n in range(65))),
        ("[[rule.case]]", "[rule.case]"),
        ("[rule.when]", "[rule.when]\n" + "\n".join(f'c{n} = "true"' for n in range(33))),
        ("[rule.when]", 'window = { ' + ", ".join(
            f'w{n} = {{ of = "debtor.account", over = "1h" }}' for n in range(9)
        ) + " }\n[rule.when]"),
        ('"it is large" = ', '"it is small" = 5\n"it is large" = '),
    ],
    ids=["payments", "params", "list", "nested", "many", "case", "conditions", "windows", "number"],
)  # fmt: skip
def test_bounds_are_kept(old: str, new: str) -> None:
    """Too many, too long and of the wrong kind are refused."""
    text = rule_file().decode()
    assert old in text
    err = refused(text.replace(old, new, 1).encode())
    assert err.code in ("rules.field", "rules.file", "rules.expression")


def test_one_condition_may_stand_alone() -> None:
    """`when` may be one expression, which is its own name; too many rules are refused."""
    text = rule_file().decode()
    head, tail = text.split("[rule.when]")[0], text.split("[[rule.case]]", 1)[1]
    alone = f'{head}when = "payment.amount_minor > 500"\n[[rule.case]]{tail}'
    (rule,) = read_rules(alone.encode()).rules
    assert rule.when == {"payment.amount_minor > 500": "payment.amount_minor > 500"}
    first, body = text.split("[[rule]]", 1)
    many = first + "".join(
        f"[[rule]]{body}".replace('id = "large"', f'id = "large-{n}"') for n in range(65)
    )
    assert refused(many.encode()).code == "rules.file"


def test_a_case_that_is_no_payment_is_told() -> None:
    """A case whose payment cannot be read names itself."""
    rules = read_rules(rule_file().replace(b"amount_minor = 501", b"amount = 501"))
    assert [one.passed for one in run_cases(rules)] == [True, True]
    wrong = read_rules(rule_file().replace(b"amount_minor = 501", b"amount_minor = -1"))
    with pytest.raises(InputError) as caught:
        list(run_cases(wrong))
    assert "in case" in caught.value.message
