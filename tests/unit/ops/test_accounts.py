"""The commands about accounts: learn, judge, score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from counterfoil.cli import main
from tests.accounts_made import account_rows, accounts_csv
from tests.models_made import booster


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    return capsys.readouterr().err


def test_accounts_are_learned_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model of one file scores another; fraud stands above the rest; blanks are told."""
    file, other, model = (str(tmp_path / name) for name in ("a.csv", "b.csv", "model.txt"))
    Path(file).write_text(accounts_csv(account_rows(300)))
    rows = account_rows(60, seed=9)
    Path(other).write_text(accounts_csv(rows, blank=1))
    learned = said(["account", "train", file, "--out", model, "--text"], capsys)
    assert learned.startswith("learned  300 accounts, 75 of them fraud")
    Path(file).write_text(accounts_csv(account_rows(40), blank=4))
    short = ["account", "train", file, "--out", str(tmp_path / "other.txt"), "--text"]
    assert "rows without token fields were skipped" in said(short, capsys)
    assert "0 skipped" in said([*short, "--blank", "zero"], capsys)
    lines = said(["account", "score", other, "--model", model, "--json"], capsys).splitlines()
    found = [json.loads(line) for line in lines]
    fraud = [one["score"] for one, row in zip(found, rows, strict=True) if row["flag"] == "1"]
    rest = [one["score"] for one, row in zip(found, rows, strict=True) if row["flag"] == "0"]
    assert sum(fraud) / len(fraud) > 2 * sum(rest) / len(rest)
    assert [one["address"] for one in found] == [row["address"] for row in rows]
    assert [one["note"] != "" for one in found] == [True] + [False] * 59
    assert "60 accounts" in said(["account", "score", other, "--model", model, "--text"], capsys)


def test_models_are_judged_beside_baselines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints ours, boosting by default, one number and chance, with intervals."""
    file = tmp_path / "a.csv"
    file.write_text(accounts_csv(account_rows(120, copies=10)))
    words = ["account", "eval", str(file), "--repeats", "1", "--folds", "2"]
    found = json.loads(said([*words, "--json"], capsys))
    judged = found["judged"]
    assert list(judged["models"]) == ["counterfoil", "default_boosting", "one_number", "chance"]
    assert (judged["rows"], judged["groups"], judged["folds"]) == (130, 120, 2)
    for one in judged["models"].values():
        assert 0 <= one["low"] <= one["average_precision"] <= one["high"] <= 1
    shown = said([*words, "--text"], capsys)
    assert "130 accounts" in shown
    assert "our gain" in shown


def test_what_cannot_be_done_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another choice for blanks, no folds, and a model of something else have their errors."""
    file, model = tmp_path / "a.csv", tmp_path / "m.txt"
    file.write_text(accounts_csv(account_rows(12)))
    model.write_text(booster().model_to_string())
    given = ["account", "eval", str(file)]
    assert "accounts.blank" in refused([*given, "--blank", "drop"], capsys)
    assert "accounts.folds" in refused([*given, "--folds", "1"], capsys)
    assert "accounts.model" in refused(
        ["account", "score", str(file), "--model", str(model)], capsys
    )
