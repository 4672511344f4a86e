"""The search for laundering by its command."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.ops.finance.graphs import graph
from counterfoil.ports import STANDARD_STREAM, Channel
from counterfoil.testing.laundering import simulate_laundering


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write simulated payments with eight patterns planted."""
    world = simulate_laundering(accounts=1_000, payments=12_000, days=60, patterns=8, seed=2)
    path = tmp_path_factory.mktemp("graph") / "payments.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["payer", "payee", "amount", "time"])
        columns = (world.source, world.target, world.amount, world.at + 1_700_000_000)
        writer.writerows(zip(*(one.tolist() for one in columns), strict=True))
    return path


def test_findings_are_ranked_and_written(table: Path, tmp_path: Path, channel: Channel) -> None:
    """Rows come by score; the page has the same ones, escaped; every account has a score."""
    page, scores = tmp_path / "page.html", tmp_path / "scores.csv"
    told: list[int] = []
    found = list(
        graph(
            table, networks=1, limit=7, report=page, scores=scores,
            progress=lambda done, total, unit: told.append(done), channel=channel,
        )
    )  # fmt: skip
    assert len(found) == 7
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert set(found[0]) >= {"pattern", "score", "expected", "accounts", "rows", "why", "amount"}
    text = page.read_text()
    assert text.count("<tr>") == 8
    assert "http" not in text.replace("http-equiv", "")
    rows = list(csv.DictReader(io.StringIO(scores.read_text())))
    assert float(rows[0]["score"]) >= float(rows[-1]["score"])
    assert len(rows) > 900
    assert told


def test_a_stream_and_a_beginning(table: Path, channel: Channel) -> None:
    """Standard input is read as CSV; with --since nothing earlier is told."""
    piped = Channel(io.BytesIO(table.read_bytes()), io.BytesIO())
    options: dict[str, Any] = {"networks": 1, "limit": 1000}
    whole = list(graph(STANDARD_STREAM, channel=piped, **options))
    late = list(graph(table, since="2023-12-15", channel=channel, **options))
    assert 0 < len(late) < len(whole)
    assert min(one["until_s"] for one in late) >= 1_702_598_400


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"window": "soon"}, "graph.setting"),
        ({"window": "0d"}, "graph.setting"),
        ({"loss": 0}, "graph.setting"),
        ({"loss": 100}, "graph.setting"),
        ({"networks": 0}, "graph.setting"),
        ({"source": "nobody"}, "graph.column"),
        ({"since": "yesterday"}, "decision.time"),
    ],
)
def test_wrong_options_are_refused(
    table: Path, channel: Channel, options: dict[str, Any], code: str
) -> None:
    """What means nothing is told before the search."""
    with pytest.raises(CounterfoilError) as caught:
        list(graph(table, channel=channel, **options))
    assert caught.value.code == code


def test_nothing_is_left_of_a_failure(table: Path, tmp_path: Path, channel: Channel) -> None:
    """A folder that is none is told; no file is half there."""
    with pytest.raises(CounterfoilError) as caught:
        list(graph(table, networks=1, scores=tmp_path / "none" / "s.csv", channel=channel))
    assert caught.value.code == "file.folder"
    with pytest.raises(CounterfoilError) as caught:
        list(graph(tmp_path / "none.csv", channel=channel))
    assert caught.value.code == "file.missing"
    before = table.read_bytes()
    for name in ("scores", "report"):
        over: dict[str, Any] = {name: table}
        with pytest.raises(CounterfoilError) as caught:
            list(graph(table, channel=channel, **over))
        assert (caught.value.code, table.read_bytes()) == ("file.is-input", before)
