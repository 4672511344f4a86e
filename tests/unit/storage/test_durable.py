"""Small files are written whole, once, and survive a power cut."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from counterfoil.storage.durable import sync_folder, write_new
from tests.shared_data import program

SCRIPT = """
import sys
from pathlib import Path
from counterfoil.storage.durable import sync_folder, write_new
write_new(Path(sys.argv[1], "file"), b"data")
sync_folder(Path(sys.argv[1]))
"""


def test_written_once(tmp_path: Path) -> None:
    """A file is written with its permissions, and never over another."""
    write_new(tmp_path / "a", b"one", mode=0o600)
    assert (tmp_path / "a").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    sync_folder(tmp_path)


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """What cannot be written whole is removed."""
    script = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))\n"
        "try:\n    from counterfoil.storage.durable import write_new; from pathlib import Path\n"
        "    import sys; write_new(Path(sys.argv[1], 'file'), b'data')\n"
        "except OSError:\n    raise SystemExit(7)\n"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([sys.executable, "-c", script, tmp_path], env=environment, check=False)
    assert ran.returncode == 7
    assert list(tmp_path.iterdir()) == []


def test_folders_only(tmp_path: Path) -> None:
    """A file is not taken for a folder."""
    (tmp_path / "a").touch()
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "a")


def test_bytes_and_name_are_synced(tmp_path: Path) -> None:
    """The file is synced after it is written, and its folder after that."""
    trace = tmp_path / "trace"
    folder = tmp_path / "folder"
    folder.mkdir()
    command = [program("strace"), "-f", "-y", "-qq", "-e", "trace=write,fsync", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", SCRIPT, folder], check=True)
    calls = [line.split(" ", 1)[1].strip() for line in trace.read_text("utf-8").splitlines()]
    ours = [
        call.split("(")[0] + call.split("<")[1].split(">")[0]
        for call in calls
        if str(folder) in call
    ]
    assert ours == [f"write{folder}/file", f"fsync{folder}/file", f"fsync{folder}"]
