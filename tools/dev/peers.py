"""Other people's implementations that the tests check ours against, apart from the environment.

They state newer Pythons than ours, pin what we do not or come as source, and are pure Python:
unpacked into .dev/peers without their dependencies, they run where the tests look for them. Refuses
what is not, hash for hash, in peers.txt.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.dev.environment import DEV, find_uv, installer_variables, say

__all__ = ["PEERS", "ensure_peers"]

PEERS = DEV / "peers"
_LOCK = Path(__file__).with_name("peers.txt")
_STAMP = "lock.sha256"
_WHEELS_ONLY = ("--only-binary", ":all:", "--no-binary", "jsonpath-rw")  # which has none


def ensure_peers() -> None:
    """Fetch what is missing or of another version.

    Never fails: a test that misses its peer skips with a reason, or fails where all is required.
    """
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    stamp = PEERS / _STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return
    say("getting other implementations, which the tests compare ours with")
    DEV.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=DEV) as scratch:
            fresh = Path(scratch) / "peers"
            _install(fresh)
            (fresh / _STAMP).write_text(digest)
            shutil.rmtree(PEERS, ignore_errors=True)
            fresh.rename(PEERS)
    except (OSError, subprocess.SubprocessError) as err:
        say(f"could not: {err}; the tests that need them will say so")


def _install(target: Path) -> None:
    """Install as if for a newer Python, by uv or else by pip."""
    where = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(_LOCK)]
    uv = find_uv()
    if uv is not None:
        newer = ["--python-version", "3.13", *_WHEELS_ONLY, "--quiet"]
        try:
            _run([uv, "pip", "install", *newer, *where])
        except subprocess.CalledProcessError:
            shutil.rmtree(target, ignore_errors=True)  # uv knows nothing of pip's settings
        else:
            return
    newer = ["--quiet", "--ignore-requires-python", *_WHEELS_ONLY]
    _run([sys.executable, "-m", "pip", "install", *newer, *where])


def _run(command: list[str]) -> None:
    variables = installer_variables()
    subprocess.run(command, check=True, env=variables, stdin=subprocess.DEVNULL, stdout=2)
