"""Decisions by the commands that every shell offers."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops import decisions
from counterfoil.ports import Channel
from tests.statements import refused

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY_MS = 86_400_000


@pytest.fixture
def own(shop: Path) -> Path:
    """Give a ledger with the statement of a model that its caller runs."""
    fields = {
        "name": "credit",
        "format": "onnx",
        "digest": "ab" * 32,
        "size": 5,
        "outcomes": ["grant", "hold"],
    }
    with open_ledger(shop) as ledger:
        ledger.record_statement("model", fields)
    return shop


def test_a_decision_and_what_follows(own: Path, channel: Channel) -> None:
    """Recorded, shown, listed, acted on, and overridden by a person."""
    done = decisions.add(
        '{"income": 31.5}',
        model="credit",
        score="0.75",
        threshold="0.5",
        person="C-1",
        accountable="Ada",
        role="officer",
        purpose="credit",
        ledger=own,
        channel=channel,
    )
    assert (done.outcome, done.score) == ("hold", 0.75)
    assert done.to_json()["index"] == done.index
    acted = decisions.act(
        done.leaf, "freeze", target="account/7", evidence=("tx=0xab",), ledger=own
    )
    mine = decisions.override(
        str(done.index), "grant", why="misread", accountable="Grace", role="head", ledger=own
    )
    shown = decisions.get(str(done.index), ledger=own)
    assert shown.said["accountable"] == {"name": "Ada", "role": "officer"}
    assert [action.index for action in shown.actions] == [acted.index]
    assert shown.replaced_by == mine.index
    page = decisions.listing(("purpose=credit",), model="credit", since="24h", ledger=own)
    assert page.outcomes == {"grant": 1, "hold": 1}
    assert decisions.listing(outcome="hold", until="2020-01-01", ledger=own).total == 0
    today = datetime.now(UTC).date() + timedelta(days=1)  # also where midnight passes meanwhile
    assert decisions.listing(outcome="hold", until=str(today), ledger=own).total == 1


def test_inputs_come_from_a_file_or_a_pipe(own: Path, tmp_path: Path, channel: Channel) -> None:
    """As an object, a file that holds one, or standard input; anything else is refused."""
    path = tmp_path / "inputs.json"
    path.write_text('{"age": 39}', encoding="utf-8")
    pipe = Channel(io.BytesIO(b'{"age": 40}'), io.BytesIO())
    for inputs, given in ((str(path), channel), ("-", pipe)):
        done = decisions.add(inputs, model="credit", outcome="hold", ledger=own, channel=given)
        assert done.score is None
    path.write_text("[1]", encoding="utf-8")
    with refused("decision.inputs"):
        decisions.add(str(path), model="credit", outcome="hold", ledger=own, channel=channel)
    with refused("json.no-object"):
        decisions.add("[1]", model="credit", outcome="hold", ledger=own, channel=channel)
    with refused("decision.inputs-file", NotFound):
        decisions.add("no-file", model="credit", outcome="hold", ledger=own, channel=channel)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"score": "high"}, "decision.number"),
        ({"score": "nan"}, "decision.score"),
        ({"score": "0.5"}, "decision.no-outcome"),
        ({"outcome": ""}, "decision.outcome"),
    ],
)
def test_what_is_wrong_records_nothing(
    own: Path, channel: Channel, given: dict[str, Any], code: str
) -> None:
    """A score that is none, and no outcome at all, are errors that leave the log as it was."""
    with refused(code):
        decisions.add("{}", model="credit", ledger=own, channel=channel, **given)
    with open_ledger(own, read_only=True) as ledger:
        assert ledger.search("kind=decision").total == 0


def test_times_are_read() -> None:
    """Dates, times with and without a zone, and how long ago."""
    now_ms = int(NOW.timestamp() * 1000)
    assert decisions.parse_time("24h", NOW) == decisions.parse_time("1d", NOW) == now_ms - DAY_MS
    assert decisions.parse_time("2026-11-29T12:00", NOW) == now_ms
    assert decisions.parse_time("2026-11-29T13:00+01:00", NOW) == now_ms
    assert decisions.parse_time("2026-11-29", NOW) == now_ms - DAY_MS // 2
    for text in ("yesterday", "99999999d", "999999w", "2026-13-01", ""):
        with refused("decision.time"):
            decisions.parse_time(text, NOW)


def test_evidence_has_names(own: Path) -> None:
    """What shows an action is named; else it is refused."""
    with refused("decision.evidence"):
        decisions.act("3", "freeze", evidence=("0xab",), ledger=own)
