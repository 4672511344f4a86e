"""What people do on the pages: look at alerts, decide cases, screen names, halt, hand out keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import urllib3
from playwright.sync_api import expect

from counterfoil.apps.finance.held.brief import BriefCase
from counterfoil.ledger.audit import audit
from counterfoil.ops import access
from counterfoil.ops.finance import cases
from tests.pages import HOSTILE, PHONE, PageNode, Seen

pytestmark = pytest.mark.browser

Window = Callable[..., Seen]


def escrowed(node: PageNode) -> int:
    """Give an open case whose payment lies in the escrow."""
    place = node.ledger.layout.folder
    found = cases.listing(state="open", ledger=place)
    return next(one.number for one in found if one.agreed is not None)


def test_an_alert_is_found_and_judged(node: PageNode, window: Window) -> None:
    """From the menu to the alert, its reasons and entries; what somebody says of it is a record."""
    seen = window("operator", viewport=PHONE)
    page = seen.page
    seen.go("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Watch").click()
    page.locator(".facets").get_by_role("link", name="model-drift").click()
    assert "watcher=model-drift" in page.url
    page.get_by_role("region", name="Alerts").get_by_role("link", name="scores of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("another spread")
    assert page.get_by_role("region", name="Evidence").get_by_role("link").count() >= 3
    page.get_by_label("It was real").check()
    page.get_by_label("What was found, or done").fill("thresholds were set anew <b>today</b>")
    page.get_by_label("In which role").fill("model owner")
    page.get_by_role("button", name="Record it").click()
    expect(page.locator(".notice")).to_contain_text("Ada, operator says it was real")
    expect(page.locator(".said")).to_have_text("thresholds were set anew <b>today</b>")
    said = node.ledger.search("kind=acknowledgement", limit=1).hits[0].content
    assert said["by"] == {"name": "Ada, operator", "role": "model owner"}
    assert (said["verdict"], seen.complaints) == ("real", [])


def test_an_alert_is_judged_without_scripts(node: PageNode, window: Window) -> None:
    """Forms need no JavaScript, and what is left out is asked for in words."""
    seen = window("writer", java_script_enabled=False)
    answer = seen.page.goto(f"/watch/{node.alerts[-1]}")
    assert answer is not None
    assert answer.status == 403  # a writer records; reading takes another role
    reader = window("reader")
    reader.go(f"/watch/{node.alerts[-1]}")
    reader.page.get_by_label("It was a false alarm").check()
    reader.page.get_by_role("button", name="Record it").click()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    operator = window("operator", java_script_enabled=False)
    operator.go(f"/watch/{node.alerts[-1]}")
    operator.page.get_by_label("It was a false alarm").check()
    operator.page.get_by_role("button", name="Record it").click()
    expect(operator.page.locator(".notice")).to_contain_text("a false alarm")


def test_a_case_is_opened_and_decided(node: PageNode, window: Window) -> None:
    """Sealed until somebody looks, which is recorded; decided with a reason; the escrow acts."""
    number, page = escrowed(node), window().page
    page.goto("/apps/finance/cases")
    page.get_by_role("link", name=f"{number}", exact=True).click()
    expect(page.get_by_text("are sealed")).to_be_visible()
    assert page.get_by_role("img", name="What raised and lowered the score").count() == 0
    before = node.ledger.size
    page.get_by_role("button", name="Open it as Ada, operator").click()
    expect(page.get_by_role("img", name="What raised and lowered the score")).to_be_visible()
    expect(page.get_by_text("opened for you, and recorded")).to_be_visible()
    opened = [node.ledger.get(at) for at in range(before, node.ledger.size)]
    assert [one.content["actor"] for one in opened if one.kind == "opening"] == ["Ada, operator"]
    page.get_by_label("Release it to the payee").check()
    page.get_by_label("Why").fill("the cardholder was called and confirms it")
    page.get_by_label("In which role").fill("payments desk")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name="What was decided")).to_be_visible()
    expect(page.locator(".head .status")).to_have_text("released")
    expect(page.locator(".notice").last).to_contain_text("the cardholder was called")
    found = cases.get(str(number), on_chain=True, ledger=node.ledger.layout.folder)
    assert found.standing is not None
    assert (found.standing.state.value, found.standing.left) == ("settled", 0)


def test_a_case_is_decided_once_and_with_a_reason(node: PageNode, window: Window) -> None:
    """No reason, no decision; a second one meets what stands; a reader may not."""
    address = f"{node.url}/apps/finance/cases/{node.decided[0]}/decide"

    def send(role: str, **fields: str) -> tuple[int, str]:
        headers = {"authorization": f"Bearer {node.keys[role]}"}
        answer = urllib3.request("POST", address, headers=headers, fields=fields, redirect=False)
        return answer.status, answer.data.decode()

    before = node.ledger.search("kind=decision by=person", limit=500).hits
    assert send("reader", outcome="release", why="I say so")[0] == 403
    status, words = send("operator", outcome="return", why="I say so")
    assert (status, "held.decided" in words) == (409, True)
    assert send("operator", outcome="pay", why="I say so")[0] == 400
    address = f"{node.url}/apps/finance/cases/{node.cases[-1]}/decide"
    status, words = send("operator", outcome="return", why="  ")
    assert (status, "held.why" in words) == (400, True)
    after = node.ledger.search("kind=decision by=person", limit=500).hits
    assert [one.index for one in before] == [one.index for one in after]
    seen = window("reader")
    seen.go(f"/apps/finance/cases/{node.cases[-1]}")
    assert seen.page.get_by_role("button", name="Open it as").count() == 0


def test_names_are_screened(node: PageNode, window: Window) -> None:
    """A listed name is told with its reasons and recorded sealed; the name is in no address."""
    page = window().page
    page.goto("/apps/finance/screening")
    page.get_by_label("Name", exact=True).fill("Grigori Sokolov")
    page.get_by_label("Born").fill("1961-03-05")
    page.get_by_role("button", name="Screen", exact=True).click()
    expect(page.locator("#found")).to_contain_text("Grigori Sokolov: may be listed")
    expect(page.locator(".hit").first).to_contain_text("SOKOLOV, Grigory Pavlovich")
    expect(page.get_by_role("img", name="Why SOKOLOV, Grigory Pavlovich")).to_be_visible()
    assert page.url == f"{node.url}/apps/finance/screening"
    entry = page.get_by_role("link", name="entry").first.get_attribute("href")
    assert entry is not None
    view = node.ledger.get(int(entry.rpartition("/")[2]))
    assert (view.content["outcome"], "inputs" in view.content) == ("hit", False)
    size = node.ledger.size
    page.get_by_label("Name", exact=True).fill("Jane Roe")
    page.get_by_label("Born").fill("")
    page.get_by_label("Record it").uncheck()
    page.get_by_role("button", name="Screen", exact=True).click()
    expect(page.locator("#found")).to_contain_text("Jane Roe: no hit")
    assert node.ledger.size == size


def test_screening_says_what_it_cannot_read(node: PageNode, window: Window) -> None:
    """What was typed stays in the form, beside what was expected of it; nothing is recorded."""
    seen, size = window(java_script_enabled=False), node.ledger.size
    seen.go("/apps/finance/screening")
    seen.page.get_by_label("Name", exact=True).fill("Jane Roe")
    seen.page.get_by_label("Born").fill("in spring")
    seen.page.get_by_role("button", name="Screen", exact=True).click()
    expect(seen.page.locator(".notice")).to_contain_text("expected a date of birth")
    expect(seen.page.get_by_label("Name", exact=True)).to_have_value("Jane Roe")
    expect(seen.page.get_by_label("Born")).to_have_value("in spring")
    assert node.ledger.size == size


def test_everybody_is_screened_again(node: PageNode, window: Window) -> None:
    """A list that changed: whose hits went is told, and recorded in the place of the earlier."""
    page = window().page
    listed = node.ledger.layout.lists / "treasury" / "sdn.csv"
    was = listed.read_text()
    try:
        listed.write_text(was.replace("SOKOLOV, Grigory Pavlovich", "TARKOV, Ilya"))
        page.goto("/apps/finance/screening")
        page.get_by_role("button", name="Screen everybody again").click()
        expect(page.get_by_role("heading", name="Screened again")).to_be_visible()
        rows = page.get_by_role("region", name="Screened again").locator("tbody tr")
        assert rows.count() >= 2
    finally:
        listed.write_text(was)


def test_everything_is_halted_and_goes_on(node: PageNode, window: Window) -> None:
    """An operator halts all approvals with a reason, and ends the halt; both are on record."""
    page = window().page
    page.goto("/contracts")
    assert page.get_by_text("approvals are halted").count() == 0
    page.get_by_text("Halt, or go on").click()
    page.get_by_label("Minutes").fill("5")
    page.get_by_label("Why").first.fill("a key may be stolen")
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.locator(".notice").first).to_contain_text("3 of 3 approvals are halted")
    page.get_by_text("Halt, or go on").click()
    page.get_by_label("Why").last.fill("it was not")
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_role("region", name="Governance")).to_contain_text("it was not")
    assert page.get_by_text("approvals are halted").count() == 0
    said = node.ledger.search("kind=governance", limit=2).hits
    assert [one.content["action"] for one in said] == ["resume", "halt"]
    assert said[1].content["why"] == "a key may be stolen (Ada, operator)"
    reader = window("reader")
    reader.go("/contracts")
    assert reader.page.get_by_text("Halt, or go on").count() == 0


def test_a_key_is_made_used_and_ended(node: PageNode, window: Window) -> None:
    """It is shown once, works at once, and counts no more when it is ended here."""
    page = window().page
    page.goto("/access")
    page.get_by_label("Who or what gets it").fill("terminal 7")
    page.get_by_label("Only commands").fill("record")
    page.get_by_label("Why", exact=True).fill("a new till")
    page.get_by_role("button", name="Make the key").click()
    token = page.locator("#made").inner_text()
    address = f"{node.url}/api/v1/record/tail"

    def status() -> int:
        headers = {"authorization": f"Bearer {token}"}
        return urllib3.request("GET", address, headers=headers).status

    assert status() == 200
    page.goto("/access")
    assert token not in page.content()
    row = page.get_by_role("row").filter(has_text="terminal 7")
    row.get_by_role("button", name="End the key of terminal 7").click()
    expect(page.get_by_role("row").filter(has_text="terminal 7")).to_contain_text("revoked")
    assert status() == 401
    (ended,) = [
        one
        for one in access.listing(all_=True, ledger=node.ledger.layout.folder)
        if one.name == "terminal 7"
    ]
    assert not ended.in_force


def test_a_call_is_tried_from_its_page(node: PageNode, window: Window) -> None:
    """The form leads to the call's own answer; what is not described is refused."""
    page = window(java_script_enabled=False).page
    page.goto("/api")
    page.get_by_role("link", name="record", exact=True).click()
    call = page.locator("#get-api-v1-record-search")
    call.get_by_label("terms").fill("kind=alert\nkind!=record")
    call.get_by_label("limit").fill("1")
    call.get_by_role("button", name="Try it").click()
    assert page.url.startswith(f"{node.url}/api/v1/record/search?terms=kind%3Dalert&terms=kind%21")
    assert '"kind":"alert"' in page.content().replace(" ", "")
    answer = page.goto("/api/try?call=https://elsewhere.example")
    assert answer is not None
    assert answer.status == 400
    expect(page.get_by_role("heading", level=1)).to_have_text("That cannot be read")


