"""A pytest plug-in that records a test run: evidence for the release of code or of a model.

`pytest --counterfoil-ledger DIR`, or `counterfoil_ledger = DIR` in the settings; without either it
does nothing. A run becomes one block with a row a test, and a statement of the check `tests` about
it. With xdist the controller records, for all workers. This module imports nothing of ours until
a run is recorded, and refuses to change a run's result.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from counterfoil.ledger import Ledger

__all__ = ["TestRun", "pytest_addoption", "pytest_configure"]

_NAME: Final = "counterfoil-test-run"
_ITEMS_MAX: Final = 256
_FAILED_MAX: Final = 20
_TEXT_MAX: Final = 500
_BAD: Final = frozenset({"failed", "error"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say where, and about what."""
    group = parser.getgroup("counterfoil")
    group.addoption(
        "--counterfoil-ledger", metavar="DIR", help="record this run in the ledger in DIR"
    )
    group.addoption(
        "--counterfoil-about",
        metavar="MODEL",
        help="the recorded model that is tested: its name, leaf or digest; else the code",
    )
    parser.addini("counterfoil_ledger", "folder of the ledger that records runs", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Record the run if asked to; a worker of xdist leaves that to its controller."""
    given = config.getoption("counterfoil_ledger")
    stated = config.getini("counterfoil_ledger")
    if not (given or stated) or hasattr(config, "workerinput"):
        return
    folder = config.invocation_params.dir / given if given else config.rootpath / stated
    if not (folder / "counterfoil.toml").is_file():
        raise pytest.UsageError(f"counterfoil: expected a ledger in {folder}, found none")
    about = config.getoption("counterfoil_about")
    if about:
        _require_model(folder, about)
    config.pluginmanager.register(TestRun(folder, config.rootpath, about), _NAME)


def _require_model(folder: Path, about: str) -> None:
    """Find the model that a run is about before the run, which may be long."""
    from counterfoil.errors import CounterfoilError
    from counterfoil.ledger import open_ledger

    try:
        with open_ledger(folder, read_only=True) as ledger:
            ledger.models.get(about)
    except CounterfoilError as err:
        raise pytest.UsageError(f"counterfoil: {err} {err.hint}".rstrip()) from err


class TestRun:
    """What is seen of a run. folder: the ledger's. code: folder of what is tested."""

    __test__ = False  # it is no test, whatever its name

    def __init__(self, folder: Path, code: Path, about: str | None) -> None:
        self._folder, self._code, self._about = folder, code, about
        self._rows: dict[str, dict[str, Any]] = {}
        self._said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a phase of a test went; the worst one counts."""
        row = self._rows.setdefault(
            report.nodeid, {"test": report.nodeid, "outcome": "passed", "duration_ms": 0}
        )
        row["duration_ms"] += int(report.duration * 1000)
        if report.failed:
            row["outcome"] = "failed" if report.when == "call" else "error"
            row["why"] = str(report.longrepr).strip().rpartition("\n")[2][:_TEXT_MAX]
        elif report.skipped and row["outcome"] == "passed":
            row["outcome"] = "xfailed" if hasattr(report, "wasxfail") else "skipped"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected."""
        if report.failed:
            why = str(report.longrepr).strip().rpartition("\n")[2][:_TEXT_MAX]
            row = {"test": report.nodeid, "outcome": "error", "duration_ms": 0, "why": why}
            self._rows[report.nodeid] = row

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Record the run, and say so; whatever goes wrong is told, and changes no result."""
        if not self._rows:
            self._said = "no test ran, nothing was recorded"
            return
        try:
            self._said = self._record(exitstatus, [str(one) for one in session.config.args])
        except Exception as err:  # evidence that could not be kept must not fail the tests
            self._said = f"the run was NOT recorded: {err}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the run stands."""
        terminalreporter.write_line(f"counterfoil: {self._said}")

    def _record(self, status: int, arguments: list[str]) -> str:
        import msgspec

        from counterfoil.formats.statement import Subject
        from counterfoil.ledger import open_ledger

        rows = [self._rows[one] for one in sorted(self._rows)]
        with open_ledger(self._folder) as ledger:
            about, code = self._subject(ledger)
            block = ledger.record_block(rows)
            fields = {
                "check": "tests",
                "about": about,
                "passed": int(status) == 0,
                "items": _items(rows),
                "data": {"leaf": block.leaf, "role": "results"},
                "suite": _digest("\n".join(self._rows[one]["test"] for one in sorted(self._rows))),
                "note": msgspec.json.encode(
                    {
                        **_environment(),
                        "code": code,
                        "exit": int(status),
                        "arguments": arguments[:20],
                    }
                ).decode()[:8192],
            }
            subject = Subject({"sha256": about.get("digest") or about["leaf"]}, name="tested")
            done = ledger.record_statement("check", fields, subjects=[subject])
        return f"recorded {len(rows)} tests as entry {done.index}, their rows as {block.index}"

    def _subject(self, ledger: Ledger) -> tuple[dict[str, Any], Any]:
        """Tell what is tested: the model that was named, else the code; and the code."""
        import msgspec

        from counterfoil.ledger.models.code import find_code

        found = find_code(self._code)
        code = None if found is None else msgspec.to_builtins(found)
        if self._about:
            return msgspec.to_builtins(ledger.models.get(self._about).reference), code
        revision = "no commit" if found is None else str(found.revision)
        return {"digest": _digest(revision), "role": "code revision", "name": revision}, code


def _items(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sum up by file, failures first; the rest in one line where there are too many."""
    files: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        files.setdefault(row["test"].partition("::")[0], []).append(row)
    items = [_item(name, of) for name, of in files.items()]
    items.sort(key=lambda one: one["passed"])
    if len(items) <= _ITEMS_MAX:
        return items
    kept = items[: _ITEMS_MAX - 1]
    others = {one["name"] for one in kept}
    rest = [row for row in rows if row["test"].partition("::")[0][-255:] not in others]
    return [*kept, _item(f"{len(items) - len(kept)} more files", rest)]


def _item(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = Counter(row["outcome"] for row in rows)
    bad = [row["test"].partition("::")[2] for row in rows if row["outcome"] in _BAD]
    found = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    named = f": {', '.join(bad[:_FAILED_MAX])}" if bad else ""
    printable = "".join(one for one in name if one.isprintable())
    return {"name": printable[-255:], "passed": not bad, "found": f"{found}{named}"[:_TEXT_MAX]}


def _environment() -> dict[str, str]:
    """Name the Python and the machine, and digest all packages as `name==version` a line."""
    import platform
    from importlib.metadata import distributions

    listed = {f"{one.metadata['Name']}=={one.version}".lower() for one in distributions()}
    return {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "pytest": pytest.__version__,
        "packages": _digest("\n".join(sorted(listed))),
    }


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
