"""Names on the command line: matched in order, screened on record, screened again on a new list."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.ledger.audit import audit
from tests.journeys.command_line import forked as run
from tests.journeys.command_line import start
from tests.lists_made import SIMPLE, write_sdn

QUERIES = (
    "id,name,dob,country\n"
    "c1,Grigori Sokoloff,1961-03-05,Russia\n"
    "c2,Jane Doe,,\n"
    "c3,,,\n"
    'c4,"Sea Heron 4",,\n'
)


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a bank's ledger by the command line, with a state folder of its own."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    run("init", tmp_path / "bank", "--name", "bank").json()
    return tmp_path / "bank"


def pairs_file(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    """Write pairs as a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows([("name1", "name2", "schema"), *rows])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def test_pairs_are_answered_one_by_one(tmp_path: Path) -> None:
    """One object a pair, in order, with score, match and why, whatever stands in the cells."""
    rows = [
        ("Wladimir Putin", "PUTIN, Vladimir", "Person"),
        ("", "Jane Doe", "Person"),
        ("x", "y", "Person"),
        ("\u202eJane\u202c Doe", "Doe,\nJane", "Person"),
        ("word " * 9000, "word", "Company"),
        ("Владимир Smith", "Smith, Vladimir", ""),
        ("Siemens AG", "Volkswagen AG", "Company"),
    ]
    found = run("finance", "match", pairs_file(tmp_path / "pairs.csv", rows), "--json").lines()
    assert [one["row"] for one in found] == list(range(1, len(rows) + 1))
    assert [one["match"] for one in found] == [True, False, False, True, False, True, False]
    assert [(one["name1"], one["name2"]) for one in found] == [row[:2] for row in rows]
    assert all(0 <= one["score"] < 1 and one["why"] for one in found)
    text = run("finance", "match", tmp_path / "pairs.csv", "--threshold", "1", "--json").lines()
    assert not any(one["match"] for one in text)


def test_a_name_is_screened(tmp_path: Path) -> None:
    """One name against two lists at once: hits of each with reasons and the list's version."""
    sdn = write_sdn(tmp_path / "sdn")
    (tmp_path / "simple.csv").write_text(SIMPLE, encoding="utf-8")
    found = run(
        "finance", "screen", "Sokolov Grigory", "--list", sdn, "--list", tmp_path / "simple.csv",
        "--born", "1961-03-05", "--country", "ru", "--json",
    ).json()  # fmt: skip
    assert found["outcome"] == "hit"
    assert {hit["id"] for hit in found["hits"]} == {"101", "NK-1"}
    assert {hit["list"] for hit in found["hits"]} == {one["digest"] for one in found["lists"]}
    assert all("born on the same day" in " ".join(hit["why"]) for hit in found["hits"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("queries.csv", QUERIES),
        ("queries.txt", "Grigori Sokoloff\nJane Doe\n\u200b\nSea Heron 4\n"),
        (
            "queries.ndjson",
            "".join(
                json.dumps({"name": name, "born": ["1961"]}) + "\n"
                for name in ("Grigori Sokoloff", "Jane Doe", "", "Sea Heron 4")
            ),
        ),
    ],
    ids=["csv", "lines", "ndjson"],
)
def test_files_of_names_are_screened(tmp_path: Path, name: str, text: str) -> None:
    """CSV, plain lines and JSON lines give the same answers, one a name, in order."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    sdn = write_sdn(tmp_path / "sdn")
    found = run("finance", "screen", "--queries", tmp_path / name, "--list", sdn, "--json").lines()
    assert [one["outcome"] for one in found] == ["hit", "clear", "no-name", "hit"]
    assert [one["row"] for one in found] == [1, 2, 3, 4]


def test_screenings_stand_on_record(bank: Path, tmp_path: Path) -> None:
    """Each screening is a sealed decision that names its list; a new list changes what it must."""
    sdn, file = write_sdn(tmp_path / "sdn"), tmp_path / "queries.csv"
    file.write_text(QUERIES)
    words: list[str | Path] = [
        "finance", "screen", "--queries", file, "--list", sdn, "--ledger", bank,
        "--receipts", tmp_path / "receipts", "--json",
    ]  # fmt: skip
    first = run(*words).lines()
    assert [one["outcome"] for one in first] == ["hit", "clear", "no-name", "hit"]
    again = run(*words).lines()
    assert [one["record"]["index"] for one in again] == [one["record"]["index"] for one in first]
    receipt = Path(first[0]["record"]["receipt"])
    run("verify", receipt, "--policy", bank / "policy.txt").json()

    opened = run(
        "person", "open", str(first[0]["record"]["index"]), "--actor", "auditor", "--purpose",
        "audit", "--ledger", bank,
    ).json()  # fmt: skip
    assert "Grigori Sokoloff" in json.dumps(opened)
    check_nothing_is_told(bank, first)

    text = (sdn / "sdn.csv").read_text().replace("103,", "105,")
    (sdn / "sdn.csv").write_text(text.replace("SOKOLOV, Grigory", "DOE, Jane"))
    (sdn / "alt.csv").write_text("")
    changed = run(
        "finance", "rescreen", "--list", sdn, "--actor", "compliance", "--ledger", bank
    ).lines()
    told = {one["query"]: ([hit["id"] for hit in one["added"]], one["removed"]) for one in changed}
    assert told == {
        "Jane Doe": (["101"], []),
        "Grigori Sokoloff": ([], ["101"]),
        "Sea Heron 4": (["105"], ["103"]),
    }
    quiet = run("finance", "rescreen", "--list", sdn, "--actor", "compliance", "--ledger", bank)
    assert quiet.lines() == []
    assert not audit(bank, full=True).damaged


def check_nothing_is_told(bank: Path, found: list[dict[str, Any]]) -> None:
    """Check that no name or hit stands openly, and that decisions rest on the list's version."""
    with counterfoil.open(bank, read_only=True) as ledger:
        views = [view for view in ledger.views() if view.kind == "decision"]
        lists = [view for view in ledger.views() if view.kind == "dataset"]
    assert len(views) == len(found)
    text = json.dumps([view.content for view in views])
    assert "okolo" not in text
    (listed,) = lists
    assert listed.content["version"] == found[0]["lists"][0]["digest"]
    assert all(view.content["based_on"][0]["leaf"] == listed.leaf for view in views)


