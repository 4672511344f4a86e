"""Files and streams, row by row, each once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from counterfoil.errors import Conflict, CounterfoilError, InputError, NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops import records
from counterfoil.ops.batch import batch
from counterfoil.ports import STANDARD_STREAM, Channel, Progress


def rows_file(path: Path, count: int, bad: int | None = None) -> Path:
    """Write NDJSON rows; the one numbered `bad` is no JSON."""
    lines = [json.dumps({"n": n}) if n != bad else '{"n": ' for n in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


def pipe(count: int, bad: int | None = None) -> Channel:
    """Give a stream of rows."""
    lines = [b'{"n": %d}\n' % n if n != bad else b"{\n" for n in range(count)]
    return Channel(io.BytesIO(b"".join(lines)), io.BytesIO())


def numbers(folder: Path) -> list[int]:
    """Read back what stands in the ledger, in its order."""
    with open_ledger(folder, read_only=True) as ledger:
        return [view.content["n"] for view in ledger.views() if view.kind == "record"]


def test_every_row_becomes_a_record_once(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """A file run again records nothing; its rows stand in order, with their places told."""
    file = rows_file(tmp_path / "rows.ndjson", 2500)
    first = batch(file, ledger=shop, channel=channel)
    assert (first.rows, first.new, first.blocks, first.first_index) == (2500, 2500, None, 3)
    assert first.source.startswith("sha256:")
    again = batch(file, ledger=shop, channel=channel)
    assert (again.rows, again.new, again.size) == (2500, 0, first.size)
    assert (again.first_index, again.last_index) == (first.first_index, first.last_index)
    assert numbers(shop) == list(range(2500))


def test_a_bad_line_records_nothing(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """A file is read through first: a bad line 1,501 leaves the ledger as it was, and is named."""
    file = rows_file(tmp_path / "rows.ndjson", 2000, bad=1500)
    with pytest.raises(InputError, match="line 1,501") as found:
        batch(file, ledger=shop, channel=channel)
    assert "Nothing was recorded." in found.value.hint
    assert numbers(shop) == []


def test_without_the_check_rows_before_a_bad_line_stand(
    shop: Path, tmp_path: Path, channel: Channel
) -> None:
    """With --no-check, and from a pipe, rows before the bad one are recorded, and counted."""
    file = rows_file(tmp_path / "rows.ndjson", 2000, bad=1500)
    with pytest.raises(InputError) as found:
        batch(file, ledger=shop, check=False, channel=channel)
    assert "1,500 rows before it are recorded." in found.value.hint
    with pytest.raises(InputError) as streamed:
        batch(STANDARD_STREAM, ledger=shop, source="pipe", channel=pipe(9, bad=7))
    assert "7 rows before it are recorded." in streamed.value.hint
    assert numbers(shop) == [*range(1500), *range(7)]


def test_a_stream_without_a_name_is_new_each_time(shop: Path) -> None:
    """Two unnamed streams are two series; a named one is the same series when it comes again."""
    one = batch(STANDARD_STREAM, ledger=shop, channel=pipe(3))
    two = batch(STANDARD_STREAM, ledger=shop, channel=pipe(3))
    assert one.source != two.source
    assert (one.new, two.new) == (3, 3)
    batch(STANDARD_STREAM, ledger=shop, source="meters", channel=pipe(3))
    longer = batch(STANDARD_STREAM, ledger=shop, source="meters", channel=pipe(5))
    assert (longer.rows, longer.new) == (5, 2)


def test_a_changed_row_is_a_conflict(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """Under one name row 1 cannot be two things."""
    batch(rows_file(tmp_path / "a.ndjson", 3), ledger=shop, source="meters", channel=channel)
    (tmp_path / "b.ndjson").write_text('{"n": 0}\n{"n": 100}\n')
    with pytest.raises(Conflict) as found:
        batch(tmp_path / "b.ndjson", ledger=shop, source="meters", channel=channel)
    assert found.value.code == "record.number-taken"


def test_blocks_hold_many_rows_and_are_recorded_once(
    shop: Path, tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables are cut by number of rows; run again they are the same; a row has its receipt."""
    monkeypatch.setenv("COUNTERFOIL_BLOCK_ROWS", "1000")
    file = rows_file(tmp_path / "rows.ndjson", 2500)
    first = batch(file, ledger=shop, block=True, channel=channel)
    assert (first.rows, first.new, first.blocks) == (2500, 3, 3)
    again = batch(file, ledger=shop, block=True, channel=channel)
    assert (again.rows, again.new, again.size) == (2500, 0, first.size)
    with open_ledger(shop, read_only=True) as ledger:
        proven = ledger.verify(ledger.receipt(first.first_index + 1, row=7))
    assert proven.content == b'{"n":1007}'
    by_row = batch(file, ledger=shop, channel=channel)
    assert by_row.new == 2500


