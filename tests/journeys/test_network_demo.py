"""Three organisations as three processes: what the demo tells is what happened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-c", "import sys; from counterfoil.cli import main; sys.exit(main())")


def test_three_organisations(tmp_path: Path) -> None:
    """They vouch for each other, outlive a killed one, and convict one that lies."""
    done = subprocess.run(
        [*COMMAND, "network", "demo", str(tmp_path / "three"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    scenes = [json.loads(line) for line in done.stdout.splitlines()]
    facts = {name: value for scene in scenes for name, value in scene["facts"].items()}
    together = next(scene for scene in scenes if scene["what"].startswith("each records"))
    assert set(together["facts"].values()) == {"witnessed 2 of 2"}
    assert facts["receipt of the farm, made by the shop's mirror"] == "witnessed 2 of 2"
    assert facts["carrier's new record"] == "witnessed 2 of 2"
    assert facts["who"] == "shop"
    assert "another history" in facts["in words"]
    evidence = Path(facts["evidence"].removesuffix(", verified offline"))
    checked = subprocess.run(
        [*COMMAND, "evidence", "verify", str(evidence)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    evidence.write_bytes(evidence.read_bytes().replace(b"A", b"B", 1))
    forged = subprocess.run(
        [*COMMAND, "evidence", "verify", str(evidence)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert forged.returncode != 0
