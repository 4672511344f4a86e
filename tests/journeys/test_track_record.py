"""The quant app from the command line: its story is played, then looked at by its reader."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.cli import main
from counterfoil.ops import witnesses
from tests.shared_data import data_path

Capture = pytest.CaptureFixture[str]

FORECAST = (
    '{"entry": "2031-01-02", "exit": "2031-02-03", "forecasts": '
    '[{"target": "OAK", "expected": "0.01"}]}'
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play the story once, as `counterfoil app demo quant` does."""
    folder = tmp_path_factory.mktemp("quant") / "played"
    assert main(["app", "demo", "quant", str(folder), "--json"]) == 0
    return folder


def run(capsys: Capture, *words: str | Path, status: int = 0) -> Any:
    """Run a command and give the JSON that it prints, or the error's code."""
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == status
    said = capsys.readouterr()
    if status:
        return json.loads(said.err.splitlines()[0])["code"]
    found = [json.loads(line) for line in said.out.splitlines()]
    return found[0] if len(found) == 1 else found


def text(capsys: Capture, *words: str | Path) -> str:
    """Run a command and give what people read."""
    capsys.readouterr()
    assert main([*map(str, words), "--text"]) == 0
    return capsys.readouterr().out


def test_a_stranger_verifies_and_judges(played: Path, capsys: Capture) -> None:
    """From the file, a policy and prices of their own, a reader sees all strategies and misses."""
    words = ("quant", "verify", played / "track-record.json", "--policy", played / "policy.txt")
    found = run(capsys, *words, "--prices", played / "prices.csv")
    assert (found["forecasts"], found["counted"], found["missed"]) == (21, 19, 2)
    assert found["strategies"] == ["trees", "momentum"]
    report = found["report"]
    assert report["complete"]
    assert report["tried"] == 2
    assert any("began" in left["why"] for left in report["strategies"][0]["left"])
    assert not any("more than luck" in line for line in report["says"])
    shown = text(capsys, *words, "--prices", played / "prices.csv")
    assert "whole: 21 forecasts" in " ".join(shown.split())
    assert "hit rate of always up" in shown
    assert run(capsys, *words)["report"] is None


def test_the_issuers_policy_is_not_the_readers(played: Path, capsys: Capture) -> None:
    """Whoever believes nobody but the fund gets no times: all is missed."""
    policy = played / "alone.txt"
    lines = (played / "ledger" / "policy.txt").read_text().splitlines()
    kept = [one for one in lines if not one.startswith(("group", "quorum", "witness w1"))]
    policy.write_text("\n".join([*kept, "quorum none"]) + "\n")
    found = run(capsys, "quant", "verify", played / "track-record.json", "--policy", policy)
    assert (found["counted"], found["missed"]) == (0, 21)


def test_the_ledgers_report_is_the_bundles(played: Path, capsys: Capture) -> None:
    """The report from the ledger tells what a stranger's does, and records the prices once."""
    prices, ledger = played / "prices.csv", played / "ledger"
    words = ("quant", "report", prices, "--policy", played / "policy.txt", "--ledger", ledger)
    found = run(capsys, *words)
    bundle = played / "track-record.json"
    other = run(
        capsys, "quant", "verify", bundle, "--policy", played / "policy.txt", "--prices", prices
    )
    assert found["strategies"] == other["report"]["strategies"]
    assert found["prices"] == other["report"]["prices"]
    before = run(capsys, "status", "--ledger", ledger)["size"]
    assert run(capsys, *words) == found
    assert run(capsys, "status", "--ledger", ledger)["size"] == before
    assert run(capsys, *words, "--cost-bps", "50")["strategies"] != found["strategies"]