def test_blocks_of_other_rows_are_a_conflict(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """A table under a name that stands for another table is refused."""
    three, four = rows_file(tmp_path / "a.ndjson", 3), rows_file(tmp_path / "b.ndjson", 4)
    batch(three, ledger=shop, source="m", block=True, channel=channel)
    with pytest.raises(Conflict) as found:
        batch(four, ledger=shop, source="m", block=True, channel=channel)
    assert found.value.code == "record.number-taken"


def test_an_interrupted_run_is_finished_by_the_next(
    shop: Path, tmp_path: Path, channel: Channel
) -> None:
    """Ctrl-C says how much is recorded and how to go on; the next run adds what is missing."""
    file = rows_file(tmp_path / "rows.ndjson", 9000)
    with pytest.raises(KeyboardInterrupt, match="at least 2,000 rows are recorded; run it again"):
        batch(file, ledger=shop, channel=channel, progress=interrupt_at(2000))
    done = batch(file, ledger=shop, channel=channel)
    assert 0 < done.new < 9000
    assert numbers(shop) == list(range(9000))
    with pytest.raises(KeyboardInterrupt, match="name the stream with --source"):
        batch(STANDARD_STREAM, ledger=shop, channel=pipe(5000), progress=interrupt_at(1000))


def interrupt_at(rows: int) -> Progress:
    """Press Ctrl-C when so many rows are recorded."""

    def hear(done: int, total: int | None, unit: str) -> None:
        if unit == "rows recorded" and done >= rows:
            raise KeyboardInterrupt

    return hear


def test_progress_tells_each_phase(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """Digesting, checking and recording are told apart, and the last one knows its total."""
    heard: dict[str, tuple[int, int | None]] = {}

    def hear(done: int, total: int | None, unit: str) -> None:
        heard[unit] = (done, total)

    batch(rows_file(tmp_path / "r.ndjson", 1200), ledger=shop, channel=channel, progress=hear)
    assert list(heard) == ["bytes digested", "bytes checked", "rows recorded"]
    assert heard["rows recorded"] == (1200, 1200)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "source.empty"), (b"\x00\x01", "source.binary")]
)
def test_a_file_of_no_rows_is_refused(
    shop: Path, tmp_path: Path, channel: Channel, content: bytes, code: str
) -> None:
    """An empty file and a binary one are told apart, and record nothing."""
    (tmp_path / "rows.ndjson").write_bytes(content)
    with pytest.raises(CounterfoilError) as found:
        batch(tmp_path / "rows.ndjson", ledger=shop, channel=channel)
    assert found.value.code == code


def test_a_missing_file_or_ledger_is_named(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """What is not there is told apart: the file, or the ledger."""
    with pytest.raises(NotFound) as file:
        batch(tmp_path / "none.csv", ledger=shop, channel=channel)
    with pytest.raises(NotFound) as ledger:
        batch(tmp_path / "none.csv", ledger=tmp_path, channel=channel)
    assert (file.value.code, ledger.value.code) == ("source.missing", "ledger.missing")


def test_records_say_their_row(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """A row's record carries its file and number, so that a gap or a change shows."""
    done = batch(rows_file(tmp_path / "rows.ndjson", 3), ledger=shop, channel=channel)
    found = records.get(str(done.last_index), ledger=shop)
    assert (found.source, found.number) == (done.source, 2)
