"""Settings of all tests: how hard Hypothesis looks, and who may run which test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from counterfoil.ledger.memory import SEEN_FILE
from counterfoil.ledger.state import state_folder
from tests.shared_data import require

# No deadline anywhere: two busy cores are slow, and no test asserts a time.
settings.register_profile("local", deadline=None)
# The same commit gets the same verdict: a gate must not fail by luck. The campaign looks further.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "campaign",
    deadline=None,
    max_examples=20_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_configure() -> None:
    """Choose the Hypothesis profile: campaign, ci or local."""
    campaign = os.environ.get("COUNTERFOIL_CAMPAIGN") == "full"
    settings.load_profile("campaign" if campaign else "ci" if os.environ.get("CI") else "local")


@pytest.fixture(autouse=True)
def _only_as_root(request: pytest.FixtureRequest) -> None:
    """Keep tests marked `root` from running, and failing, for everybody else."""
    if request.node.get_closest_marker("root"):
        require(os.geteuid() == 0, "needs the rights of root")


@pytest.fixture(autouse=True, scope="module")
def _no_memory_of_other_files() -> None:
    """Forget what readers saw: copies of one test ledger are one log that forks in every file."""
    for part in ("", "-wal", "-shm"):
        (state_folder() / f"{SEEN_FILE}{part}").unlink(missing_ok=True)
