"""The HTML receipt in a real browser, opened from a file: what it says, and what it never says."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

import pytest
from playwright.sync_api import expect

from counterfoil.formats.envelope import keyid_of
from counterfoil.formats.receipt_html import format_html, parse_html
from counterfoil.formats.vkey import VerifierKey
from counterfoil.proofs.signing import public_of
from tests.c2sp import secret
from tests.journeys import receipt_policies
from tests.journeys.receipt_answers import browser_answers, python_answer
from tests.journeys.receipt_builder import (
    LOG_KEY,
    LOG_PQ,
    OWNER,
    WITNESSES,
    SmallLog,
    log_policy,
    statement,
    story,
    witness_policy,
)
from tests.journeys.receipt_corpus import flips, told
from tests.journeys.receipt_window import Show
from tests.statements import entry_of
from tests.verdicts import entry_of as signed_verdict
from tests.verdicts import plain_verdict

pytestmark = pytest.mark.browser

INTACT = re.compile(r"\bintact under\b", re.IGNORECASE)


@pytest.mark.parametrize("name", told())
def test_a_receipt_is_intact(name: str, show: Show) -> None:
    """Every sort of receipt opens from a file and says whose key it is intact under."""
    shown = show(told()[name])
    assert shown.outcome == "holds"
    page = shown.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Intact under key")
    expect(page.locator("#fingerprint")).to_have_text(
        " ".join(re.findall("....", keyid_of(LOG_KEY.public)))
    )
    expect(page.locator("#verdict")).to_contain_text("as of size 20")
    assert "rusted by your policy" not in page.inner_text("body")
    expect(page.locator("#checks li.ok")).to_have_count(7)
    expect(page.locator("#checks li.bad")).to_have_count(0)


def test_what_is_shown(show: Show) -> None:
    """The page says what was recorded, who signed it and where it stands, as it was written."""
    shown = show(told()["last member"])
    assert shown.outcome == "holds"
    text = shown.page.inner_text("main")
    for said in (
        "coffee \u2615", "1.50", "EUR", "https://org.example", "till-7",
        "one signature over 7 entries, at 11", "10, counted from 0",
        "from entry 0, before entry 16",
        "2023-11-14 22:13:20 UTC, by the signer's clock", OWNER.keyid[:12],
    ):  # fmt: skip
        assert said in text
    figure = shown.page.get_by_role("img")
    expect(figure).to_have_accessible_name(
        "Proof path: 5 hashes from entry 10 to the root of 20 entries"
    )
    [path] = [told()["last member"].record.path]
    assert re.findall(r"[0-9a-f]{12}", figure.inner_html()) == [h.hex()[:12] for h in path]


def test_nothing_is_asked_of_a_network(show: Show) -> None:
    """The page is one file: it loads nothing else, and its own rules forbid nothing it does."""
    shown = show(told()["block"])
    assert shown.outcome == "holds"
    shown.page.fill("#policy", witness_policy())
    expect(shown.page.locator("#judgement")).to_contain_text("witnessed 2 of 3")
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_foreign_script_does_not_run(show: Show) -> None:
    """Markup that somebody puts into the page runs no script and loads nothing."""
    more = (
        b"<script>window.pwned = 1</script><img src='https://example.org/x' onerror='pwned = 1'>"
        b"<iframe src='https://example.org'></iframe><style>body { color: red }</style></body>"
    )
    shown = show(format_html(told()["record"], LOG_KEY).replace(b"</body>", more))
    assert shown.outcome == "holds"
    assert shown.page.evaluate("window.pwned") is None
    assert len([c for c in shown.complaints if "Content Security Policy" in c]) >= 4
    assert shown.requests == [shown.url]


HOSTILE = [
    "</script><script>window.pwned = 1</script>", "<img src=x onerror=pwned=1>", "<!--<script>",
    "\u2028\u2029", "\"'`&lt;&amp;", "{{receipt}}{{script}}", "]]>", "javascript:pwned=1",
    "\x00\x7f",
    "\\u003c/script>", "\\\\u003c", "\u202egnp.exe", "${pwned=1}", "</textarea></title></style>",
]  # fmt: skip


def test_content_is_only_text(show: Show) -> None:
    """Nothing that a record, an issuer, a log or a policy is called becomes markup or script."""
    origin = "log.example/</script><script>pwned=1</script><img/src=x/onerror=pwned=1>"
    log = SmallLog(origin)
    content = json.dumps({text: [text, {text: text}] for text in HOSTILE})
    index = log.append(entry_of(statement(1, content), OWNER))
    key = public_of(secret(origin))
    receipt = log.receipt(index)
    assert parse_html(format_html(receipt, key)) == receipt
    shown = show(receipt, key)
    assert shown.outcome == "holds"
    page = shown.page
    name = "<img/src=x/onerror=pwned=1>"
    policy = log_policy().replace("log ", "# ", 1)
    page.fill("#policy", f"{policy.partition(chr(10))[0]}\nlog x{name}\nquorum none\n")
    expect(page.locator("#judgement")).to_contain_text("cannot be read")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, iframe, script:not([type])").count() == 0
    shown_text = page.inner_text("#facts")
    for text in HOSTILE:
        visible = re.sub(
            "[\x00-\x1f\x7f\u2028\u2029\u202e]", lambda m: f"\\u{{{ord(m[0]):x}}}", text
        )
        assert visible in shown_text
    assert origin in shown_text
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_tampered_pages_are_never_intact(show: Show) -> None:
    """Whatever one thing is changed in the file's receipt, the page does not say that it holds."""
    receipt = told()["last member"]
    data = format_html(receipt, LOG_KEY)
    start = data.index(b'id="receipt">') + len(b'id="receipt">')
    end = data.index(b"</script>", start)
    cases = [case for case in flips(("last member",)) if python_answer(case)[0] == "fails"]
    shown = show(data)
    assert shown.outcome == "holds"
    for case in cases[:: len(cases) // 40]:
        shown.open(data[:start] + case.receipt.encode() + data[end:])
        assert shown.outcome == "fails", case.name
        text = shown.page.inner_text("body")
        assert "Not intact" in text
        assert not INTACT.search(text)
        assert shown.page.locator("#verdict svg").count() == 1
        assert shown.complaints == []


def test_another_log_key_is_not_intact(show: Show) -> None:
    """A page whose key is not the one that signed says so."""
    other = VerifierKey(LOG_KEY.name, LOG_KEY.type, OWNER.public)
    shown = show(told()["record"], other)
    assert shown.outcome == "fails"
    expect(shown.page.locator("#verdict")).to_contain_text("[trust.no-known-signature]")


@pytest.mark.parametrize(
    "script",
    [
        "crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError') }",
        "crypto.subtle.verify = async () => true",
        "crypto.subtle.verify = async () => false",
        "Object.defineProperty(crypto, 'subtle', { value: undefined })",
        "crypto.subtle.digest = () => { throw new Error('broken') }",
    ],
)
def test_a_browser_that_cannot_check_says_so(script: str, show: Show) -> None:
    """Without working cryptography there is no tick, but the command that checks."""
    shown = show(told()["record"], script=script)
    assert shown.outcome == "unable"
    page = shown.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Could not be checked here")
    expect(page.locator("#verdict")).to_contain_text("counterfoil verify FILE --policy POLICY")
    page.fill("#policy", log_policy())
    expect(page.locator("#judgement")).to_contain_text("Could not be judged here")
    assert not INTACT.search(page.inner_text("body"))
    assert page.locator("#verdict.ok, #judgement .ok").count() == 0


def test_without_scripts(show: Show) -> None:
    """Where scripts are off the page says that nothing was checked, and what to do."""
    shown = show(told()["record"], java_script_enabled=False)
    expect(shown.page.get_by_role("heading", level=1)).to_have_text("Not checked")
    expect(shown.page.locator("#verdict")).to_contain_text("counterfoil verify FILE")
    assert not INTACT.search(shown.page.inner_text("body"))


@pytest.mark.parametrize(
    ("policy", "state", "said"),
    [
        (witness_policy(), "ok", "Trusted by your policy: witnessed 2 of 3."),
        (log_policy(), "ok", "Trusted by your policy: signed by the log alone."),
        (witness_policy(3), "bad", "Not trusted by your policy. Expected cosignatures of 3 of 3"),
        ("log a\nquorum none\n", "bad", "Your policy cannot be read. Line 1: expected a key"),
        (log_policy().strip(), "bad", "Your policy cannot be read. Expected a newline"),
        ("  \n", "none", "Not judged yet."),
    ],
)
def test_policy_box(policy: str, state: str, said: str, show: Show) -> None:
    """The page judges trust by the policy that its reader pastes, and only by that."""
    page = show(told()["record"]).page
    page.wait_for_selector("html[data-trust]", state="attached")
    page.fill("#policy", policy)
    expect(page.locator("#judgement")).to_contain_text(said)
    expect(page.locator("html")).to_have_attribute("data-trust", state)
    if state != "none":
        expect(page.locator("#grade")).to_contain_text(said.partition(".")[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Intact under key")


def test_policy_file(show: Show) -> None:
    """A policy can be opened from a file instead; emptying the box takes the judgement back."""
    page = show(told()["record"]).page
    payload = {"name": "policy.txt", "mimeType": "text/plain", "buffer": witness_policy().encode()}
    page.set_input_files("#file", payload)  # type: ignore[arg-type]  # a FilePayload
    expect(page.locator("#judgement")).to_contain_text("w1: 2023-11-14 22:15:00 UTC")
    page.fill("#policy", "")
    expect(page.locator("#judgement")).to_contain_text("Not judged yet.")


def test_mldsa_is_never_claimed(show: Show) -> None:
    """What only ML-DSA-44 vouches for is left open, and what was not checked is named."""
    cases = list(receipt_policies.mldsa())
    assert {python_answer(case) for case in cases} == {("holds", "")}
    log, index = story()["record"]
    page = show(log.receipt(index, LOG_PQ, *WITNESSES)).page
    answers = [
        (case.name, *answer)
        for case, answer in zip(cases, browser_answers(page, cases), strict=True)
    ]
    assert answers == [
        ("needed", "unable", "browser.ml-dsa-44"),
        ("the log's only", "unable", "browser.ml-dsa-44"),
        ("not needed", "holds", ""),
        ("the log's second", "holds", ""),
        ("unknown", "holds", ""),
    ]
    expect(page.locator("#checks")).to_contain_text("ML-DSA-44: not checked. 1 such signature")
    page.fill("#policy", log_policy(LOG_PQ))
    expect(page.locator("#judgement")).to_contain_text("1 ML-DSA-44 signature not checked.")


@pytest.mark.parametrize("name", ["last member", "block"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_and_keyboard(name: str, scheme: Any, show: Show) -> None:
    """The page fits a phone, and everything in it can be reached and named without a mouse."""
    shown = show(told()[name], viewport={"width": 360, "height": 740}, color_scheme=scheme)
    assert shown.outcome == "holds"
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.get_by_role("textbox")).to_have_accessible_name("Your policy, a C2SP tlog-policy")
    for button in page.get_by_role("button").all():
        expect(button).to_have_accessible_name(re.compile("^Copy: the|^Open a policy file"))
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"policy", "file", "BUTTON", "SUMMARY", "A"} <= reached


def test_copying(show: Show) -> None:
    """A button copies the whole of what is shown in part; where that is forbidden, it shows it."""
    receipt = told()["record"]
    forbid = "navigator.clipboard.writeText = async () => { throw new Error('no') }"
    keep = "navigator.clipboard.writeText = async text => { window.copied = text }"
    leaf = sha256(b"\x00" + receipt.record.entry).hexdigest()
    page = show(receipt, script=keep).page
    page.get_by_role("button", name="Copy: the leaf's hash").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("copied") == leaf
    page = show(receipt, script=forbid).page
    page.get_by_role("button", name="Copy: the leaf's hash").click()
    expect(page.locator("#facts")).to_contain_text(leaf)


def test_numbers_beyond_the_calendar(show: Show) -> None:
    """A time that no calendar has is shown as the number that was signed."""
    log = SmallLog()
    index = log.append(entry_of(statement(1, at_ms=2**53 - 1), OWNER))
    receipt = log.receipt(index, checkpoint=log.checkpoint(*WITNESSES, time_s=2**62))
    shown = show(receipt)
    assert shown.outcome == "holds"
    expect(shown.page.locator("#facts")).to_contain_text("9007199254740991 ms")
    assert shown.complaints == []


def test_a_verdict_is_not_checked_here(show: Show) -> None:
    """A verdict is signed by an EVM key: the page says that it cannot tell, never that it holds."""
    log = SmallLog()
    index = log.append(signed_verdict(plain_verdict()))
    shown = show(log.receipt(index))
    assert shown.outcome == "unable"
    expect(shown.page.locator("#verdict")).to_contain_text(
        "counterfoil verify FILE --policy POLICY"
    )
    assert not INTACT.search(shown.page.inner_text("body"))
