"""The shell: choose, call, print, and end with the right status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from counterfoil import __version__
from counterfoil.cli import main
from counterfoil.ops import ledgers
from counterfoil.ops.registry import OPERATIONS

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEDGER", "OUTPUT", "DEBUG"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a ledger."""
    ledgers.init(tmp_path / "shop", name="shop", organisation="https://shop.example")
    return tmp_path / "shop"


def test_help_is_data_and_lists_every_command(capsys: Capture) -> None:
    """`--help` goes to standard output and names each command; its own help shows an example."""
    assert main(["--help"]) == 0
    page = capsys.readouterr()
    assert page.err == ""
    for operation in OPERATIONS:
        assert f"  {operation.name} " in page.out
        assert main([*operation.words, "--help"]) == 0
        own = capsys.readouterr().out
        assert " ".join(own.split()).startswith(operation.summary)
        assert "For example:" in own
        assert f"$ counterfoil {operation.name}" in own


def test_without_a_command_help_goes_to_standard_error(capsys: Capture) -> None:
    """No command, or half of one, is a wrong use: status 2, and nothing on standard output."""
    for words, says in (([], "usage: counterfoil COMMAND"), (["record"], "record batch")):
        assert main(words) == 2
        page = capsys.readouterr()
        assert page.out == ""
        assert says in page.err
    assert main(["record", "-h"]) == 0
    assert "record batch" in capsys.readouterr().out


def test_version(capsys: Capture) -> None:
    """`--version` says which one this is."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"counterfoil {__version__}\n"
    assert main(["schema", "--version"]) == 2
    assert "unknown option: --version" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["record", "bacth"], "Did you mean `counterfoil record batch`?"),
        (["verfy", "x"], "Did you mean `counterfoil verify`?"),
        (["zzz"], "`counterfoil --help` lists the commands."),
        (["record", "zzzzzz"], "`counterfoil record --help` lists the commands."),
        (["--nothing"], "`counterfoil --help` lists the commands."),
    ],
)
def test_an_unknown_command_is_answered_with_a_suggestion(
    words: list[str], hint: str, capsys: Capture
) -> None:
    """What is no command ends with status 2 and says what may have been meant."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f"hint: {hint}\n")
    assert "[usage.command]" in said.err


def test_json_comes_where_no_terminal_is_and_where_it_is_asked_for(
    shop: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--json, a pipe and the variable give JSON; --text, a terminal and the variable give text."""
    place = ["status", "--ledger", str(shop)]

    def said(*more: str) -> str:
        assert main([*place, *more]) == 0
        return capsys.readouterr().out

    assert json.loads(said())["size"] == 3
    assert said("--text").startswith("shop in ")
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", "text")
    assert said().startswith("shop in ")
    assert json.loads(said("--json"))["size"] == 3
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", "json")
    assert said("--text").startswith("shop in ")
    monkeypatch.delenv("COUNTERFOIL_OUTPUT")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    assert "\x1b[1mshop\x1b[0m in " in said()
    monkeypatch.setenv("NO_COLOR", "1")
    assert said().startswith("shop in ")


def test_lists_are_one_object_a_line(shop: Path, capsys: Capture) -> None:
    """What lists prints NDJSON, one object a line."""
    assert main(["record", "tail", "--ledger", str(shop)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["index"] for line in lines] == [0, 1, 2]


def test_documents_are_verbatim_unless_json_is_asked_for(shop: Path, capsys: Capture) -> None:
    """A checkpoint in a pipe is the note, byte for byte; with --json it is inside an object."""
    note = (shop / "checkpoint").read_text()
    assert main(["checkpoint", "get", "--ledger", str(shop)]) == 0
    assert capsys.readouterr().out == note
    assert main(["checkpoint", "get", "--ledger", str(shop), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == note
    assert main(["schema", "key", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "https://counterfoil.dev/key/v1"


def test_an_error_is_one_line_a_hint_and_its_status(tmp_path: Path, capsys: Capture) -> None:
    """What went wrong, its code, what to do; nothing on standard output; the status of its kind."""
    assert main(["status", "--ledger", str(tmp_path / "none")]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first.startswith("error: expected a ledger at ")
    assert first.endswith(" [ledger.missing]")
    assert second.startswith("hint: `counterfoil init ")


def test_with_json_an_error_is_a_problem_object(tmp_path: Path, capsys: Capture) -> None:
    """A program that asks for JSON gets the error as one object on standard error."""
    assert main(["status", "--json", "--ledger", str(tmp_path / "none")]) == 3
    problem = json.loads(capsys.readouterr().err)
    assert (problem["code"], problem["title"]) == ("ledger.missing", "NotFound")
    assert problem["type"] == "urn:counterfoil:error:ledger.missing"
    assert set(problem) == {"type", "title", "code", "detail", "hint"}


@pytest.mark.parametrize(
    ("words", "setting"), [(["--json", "--text"], ""), ([], "yaml"), (["--json"], "yaml")]
)
def test_contradictory_output_is_refused(
    words: list[str], setting: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two forms at once, or one that is not known, is a wrong use."""
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", setting)
    assert main(["schema", *words]) == 2
    assert "usage.output" in capsys.readouterr().err


class Broken(io.RawIOBase):
    """Standard output that fails."""

    def __init__(self, err: BaseException) -> None:
        self._err = err

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: object, /) -> int:
        """Fail."""
        raise self._err


