"""Terms of a payment are whole, or refused with what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.act.actions import NOBODY, PaymentTerms, hold
from counterfoil.act.call import call_from_json
from counterfoil.errors import InputError
from tests.statements import refused

ONE = "0x52908400098527886E0F7030069857D2E4169EE7"
TOLD: dict[str, Any] = {
    "payer": ONE,
    "payee": ONE.lower(),
    "token": ONE,
    "amount": 1,
    "deadline_s": 9,
    "salt": bytes(32),
}


def test_plain_terms() -> None:
    """Addresses get their checksums; without an arbiter there is no window and no due."""
    told = PaymentTerms(**TOLD)
    assert told.words == (ONE, ONE, ONE, 1, NOBODY, 0, 0, 9, bytes(32))


@pytest.mark.parametrize(
    "changes",
    [
        {"payer": "0x12"},
        {"token": ONE.replace("E", "e", 1)},
        {"amount": 0},
        {"amount": 1 << 128},
        {"deadline_s": 1 << 64},
        {"due_s": -1},
        {"salt": bytes(31)},
    ],
    ids=["address", "checksum", "nothing", "too much", "too late", "too early", "salt"],
)
def test_terms_that_are_none(changes: dict[str, Any]) -> None:
    """What the contract could not take is refused before anybody signs it."""
    with refused("act.terms"):
        PaymentTerms(**TOLD | changes)


@pytest.mark.parametrize("name", ["payer", "payee", "token", "arbiter"])
def test_an_address_that_is_none_is_named(name: str) -> None:
    """Which of the addresses is wrong is said, and how one looks."""
    with pytest.raises(InputError) as caught:
        PaymentTerms(**TOLD | {name: "0x12"})
    said = f"for the {name}: expected an address of 20 bytes, found '0x12'"
    assert (caught.value.code, caught.value.message) == ("act.terms", said)
    assert "40 hexadecimal digits" in (caught.value.hint or "")


def test_calls_survive_json() -> None:
    """A call with terms in it is read back from JSON as it was, with the same hash."""
    call = hold(ONE, PaymentTerms(**TOLD))
    assert call_from_json(call.to_json()).action_hash(5) == call.action_hash(5)
