"""Taking receipts away in every form, and looking into them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops import receipts, records
from counterfoil.ops.receipts import Saved
from counterfoil.ports import STANDARD_STREAM, Channel, Document

INDEX = 3


@pytest.fixture
def sold(shop: Path, channel: Channel) -> Path:
    """Give a ledger with one record."""
    records.add('{"n":1}', ledger=shop, channel=channel)
    return shop


@pytest.mark.parametrize("form", ["json", "html", "tlog-proof"])
def test_a_receipt_in_each_form_shows_the_same(
    sold: Path, tmp_path: Path, channel: Channel, form: str
) -> None:
    """What was written is read back, whole, and never called verified."""
    out = tmp_path / "receipt"
    saved = receipts.get(
        str(INDEX), out=out, ledger=sold, html=form == "html", tlog_proof=form == "tlog-proof"
    )
    assert saved == Saved(INDEX, None, 4, form, str(out), out.stat().st_size)  # type: ignore[arg-type]  # one of the forms
    shown = receipts.show(out, channel=channel)
    assert (shown.form, shown.index, shown.size, shown.verified) == (form, INDEX, 4, False)
    assert shown.record is not None
    assert shown.record["content"] == {"n": 1}
    assert shown.keys == (0 if form == "tlog-proof" else 2)


def test_a_receipt_goes_to_standard_output(sold: Path) -> None:
    """`--out -` hands over the bytes of the file, and a leaf hash names the entry as well."""
    leaf = records.get(str(INDEX), ledger=sold).leaf
    handed = receipts.get(leaf, out=STANDARD_STREAM, ledger=sold)
    assert isinstance(handed, Document)
    data = b"".join(handed.chunks)
    shown = receipts.show(STANDARD_STREAM, channel=Channel(io.BytesIO(data), io.BytesIO()))
    assert (handed.media_type, shown.index) == ("application/json", INDEX)


def test_a_row_of_a_block_has_a_receipt(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """One row is shown alone; other rows, and other records, have none."""
    with open_ledger(shop) as ledger:
        block = ledger.record_block([{"n": 0}, {"n": 1}])
    saved = receipts.get(str(block.index), out=tmp_path / "row.json", ledger=shop, row=1)
    assert isinstance(saved, Saved)
    assert receipts.show(tmp_path / "row.json", channel=channel).row == {
        "row": 1,
        "content": '{"n":1}',
    }
    for row, entry, code in (
        (2, block.index, "block.row-number"),
        (-1, block.index, "block.row-number"),
        (0, 0, "receipt.not-a-block"),
    ):
        with pytest.raises((InputError, NotFound)) as found:
            receipts.get(str(entry), out=tmp_path / "other.json", ledger=shop, row=row)
        assert found.value.code == code
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"html": True, "tlog_proof": True}, "receipt.form"),
        ({"tlog_proof": True, "row": 0}, "receipt.proof-row"),
    ],
)
def test_forms_that_exclude_each_other(
    sold: Path, tmp_path: Path, more: dict[str, object], code: str
) -> None:
    """Two forms at once, and a row as a tlog-proof, are refused before anything is written."""
    with pytest.raises(InputError) as found:
        receipts.get(str(INDEX), out=tmp_path / "r", ledger=sold, **more)  # type: ignore[arg-type]  # the cases above
    assert found.value.code == code
    assert not (tmp_path / "r").exists()


def test_an_index_beyond_the_log_has_no_receipt(sold: Path, tmp_path: Path) -> None:
    """An entry that does not exist is not waited for."""
    with pytest.raises(NotFound) as found:
        receipts.get("4", out=tmp_path / "r", ledger=sold)
    assert found.value.code == "entry.index"


def test_an_entry_whose_recorder_was_killed_is_published_for_its_receipt(
    shop: Path, tmp_path: Path
) -> None:
    """A record that was acknowledged before a crash gets its receipt, though no one runs."""
    script = (
        "import os, sys, counterfoil; ledger = counterfoil.open(sys.argv[1]); "
        "ledger.record({'n': 1}); os.kill(os.getpid(), 9)"
    )
    slow = {**os.environ, "COUNTERFOIL_PUBLISH_INTERVAL_S": "60"}
    subprocess.run([sys.executable, "-c", script, str(shop)], check=False, env=slow)
    saved = receipts.get(str(INDEX), out=tmp_path / "receipt.json", ledger=shop)
    assert isinstance(saved, Saved)
    assert saved.size == 4


def test_what_is_no_receipt_is_refused(tmp_path: Path, channel: Channel) -> None:
    """Another file is no receipt."""
    (tmp_path / "x").write_text("hello")
    with pytest.raises(InputError):
        receipts.show(tmp_path / "x", channel=channel)
