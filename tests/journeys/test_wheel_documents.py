"""The wheel alone is enough to read the documents: built, installed in a new environment, asked.

The new environment borrows the packages of this one, so that no index is needed; Counterfoil
itself is the wheel's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from counterfoil.http.documentation.sources import find_sources
from tests.shared_data import ROOT

READ = """
import json
from pathlib import Path
import counterfoil
from counterfoil.http.documentation import Library

library = Library()
print(json.dumps({
    "package": str(Path(counterfoil.__file__).parent),
    "root": str(library.sources.root),
    "pages": list(library.sources.pages),
    "problems": {n: p for n in library.sources.pages if (p := library.article(n).problems)},
    "hits": len(library.search("receipt")),
}))
"""

SERVE = """
import urllib.request
from counterfoil.ledger import open_ledger
from tests.nodes import served

with open_ledger("ledger", create=True) as ledger, served(ledger) as url:
    for path in ("/docs", "/docs/guides/act", "/docs/limits.md", "/docs/search?q=receipt"):
        print(urllib.request.urlopen(url + path).status)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, and unpack it into an environment; gives its Python."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)  # what installing a pure wheel does, but for its scripts
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python: Path, code: str, folder: Path, **variables: str) -> str:
    """Run code in the environment, with none of the checkout on its path."""
    found = {"COUNTERFOIL_STATE": str(folder / "state"), **variables}
    ran = subprocess.run(
        [python, "-c", code], cwd=folder, env=found, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_wheel_holds_every_document(installed: Path, tmp_path: Path) -> None:
    """Installed, each page of the checkout is there, rendered whole, and found."""
    found = json.loads(run(installed, READ, tmp_path))
    assert Path(found["package"]).is_relative_to(installed.parents[1])
    assert Path(found["root"]).is_relative_to(found["package"])
    assert found["pages"] == list(find_sources().pages)
    assert found["problems"] == {}
    assert found["hits"] > 0


def test_the_wheel_serves_its_documents(installed: Path, tmp_path: Path) -> None:
    """A node of the installed package answers at /docs."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "nodes.py").write_bytes((ROOT / "tests" / "nodes.py").read_bytes())
    said = run(installed, SERVE, tmp_path, PYTHONPATH=str(tmp_path))
    assert said.split() == ["200"] * 4
