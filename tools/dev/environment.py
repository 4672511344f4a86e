"""Make `.dev/venv` from the hash-locked requirements, once, and again only when they change.

Two calls at a time are safe (a lock), a killed one is repaired by the next (a step is stamped
when it is done), and a finished environment needs no network. Refuses to install anything whose
hash does not stand in `requirements.lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "ROOT",
    "StepError",
    "environment_variables",
    "find_uv",
    "installer_variables",
    "prepare",
    "say",
]

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / ".dev"
VENV = DEV / "venv"
PYTHON = VENV / "bin" / "python"
STAMPS = DEV / "stamps.json"
LOCK = ROOT / "requirements.lock"
UNWANTED = frozenset({"PYTHONHOME", "PYTHONDONTWRITEBYTECODE"})
"""Variables of the caller that do not reach what is run."""


class StepError(Exception):
    """A step that failed: which one, and what to do about it."""

    def __init__(self, step: str, hint: str) -> None:
        super().__init__(step)
        self.step = step
        self.hint = hint


def say(text: str) -> None:
    """Print progress to stderr: stdout belongs to the command that is run."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def prepare() -> None:
    """Bring the environment up to date; do nothing when it is.

    Raises StepError naming the step that failed.
    """
    wanted = _digests()
    if _stamps() == wanted:
        return
    with _alone():
        done = _stamps()
        if done.get("packages") != wanted["packages"]:
            _write_stamps({})
            _install_packages()
            done = {"packages": wanted["packages"]}
            _write_stamps(done)
        if done.get("project") != wanted["project"]:
            _install_project()
            _write_stamps(wanted)


def environment_variables() -> dict[str, str]:
    """Give the caller's variables with the environment's programs first on PATH.

    Bytecode is kept, in `.dev`, where the caller wants none beside the source: the tests start
    thousands of processes, and each would compile again all that it imports.
    """
    variables = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    variables.setdefault("PYTHONPYCACHEPREFIX", str(DEV / "pycache"))
    variables["PATH"] = f"{VENV / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    variables["VIRTUAL_ENV"] = str(VENV)
    variables["UV_PYTHON_DOWNLOADS"] = "never"
    return variables


def _digests() -> dict[str, str]:
    """Name everything that each step depends on: a change of it makes the step run again."""
    place = f"{ROOT}\n{sys.version}\n{Path(sys.executable).resolve()}\n".encode()
    packages = hashlib.sha256(place + LOCK.read_bytes()).hexdigest()
    project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return {"packages": packages, "project": project}


def _stamps() -> dict[str, str]:
    try:
        stamps = json.loads(STAMPS.read_bytes())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) and PYTHON.exists() else {}


def _write_stamps(stamps: Mapping[str, str]) -> None:
    fresh = STAMPS.with_suffix(".new")
    fresh.write_text(json.dumps(stamps), encoding="utf-8")
    fresh.replace(STAMPS)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold `.dev/lock`: one process at a time changes the environment, the others wait."""
    try:
        DEV.mkdir(exist_ok=True)
        lock = (DEV / "lock").open("w")
    except OSError as err:
        hint = "work in a checkout of your own"
        raise StepError(f"write to {DEV}: {err.strerror}", hint) from err
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is making the environment; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_packages() -> None:
    """Make a new environment and put exactly the locked packages into it.

    uv knows nothing of pip's configuration (a mirror, say), so pip has a try when uv fails.
    """
    say("making .dev/venv from requirements.lock")
    if uv := find_uv():
        try:
            _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV])
            _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, LOCK])
        except (OSError, subprocess.CalledProcessError):
            say("uv failed, see above")
        else:
            return
    say("trying venv and pip instead, which takes longer")
    _step("make .dev/venv", [sys.executable, "-m", "venv", "--clear", VENV])
    install: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes"]
    _step("install the packages of requirements.lock", [*install, "--requirement", LOCK])


def _install_project() -> None:
    """Install the project itself, editable; its build backend is among the locked packages."""
    say("installing counterfoil itself, editable")
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install"]
    if not (VENV / "bin" / "pip").exists():  # only venv puts one there
        pip = [find_uv() or "uv", "pip", "install", "--python", PYTHON]
    alone: list[str | Path] = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT]
    _step("install counterfoil", [*pip, *alone])


def find_uv() -> str | None:
    """Find uv in `.dev` or on PATH; else get it with pip. None when pip cannot get it."""
    target = DEV / "uv"
    for place in (target / "bin", None):
        if found := shutil.which("uv", path=place and str(place)):
            return found
    say("getting uv")
    try:
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", target, "uv"])
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(target, ignore_errors=True)
        return None
    return shutil.which("uv", path=str(target / "bin"))


def _step(name: str, command: Sequence[str | Path]) -> None:
    try:
        _run(command)
    except FileNotFoundError as err:
        raise StepError(name, f"{err.filename} is not there; remove .dev and try again") from err
    except subprocess.CalledProcessError as err:
        hint = (
            "read the lines above. Mostly the package index could not be reached; on Debian a\n"
            "      bare Python also needs: apt-get install python3-pip python3-venv. Running it\n"
            "      again goes on from here; removing the folder .dev starts afresh."
        )
        raise StepError(name, hint) from err


def _run(command: Sequence[str | Path]) -> None:
    """Run an installer with nothing on stdin and its output on stderr."""
    variables = installer_variables()
    subprocess.run(command, check=True, env=variables, stdin=subprocess.DEVNULL, stdout=2)


def installer_variables() -> dict[str, str]:
    """Keep uv from fetching a Python of its own, and give it a cache where HOME offers none.

    uv trusts what the system trusts, as pip does: a company's proxy has its own certificate.
    """
    variables = {"UV_SYSTEM_CERTS": "1", **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    variables |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    variables["PIP_ROOT_USER_ACTION"] = "ignore"
    variables.pop("PYTHONHOME", None)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    try:
        cache.mkdir(parents=True, exist_ok=True)
        usable = os.access(cache, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    if not usable:
        variables.setdefault("UV_CACHE_DIR", str(DEV / "cache" / "uv"))
        variables.setdefault("PIP_CACHE_DIR", str(DEV / "cache" / "pip"))
    return variables
