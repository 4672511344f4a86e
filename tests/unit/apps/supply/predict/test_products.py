"""Tables of shelf lives are read as they are: what is odd is refused, or left out with a reason."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.predict.spoilage.products import (
    ProductTable,
    make_product,
    product_of,
    read_products,
)
from counterfoil.errors import InputError, NotFound
from tests.log_rig import raises_code
from tests.shared_data import data_path

HEAD = "product,storage,temperature_c,min_days,max_days\n"
MILK = HEAD + "milk,refrigerator,,5,7\nmilk,pantry,,0.2,0.4\nfish,dock,1.5,6,9\n"


def foodkeeper(*rows: dict[str, object]) -> bytes:
    """Write rows in FoodKeeper's layout."""
    cells = [[{name: value} for name, value in row.items()] for row in rows]
    return json.dumps({"sheets": [{"name": "Product", "data": cells}]}).encode()


def row(number: int, name: str, **more: object) -> dict[str, object]:
    return {"ID": number, "Name": name, "Name_subtitle": None, **more}


def life(column: str, low: object, high: object, metric: object) -> dict[str, object]:
    return {f"{column}_Min": low, f"{column}_Max": high, f"{column}_Metric": metric}


def test_a_csv_names_places_or_temperatures() -> None:
    """Days become hours, a named place its temperature, and lives stand coldest first."""
    table = read_products(MILK.encode())
    milk, fish = table.find("milk"), table.find("FISH")
    assert [(one.celsius, one.low_h, one.high_h, one.named) for one in milk.lives] == [
        (4.0, 120.0, 168.0, True),
        (21.0, pytest.approx(4.8), pytest.approx(9.6), True),
    ]
    assert [(one.celsius, one.named) for one in fish.lives] == [(1.5, False)]
    assert read_products(gzip.compress(MILK.encode())).products == table.products
    assert product_of(json.loads(json.dumps(milk.to_json()))) == milk


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("milk,cellar,,5,7\n", "no place of"),
        ("milk,refrigerator,,7,5\n", "min <= max"),
        ("milk,refrigerator,,0,5\n", "min <= max"),
        ("milk,refrigerator,,5,\n", "nothing in max_days"),
        ("milk,refrigerator,,five,7\n", "line 2"),
        ("milk,refrigerator,,5,inf\n", "no finite number"),
        ("milk,refrigerator,300,5,7\n", "outside of -90 to 60"),
        ("milk,refrigerator,,5,7\nmilk,fridge,,5,7\n", "two lives at 4"),
        ("garlic,refrigerator,,3,14\ngarlic,pantry,,30,30\n", "keeps longer at 21"),
    ],
)
def test_a_wrong_row_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    """No life is made up: the error names the line or the product."""
    with pytest.raises(InputError, match=says) as caught:
        read_products((HEAD + text).encode())
    assert caught.value.code == "products.row"


