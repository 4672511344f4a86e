"""A node starts with the extra `node` alone: what needs more says so, and nothing else suffers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.shared_data import ROOT

PROGRAM = r"""
import json, sys, urllib.error, urllib.request
from pathlib import Path

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

MISSING = set(sys.argv[2].split())
sys.meta_path.insert(0, Missing())
import counterfoil
from tests.nodes import served

found = {}
with counterfoil.open(Path(sys.argv[1]) / "shop", create=True) as ledger:
    ledger.record({"payment": 1})
    with served(ledger) as url:
        for path in sys.argv[3:]:
            asked = urllib.request.Request(url + path, headers={"authorization": "Bearer operator"})
            try:
                with urllib.request.urlopen(asked) as answer:
                    found[path] = [answer.status, ""]
            except urllib.error.HTTPError as err:
                found[path] = [err.code, err.read().decode()]
print(json.dumps(found))
"""
OF_OTHER_EXTRAS = (
    "anyascii cel duckdb eth eth_account krcf lightgbm mcp numpy onnx onnxruntime pandas polars "
    "pyarrow pyvrp rapidfuzz rustworkx scipy skops sklearn web3"
)
ANYWAY = ("/", "/records", "/records/0", "/checkpoints", "/models", "/watch", "/ops", "/api",
          "/docs", "/verify", "/access", "/openapi.json", "/api/v1/record/search")  # fmt: skip
MORE = ("/apps/finance",)


def test_a_node_needs_no_other_extra(tmp_path: Path) -> None:
    """Without the packages of other extras the core answers; the rest says what to install."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), OF_OTHER_EXTRAS, *ANYWAY, *MORE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {path: found[path][0] for path in ANYWAY} == dict.fromkeys(ANYWAY, 200)
    for path in MORE:
        status, text = found[path]
        assert status == 503
        assert "pip install" in text
