"""The commands about fraud: learn, score, run, report, challenge; and what they refuse."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import urllib3

import counterfoil
from counterfoil.apps.finance.fraud.kept import load_kept
from counterfoil.cli import main
from counterfoil.ops.finance.fraud_run import DecidedPayment, Stopped, run
from counterfoil.ports import Channel
from tests.fraud_made import made, model, rows, written
from tests.ledgers import copy_ledger


def said(words: list[Any], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([str(one) for one in words]) == 0
    return capsys.readouterr().out


def refused(words: list[Any], capsys: pytest.CaptureFixture[str], status: int = 2) -> str:
    assert main([str(one) for one in words]) == status
    return capsys.readouterr().err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    return tmp_path


def test_training_is_on_record(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data, what scores, what explains it and how good it was stand in the ledger, linked."""
    folder = copy_ledger(place / "ledger")
    given = written(place / "a.csv", rows())
    words = ["finance", "train", given, "-o", place / "m", "--ledger", folder, "--json"]
    done = json.loads(said([*words, "--capacity", "5", "--accountable", "Ada"], capsys))
    assert done["columns"]["card"] == "customer"
    assert done["rows"] == len(rows())
    with counterfoil.open(folder, read_only=True) as ledger:
        found = ledger.models.get("payment-fraud")
        assert (found.index, found.digest) == (done["index"], done["digest"])
        assert found.model.explained_by is not None
        assert ledger.get(found.index).content["trained_on"][0]["role"] == "train"
        kinds = [view.kind for view in ledger.views()]
    assert (kinds.count("dataset"), kinds.count("model"), kinds.count("evaluation")) == (1, 2, 1)
    text = said([*words[:-1], "--capacity", "5", "--text"], capsys)
    assert text.startswith("learned  ")
    assert f"entry                  {done['index']}\n" in text, "the same model is recorded once"


