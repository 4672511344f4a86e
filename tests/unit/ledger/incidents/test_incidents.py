"""Incidents are kept whole, version by version, with their dates and their proofs."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from typing import Any

import pytest

from counterfoil import verify
from counterfoil.errors import Conflict, NotFound
from counterfoil.formats.receipt_html import parse_html
from counterfoil.ledger import Ledger
from counterfoil.ledger.incidents import due_dates
from counterfoil.ledger.incidents.report import (
    html_report,
    json_report,
    make_report,
    zip_report,
)
from counterfoil.provenance.statements.parts import Reference
from tests.statements import refused

AWARE = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC
DAY = 86_400_000
SAID: dict[str, Any] = {
    "severity": "serious",
    "provider": "Shop Ltd",
    "system": "credit",
    "system_version": "3",
    "happened_from_ms": AWARE - DAY,
    "became_aware_ms": AWARE,
    "description": "Loans were refused to <b>all</b> applicants of one town.",
    "harms": ["fundamental-rights"],
    "persons_affected": 41,
}


def decided(ledger: Ledger) -> int:
    said = {"model": {"digest": "ab" * 32}, "outcome": "hold"}
    return ledger.record_statement("decision", said).index


def test_an_incident_is_opened_updated_and_closed(ledger: Ledger) -> None:
    """Each version says everything, supersedes the one before, and keeps links and facts."""
    decision = decided(ledger)
    opened = ledger.incidents.open("Town refused", linked=[decision], **SAID)
    ledger.incidents.update(opened.index, why="found out", cause="a bad feature", state="contained")
    done = ledger.incidents.close(opened.leaf, why="retrained", measures="version 4")
    found = ledger.incidents.get(done.index)
    assert found.id == opened.leaf
    assert [v.content.get("revision", 0) for v in found.versions] == [0, 1, 2]
    assert found.said["state"] == "closed"
    assert found.said["cause"] == "a bad feature"
    assert found.said["persons_affected"] == 41
    assert found.said["supersedes"] == found.versions[1].leaf
    assert found.said["linked"] == [{"leaf": ledger.get(decision).leaf, "role": "decision"}]
    assert [one.id for one in ledger.incidents.ls()] == [opened.leaf]
    assert not list(ledger.incidents.ls(state="open"))


def test_two_who_change_one_version_do_not_overwrite_each_other(ledger: Ledger) -> None:
    """The second hears that it changed, and nothing of theirs is recorded."""
    opened = ledger.incidents.open("Town refused", **SAID)
    incidents = ledger.incidents
    stale = incidents.get(opened.index)
    incidents.update(opened.index, why="first")
    size = ledger.size
    incidents.get = lambda incident: stale  # type: ignore[method-assign]
    with refused("incident.changed", Conflict):
        incidents.update(opened.index, why="second")
    assert ledger.size == size


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ({}, [15]),
        ({"harms": ["death", "health"]}, [10, 15]),
        ({"harms": ["critical-infrastructure"]}, [2, 15]),
        ({"widespread": True}, [2, 15]),
        ({"severity": "incident"}, []),
    ],
)
def test_the_law_s_days_are_counted_from_becoming_aware(
    more: dict[str, Any], days: list[int]
) -> None:
    """15, 10 and 2 calendar days, to the end of the last one, in UTC."""
    due = due_dates({**SAID, **more})
    assert [one.days for one in due] == days
    assert all(one.by_ms == (AWARE // DAY + one.days + 1) * DAY - 1 for one in due)
    assert all(one.late(one.by_ms + 1, None) and not one.late(one.by_ms, None) for one in due)
    assert not any(one.late(one.by_ms + DAY, one.by_ms) for one in due)


def test_bad_input_records_nothing(ledger: Ledger) -> None:
    """Unknown fields, links to nothing, a person without data: each is told, none is recorded."""
    size = ledger.size
    with refused("incident.field"):
        ledger.incidents.open("x", **SAID, severty="x")
    with refused("incident.linked"):
        ledger.incidents.open("x", **SAID, linked=["not a leaf"])
    with refused("incident.personal"):
        ledger.incidents.open("x", **SAID, person="C-7")
    with refused("predicate.malformed"):
        ledger.incidents.open("x", **{**SAID, "severity": "bad"})
    with pytest.raises(NotFound):
        ledger.incidents.get(0)
    assert ledger.size == size


def test_personal_data_is_sealed(ledger: Ledger) -> None:
    """The log and the report hold names of the fields only; who may can open them."""
    secret = "Grace Hopper, 1 Harbour Street"
    done = ledger.incidents.open("x", **SAID, person="C-7", personal={"victim": secret})
    assert secret.encode() not in ledger.entry(done.index)
    made = make_report(ledger, done.index, AWARE)
    assert secret not in html_report(made).decode()
    assert "sealed under the person&#x27;s key: victim" in html_report(made).decode()


def test_a_report_stands_alone_and_its_receipts_verify(ledger: Ledger) -> None:
    """JSON, HTML and zip hold the receipts of every version and link; content is no markup."""
    decision = decided(ledger)
    elsewhere = Reference(digest="cd" * 32, role="alert")
    opened = ledger.incidents.open("Town <script>", linked=[decision, elsewhere], **SAID)
    ledger.incidents.update(opened.index, why="more")
    made = make_report(ledger, opened.index, AWARE + 16 * DAY)
    assert [one.days for one in made.late] == [15]
    policy = ledger.layout.policy.read_bytes()
    told = json.loads(json_report(made))
    receipts = [one["receipt"] for one in told["proofs"]]
    assert [one is None for one in receipts] == [False, False, False, True]
    for one, proof in zip(receipts[:3], told["proofs"], strict=False):
        assert verify(json.dumps(one), policy).index == proof["index"]
    page = html_report(made).decode()
    assert "<script>" not in page.split("srcdoc")[0]
    assert "Town &lt;script&gt;" in page
    frames = [unescape(one) for one in re.findall(r'srcdoc="([^"]*)"', page)]
    assert len(frames) == 3
    assert {verify(parse_html(one.encode()), policy).index for one in frames} == {
        opened.index,
        opened.index + 1,
        decision,
    }
    with zipfile.ZipFile(io.BytesIO(zip_report(made))) as archive:
        names = set(archive.namelist())
        assert {"report.html", "report.json", "policy.txt", "README.txt"} < names
        verify(archive.read(f"receipts/{decision}.json"), policy)
    assert zip_report(made) == zip_report(made)
