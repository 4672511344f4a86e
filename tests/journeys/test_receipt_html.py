"""The HTML receipt in a real browser, opened from a file: it checks what we check, and asks nobody.

The browser is asked the same thousands of questions as `counterfoil.proofs.verify`, and must give
the same answers with the same codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.envelope import keyid_of
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_html import format_html, parse_html
from counterfoil.formats.vkey import VerifierKey
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.verify import verify_receipt
from tests.c2sp import secret
from tests.journeys import receipt_attacks, receipt_policies
from tests.journeys.ed25519_edges import edges
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
from tests.journeys.receipt_corpus import Case, flips, noise, predicates, told, valid
from tests.shared_data import program
from tests.statements import entry_of

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
INTACT = re.compile(r"\bintact under\b", re.IGNORECASE)
ASK = """async cases => {
  const answers = [];
  for (const [receipt, policy, now] of cases) {
    const { outcome, fault } = await counterfoil.verifyReceipt(receipt, policy, now);
    answers.push([outcome, fault?.code ?? ""]);
  }
  return answers;
}"""
CASES: dict[str, Callable[[], Iterator[Case]]] = {
    "valid": valid,
    "flips": flips,
    "noise": lambda: noise(400),
    "predicates": predicates,
    "keys": receipt_attacks.keys,
    "statements": receipt_attacks.statements,
    "envelopes": receipt_attacks.envelopes,
    "batches": receipt_attacks.batches,
    "parts": receipt_attacks.parts,
    "notes": receipt_policies.notes,
    "signers": receipt_policies.signers,
    "policies": receipt_policies.policies,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Debian's Chromium without a window."""
    path = program("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Shown:
    """A page opened from a file, with what it asked for and what it complained about."""

    def __init__(self, browser: Browser, data: bytes, folder: Path, **context: Any) -> None:
        self.script = context.pop("script", None)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._forget_forbidden)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if self.script:
            self.page.add_init_script(self.script)
        self._file = folder / "receipt.html"
        self.url = self._file.as_uri()
        self.open(data)

    def open(self, data: bytes) -> None:
        """Open another page in the same window."""
        self._file.write_bytes(data)
        self.page.goto(self.url)

    def _forget_forbidden(self, request: Request) -> None:
        """Take back a request that the page's own policy stopped before it left the browser."""
        if request.failure == "csp":
            self.requests.remove(request.url)

    @property
    def outcome(self) -> str:
        """Wait for the verdict: holds, fails or unable."""
        self.page.wait_for_selector("html[data-outcome]", state="attached")
        return str(self.page.evaluate("document.documentElement.dataset.outcome"))


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Open a receipt, or the bytes of a page, in a context of its own."""
    opened: list[Shown] = []

    def open_page(what: Receipt | bytes, key: VerifierKey = LOG_KEY, **context: Any) -> Shown:
        data = what if isinstance(what, bytes) else format_html(what, key)
        opened.append(Shown(browser, data, tmp_path, **context))
        return opened[-1]

    yield open_page
    for shown in opened:
        shown.context.close()


def _python_answer(case: Case) -> tuple[str, str]:
    try:
        verify_receipt(case.receipt, case.policy, now_s=case.now)
    except (InputError, VerificationError) as err:
        return "fails", _same(err.code)
    return "holds", ""


def _same(code: str) -> str:
    """Take two codes for one: whether an envelope is malformed or only in another form."""
    return "envelope" if code.startswith("envelope.") else code


def _answers(page: Page, cases: list[Case]) -> list[tuple[str, str]]:
    questions = [[case.receipt, case.policy, case.now] for case in cases]
    return [(outcome, _same(code)) for outcome, code in page.evaluate(ASK, questions)]


@pytest.mark.parametrize("name", CASES)
def test_browser_and_python_agree(name: str, show: Callable[..., Shown]) -> None:
    """For each receipt and policy, right or wrong, both verifiers find the same."""
    cases = list(CASES[name]())
    shown = show(told()["record"])
    differ = {
        case.name: (python, browser)
        for case, browser in zip(cases, _answers(shown.page, cases), strict=True)
        if (python := _python_answer(case)) != browser
    }
    assert differ == {}
    assert shown.complaints == []


def test_the_corpus_reaches_every_check() -> None:
    """A verifier that left out a check would be found: each check decides over some case."""
    reached = {_python_answer(case)[1] for cases in CASES.values() for case in cases()}
    checks = """
        trust.unknown-log trust.no-known-signature trust.log-signature trust.quorum
        signature.invalid signature.length proof.index proof.path-length proof.root-mismatch
        key.genesis key.unauthorised key.statement key.unknown key.role key.too-early key.ended
        key.void batch.range batch.origin batch.malformed statement.unsigned statement.signers
        statement.issuer statement.audience statement.subject statement.content
        statement.malformed predicate.malformed envelope entry.kind entry.unsupported
        entry.payload-type entry.unsigned receipt.malformed receipt.keys receipt.batch receipt.row
        receipt.extra json.duplicate-key json.integer json.number json.depth json.surrogate
        json.not-object json.malformed base64.not-canonical note.signature note.signatures
        note.no-signatures text.too-long text.control-character checkpoint.size checkpoint.root
        checkpoint.lines checkpoint.origin checkpoint.extension policy.too-long policy.octet
        policy.line-end policy.word policy.line policy.quorum policy.duplicate-name
        policy.unknown-name policy.member policy.threshold policy.key-type policy.duplicate-key
        key.name key.malformed key.id key.type key.length
    """
    assert set(checks.split()) - reached == set()


def test_signatures_are_as_strict(show: Callable[..., Shown]) -> None:
    """Of keys and signatures at the edges of Ed25519 the browser accepts what libsodium does."""
    cases = edges()
    pythons = {}
    for name, (public, message, signature) in cases.items():
        try:
            verify_ed25519(public, message, signature)
            pythons[name] = True
        except VerificationError:
            pythons[name] = False
    ask = """async cases => {
      const found = {};
      for (const [name, parts] of Object.entries(cases)) {
        const bytes = parts.map(hex => Uint8Array.from(hex.match(/../g) ?? [], x => parseInt(x, 16)));
        found[name] = await counterfoil.verifyEd25519(...bytes).then(() => true, fault => fault.code);
      }
      return found;
    }"""
    questions = {name: [part.hex() for part in parts] for name, parts in cases.items()}
    browsers = show(told()["record"]).page.evaluate(ask, questions)
    assert {name: answer is True for name, answer in browsers.items()} == pythons
    assert set(browsers.values()) == {True, "signature.invalid", "signature.length"}
    assert sum(pythons.values()) >= 3


@pytest.mark.parametrize("name", told())
def test_a_receipt_is_intact(name: str, show: Callable[..., Shown]) -> None:
    """Every sort of receipt opens from a file and says whose key it is intact under."""
    shown = show(told()[name])
    assert shown.outcome == "holds"
    page = shown.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Intact under key")
    expect(page.locator("#fingerprint")).to_have_text(" ".join(re.findall("....", keyid_of(LOG_KEY.public))))
    expect(page.locator("#verdict")).to_contain_text("as of size 20")
    assert "rusted by your policy" not in page.inner_text("body")
    expect(page.locator("#checks li.ok")).to_have_count(7)
    expect(page.locator("#checks li.bad")).to_have_count(0)


def test_what_is_shown(show: Callable[..., Shown]) -> None:
    """The page says what was recorded, who signed it and where it stands, as it was written."""
    shown = show(told()["last member"])
    assert shown.outcome == "holds"
    text = shown.page.inner_text("main")
    for said in (
        "coffee \u2615", "1.50", "EUR", "https://org.example", "till-7",
        "one signature over 7 entries, at 11", "10, counted from 0", "from entry 0, before entry 16",
        "2023-11-14 22:13:20 UTC, by the signer's clock", OWNER.keyid[:12],
    ):  # fmt: skip
        assert said in text
    figure = shown.page.get_by_role("img")
    expect(figure).to_have_accessible_name("Proof path: 5 hashes from entry 10 to the root of 20 entries")
    [path] = [told()["last member"].record.path]
    assert re.findall(r"[0-9a-f]{12}", figure.inner_html()) == [h.hex()[:12] for h in path]


def test_nothing_is_asked_of_a_network(show: Callable[..., Shown]) -> None:
    """The page is one file: it loads nothing else, and its own rules forbid nothing it does."""
    shown = show(told()["block"])
    assert shown.outcome == "holds"
    shown.page.fill("#policy", witness_policy())
    expect(shown.page.locator("#judgement")).to_contain_text("witnessed 2 of 3")
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_foreign_script_does_not_run(show: Callable[..., Shown]) -> None:
    """Markup that somebody puts into the page runs no script and loads nothing."""
    more = (
        b"<script>window.pwned = 1</script><img src='https://example.org/x.png' onerror='pwned = 1'>"
        b"<iframe src='https://example.org'></iframe><style>body { color: red }</style></body>"
    )
    shown = show(format_html(told()["record"], LOG_KEY).replace(b"</body>", more))
    assert shown.outcome == "holds"
    assert shown.page.evaluate("window.pwned") is None
    assert len([c for c in shown.complaints if "Content Security Policy" in c]) >= 4
    assert shown.requests == [shown.url]


HOSTILE = [
    "</script><script>window.pwned = 1</script>", "<img src=x onerror=pwned=1>", "<!--<script>",
    "\u2028\u2029", "\"'`&lt;&amp;", "{{receipt}}{{script}}", "]]>", "javascript:pwned=1", "\x00\x7f",
    "\\u003c/script>", "\\\\u003c", "\u202egnp.exe", "${pwned=1}", "</textarea></title></style>",
]  # fmt: skip


def test_content_is_only_text(show: Callable[..., Shown]) -> None:
    """Nothing that a record, an issuer, a log or a policy is called becomes markup or script."""
    import json

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
        visible = re.sub("[\x00-\x1f\x7f\u2028\u2029\u202e]", lambda m: f"\\u{{{ord(m[0]):x}}}", text)
        assert visible in shown_text
    assert origin in shown_text
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_tampered_pages_are_never_intact(show: Callable[..., Shown]) -> None:
    """Whatever one thing is changed in the file's receipt, the page does not say that it holds."""
    receipt = told()["last member"]
    data = format_html(receipt, LOG_KEY)
    start = data.index(b'id="receipt">') + len(b'id="receipt">')
    end = data.index(b"</script>", start)
    cases = [case for case in flips(("last member",)) if _python_answer(case)[0] == "fails"]
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