def test_a_model_that_nobody_could_judge_says_so(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no payment is later than what was learned there are no figures, and that is told."""
    first = list(rows()[:100])
    first[3:9] = [{**one, "fraud": 1} for one in first[3:9]]
    given = written(place / "a.csv", first)
    done = json.loads(said(["finance", "train", given, "-o", place / "m", "--json"], capsys))
    assert done["figures"] == {}
    assert any("is not known" in note for note in done["notes"])
    assert not any("is not known" in note for note in load_kept(model()).manifest.notes)


def test_a_file_is_scored_in_its_order(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row for each, repeated and broken ones too; as CSV, NDJSON and on standard output."""
    later = made() / "later.csv"
    lines = later.read_text().splitlines()
    mixed = place / "mixed.csv"
    mixed.write_text("\n".join([lines[0], *reversed(lines[1:60]), lines[5], "x,EUR,,,," + ",b"]))
    bad = lines[1].split(",")
    bad[lines[0].split(",").index("amount_minor")] = "much"
    mixed.write_text("\n".join([lines[0], *reversed(lines[1:60]), lines[5], ",".join(bad)]) + "\n")
    words = ["finance", "score", mixed, "--model", model()]
    done = json.loads(said([*words, "-o", place / "s.csv", "--json"], capsys))
    assert (done["rows"], done["bad"]) == (61, 1)
    head, *found = (place / "s.csv").read_text().splitlines()
    assert head == "row,id,score,threshold,outcome,note"
    ids = [line.split(",")[1] for line in found]
    assert ids[:59] == [line.split(",")[0] for line in reversed(lines[1:60])]
    assert "repeats row" in found[59]
    assert "row 60" in found[60]
    said([*words, "-o", place / "s.ndjson", "--text"], capsys)
    scores = [json.loads(line) for line in (place / "s.ndjson").read_text().splitlines()]
    assert [one["row"] for one in scores] == list(range(61))
    assert scores[60]["score"] is None
    out = said([*words, "-o", "-", "--text"], capsys)
    assert [json.loads(line) for line in out.splitlines()] == scores


def test_a_stream_from_a_file_and_a_pipe(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row is answered, a broken one too; what comes again has its first answer."""
    folder = copy_ledger(place / "ledger")
    short = place / "short.csv"
    short.write_text("\n".join((made() / "later.csv").read_text().splitlines()[:21]) + "\n")
    words = ["finance", "run", short, "--model", model(), "--ledger", folder]
    first = [json.loads(line) for line in said([*words, "--json"], capsys).splitlines()]
    assert (first[-1]["event"], first[-1]["decided"]) == ("ended", 20)
    text = said([*words, "--text"], capsys)
    assert text.count("decided before") == 20
    row = {"id": "new", "at_ms": 1_783_000_000_000, "amount_minor": 5, "customer": "c"}
    piped = [row, {"label_of": "new", "label": 1}, {"label_of": "new", "label": 9}, {"id": "bad"}]
    source = BytesIO(b"\n".join(json.dumps(one).encode() for one in piped) + b"\nrubbish\n\n")
    found = list(run(Path("-"), model=model(), ledger=folder, channel=Channel(source, BytesIO())))
    decided = [one for one in found if isinstance(one, DecidedPayment)]
    assert [bool(one.error) for one in decided] == [False, False, True, True, True]
    assert decided[0].index is not None
    assert decided[1].outcome == "label learned"
    assert isinstance(found[-1], Stopped)
    assert found[-1].decided == 2


def test_a_payment_without_an_id_has_its_own_answer(place: Path) -> None:
    """No decision answers another payment, in whatever stream that is the first; its own does."""
    folder = copy_ledger(place / "ledger")
    one = {"at_ms": 1_783_000_000_000, "amount_minor": 5, "customer": "c"}
    other = {**one, "amount_minor": 7}
    found: list[DecidedPayment] = []
    for several in ([one, other, one], [one], [other]):
        source = BytesIO(b"\n".join(json.dumps(row).encode() for row in several))
        told = run(Path("-"), model=model(), ledger=folder, channel=Channel(source, BytesIO()))
        found += [answer for answer in told if isinstance(answer, DecidedPayment)]
    names = [answer.id for answer in found]
    assert names[0] != names[1]
    assert names == [names[0], names[1], names[0], names[0], names[1]]
    assert [answer.again for answer in found] == [False, False, True, True, True]


def test_a_stream_over_http(place: Path) -> None:
    """POST decides one payment or several; what is none says why; it ends with the generator."""
    folder = copy_ledger(place / "ledger")
    found: Any = run(
        model=model(),
        ledger=folder,
        listen="127.0.0.1:0",
        seal=False,
        channel=Channel(BytesIO(), BytesIO()),
    )
    url = next(found).url
    http = urllib3.PoolManager(retries=False)
    row = {"id": "a", "at_ms": 1_783_000_000_000, "amount_minor": 5, "customer": "c"}
    row["terminal"] = "t"
    one = http.request("POST", f"{url}/payments", body=json.dumps(row))
    assert one.status == 200
    assert one.json()["outcome"] in ("pay", "hold")
    lines = "\n".join(json.dumps({**row, "id": name}) for name in "abc")
    many = http.request("POST", f"{url}/payments", body=lines)
    answers = [json.loads(line) for line in many.data.splitlines()]
    assert [answer["again"] for answer in answers] == [True, False, False]
    assert answers[0]["index"] == one.json()["index"]
    assert http.request("POST", f"{url}/payments", body='{"id": 1}').status == 422
    for body in ("", "rubbish", "[]"):
        assert http.request("POST", f"{url}/payments", body=body).status == 400
    assert http.request("POST", f"{url}/payments", body=b" " * (1 << 21)).status == 400
    assert http.request("GET", f"{url}/payments").status == 404
    found.close()
    with counterfoil.open(folder, read_only=True) as ledger:
        kinds = [view.kind for view in ledger.views()]
    assert kinds.count("decision") == 3


def test_a_report_stands_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One page with its figures, without a script and without anything from elsewhere."""
    out = place / "r.html"
    words = ["finance", "report", made() / "later.csv", "--model", model(), "-o", out]
    done = json.loads(said([*words, "--json"], capsys))
    assert done["low"] <= done["average_precision"] <= done["high"]
    page = out.read_text()
    assert page.count("<figure") == 7
    assert "<script" not in page
    assert "://" not in page
    assert f"{done['average_precision']:.3f}" in page
    assert "may be too good" not in page
    past = ["finance", "report", made() / "past.csv", "--model", model(), "-o", out, "--text"]
    assert said(past, capsys).startswith("wrote")
    assert "may be too good" in out.read_text()
    bare = [{k: v for k, v in one.items() if k != "fraud"} for one in rows()]
    unlabelled = written(place / "bare.csv", bare)
    told = refused(["finance", "report", unlabelled, "--model", model(), "-o", out], capsys)
    assert "fraud.labels" in told


def test_a_challenger_must_be_better(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that knows no terminal does not replace; the choice is on record; time is looked at."""
    folder = copy_ledger(place / "ledger")
    blind = [{**one, "terminal": ""} for one in rows(days=12, customers=40)]
    weak = place / "weak"
    said(["finance", "train", written(place / "b.csv", blind), "-o", weak, "--json"], capsys)
    later = made() / "later.csv"
    words = ["finance", "challenge", later, "--champion", model(), "--challenger", weak]
    done = json.loads(said([*words, "--ledger", folder, "--json"], capsys))
    assert done["outcome"] == "keep"
    assert done["low"] <= done["gain"] <= done["high"]
    with counterfoil.open(folder, read_only=True) as ledger:
        found = ledger.decisions.get(done["index"])
        assert found.decision.purpose == "champion and challenger"
        assert len(found.decision.based_on) == 2
    assert said([*words, "--text"], capsys).startswith("keep")
    early = ["finance", "challenge", made() / "past.csv", *words[3:]]
    assert "fraud.not-later" in refused(early, capsys)


def test_what_cannot_be_done_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each error has its code, nothing is written, and a model is not overwritten by mistake."""
    out = place / "m"
    train = ["finance", "train", made() / "past.csv", "-o", out]
    assert "fraud.number" in refused([*train, "--review-cost", "much"], capsys)
    assert "fraud.costs" in refused([*train, "--review-cost", "-1"], capsys)
    assert "fraud.number" in refused([*train, "--label-delay", "-1"], capsys)
    assert "fraud.column" in refused([*train, "--card", "nobody"], capsys)
    assert not out.exists()
    assert "source.missing" in refused(["finance", "train", place / "no.csv", "-o", out], capsys, 3)
    one_class = [{**one, "fraud": 0} for one in rows(days=2)]
    file = written(place / "one.csv", one_class)
    assert "fraud.labels" in refused(["finance", "train", file, "-o", out], capsys)
    out.write_text("something of mine")
    small = written(place / "small.csv", rows(days=15, customers=30))
    assert "fraud.out" in refused(["finance", "train", small, "-o", out], capsys)
    assert out.read_text() == "something of mine"
    score = ["finance", "score", file, "-o", place / "s.csv", "--model"]
    assert "fraud.model-missing" in refused([*score, place / "no"], capsys, 3)
    ledger = copy_ledger(place / "ledger")
    nothing = ["finance", "run", "--model", model(), "--ledger", ledger]
    assert "fraud.stream" in refused(nothing, capsys)
    assert "fraud.stream" in refused([*nothing, file, "--listen", "127.0.0.1:0"], capsys)
    assert sorted(one.name for one in place.iterdir() if one.name.startswith(".")) == []


def test_a_handful_of_payments_teaches_something(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five payments, two of them fraud, no card, no terminal: a model comes of it all the same."""
    tiny = [
        {"time": 1_700_000_000 + 3600 * at, "amount": 10 + at, "is_fraud": int(at in (1, 4))}
        for at in range(5)
    ]
    out = place / "m"
    words = ["finance", "train", written(place / "t.csv", tiny), "-o", out, "--json"]
    done = json.loads(said(words, capsys))
    assert (done["rows"], done["frauds"]) == (5, 2)
    score = ["finance", "score", place / "t.csv", "--model", out, "-o", place / "s.csv", "--json"]
    assert json.loads(said(score, capsys))["rows"] == 5
