"""Reading payments of any file: roles, times, labels, and columns that would give the answer."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.finance.fraud.columns import choose
from counterfoil.apps.finance.fraud.reading import label_of, number_of, payment_of, time_of
from counterfoil.apps.finance.fraud.table import read_table, require_labels
from counterfoil.errors import InputError
from tests.fraud_made import rows, written

HANDBOOK = "TRANSACTION_ID TX_DATETIME CUSTOMER_ID TERMINAL_ID TX_AMOUNT TX_FRAUD"
SPARKOV = "trans_date_trans_time cc_num merchant category amt trans_num unix_time is_fraud"
PAYSIM = "step type amount nameOrig nameDest isFraud"
BANKSIM = "step customer age merchant category amount fraud"


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (HANDBOOK, "TRANSACTION_ID TX_DATETIME CUSTOMER_ID TERMINAL_ID TX_AMOUNT TX_FRAUD"),
        (SPARKOV, "trans_num trans_date_trans_time cc_num merchant amt is_fraud"),
        (PAYSIM, "None step nameOrig nameDest amount isFraud"),
        (BANKSIM, "None step customer merchant amount fraud"),
        ("Time V1 Amount Class", "None Time None None Amount Class"),
    ],
    ids=["handbook", "sparkov", "paysim", "banksim", "no-cards"],
)
def test_columns_are_known_by_their_names(names: str, roles: str) -> None:
    """Public data sets need no option; what is missing is None."""
    found = choose(names.split(), {})
    order = ("id", "time", "card", "terminal", "amount", "label")
    assert " ".join(str(getattr(found, role)) for role in order) == roles


def test_what_is_told_comes_first() -> None:
    """A column that is named is taken, and one that is not there is refused with the list."""
    found = choose(["when", "much", "amount"], {"time": "when", "amount": "much"})
    assert (found.time, found.amount) == ("when", "much")
    with pytest.raises(InputError, match="no column 'whom'") as refused:
        choose(["time", "amount"], {"card": "whom"})
    assert "time, amount" in refused.value.hint
    with pytest.raises(InputError, match="the time of each payment"):
        choose(["a", "b"], {})


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1_700_000_000, "", 1_700_000_000_000),
        (1_700_000_000_123, "", 1_700_000_000_123),
        (1_700_000_000_123_000, "", 1_700_000_000_123),
        (1_700_000_000_123_000_000, "", 1_700_000_000_123),
        ("2023-11-14 22:13:20", "", 1_700_000_000_000),
        ("2023-11-14T23:13:20+01:00", "", 1_700_000_000_000),
        ("2023-11-14T22:13:20Z", "", 1_700_000_000_000),
        (3, "d", 259_200_000),
        ("7", "h", 25_200_000),
        (0, "", 0),
        (-1, "", None),
        ("soon", "", None),
        (None, "", None),
        ("nan", "", None),
    ],
)
def test_times_are_read_in_every_form(value: Any, unit: str, expected: int | None) -> None:
    """Numbers by their size or the unit that is told, ISO 8601 with and without a zone."""
    assert time_of(value, unit) == expected


def test_a_row_that_is_none_is_told() -> None:
    """No time, no amount, infinity and a label that is none name the row and the column."""
    columns = choose(["time", "amount", "label", "card"], {})
    good = {"time": 5, "amount": "12.5", "label": "true", "card": 7.0}
    payment = payment_of(good, columns, 3)
    assert (payment.id, payment.card, payment.label) == ("row-3", "7", 1)
    for change in ({"time": ""}, {"amount": "inf"}, {"amount": None}, {"label": "maybe"}):
        with pytest.raises(InputError, match="row 3"):
            payment_of({**good, **change}, columns, 3)
    assert payment_of({**good, "label": "", "card": None}, columns, 3).label is None
    assert number_of(True) == 1.0
    assert label_of({"label_of": "x", "label": "0"}) == ("x", 0)
    assert label_of({"label_of": "x", "label": "7"}) is None


def test_unsorted_repeated_and_broken_rows(tmp_path: Path) -> None:
    """Rows are put in order, each id once; a few broken rows are told of, many are refused."""
    given = [dict(one) for one in rows(days=4, customers=20)]
    random.Random(1).shuffle(given)
    given.append(dict(given[0]))
    given.append({**given[1], "id": "broken", "amount_minor": "much"})
    read = read_table(written(tmp_path / "a.csv", given), {})
    times = [one.at_ms for one in read.payments]
    assert times == sorted(times)
    assert read.repeated == {len(given) - 2: 0}
    assert list(read.bad) == [len(given) - 1]
    assert len(read.notes) == 3  # with the currency, which says the same in every row
    broken = [{**one, "at_ms": "soon"} for one in given]
    with pytest.raises(InputError) as refused:
        read_table(written(tmp_path / "b.csv", broken), {})
    assert refused.value.code == "fraud.rows"


def test_columns_that_give_the_answer_away_are_left_out(tmp_path: Path) -> None:
    """A clock, a name for each row and a copy of the label are no features; others are."""
    rng = random.Random(4)
    given = [
        {
            **one,
            "fraud_kind": 2 * one["fraud"],
            "answer": one["fraud"] * 3 + rng.random() / 10,
            "counter": number,
            "nonce": f"{rng.random()}",
            "device": f"{rng.random()}x",
            "channel": rng.choice(["web", "shop"]),
            "distance": rng.random(),
            "empty": "",
        }
        for number, one in enumerate(rows(days=40, customers=60))
    ]
    read = read_table(written(tmp_path / "a.csv", given), {}, ignored=["nonce"])
    assert read.columns.numbers == ("distance",)
    assert read.columns.words == ("channel",)
    told = " ".join(read.notes)
    for name in ("fraud_kind", "answer", "counter", "device", "empty", "currency"):
        assert f"column {name} is no feature" in told


@pytest.mark.parametrize("label", [0, 1, ""], ids=["genuine", "fraud", "none"])
def test_one_class_teaches_nothing(tmp_path: Path, label: Any) -> None:
    """All of one kind, or no label at all, is refused before anything is learned."""
    given = [{**one, "fraud": label} for one in rows(days=2, customers=10)]
    read = read_table(written(tmp_path / "a.csv", given), {})
    with pytest.raises(InputError) as refused:
        require_labels(read.payments)
    assert refused.value.code == "fraud.labels"


def test_how_many_of_each_are_needed_is_said(tmp_path: Path) -> None:
    """With labels but too few frauds, what lacks is payments, and no name of a column."""
    given = [{**one, "fraud": int(n == 3)} for n, one in enumerate(rows(days=2, customers=10))]
    read = read_table(written(tmp_path / "a.csv", given), {})
    with pytest.raises(InputError, match=r"at least 2 frauds and 2 genuine .* found 1 and") as few:
        require_labels(read.payments)
    assert "Name the column" not in (few.value.hint or "")


def test_a_model_refuses_a_file_of_other_columns(tmp_path: Path) -> None:
    """A role or a feature that is missing is named; a label, an id and more columns may be."""
    given = [{**one, "distance": number % 7} for number, one in enumerate(rows(days=2))]
    columns = read_table(written(tmp_path / "a.csv", given), {}).columns
    for gone in ("distance", "terminal"):
        less = [{k: v for k, v in one.items() if k != gone} for one in given]
        with pytest.raises(InputError, match=gone):
            read_table(written(tmp_path / "b.csv", less), columns)
    bare = [{k: v for k, v in one.items() if k not in ("id", "fraud")} for one in given]
    file = tmp_path / "c.ndjson"
    file.write_text("".join(json.dumps({**one, "more": 1}) + "\n" for one in bare))
    read = read_table(file, columns)
    assert all(one.label is None for one in read.payments)
