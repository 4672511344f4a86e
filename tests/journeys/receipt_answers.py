"""Ask Python and the browser whether a receipt holds, and put their answers in one form."""

from __future__ import annotations

from playwright.sync_api import Page

from counterfoil.errors import InputError, VerificationError
from counterfoil.proofs.verify import verify_receipt
from tests.journeys.receipt_corpus import Case

__all__ = ["browser_answers", "python_answer"]

ASK = """async cases => {
  const answers = [];
  for (const [receipt, policy, now] of cases) {
    const { outcome, fault } = await counterfoil.verifyReceipt(receipt, policy, now);
    answers.push([outcome, fault?.code ?? ""]);
  }
  return answers;
}"""


def python_answer(case: Case) -> tuple[str, str]:
    try:
        verify_receipt(case.receipt, case.policy, now_s=case.now)
    except (InputError, VerificationError) as err:
        return "fails", _same(err.code)
    return "holds", ""


def _same(code: str) -> str:
    """Take two codes for one: whether an envelope is malformed or only in another form."""
    return "envelope" if code.startswith("envelope.") else code


def browser_answers(page: Page, cases: list[Case]) -> list[tuple[str, str]]:
    questions = [[case.receipt, case.policy, case.now] for case in cases]
    return [(outcome, _same(code)) for outcome, code in page.evaluate(ASK, questions)]