def test_a_tampered_record_is_refused(played: Path, capsys: Capture, tmp_path: Path) -> None:
    """A byte changed, a file that is another kind, a cost that is none: each has its own error."""
    data = (played / "track-record.json").read_bytes()
    bad = tmp_path / "bad.json"
    at = data.index(b'"entry":"') + 200
    bad.write_bytes(data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :])
    policy = played / "policy.txt"
    code = run(capsys, "quant", "verify", bad, "--policy", policy, status=1)
    assert code.partition(".")[0] in ("proof", "statement", "signature", "quant")
    receipt = tmp_path / "receipt.json"
    run(capsys, "receipt", "get", "4", "--out", receipt, "--ledger", played / "ledger")
    assert run(capsys, "quant", "verify", receipt, "--policy", policy, status=2) == "file.kind"
    good = played / "track-record.json"
    words = ("quant", "verify", good, "--policy", policy, "--cost-bps", "-1")
    assert run(capsys, *words, status=2) == "quant.cost"


def test_commit_train_reveal_bundle(
    played: Path, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new ledger's first forecasts: by hand and by a model; nobody else has seen them yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "fund")
    run(capsys, "init", "fund", "--organisation", "https://fund.example")
    assert run(capsys, "quant", "bundle", "--out", "b.json", status=2) == "quant.nothing"
    Path("f.json").write_text(FORECAST)
    made = run(capsys, "quant", "commit", "mine", "f.json")
    assert (made["number"], made["bound"], made["counts"]) == (0, None, False)
    assert "nobody but you says when" in text(capsys, "quant", "commit", "mine", "f.json")
    trained = run(capsys, "quant", "train", played / "prices.csv", "--until", "2023-06-30")
    assert "learned from" in text(capsys, "quant", "train", played / "prices.csv", "--name", "t2")
    by_model = (
        "quant", "commit", "trees", "--model", trained["digest"], "--prices",
        played / "prices.csv", "--entry", "2023-07-03", "--exit", "2023-08-03",
    )  # fmt: skip
    late = run(capsys, *by_model, "--target", "OAK", "--target", "ELM")
    assert (late["serial"], late["late"], late["counts"], made["late"]) == (2, True, False, False)
    assert run(capsys, "quant", "reveal")["decisions"] != []  # only what is over
    assert text(capsys, "quant", "reveal") == "nothing to reveal\n"
    tried = text(capsys, "quant", "backtest", played / "prices.csv", "--every", "5")
    assert "equal weight  Sharpe" in tried
    early = run(capsys, "quant", "reveal", "mine", "--number", "0")
    assert early["decisions"] == []
    assert run(capsys, "quant", "reveal", "other", status=3) == "quant.unknown"
    assert run(capsys, "quant", "bundle", "--out", "b.json")["forecasts"] == 3
    assert "3 forecasts" in text(capsys, "quant", "bundle", "--out", "b.json")
    found = run(capsys, "quant", "verify", "b.json", "--policy", "fund/policy.txt")
    assert (found["counted"], found["missed"]) == (0, 3)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("quant", "commit", "s"), "quant.which"),
        (("quant", "commit", "s", "f.json", "--model", "m"), "quant.which"),
        (("quant", "commit", "s", "--model", "m"), "quant.which"),
        (("quant", "train", "p.csv", "--every", "0"), "quant.every"),
        (("quant", "train", "p.csv", "--until", "soon"), "quant.date"),
        (("quant", "train", "p.csv"), "quant.short"),
        (("quant", "backtest", "p.csv", "--cost-bps", "5000"), "quant.cost"),
        (("quant", "backtest", "f.json"), "dataset.unreadable"),
        (("quant", "backtest", "bad.csv"), "quant.prices"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value[1:]),
)
def test_wrong_use_is_explained(
    words: tuple[str, ...],
    code: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be done has a code of its own, and nothing is recorded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "fund")
    run(capsys, "init", "fund", "--organisation", "https://fund.example")
    Path("f.json").write_text("{}")
    Path("bad.csv").write_text("Date,A\n2030-01-01,-1\n")
    Path("p.csv").write_text("Date,A\n2030-01-01,1\n2030-01-02,2\n")
    before = run(capsys, "status")["size"]
    assert run(capsys, *words, status=2) == code
    assert run(capsys, "status")["size"] == before


