"""No bytes crash a parser: each is fuzzed under atheris, briefly here and longer in a campaign."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.c2sp import mutated
from tests.fuzz.checks import CHECKS
from tests.fuzz.seeds import SEEDS, TOKENS
from tests.shared_data import ROOT, require

RUNS = 20_000
SECONDS = 2
CAMPAIGN_SECONDS = int(os.environ.get("COUNTERFOIL_FUZZ_SECONDS", "60"))
LENGTH_MAX = 8192


def fuzz(name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the harness with its samples; what it finds stays in `folder`."""
    reason = "atheris is not installed: it has no wheel for this Python"
    require(importlib.util.find_spec("atheris") is not None, reason)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS.get(name, [b"{}"])):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / "dictionary"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS), encoding="ascii")
    fixed = [f"-artifact_prefix={folder}/", f"-dict={words}", f"-max_len={LENGTH_MAX}"]
    # Coverage would trace every line of every run, and count nothing that the fuzzer needs.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz.harness", name, *fixed, *options, str(corpus)],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def test_every_check_has_samples() -> None:
    """The fuzzer of each parser starts from valid bytes, and these pass its check."""
    assert set(SEEDS) == set(CHECKS)
    for name, samples in SEEDS.items():
        for sample in samples:
            CHECKS[name](sample)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_briefly(name: str, tmp_path: Path) -> None:
    """20,000 inputs or two seconds, guided by coverage, and none breaks the promise."""
    done = fuzz(name, tmp_path, f"-runs={RUNS}", f"-max_total_time={SECONDS}", "-seed=1")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert "Done " in done.stderr


@pytest.mark.campaign
@pytest.mark.parametrize("name", sorted(CHECKS))
def test_at_length(name: str, tmp_path: Path) -> None:
    """A minute (or COUNTERFOIL_FUZZ_SECONDS) of inputs, and none breaks the promise."""
    done = fuzz(name, tmp_path, f"-max_total_time={CAMPAIGN_SECONDS}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def test_a_planted_bug_is_found(tmp_path: Path) -> None:
    """Planted bug: four right bytes in a row raise KeyError, and the fuzzer finds them."""
    done = fuzz("planted", tmp_path, "-runs=2000000", "-max_total_time=30", "-seed=1")
    assert done.returncode != 0
    assert "this bug was planted" in done.stdout + done.stderr
    assert next(tmp_path.glob("crash-*")).read_bytes().startswith(b'{"kx')


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_without_atheris(name: str) -> None:
    """Where atheris is missing, changed samples and random bytes still hold each promise."""

    @given(mutated(st.sampled_from(SEEDS[name])))
    def check(data: bytes) -> None:
        CHECKS[name](data)

    check()