def test_what_is_no_table_is_refused() -> None:
    """Bytes, JSON of another layout, a cut gzip and an empty table are told apart."""
    for data, code in (
        (b"\xff\xfe\x00", "products.csv"),
        (b'{"sheets": []}', "products.json"),
        (b"[1]", "products.json"),
        (gzip.compress(MILK.encode())[:-9], "products.packed"),
        (HEAD.encode(), "products.none"),
    ):
        with raises_code(code, InputError):
            read_products(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    """Whatever bytes come, a table is read or InputError says why not."""
    for form in (data, b"{" + data, b'{"sheets": [{"name": "Product", "data": [' + data + b"]}]}"):
        try:
            read_products(form)
        except InputError as err:
            assert err.code.startswith("products.")


def test_foodkeeper_keeps_states_apart_and_says_what_it_leaves_out() -> None:
    """Opened is another product; units are read; indefinite, unripe and half ranges are told."""
    data = foodkeeper(
        row(1, "Jam", **life("Pantry", 12, 18, "Months"),
            **life("Refrigerate_After_Opening", 6, 12, "Month")),
        row(2, "Salt", **life("DOP_Pantry", None, None, "Indefinitely")),
        row(3, "Pear", **life("Pantry", None, None, "When Ripe"),
            **life("Refrigerate", 5, 7, "Days")),
        row(4, "Dip", **life("Refrigerate", None, None, "Package use-by date"),
            **life("DOP_Refrigerate", 2, 3, "Weeks")),
        row(5, "Nuts", **life("Pantry", None, 6, "Months")),
        row(5, "Nuts again", **life("Pantry", "1", 2.0, "weeks")),
        row(5, "Nuts once more", **life("Pantry", 1, 2, "Weeks")),
        row(7, "", **life("Pantry", 1, 2, "Weeks")),
        row(8, "Rye", **life("Pantry", 9, 2, "Days")),
        row(9, "Oat", **life("Pantry", True, 2, "Days")),
        row(10, "Fig", **life("Pantry", 1, "inf", "Days")),
        row(11, "Tea", **life("Pantry", 1, 2, None)),
        row(6, "Cod", **life("Refrigerate", 24, 36, "Hours"), **life("Freeze", 6, 9, "Months")),
    )  # fmt: skip
    table = read_products(data)
    named = {one.name: one for one in table.products.values()}
    assert set(named) == {"Jam", "Jam (opened)", "Pear", "Dip", "Nuts again", "Cod"}
    assert named["Dip"].lives[0].low_h == 2 * 168
    assert [one.celsius for one in named["Cod"].lives] == [-18.0, 4.0]
    assert named["Jam (opened)"].key == "1/opened"
    why = {one.product: one.why for one in table.skipped}
    assert "Indefinitely is no time" in why["Salt"]
    assert "When Ripe is no time" in why["Pear"]
    assert "one end of the range is missing" in why["Nuts"]
    for product, reason in (
        ("Nuts once more", "another product has its ID"), ("7", "no name"), ("Rye", "no range"),
        ("Oat", "no number"), ("Fig", "no finite number"), ("Tea", "no unit"),
    ):  # fmt: skip
        assert reason in why[product]


def test_foodkeepers_rows_may_be_plain_json_or_csv() -> None:
    """The same columns give the same products, whatever they are written in."""
    one = row(7, "Cod", **life("Refrigerate", 1, 2, "Days"), **life("Freeze", 6, 9, "Months"))
    text = ",".join(one) + "\n" + ",".join("" if v is None else str(v) for v in one.values())
    forms = (foodkeeper(one), json.dumps([{**one, "ID": 7.0}]).encode(), text.encode())
    found = [read_products(data).products for data in forms]
    assert found[0] == found[1] == found[2]
    assert found[0]["7"].lives[1].high_h == 48


def test_the_public_table_is_read_whole() -> None:
    """Every product of FoodKeeper is read or left out with a reason, none twice under one key."""
    table = read_products((data_path("foodkeeper") / "foodkeeper.json.gz").read_bytes())
    names = {one.name for one in table.products.values()} | {one.product for one in table.skipped}
    assert len(table.products) > 500
    assert {"Yogurt", "Butter"} <= names
    assert all(one.why for one in table.skipped)
    for one in table.products.values():
        assert make_product(one.key, one.name, one.lives) == one


def test_a_product_is_found_by_key_or_by_a_name_that_is_its_own() -> None:
    """A name of several names their keys; one that is left out says why; else what is near."""
    twice = [row(n, "Milk", **life("Refrigerate", 5, 7, "Days")) for n in (1, 2)]
    table: ProductTable = read_products(
        foodkeeper(*twice, row(3, "Salt", **life("Pantry", None, None, "Indefinitely")))
    )
    assert table.find("2").key == "2"
    for name, says in (("milk", "keys 1, 2"), ("Salt", "Indefinitely"), ("Milc", "no 'Milc'")):
        with pytest.raises(NotFound, match=says) as caught:
            table.find(name)
        assert caught.value.code == "supply.product"