def test_an_erased_person_is_not_screened_again(bank: Path, tmp_path: Path) -> None:
    """Who was erased is told as erased; another list than before is asked for."""
    sdn, file = write_sdn(tmp_path / "sdn"), tmp_path / "queries.csv"
    file.write_text(QUERIES)
    run("finance", "screen", "--queries", file, "--list", sdn, "--ledger", bank).lines()
    run("person", "erase", "c1", "--why", "asked", "--ledger", bank).json()
    words: list[str | Path] = [
        "finance",
        "rescreen",
        "--actor",
        "compliance",
        "--ledger",
        bank,
        "--every",
        "--list",
    ]
    found = run(*words, sdn).lines()
    assert sorted(one["outcome"] for one in found) == ["clear", "erased", "hit", "no-name"]
    (tmp_path / "simple.csv").write_text(SIMPLE, encoding="utf-8")
    other = run(*words, tmp_path / "simple.csv").clean()
    assert (other.status, "names.list-missing" in other.err) == (2, True)


def test_many_names_go_over_processes(tmp_path: Path) -> None:
    """Five thousand names are answered in order by several processes, as by one."""
    names = [f"Person{at:04} Sokolov" if at % 50 else "Grigory Sokolov" for at in range(5000)]
    (tmp_path / "q.txt").write_text("\n".join(names))
    sdn = write_sdn(tmp_path / "sdn")
    found = run("finance", "screen", "--queries", tmp_path / "q.txt", "--list", sdn).lines()
    assert [one["query"] for one in found] == names
    assert [at for at, one in enumerate(found) if one["hits"]] == list(range(0, 5000, 50))


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """Kill -9 of a screening leaves none of its processes behind."""
    (tmp_path / "q.txt").write_text("\n".join(f"Person{at:06} Sokolov" for at in range(60_000)))
    sdn = write_sdn(tmp_path / "sdn")
    ran = start("finance", "screen", "--queries", tmp_path / "q.txt", "--list", sdn)
    assert ran.stdout is not None
    ran.stdout.readline()  # it is at work
    children = children_of(ran.pid)
    ran.kill()
    ran.communicate()
    assert children
    deadline = time.monotonic() + 60
    while any(map(is_there, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [child for child in children if is_there(child)]


def children_of(pid: int) -> list[int]:
    """List the processes that a process started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_there(pid: int) -> bool:
    """Tell whether a process still runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
