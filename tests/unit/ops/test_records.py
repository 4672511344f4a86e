"""Recording one thing, and getting it back."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.ops import records
from counterfoil.ops.records import parse_condition
from counterfoil.ports import Channel

FIRST = 3  # the first entries say whose ledger it is


def test_content_comes_as_text_as_a_file_or_from_a_pipe(
    shop: Path, tmp_path: Path, channel: Channel
) -> None:
    """The three ways to hand over a record give the same content."""
    (tmp_path / "one.json").write_text('{"n": 1}')
    pipe = Channel(io.BytesIO(b'{"n": 1}\n'), io.BytesIO())
    for content, given in (
        (' {"n": 1}', channel),
        (str(tmp_path / "one.json"), channel),
        ("-", pipe),
    ):
        done = records.add(content, ledger=shop, channel=given)
        assert records.get(str(done.index), ledger=shop).content == {"n": 1}


def test_a_repeated_number_gets_its_first_receipt(shop: Path, channel: Channel) -> None:
    """Source and number make a record the same; other content under them is a conflict."""
    first = records.add('{"n":1}', ledger=shop, source="till", number=7, channel=channel)
    again = records.add('{"n":1}', ledger=shop, source="till", number=7, channel=channel)
    assert (again.index, again.duplicate, first.duplicate) == (first.index, True, False)
    with pytest.raises(Conflict) as taken:
        records.add('{"n":2}', ledger=shop, source="till", number=7, channel=channel)
    assert taken.value.code == "record.number-taken"


def test_a_counter_is_compared_and_changed(shop: Path, channel: Channel) -> None:
    """A record with --expect stands only while its counters hold what they must."""
    records.add("{}", ledger=shop, expect=("stock=:5", "note=:full"), channel=channel)
    records.add("{}", ledger=shop, expect=("stock=5:4",), channel=channel)
    with pytest.raises(Conflict) as refused:
        records.add("{}", ledger=shop, expect=("stock=5:3",), channel=channel)
    assert refused.value.code == "log.expect"


def test_a_correction_names_its_entry_by_index_or_leaf(shop: Path, channel: Channel) -> None:
    """An index and a leaf hash name the same entry."""
    first = records.add('{"n":1}', ledger=shop, channel=channel)
    by_index = records.add('{"n":2}', ledger=shop, corrects=str(first.index), channel=channel)
    by_leaf = records.add('{"n":3}', ledger=shop, supersedes=first.leaf, channel=channel)
    assert records.get(first.leaf, ledger=shop).index == first.index
    assert by_leaf.index > by_index.index > first.index


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("nothing.json", "record.content-file"),
        ("[1]", "json.no-object"),
        ('{"n": 1', "json.malformed"),
        ('{"n": NaN}', "json.number"),
        ("-", "file.empty"),
    ],
)
def test_what_is_no_object_is_refused(
    shop: Path, channel: Channel, content: str, code: str
) -> None:
    """Text that is no JSON object, no file that holds one and no pipe records nothing."""
    before = len(list(records.tail(ledger=shop)))
    with pytest.raises((InputError, NotFound)) as found:
        records.add(content, ledger=shop, channel=channel)
    assert found.value.code == code
    assert len(list(records.tail(ledger=shop))) == before


@pytest.mark.parametrize("text", ["", "key", "key=5", "=1:2", "a:b"])
def test_a_condition_of_another_form_is_refused(text: str) -> None:
    """What is not KEY=OLD:NEW is refused with an example."""
    with pytest.raises(InputError) as found:
        parse_condition(text)
    assert found.value.code == "expect.form"
    assert "--expect" in found.value.hint


def test_conditions_tell_numbers_from_text() -> None:
    """Whole numbers are numbers, all else is text, and nothing is a counter not there."""
    assert parse_condition("a=b=-5:") == ("a=b", (-5, None))
    assert parse_condition("k=1.5:x:y") == ("k", ("1.5", "x:y"))


def test_tail_shows_the_last_records(shop: Path, channel: Channel) -> None:
    """The last ones come oldest first, across pages; none are asked for by 0."""
    for n in range(5):
        records.add(f'{{"n":{n}}}', ledger=shop, channel=channel)
    shown = list(records.tail(ledger=shop, limit=2))
    assert [view.content["n"] for view in shown] == [3, 4]
    assert [view.index for view in records.tail(ledger=shop, limit=100)] == list(range(8))
    assert list(records.tail(ledger=shop, limit=0)) == []
    with pytest.raises(InputError) as found:
        records.tail(ledger=shop, limit=-1)
    assert found.value.code == "tail.count"


def test_json_that_is_no_object_is_told_so(shop: Path, channel: Channel) -> None:
    """An array, a number or a text is not taken for the name of a file."""
    for content, kind in (("[1]", "an array"), ("7", "a number"), ('"x"', "a text")):
        with pytest.raises(InputError, match=f"found {kind} ") as found:
            records.add(content, ledger=shop, channel=channel)
        assert found.value.code == "json.no-object"


def test_tail_follows(shop: Path, channel: Channel) -> None:
    """With --follow what another process records comes as soon as it is durable."""
    following = records.tail(ledger=shop, limit=1, follow=True)
    assert next(following).kind == "organisation"
    done = records.add('{"n":1}', ledger=shop, channel=channel)
    assert next(following).index == done.index


@pytest.mark.parametrize(
    ("reference", "code"),
    [("99", "entry.index"), ("-1", "entry.reference"), ("x", "entry.reference")],
)
def test_an_entry_that_is_not_there_is_named(shop: Path, reference: str, code: str) -> None:
    """An index beyond the log and a text that is no reference are different errors."""
    with pytest.raises((InputError, NotFound)) as found:
        records.get(reference, ledger=shop)
    assert found.value.code == code
