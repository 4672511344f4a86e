"""The HTML receipt's script and Python's verifier give the same answers to the same questions.

Thousands of receipts and policies, right and wrong, are put to both; so are the keys and signatures
about which verifiers are known to disagree.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats.receipt_html import format_html
from counterfoil.proofs.signature import verify_ed25519
from tests.cose_made import Issuer
from tests.journeys import receipt_attacks, receipt_policies
from tests.journeys.ed25519_edges import edges
from tests.journeys.receipt_answers import browser_answers, python_answer
from tests.journeys.receipt_builder import LOG_KEY, SmallLog
from tests.journeys.receipt_corpus import Case, case, flips, noise, predicates, told, valid
from tests.journeys.receipt_foreign import foreign_statements
from tests.journeys.receipt_window import Show
from tests.verdicts import entry_of as signed_verdict
from tests.verdicts import plain_verdict

pytestmark = pytest.mark.browser

CASES: dict[str, Callable[[], Iterator[Case]]] = {
    "valid": valid,
    "flips": flips,
    "noise": lambda: noise(400),
    "predicates": predicates,
    "keys": receipt_attacks.keys,
    "statements": receipt_attacks.statements,
    "foreign statements": foreign_statements,
    "envelopes": receipt_attacks.envelopes,
    "batches": receipt_attacks.batches,
    "parts": receipt_attacks.parts,
    "notes": receipt_policies.notes,
    "signers": receipt_policies.signers,
    "policies": receipt_policies.policies,
}


@pytest.mark.parametrize("name", CASES)
def test_browser_and_python_agree(name: str, show: Show) -> None:
    """For each receipt and policy, right or wrong, both verifiers find the same."""
    cases = list(CASES[name]())
    shown = show(told()["record"])
    differ = {
        case.name: (python, browser)
        for case, browser in zip(cases, browser_answers(shown.page, cases), strict=True)
        if (python := python_answer(case)) != browser
    }
    assert differ == {}
    assert shown.complaints == []


def test_the_corpus_reaches_every_check() -> None:
    """A verifier that left out a check would be found: each check decides over some case."""
    reached = {python_answer(case)[1] for cases in CASES.values() for case in cases()}
    checks = """
        trust.unknown-log trust.no-known-signature trust.log-signature trust.quorum
        signature.invalid signature.length proof.index proof.path-length proof.root-mismatch
        key.genesis key.unauthorised key.statement key.unknown key.role key.too-early key.ended
        key.void batch.range batch.origin batch.malformed statement.unsigned statement.signers
        statement.issuer statement.audience statement.subject statement.content
        statement.malformed predicate.malformed envelope entry.kind
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


def test_what_the_page_cannot_check_does_not_hold(show: Show) -> None:
    """Of a verdict or a statement in COSE, whose keys are not here, the page says just that."""
    log = SmallLog()
    shown = show(format_html(told()["record"], LOG_KEY))
    for data, code in (
        (signed_verdict(plain_verdict()), "entry.verdict"),
        (Issuer().statement(), "entry.cose"),
    ):
        asked = case(code, log.receipt(log.append(data)))
        assert browser_answers(shown.page, [asked]) == [("unable", code)]


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("if(!sameBytes(hash,root))", "if(false)", "parts"),
        ("if(last!==0n)throw", "if(false)throw", "parts"),
        ("index>=end)", "index>end)", "keys"),
        ("||!touches||!guarded", "||true", "keys"),
        ("Math.max(first,index+1)", "first", "keys"),
        ("if(first<0||index<first||", "if(index<first&&", "batches"),
        ("keyring.require(found.signer.keyid", "void(found.signer.keyid", "batches"),
        (".length>=threshold", ".length>=1", "signers"),
        ("time<=BigInt(now)", "time>=BigInt(now)", "signers"),
        ("issuer!==null&&", "false&&", "statements"),
        ("if(audience===checkpoint.origin)", "if(true)", "statements"),
        ("issuer===null?null:", "true?null:", "foreign statements"),
        ("if(bytes.length!==size||", "if(bytes.length!==size&&", "parts"),
    ],
)
def test_a_bug_in_the_script_is_found(right: str, wrong: str, name: str, show: Show) -> None:
    """The questions are hard enough: a check that is left out gives another answer."""
    page = format_html(told()["record"], LOG_KEY)
    cases = list(CASES[name]())
    shown = show(_with_script(page, lambda script: _replaced(script, right, wrong)))
    assert browser_answers(shown.page, cases) != [python_answer(case) for case in cases]


def _replaced(script: str, right: str, wrong: str) -> str:
    assert script.count(right) == 1
    return script.replace(right, wrong)


def _with_script(page: bytes, change: Callable[[str], str]) -> bytes:
    """Change the page's script, and the hash by which the page allows it to run."""
    text = page.decode()
    script = text.partition('<script type="module">')[2].partition("</script>")[0]
    changed = change(script)
    before, after = (b64encode(sha256(s.encode()).digest()).decode() for s in (script, changed))
    assert before in text
    return text.replace(before, after).replace(script, changed).encode()


def test_signatures_are_as_strict(show: Show) -> None:
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
      const fromHex = hex => Uint8Array.from(hex.match(/../g), pair => parseInt(pair, 16));
      for (const [name, parts] of Object.entries(cases)) {
        const asked = counterfoil.verifyEd25519(...parts.map(fromHex));
        found[name] = await asked.then(() => true, fault => fault.code);
      }
      return found;
    }"""
    questions = {name: [part.hex() for part in parts] for name, parts in cases.items()}
    browsers = show(told()["record"]).page.evaluate(ask, questions)
    assert {name: answer is True for name, answer in browsers.items()} == pythons
    assert set(browsers.values()) == {True, "signature.invalid", "signature.length"}
    assert sum(pythons.values()) >= 3