def stdout_that(err: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard output fail with an error, at once and unbuffered."""
    raw = Broken(err)
    stream = io.TextIOWrapper(raw, write_through=True)  # type: ignore[type-var]  # unbuffered
    monkeypatch.setattr(sys, "stdout", stream)


def test_a_reader_that_goes_away_is_no_error(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`| head` ends silently."""
    stdout_that(BrokenPipeError(32, "Broken pipe"), monkeypatch)
    silenced: list[bool] = []
    monkeypatch.setattr(sys.modules[main.__module__], "silence", lambda: silenced.append(True))
    assert main(["--help"]) == 0
    assert silenced == [True]
    assert capsys.readouterr().err == ""


def test_an_error_of_the_system_has_its_own_status(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk under standard output is said in a line, and ends with 5."""
    stdout_that(OSError(28, "No space left on device", "/dev/full"), monkeypatch)
    assert main(["--help"]) == 5
    said = capsys.readouterr().err
    assert "No space left on device: /dev/full [system.error]" in said
    assert "Traceback" not in said


def test_a_bug_is_one_line_and_a_traceback_only_on_demand(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw ends with 70; COUNTERFOIL_DEBUG=1 shows where it was."""
    stdout_that(ZeroDivisionError("oops\noops"), monkeypatch)
    assert main(["--help"]) == 70
    said = capsys.readouterr().err
    assert said.splitlines()[0].endswith("ZeroDivisionError: oops oops [internal.error]")
    monkeypatch.setenv("COUNTERFOIL_DEBUG", "1")
    assert main(["--help"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_one_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt says what is left of the work, and ends with 130."""
    for message, line in (("", "interrupted\n"), ("5 rows", "interrupted: 5 rows\n")):
        stdout_that(KeyboardInterrupt(*([message] if message else [])), monkeypatch)
        assert main(["--help"]) == 130
        assert capsys.readouterr().err == line


def test_closed_streams_are_stood_in_for(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command whose standard streams were closed still works, and says it by its status."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main(["record", "add", "-", "--ledger", str(shop)]) == 2
    assert main(["record", "add", '{"n":1}', "--ledger", str(shop)]) == 0


def test_a_result_can_say_that_something_is_damaged(shop: Path, capsys: Capture) -> None:
    """An audit that finds damage prints its report and ends with 1."""
    place = ["audit", "--ledger", str(shop)]
    assert main(place) == 0
    assert json.loads(capsys.readouterr().out)["damaged"] is False
    (shop / "tile" / "0" / "000.p" / "3").write_bytes(bytes(96))
    assert main(place) == 1
    assert json.loads(capsys.readouterr().out)["damaged"] is True
