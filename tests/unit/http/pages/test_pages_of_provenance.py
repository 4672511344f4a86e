"""The overview, models, decisions and lineage as data, from a ledger with a whole story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

import counterfoil
from counterfoil.formats.statement import Subject
from counterfoil.http.pages.load import load_facts, load_picture
from counterfoil.ledger import Ledger
from counterfoil.ops.forecasts import Step
from counterfoil.ops.loads import LoadForecast, RecentLoad
from tests.ledgers import copy_ledger
from tests.nodes import served
from tests.provenance_story import digest_of, tell_story


class Story:
    """A node whose ledger tells a story; told: name -> index of its statement."""

    def __init__(self, url: str, ledger: Ledger, told: dict[str, int]) -> None:
        self.url, self.ledger, self.told = url, ledger, told

    def facts(self, address: str) -> dict[str, Any]:
        headers = {"authorization": "Bearer reader"}
        answer = urllib3.request("GET", f"{self.url}{address}.json", headers=headers)
        assert answer.status == 200, answer.data
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def words(self, address: str, role: str = "reader") -> str:
        headers = {"authorization": f"Bearer {role}"}
        answer = urllib3.request("GET", self.url + address, headers=headers)
        assert answer.status == 200, answer.data
        return answer.data.decode()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = copy_ledger(tmp_path_factory.mktemp("story") / "ledger")
    with counterfoil.open(folder) as ledger:
        told = tell_story(ledger)
        ledger.record_statement(
            "evaluation",
            {
                "model": {"digest": digest_of("model.onnx")},
                "data": {"digest": digest_of("later"), "name": "later"},
                "metrics": [{"name": "auc", "value": "0.81", "low": "0.7", "high": "0.9"}],
                "slices": [
                    {"where": "sex=Female", "metrics": [{"name": "auc", "value": "0.79"}]},
                    {"where": "sex=Male", "metrics": [{"name": "auc", "value": "0.83"}]},
                ],
            },
        )
        ledger.publish()
        with served(ledger) as url:
            yield Story(url, ledger, told)


def test_the_first_page_tells_how_the_ledger_fares(story: Story) -> None:
    """Size, witnesses, anchors and alerts are the ledger's; the newest records come first."""
    found = story.facts("/index")
    assert found["size"] == story.ledger.size
    assert found["records"][0]["index"] == story.ledger.size - 1
    assert found["anchor"]["state"] == "off"
    assert found["witnesses"]["state"] == "none"
    assert found["alerts"]["new"] == len(list(story.ledger.search("kind=alert").hits))
    assert found["ready"] is True


def test_a_model_tells_its_figures_and_for_whom(story: Story) -> None:
    """Name, digest, index and leaf lead to one page, with figures for parts of people, too."""
    found = story.facts(f"/models/{story.told['model']}")
    for name in (
        digest_of("model.onnx"),
        "credit:1",
        story.ledger.get(found["model"]["index"]).leaf,
    ):
        assert story.facts(f"/models/{name}")["model"] == found["model"]
    newest = found["evaluations"][0]
    assert [one["where"] for one in newest["slices"]] == ["sex=Female", "sex=Male"]
    assert newest["slice_metrics"] == ["auc"]
    decisions = story.ledger.decisions.ls(model=story.told["model"])
    assert found["decisions"]["total"] == decisions.total
    assert found["decisions"]["outcomes"] == decisions.outcomes
    words = story.words(f"/models/{story.told['model']}")
    assert "sex=Female" in words
    assert "0.79" in words


def test_a_decision_tells_who_by_what_and_what_came_of_it(story: Story) -> None:
    """Its page names its model, who answers, and each action that followed."""
    index = next(index for name, index in story.told.items() if name.startswith("decision"))
    found = story.facts(f"/records/{index}")["decision"]
    said = story.ledger.get(index).content
    assert found["outcome"] == said["outcome"]
    assert found["model"]["index"] == story.told["model"]
    want = [one.index for one in story.ledger.decisions.get(index).actions]
    assert [one["index"] for one in found["actions"]] == want
    assert want


def test_ties_point_from_what_was_before_to_what_came_after(story: Story) -> None:
    """Data leads to the model, the model to its decision: never the other way round."""
    model = story.told["model"]
    found = story.facts(f"/lineage/{model}")
    places = {one["id"]: one["index"] for one in found["nodes"]}
    ties = [(places[one["before"]], places[one["after"]]) for one in found["edges"]]
    assert (story.told["training"], model) in ties
    assert all(before is None or after is None or before < after for before, after in ties)


def test_the_load_is_drawn_with_the_band_of_its_forecast() -> None:
    """Known steps are a line, those to come a band; without a forecast the reason is told."""
    steps = [(1_800_000_000 + 60 * at, float(at % 5)) for at in range(60)]
    ahead = [Step(at, f"2027-01-15T09:{at:02}:00Z", 2.0, -1.0, 4.0) for at in range(1, 10)]
    forecast = LoadForecast(60, 60, 60, 2.0, 1, 0.9, ahead, 0, None, None, [])
    drawn = load_picture(RecentLoad(60, 60, steps, forecast, ""))
    assert 'class="area"' in drawn
    assert 'class="line"' in drawn
    alone = load_picture(RecentLoad(60, 60, steps, None, "too short"))
    assert 'class="area"' not in alone
    assert load_facts(RecentLoad(60, 60, steps, None, "too short"))["why"] == "too short"
    assert load_picture(None) == load_picture(RecentLoad(0, 0, [], None, "none")) == ""
    assert load_facts(None)["state"] == "working"
    last_s, rate = steps[-1]
    still = RecentLoad(60, 60, steps, None, "too short")
    assert load_facts(still, last_s + 60)["newest"] == rate
    assert load_facts(still, last_s + 3600)["newest"] == 0  # nothing came since


def test_only_what_can_be_computed_again_is_offered(story: Story) -> None:
    """An auditor may compute a decision again, unless its model is but bytes to the ledger."""
    index = next(index for name, index in story.told.items() if name.startswith("decision"))
    assert "Compute it again" in story.words(f"/records/{index}", "auditor")
    digest = digest_of("bytes of somebody's own")
    model = {
        "name": "own",
        "version": "1",
        "format": "other",
        "digest": digest,
        "size": 23,
        "accountable": {"name": "Ada Example", "role": "head"},
    }
    story.ledger.record_statement("model", model, subjects=(Subject({"sha256": digest}, "own"),))
    said = {
        "model": {"digest": digest, "name": "own"},
        "outcome": "allow",
        "score": "0.1",
        "accountable": {"name": "Ada Example", "role": "head"},
        "purpose": "credit",
    }
    index = story.ledger.record_statement("decision", said).index
    page = story.words(f"/records/{index}", "auditor")
    assert "Compute it again" not in page
    assert "kept as bytes" in page
