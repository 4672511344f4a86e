"""Deciding a stream: durable before it is answered, each payment once, and the same as offline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import counterfoil
from counterfoil.apps.finance.fraud.journal import Journal
from counterfoil.apps.finance.fraud.kept import Kept, load_kept
from counterfoil.apps.finance.fraud.live import Live
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.recording import record_model
from counterfoil.apps.finance.fraud.scoring import score_table
from counterfoil.apps.finance.fraud.table import read_table
from counterfoil.errors import FatalLogError, Refused, Unavailable
from counterfoil.ledger import Ledger
from tests.fraud_made import made, model
from tests.ledgers import copy_ledger

COUNT = 150


@pytest.fixture(scope="module")
def kept() -> Kept:
    return load_kept(model())


@pytest.fixture(scope="module")
def stream(kept: Kept) -> list[Payment]:
    return list(read_table(made() / "later.csv", kept.manifest.columns).payments[:COUNT])


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as opened:
        yield opened


def live_of(ledger: Ledger, kept: Kept, folder: Path, **options: Any) -> Live:
    return Live(ledger, kept, record_model(ledger, kept).index, folder, **options)


def test_a_stream_is_decided_as_a_file_is_scored(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """Stopped in the middle and gone on, each score is that of the whole file, and on record.

    A payment that comes again has its first answer; what was held is explained, and replays.
    """
    offline = score_table(kept, stream)
    answers = []
    for part in (stream[:70], stream[60:]):
        with live_of(ledger, kept, tmp_path / "s") as live:
            asked = [live.decide(one) for one in part]
            answers.append([one.result() for one in asked])
    first, second = answers
    assert [one.again for one in second] == [True] * 10 + [False] * (COUNT - 70)
    assert [one.index for one in second[:10]] == [one.index for one in first[60:]]
    whole = first + second[10:]
    assert [one.score for one in whole] == offline.scores
    assert [one.threshold for one in whole] == offline.thresholds
    for answer in whole[::30]:
        found = ledger.decisions.get(answer.index)
        assert found.decision.outcome == answer.outcome
        assert float(found.decision.score or 0) == answer.score
    replayed = ledger.decisions.replay(whole[5].index, actor="test")
    assert (replayed.verdict, replayed.exact) == ("identical", True)
    assert (tmp_path / "s" / "state.bin").stat().st_size > 0


def test_what_is_held_is_explained_to_the_margin(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """With a bar of nothing all is held: the recorded shares add up, openly where not sealed."""
    import msgspec

    costs = msgspec.structs.replace(kept.manifest.costs, review=1e-9)
    manifest = msgspec.structs.replace(kept.manifest, costs=costs)
    strict = Kept(manifest, kept.scorer, kept.onnx, kept.reasons, kept.memory)
    with live_of(ledger, strict, tmp_path / "s", sealed=False) as live:
        answer = live.decide(stream[0]).result()
    assert answer.outcome == "hold"
    assert len(answer.reasons) == 5
    said = ledger.get(answer.index).content
    shares = [float(one) for one in said["explanation"]["contributions"].values()]
    margin = float(said["explanation"]["base"]) + sum(shares)
    assert float(manifest.calibration.probability(np.array([margin]))[0]) == pytest.approx(
        float(said["score"]), abs=1e-5
    )
    assert len(said["inputs"]) == len(manifest.named.features)


def test_features_are_sealed_for_the_card(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """By default the log tells no feature; with the key they are opened for a reason."""
    with live_of(ledger, kept, tmp_path / "s") as live:
        answer = live.decide(stream[0]).result()
    said = ledger.get(answer.index).content
    assert "inputs" not in said
    opened = ledger.people.open(answer.index, actor="test", purpose="test")["sealed"]
    assert opened["inputs/amount"] == stream[0].amount


def test_the_same_payment_from_many_threads_is_decided_once(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """Whoever asks meanwhile waits for the one decision, and gets it."""
    with live_of(ledger, kept, tmp_path / "s") as live:
        found: list[int] = []

        def ask() -> None:
            found.extend(live.decide(one).result().index for one in stream[:20])

        threads = [threading.Thread(target=ask) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 100
    assert len(set(found)) == 20


def test_labels_are_told_to_the_stream(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """The label of an open payment is learned, once, and that survives a restart."""
    import msgspec

    bare = msgspec.structs.replace(stream[0], label=None)
    with live_of(ledger, kept, tmp_path / "s") as live:
        live.decide(bare).result()
        assert live.tell(bare.id, 1).result()
        assert not live.tell("nobody's", 1).result()
    with live_of(ledger, kept, tmp_path / "s") as live:
        assert not live.tell(bare.id, 1).result()


def test_the_ledger_refusing_stops_the_stream(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """What cannot be recorded is not answered, nor is anything after it; later it is decided."""
    live = live_of(ledger, kept, tmp_path / "s")
    real = live._ledger
    live._ledger = _Refusing(real)  # type: ignore[assignment]  # a ledger whose disk is full
    with pytest.raises(Unavailable, match="no space"):
        live.decide(stream[0]).result()
    with pytest.raises(Unavailable):
        live.decide(stream[1]).result()
    live.close()
    with live_of(ledger, kept, tmp_path / "s") as again:
        assert again.recovered == 1
        answer = again.decide(stream[0]).result()
        assert answer.again
        assert ledger.get(answer.index).content["score"] == repr(answer.score)


class _Refusing:
    """A ledger that records nothing more."""

    def __init__(self, real: Ledger) -> None:
        self._real = real

    def record_statements(self, *_: Any, **__: Any) -> Any:
        raise Unavailable("store.full", "expected space, found no space")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_a_folder_of_another_model_or_damaged_is_refused(
    ledger: Ledger, kept: Kept, stream: list[Payment], tmp_path: Path
) -> None:
    """A state is one model's; a torn last line was never answered; other damage is told."""
    folder = tmp_path / "s"
    with live_of(ledger, kept, folder) as live:
        live.decide(stream[0]).result()
    with pytest.raises(Refused):
        Journal(folder).load("0" * 64)
    journal = folder / "journal.ndjson"
    with journal.open("ab") as file:
        file.write(b'{"payment":["x",')
    state, events = Journal(folder).load(kept.digest)
    assert state is not None
    assert (state.number, events) == (1, [])
    assert journal.read_bytes().endswith(b"}\n")
    journal.write_bytes(b"rubbish\n")
    with pytest.raises(FatalLogError):
        Journal(folder).load(kept.digest)
    (folder / "state.bin").write_bytes(b"rubbish")
    with pytest.raises(FatalLogError):
        Journal(folder).load(kept.digest)
