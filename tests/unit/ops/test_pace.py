"""A trace is replayed: what each policy paid, and how long it made people wait."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from random import Random

import pytest

from counterfoil.cli import main
from counterfoil.ops.pace import Simulated, simulate
from counterfoil.ports import Channel
from tests.shared_data import data_path
from tests.statements import refused

POLICIES = ["at_once", "fixed_interval", "threshold", "counterfoil", "hindsight"]


def replayed(file: Path, **options: object) -> Simulated:
    """Replay a file."""
    channel: Channel = None  # type: ignore[assignment]  # no file here is standard input
    return simulate(file, **{"channel": channel, **options})  # type: ignore[arg-type]


def written(folder: Path, heading: str, rows: list[list[object]]) -> Path:
    """Write a trace."""
    path = folder / "trace.csv"
    lines = [heading, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def fees(count: int) -> list[list[object]]:
    """Make fees that wander, with times."""
    random, value = Random(5), 100.0
    rows: list[list[object]] = []
    for at in range(count):
        value = 100 + 0.8 * (value - 100) + random.gauss(0, 9)
        rows.append([1_700_000_000 + 12 * at, f"{max(value, 1):.3f}"])
    return rows


def test_fees_are_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The usual names are found; ours pays less than at once, never late, above hindsight."""
    file = written(tmp_path, "timestamp,base_fee_per_gas", fees(600))
    assert main(["pace", "simulate", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["batching"] is None
    for kind in ("each", "in_a_row"):
        found = said["anchoring"][kind]
        assert list(found) == POLICIES
        assert found["hindsight"]["fee_paid"] <= found["counterfoil"]["fee_paid"]
        assert found["counterfoil"]["fee_paid"] < found["at_once"]["fee_paid"]
        assert {one["missed"] for one in found.values()} == {0}
        longest = said["anchoring"]["max_wait_s"] - said["anchoring"]["lead_s"]
        assert max(one["delay_max_s"] for one in found.values()) <= longest
        assert found["hindsight"]["share_of_saving"] == 1.0
    assert main(["pace", "simulate", str(file)]) == 0


def test_arrivals_are_replayed(tmp_path: Path) -> None:
    """Counts by step, or one row each: every record is committed, and within the promise."""
    file = written(tmp_path, "at,requests", [[60 * at, 3 + at % 5] for at in range(200)])
    found = replayed(file, receipt_wait=200).batching
    assert found is not None
    assert found.records == sum(3 + at % 5 for at in range(200))
    assert {one.missed for one in found.policies.values()} == {0}
    file = written(tmp_path, "at", [[at / 10] for at in range(500)])
    some = replayed(file, receipt_wait=200)
    assert some.anchoring is None
    assert some.batching is not None
    assert some.batching.records == 500
    assert some.batching.policies["counterfoil"].cpu_s < some.batching.policies["at_once"].cpu_s


def test_fees_and_arrivals_together(tmp_path: Path) -> None:
    """Where records come seldom, anchors in a row wait for them; both are judged."""
    rows = [[*row, 4 if at % 40 == 0 else 0] for at, row in enumerate(fees(600))]
    found = replayed(written(tmp_path, "at,fee,records", rows), max_wait=600)
    assert found.anchoring is not None
    assert found.batching is not None
    assert found.anchoring.in_a_row["at_once"].anchors == 10


def test_fees_follow_from_full_blocks(tmp_path: Path) -> None:
    """Gas used and gas limit give the base fees; the file says that it was so."""
    rows: list[list[object]] = [[30_000_000 if at % 2 else 0, 30_000_000] for at in range(90)]
    found = replayed(written(tmp_path, "gas_used,gas_limit", rows))
    assert found.anchoring is not None
    assert len(found.notes) == 2
    assert found.step_s == 12.0


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_short_traces(tmp_path: Path, count: int) -> None:
    """Few rows teach nothing, and are replayed all the same."""
    found = replayed(written(tmp_path, "at,fee", fees(count)), max_wait=48)
    assert found.anchoring is not None
    assert found.anchoring.each["counterfoil"].missed == 0


@pytest.mark.parametrize(
    ("heading", "row", "options", "code"),
    [
        ("other", ["1"], {}, "trace.empty"),
        ("at,fee", [], {}, "trace.empty"),
        ("at,fee", ["1", "x"], {}, "trace.number"),
        ("at,fee", ["1", "-2"], {}, "trace.number"),
        ("at,fee", ["1", "2"], {"fee": "price"}, "series.column"),
        ("at,fee", ["1", "2"], {"max_wait": -1}, "trace.wait"),
    ],
)
def test_what_cannot_be_replayed(
    tmp_path: Path, heading: str, row: list[object], options: dict[str, object], code: str
) -> None:
    """A missing column, a bad number and a bad wait are told."""
    with refused(code):
        replayed(written(tmp_path, heading, [row] if row else []), **options)


def test_times_that_fall(tmp_path: Path) -> None:
    """Rows must be sorted."""
    with refused("series.order"):
        replayed(written(tmp_path, "at,fee", [[5, 1], [4, 1]]))


def test_a_packed_file(tmp_path: Path) -> None:
    """A .csv.gz is read as it is."""
    plain = written(tmp_path, "at,fee", fees(60))
    packed = tmp_path / "trace.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert replayed(packed, max_wait=120).rows == replayed(plain, max_wait=120).rows


def test_real_fees(tmp_path: Path) -> None:
    """On real blocks and on eight years of days ours takes a share of what can be saved."""
    daily = data_path("eth_gas_price_daily") / "avg_gas_price.csv"
    with daily.open() as stream:
        rows = list(csv.DictReader(stream))
    trace = [[row["UnixTimeStamp"], row["Value (Wei)"]] for row in rows]
    for file, longest in (
        (written(tmp_path, "at,fee", trace), 7 * 86_400),
        (data_path("eth_blocks_recent") / "blocks_2025_07.csv", 600),
    ):
        found = replayed(file, max_wait=longest).anchoring
        assert found is not None
        ours, naive = found.each["counterfoil"], found.each["threshold"]
        assert ours.missed == 0
        assert ours.fee_paid < naive.fee_paid < found.each["at_once"].fee_paid


def test_a_ledger_whose_receipts_may_wait(tmp_path: Path) -> None:
    """With a promise set all is recorded as ever; who asks for a receipt has it at once."""
    import counterfoil
    from tests.ledgers import set_setting

    with counterfoil.open(tmp_path / "shop", create=True):
        pass
    set_setting(tmp_path / "shop", "receipt_max_wait_s", "2.0")
    with counterfoil.open(tmp_path / "shop") as ledger:
        later = [ledger.record_later({"number": number}) for number in range(50)]
        places = [future.result(60).index for future in later]
        assert len(set(places)) == 50
        ledger.verify(ledger.receipt(places[-1]))
