"""One field proven, and every way to prove another refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import VerificationError
from counterfoil.formats import disclosure
from counterfoil.formats.disclosure import Disclosure
from counterfoil.formats.policy import Policy
from counterfoil.proofs.disclosure import verify_disclosure
from tests.ledgers import copy_ledger
from tests.personal import record_person

Made = tuple[Disclosure, Policy, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give a disclosure of a name, the policy to check it by, and a receipt without a statement."""
    place = tmp_path_factory.mktemp("disclosed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERFOIL_STATE", str(place / "state"))
        with counterfoil.open(copy_ledger(Path(place) / "ledger")) as ledger:
            index = record_person(ledger, "c-17", "Ann")
            rows = ledger.record_many([{"n": 1}])
            found = ledger.people.disclose(index, "customer.name", actor="a", purpose="p")
            batch = ledger.receipt(rows.indices[0] + 1)
            yield found, ledger.policy, msgspec.json.encode(batch)


def test_the_value_holds(made: Made) -> None:
    """Parsed or as bytes, under the reader's policy."""
    found, policy, _ = made
    for given in (found, disclosure.format(found)):
        proven = verify_disclosure(given, policy)
        assert (proven.name, proven.value) == ("customer.name", "Ann")
        assert proven.sealed.data_class == "contact"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": '"Eve"'}, "disclosure.value"),
        ({"text": '"Ann" '}, "disclosure.value"),
        ({"salt": b"0" * 16}, "disclosure.value"),
        ({"name": "customer.mail"}, "disclosure.value"),
        ({"path": ()}, "disclosure.value"),
        ({"name": "customer.age"}, "disclosure.name"),
        ({"group": 1}, "disclosure.group"),
        ({"field": "content"}, "disclosure.group"),
    ],
)
def test_anything_else_is_refused(made: Made, change: dict[str, Any], code: str) -> None:
    """Another value, salt, name, place or group: each with its own code."""
    found, policy, _ = made
    with pytest.raises(VerificationError) as caught:
        verify_disclosure(msgspec.structs.replace(found, **change), policy)
    assert caught.value.code == code


def test_a_receipt_of_something_else_proves_no_field(made: Made) -> None:
    """A batch signature holds no statement, so nothing in it is sealed."""
    found, policy, batch = made
    receipt = counterfoil.verify(batch, policy)
    assert receipt.statement is None
    from counterfoil.formats import receipt as receipts

    other = msgspec.structs.replace(found, receipt=receipts.parse(batch))
    with pytest.raises(VerificationError) as caught:
        verify_disclosure(other, policy)
    assert caught.value.code == "disclosure.group"