def test_real_prices_honestly(capsys: Capture) -> None:
    """On 33 years of 20 shares that survived, the back-test tells no edge by its Sharpe ratio."""
    path = data_path("prices_sp500_20/sp500_20.csv.gz")
    found = run(capsys, "quant", "backtest", path)
    assert found["steps"] > 300
    by_name = {one["strategy"]: one for one in found["strategies"]}
    assert set(by_name) == {"model", "momentum", "reversal", "equal weight"}
    for one in by_name.values():
        assert one["sharpe"]["low"] < one["sharpe"]["value"] < one["sharpe"]["high"]
    model = by_name["model"]["edge"]
    verdict = "no edge is shown" if model["low"] < 0 < model["high"] else "ahead of"
    assert any(line.startswith(f"model: {verdict}") for line in found["says"])
    assert "survived" in found["says"][0]


def test_a_witness_over_the_network_tells_the_time(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a witness of somebody else in the policy a commitment counts at once, by its word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "fund")
    run(capsys, "init", "fund", "--organisation", "https://fund.example")
    policy = Path("fund/policy.txt").read_text()
    logs = [line for line in policy.splitlines() if line.startswith("log")]
    Path("logs.txt").write_text("\n".join([*logs, "quorum none", ""]))
    running = witnesses.run(
        state=Path("witness"), logs=Path("logs.txt"), listen="127.0.0.1:0",
        name="witness.example/w1", init=True,
    )  # fmt: skip
    assert isinstance(running, Generator)
    witness = next(running)
    try:
        run(capsys, "witness", "add", witness.url, witness.vkeys[0], "--name", "w1")
        Path("f.json").write_text(FORECAST)
        made = run(capsys, "quant", "commit", "mine", "f.json")
        assert (made["bound"]["by"], made["counts"]) == (["w1"], True)
        assert "says w1" in text(capsys, "quant", "commit", "mine", "f.json")
        run(capsys, "quant", "reveal", "mine", "--number", "1")
        run(capsys, "quant", "bundle", "--out", "b.json")
    finally:
        running.close()
    found = run(capsys, "quant", "verify", "b.json", "--policy", "fund/policy.txt")
    assert (found["pending"], found["missed"]) == (2, 0)


def test_an_anchor_tells_the_time(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any witness of somebody else, a chain and an owner that the reader names do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "fund")
    run(capsys, "init", "fund", "--organisation", "https://fund.example")
    settings = Path("fund/counterfoil.toml")
    chains = settings.read_text().replace("anchor_chains = []", 'anchor_chains = ["embedded"]')
    settings.write_text(chains)
    Path("f.json").write_text(FORECAST)
    Path("p.csv").write_text("Date,OAK\n2031-01-02,1\n2031-02-03,2\n")
    assert run(capsys, "quant", "commit", "mine", "f.json")["bound"] is None
    run(capsys, "anchor", "now")
    words = ("quant", "report", "p.csv")
    chain = ("--rpc", "embedded:fund/chain.db", "--anchors", "fund/anchors.json")
    alone = run(capsys, *words)["strategies"][0]
    assert "nobody but its issuer" in alone["left"][0]["why"]
    run(capsys, "quant", "reveal", "mine", "--number", "0")
    (left,) = run(capsys, *words, *chain)["strategies"][0]["left"]
    assert (left["state"], left["why"]) == ("pending", "its time is not over")
    unnamed = run(capsys, *words, *chain[:2])["strategies"][0]["left"][0]
    assert "nobody but its issuer" in unnamed["why"]
    run(capsys, "quant", "bundle", "--out", "b.json")
    verify = ("quant", "verify", "b.json", "--policy", "fund/policy.txt")
    assert run(capsys, *verify)["missed"] == 1
    assert run(capsys, *verify, *chain)["pending"] == 1
