"""The commands of ./dev, and how each is run in the environment.

Exit codes pass through. Refuses to change anything outside the checkout, except `test`, which
as root on Debian installs the system packages that the tests use, and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from tools.dev.environment import ROOT, StepError, environment_variables, find_uv, prepare, say
from tools.dev.npm_packages import ensure_npm_packages
from tools.dev.peers import ensure_peers
from tools.dev.system import ensure_system_packages

__all__ = ["main"]

USAGE = """\
usage: ./dev COMMAND [ARGUMENT...]

Makes the environment in .dev/venv when it is not there or out of date, then runs:

  demo        the demonstration; arguments go to `counterfoil demo`
  test        the tests, in parallel; arguments go to pytest
  lint        the static checks: ruff, mypy, import-linter
  check       the gate: lint, then the tests with branch coverage and its floors
  fix [PATH]  let ruff mend what it can, and format, everything or these paths
  bench NAME  the benchmark bench/NAME.py; arguments go to it
  campaign    the long reliability tests, at release size; arguments go to pytest
  docs        the documentation, to docs/_build/html; a warning is an error
  lock        requirements.lock anew from pyproject.toml, with the newest versions

Anything else is a program of the environment, run in the folder where you are:
./dev counterfoil --help, ./dev python, ./dev pytest tests/unit -x
"""

CODE = ("src", "tests", "bench", "tools", "docs", "dev", "conftest.py")
"""What ruff and mypy read."""


def main(arguments: Sequence[str]) -> int:
    """Run one command. Gives its exit status: 2 for wrong usage, 70 when a step of ours failed."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    name, *rest = arguments
    if rest and name in TAKE_NOTHING:
        return _wrong(f"./dev {name} takes no argument, but got: {' '.join(rest)}", 2)
    try:
        prepare()
        return COMMANDS[name](rest) if name in COMMANDS else _replace([name, *rest])
    except StepError as err:
        say(f"failed to {err.step}")
        say(f"hint: {err.hint}")
        return 70
    except KeyboardInterrupt:
        return 130


def _demo(arguments: Sequence[str]) -> int:
    return _replace(["counterfoil", "demo", *arguments])


def _test(arguments: Sequence[str]) -> int:
    ensure_system_packages()
    ensure_npm_packages()
    ensure_peers()
    return _run([*_pytest(), *arguments])


def _lint(_: Sequence[str]) -> int:
    checks = [
        ["ruff", "check", *CODE],
        ["ruff", "format", "--check", *CODE],
        ["mypy", *CODE],
        ["lint-imports", "--no-logo"],
    ]
    return max([_run(check, announce=True) for check in checks])


def _check(arguments: Sequence[str]) -> int:
    report = ROOT / ".dev" / "coverage.json"
    coverage = ["--cov", "--cov-branch", "--cov-report=", f"--cov-report=json:{report}"]
    steps: list[Callable[[], int]] = [
        lambda: _lint([]),
        lambda: _test([*coverage, *arguments]),
        lambda: _run(["python", "-m", "tools.dev.coverage_floor", str(report)], announce=True),
    ]
    return next((status for step in steps if (status := step())), 0)


def _fix(arguments: Sequence[str]) -> int:
    places = arguments or CODE
    return _run(["ruff", "format", *places]) or _run(["ruff", "check", "--fix", *places])


def _bench(arguments: Sequence[str]) -> int:
    names = sorted(path.stem for path in (ROOT / "bench").glob("[!_]*.py"))
    if not arguments or arguments[0] not in names:
        hint = f"name one of: {', '.join(names)}"
        return _wrong(f"no such benchmark: {' '.join(arguments[:1]) or '(none named)'}", 2, hint)
    return _replace(["python", "-m", f"bench.{arguments[0]}", *arguments[1:]], at_root=True)


def _campaign(arguments: Sequence[str]) -> int:
    ensure_system_packages()
    ensure_npm_packages()
    ensure_peers()
    return _run([*_pytest(), "-m", "campaign", *arguments], {"COUNTERFOIL_CAMPAIGN": "full"})


def _docs(_: Sequence[str]) -> int:
    strict = ["-W", "--keep-going", "--quiet", "-d", "docs/_build/trees"]
    return _run(["sphinx-build", *strict, "docs", "docs/_build/html"])


def _lock(_: Sequence[str]) -> int:
    uv = find_uv()
    if uv is None:
        raise StepError("find uv, which writes the lock", "install uv, or let pip reach its index")
    which = ["--universal", "--python-version", "3.11", "--all-extras", "--no-build", "--upgrade"]
    plain = ["--quiet", "--no-config", "--generate-hashes", "--no-annotate", "--no-header"]
    files = ["pyproject.toml", "--output-file", "requirements.lock"]
    return _run([uv, "pip", "compile", *which, *plain, *files])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": _demo,
    "test": _test,
    "lint": _lint,
    "check": _check,
    "fix": _fix,
    "bench": _bench,
    "campaign": _campaign,
    "docs": _docs,
    "lock": _lock,
}

TAKE_NOTHING = frozenset({"lint", "docs", "lock"})


def _pytest() -> list[str]:
    """Run pytest on every core.

    A file's tests, or a document's blocks, share fixtures, names and a folder: one worker has them
    all, in order. Files go out in the order of their names, which puts the long ones early.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    spread = ["-n", str(max(2, cores)), "--dist", "loadfile", "--no-loadscope-reorder"]
    return ["python", "-m", "pytest", *spread]


def _wrong(what: str, status: int, hint: str = "./dev --help lists the commands") -> int:
    say(what)
    say(f"hint: {hint}")
    return status


def _run(
    command: Sequence[str], more: Mapping[str, str] | None = None, *, announce: bool = False
) -> int:
    """Run a program at the root of the checkout and give its exit status."""
    if announce:
        say(" ".join(command))
    variables = {**environment_variables(), **(more or {})}
    status = subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    return status if status >= 0 else 128 - status


def _replace(command: Sequence[str], *, at_root: bool = False) -> int:
    """Become that program, in the caller's folder: signals and exit status are its own."""
    variables = environment_variables()
    if program := shutil.which(command[0], path=variables["PATH"]):
        if at_root:
            os.chdir(ROOT)
        os.execve(program, list(command), variables)
    return _wrong(f"no command or program of this name: {command[0]}", 127)