def test_another_log_key_is_not_intact(show: Callable[..., Shown]) -> None:
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
def test_a_browser_that_cannot_check_says_so(script: str, show: Callable[..., Shown]) -> None:
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


def test_without_scripts(show: Callable[..., Shown]) -> None:
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
def test_policy_box(policy: str, state: str, said: str, show: Callable[..., Shown]) -> None:
    """The page judges trust by the policy that its reader pastes, and only by that."""
    page = show(told()["record"]).page
    page.wait_for_selector("html[data-trust]", state="attached")
    page.fill("#policy", policy)
    expect(page.locator("#judgement")).to_contain_text(said)
    expect(page.locator("html")).to_have_attribute("data-trust", state)
    if state != "none":
        expect(page.locator("#grade")).to_contain_text(said.partition(".")[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Intact under key")


def test_policy_file(show: Callable[..., Shown]) -> None:
    """A policy can be opened from a file instead; emptying the box takes the judgement back."""
    page = show(told()["record"]).page
    payload = {"name": "policy.txt", "mimeType": "text/plain", "buffer": witness_policy().encode()}
    page.set_input_files("#file", payload)  # type: ignore[arg-type]  # a FilePayload
    expect(page.locator("#judgement")).to_contain_text("w1: 2023-11-14 22:15:00 UTC")
    page.fill("#policy", "")
    expect(page.locator("#judgement")).to_contain_text("Not judged yet.")


def test_mldsa_is_never_claimed(show: Callable[..., Shown]) -> None:
    """What only ML-DSA-44 vouches for is left open, and what was not checked is named."""
    cases = list(receipt_policies.mldsa())
    assert {_python_answer(case) for case in cases} == {("holds", "")}
    log, index = story()["record"]
    page = show(log.receipt(index, LOG_PQ, *WITNESSES)).page
    answers = [(case.name, *answer) for case, answer in zip(cases, _answers(page, cases), strict=True)]
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
def test_phone_and_keyboard(name: str, scheme: Any, show: Callable[..., Shown]) -> None:
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


def test_copying(show: Callable[..., Shown]) -> None:
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


def test_numbers_beyond_the_calendar(show: Callable[..., Shown]) -> None:
    """A time that no calendar has is shown as the number that was signed."""
    log = SmallLog()
    index = log.append(entry_of(statement(1, at_ms=2**53 - 1), OWNER))
    receipt = log.receipt(index, checkpoint=log.checkpoint(*WITNESSES, time_s=2**62))
    shown = show(receipt)
    assert shown.outcome == "holds"
    expect(shown.page.locator("#facts")).to_contain_text("9007199254740991 ms")
    assert shown.complaints == []