def test_a_decision_appears_by_itself(node: PageNode, window: Window) -> None:
    """The stream of payments is live: what is decided now stands there without a reload."""
    seen = window()
    seen.go("/apps/finance")
    expect(seen.page.get_by_role("button", name="Live: pause")).to_be_visible()
    fields = {
        "outcome": "pay",
        "score": "0.25",
        "threshold": "0.5",
        "model": {"digest": "ab" * 32, "name": "another model"},
        "based_on": [{"digest": "cd" * 32, "role": "payment", "name": "p-live"}],
    }
    index = node.ledger.record_statement("decision", fields).index
    row = seen.page.get_by_role("row").filter(has_text="p-live")
    expect(row).to_contain_text("another model", timeout=20_000)
    assert row.get_attribute("data-key") == str(index)
    assert seen.complaints == []


def test_what_is_typed_harms_no_page(node: PageNode, window: Window) -> None:
    """Harmful text in every form comes back as text, on the page itself and on its record."""
    seen, dialogs = window(), list[str]()
    seen.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    text = HOSTILE.replace("\u202e", "")
    seen.go(f"/watch/{node.alerts[0]}")
    seen.page.get_by_label("It was a false alarm").check()
    seen.page.get_by_label("What was found, or done").fill(text)
    seen.page.get_by_role("button", name="Record it").click()
    expect(seen.page.locator(".said")).to_have_text(text)
    seen.page.get_by_role("link", name="entry").last.click()
    expect(seen.page.locator("main")).to_contain_text(text)
    seen.go("/access")
    seen.page.get_by_label("Who or what gets it").fill(text)
    seen.page.get_by_role("button", name="Make the key").click()
    expect(seen.page.get_by_role("row").filter(has_text="onerror")).to_have_count(1)
    seen.go("/apps/finance/screening")
    seen.page.get_by_label("Name", exact=True).fill(text)
    seen.page.get_by_role("button", name="Screen", exact=True).click()
    expect(seen.page.locator("#found")).to_contain_text(text)
    assert seen.page.locator("img[src=x]").count() == 0
    assert (dialogs, seen.complaints, seen.outside) == ([], [], [])


def test_the_ledger_is_whole_afterwards(node: PageNode) -> None:
    """After all that people did on the pages, an audit finds nothing amiss."""
    node.ledger.publish()
    assert not audit(node.ledger.layout.folder).damaged


def test_a_list_of_cases_says_what_each_case_says(node: PageNode) -> None:
    """At a glance or whole, page by page or at once: the same cases, states, scores and people."""
    place = node.ledger.layout.folder
    whole = [
        (one.number, one.state, one.payment, one.hold.said.get("score"))
        for one in cases.listing(ledger=place)
    ]
    brief, before = list[BriefCase](), None
    while True:
        found, before = cases.brief(limit=5, before=before, ledger=place)
        brief += found
        if before is None:
            break
    assert [(one.case, one.state, one.payment, one.score) for one in brief] == whole
    assert {one.state for one in brief} == {"open", "release", "return"}
    assert all((one.by is None) == (one.state == "open") for one in brief)
