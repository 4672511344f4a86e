"""The payment simulator repeats itself exactly, keeps time order, and never leaks its labels."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.testing.payments import Payment, Scenario, payments

START_MS = 1_799_971_200_000  # 2027-01-15, a midnight
DAY_MS = 86_400_000
KNOWN = [(17_098, 2752, "t-00270"), (177_266, 1003, "t-00019"), (209_136, 1387, "t-00236")]


@pytest.fixture(scope="module")
def year() -> list[Payment]:
    """A year of two hundred customers."""
    return list(payments(1, start_ms=START_MS, days=365))


def digest(made: list[Payment]) -> str:
    """Digest all that a run says."""
    return hashlib.sha256(repr(made).encode()).hexdigest()


@given(
    st.integers(0, 2**63 - 1),
    st.integers(0, 4_000_000_000_000),
    st.integers(0, 9),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_promises(seed: int, start_ms: int, days: int, customers: int, terminals: int) -> None:
    """Whatever the arguments: the same payments again, in time order, within the days asked."""

    def made() -> list[Payment]:
        return list(
            payments(seed, start_ms=start_ms, days=days, customers=customers, terminals=terminals)
        )

    found = made()
    assert found == made()
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(found))
    for payment in found:
        assert start_ms <= payment.at_ms < start_ms + days * DAY_MS
        assert 50 <= payment.amount_minor <= 2_000_000
    assert len({payment.customer for payment in found}) <= customers
    assert len({payment.terminal for payment in found}) <= terminals


def test_a_longer_run_begins_the_same() -> None:
    """Asking for more days changes nothing in the days before."""
    short = list(payments(3, start_ms=START_MS, days=5))
    assert list(islice(payments(3, start_ms=START_MS, days=50), len(short))) == short


def test_seeds_differ() -> None:
    """Another seed gives other payments."""
    runs = [list(payments(seed, start_ms=START_MS, days=1)) for seed in range(20)]
    assert len({digest(run) for run in runs}) == 20


def test_another_process() -> None:
    """Another process, with another hash seed, makes the same payments."""
    code = (
        "import hashlib\n"
        "from counterfoil.testing.payments import payments\n"
        f"made = list(payments(5, start_ms={START_MS}, days=30))\n"
        "print(hashlib.sha256(repr(made).encode()).hexdigest())\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert runs == {digest(list(payments(5, start_ms=START_MS, days=30)))}


def test_known_payments() -> None:
    """The first payments of a seed stay what they are from release to release."""
    first = list(islice(payments(7, start_ms=START_MS, days=1), 3))
    assert [(p.at_ms - START_MS, p.amount_minor, p.terminal) for p in first] == KNOWN


def test_content(year: list[Payment]) -> None:
    """Content holds integers and strings that strict JSON can say, and no label."""
    for payment in year[:1000]:
        content = payment.content()
        assert sorted(content) == ["amount_minor", "at_ms", "currency", "customer", "terminal"]
        assert json_text.parse(json_text.format(content)) == content
        assert {type(value) for value in content.values()} == {int, str}


def test_a_fraud_has_no_mark_but_its_behaviour(year: list[Payment]) -> None:
    """No value of one field alone appears only in frauds: handles and terminals are shared."""
    for field in ("customer", "terminal", "currency"):
        genuine = {getattr(p, field) for p in year if p.scenario is Scenario.GENUINE}
        fraud = {getattr(p, field) for p in year if p.scenario is not Scenario.GENUINE}
        assert fraud <= genuine


def test_shares(year: list[Payment]) -> None:
    """About two payments a customer and day; each fraud occurs, all together about one in 100."""
    assert 1.5 < len(year) / 365 / 200 < 3
    counts = Counter(payment.scenario for payment in year)
    frauds = sum(counts.values()) - counts[Scenario.GENUINE]
    assert set(counts) == set(Scenario)
    assert 0.003 < frauds / len(year) < 0.03


def test_amounts_are_log_normal_about_a_level(year: list[Payment]) -> None:
    """Most amounts are small, few large: the mean lies well above the median."""
    amounts = sorted(p.amount_minor for p in year if p.scenario is Scenario.GENUINE)
    median = amounts[len(amounts) // 2]
    assert 1_000 < median < 10_000
    assert sum(amounts) / len(amounts) > 1.15 * median


def test_customers_prefer_few_terminals(year: list[Payment]) -> None:
    """Nine in ten payments of a customer are at the twenty terminals that it uses most."""
    places: dict[str, Counter[str]] = defaultdict(Counter)
    for payment in year:
        if payment.scenario is Scenario.GENUINE:
            places[payment.customer][payment.terminal] += 1
    most = sum(sum(count for _, count in seen.most_common(20)) for seen in places.values())
    assert most / sum(seen.total() for seen in places.values()) > 0.9


def test_nights_are_quiet(year: list[Payment]) -> None:
    """Genuine payments keep the hours of the day; an account is taken over at night."""
    hours = Counter(
        (p.at_ms - START_MS) % DAY_MS // 3_600_000 for p in year if p.scenario is Scenario.GENUINE
    )
    assert hours[12] > 3 * hours[4]
    taken = [p for p in year if p.scenario is Scenario.ACCOUNT_TAKEOVER]
    assert all((p.at_ms - START_MS) % DAY_MS < 6 * 3_600_000 for p in taken)


def test_stolen_cards_burst_and_are_blocked(year: list[Payment]) -> None:
    """A stolen card pays within minutes of each other; then its owner is silent for days."""
    stolen: dict[str, list[int]] = defaultdict(list)
    genuine: dict[str, list[int]] = defaultdict(list)
    for payment in year:
        if payment.scenario is Scenario.STOLEN_CARD:
            stolen[payment.customer].append(payment.at_ms)
        elif payment.scenario is Scenario.GENUINE:
            genuine[payment.customer].append(payment.at_ms)
    once = {customer: times for customer, times in stolen.items() if len(times) <= 14}
    assert once
    for customer, times in once.items():
        gaps = [b - a for a, b in pairwise(times)]
        if max(gaps) > 15 * 60_000:  # two thefts of one customer
            continue
        assert len(times) >= 5
        after = times[-1] + 15 * 60_000
        assert not [t for t in genuine[customer] if after <= t < times[-1] + 3 * DAY_MS]


def test_takeovers_are_large(year: list[Payment]) -> None:
    """Who takes an account over pays four times the owner's usual amount and more."""
    usual: dict[str, list[int]] = defaultdict(list)
    for payment in year:
        if payment.scenario is Scenario.GENUINE:
            usual[payment.customer].append(payment.amount_minor)
    taken = [p for p in year if p.scenario is Scenario.ACCOUNT_TAKEOVER]
    medians = {customer: sorted(seen)[len(seen) // 2] for customer, seen in usual.items()}
    factors = sorted(p.amount_minor / medians[p.customer] for p in taken)
    assert factors[len(factors) // 2] > 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"start_ms": -1},
        {"start_ms": 2**53},
        {"days": -1},
        {"customers": 0},
        {"terminals": 0},
    ],
)
def test_ranges(wrong: dict[str, int]) -> None:
    """Arguments out of range are refused at the call, not at the first payment."""
    good = {"seed": 1, "start_ms": START_MS, "days": 1}
    with pytest.raises(InputError, match=next(iter(wrong))) as caught:
        payments(**(good | wrong))
    assert caught.value.code == "payments.range"


def test_many_terminals() -> None:
    """A world of thousands of terminals is made by sampling, and uses them."""
    made = list(payments(1, start_ms=START_MS, days=3, customers=50, terminals=5_000))
    assert len({payment.terminal for payment in made}) > 50
