"""What the room for people promises."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, CounterfoilError, InputError, NotFound, Refused
from counterfoil.formats import disclosure
from counterfoil.ledger import Ledger
from counterfoil.ledger.people import Personal, PersonIn
from counterfoil.ports import Said, ToSeal
from counterfoil.proofs.disclosure import verify_disclosure
from counterfoil.testing.clock import ManualClock
from tests.ledgers import prove, set_setting
from tests.personal import found_on_disk, record_person
from tests.statements import refused

WHO: dict[str, Any] = {"actor": "dana", "purpose": "complaint"}


def test_personal_fields_leave_the_content_and_open(ledger: Ledger) -> None:
    """Several people in one record: each field is sealed under its own person's key, and opens."""
    personal = {"customer.name": Personal("c-17", "contact"), "seller": Personal("s-1", "staff")}
    content = {"n": 1, "customer": {"name": "Ann", "vip": True}, "seller": "Bob"}
    recorded = ledger.record(content, personal=personal)
    shown = ledger.get(recorded.index)
    assert shown.content == {"n": 1, "customer": {"vip": True}}
    assert [(one.names, one.state) for one in shown.personal] == [
        (("customer.name",), "sealed"),
        (("seller",), "sealed"),
    ]
    opened = ledger.people.open(recorded.index, **WHO)
    assert opened == {"sealed": {"customer.name": "Ann", "seller": "Bob"}}
    assert prove(ledger, recorded.index).content == b'{"n":1,"customer":{"vip":true}}'


def test_opening_is_in_the_log_before_anything_is_released(ledger: Ledger) -> None:
    """The last entry says who opened what and why, and names the person by handle alone."""
    index = record_person(ledger, "c-17", "Ann")
    ledger.people.open(index, names=["customer.name"], **WHO)
    said = ledger.get(ledger.size - 1)
    assert said.kind == "opening"
    assert said.content["actor"] == "dana"
    assert said.content["records"] == [{"leaf": ledger.get(index).leaf}]
    assert said.content["people"] == [ledger.people.handle("c-17")]


def test_nothing_personal_is_on_disk_in_clear_and_nothing_at_all_once_erased(
    ledger: Ledger, folder: Path, state: Path
) -> None:
    """Every raw byte of ledger and state is searched; old receipts verify all the same."""
    index = record_person(ledger, "customer-seventeen", "Marker-Ann")
    ledger.people.open(index, **WHO)
    handle = ledger.people.handle("customer-seventeen")
    keys = _keys(ledger)
    assert found_on_disk((folder, state), b"Marker-Ann", b"customer-seventeen") == []
    assert found_on_disk((state,), *keys), "the search finds what is there"
    receipt = ledger.receipt(index)
    ledger.search("currency=EUR")
    ledger.people.erase("customer-seventeen")
    assert found_on_disk((folder, state), *keys) == []
    assert counterfoil.verify(receipt, ledger.policy).index == index
    assert prove(ledger, index).index == index
    assert [one.state for one in ledger.get(index).personal] == ["erased"]
    assert ledger.search(handle).hits[-1].personal[0].state == "erased"
    with pytest.raises(Refused, match="erased") as caught:
        ledger.people.open(index, **WHO)
    assert caught.value.code == "person.erased"
    with pytest.raises(NotFound) as unknown:
        ledger.people.erase("customer-seventeen")
    assert unknown.value.code == "person.unknown"
    assert ledger.people.erase(f"handle:{handle}").duplicate


def test_a_repeated_number_gets_its_first_receipt(ledger: Ledger) -> None:
    """Salts are random, yet the same row is the same record; another value is a conflict."""
    first = record_person(ledger, "c-17", "Ann", source="orders", number=0)
    assert record_person(ledger, "c-17", "Ann", source="orders", number=0) == first
    for person, name in (("c-17", "Eve"), ("c-18", "Ann")):
        with pytest.raises(Conflict) as caught:
            record_person(ledger, person, name, source="orders", number=0)
        assert caught.value.code == "record.number-taken"
    ledger.people.erase("c-17")
    assert record_person(ledger, "c-17", "Ann", source="orders", number=0) == first
    with pytest.raises(NotFound):
        ledger.people.handle("c-17")


def test_rows_name_their_person_by_a_field(ledger: Ledger) -> None:
    """The field that holds the id is sealed, too, and killed runs can be repeated."""
    rows = [{"id": n % 2, "name": f"Row-{n}", "n": n} for n in range(6)]
    personal = {"name": PersonIn("id", "contact")}
    done = ledger.record_many(rows, source="file", first=0, personal=personal)
    again = ledger.record_many(rows, source="file", first=0, personal=personal)
    assert again.new == 0
    assert again.indices == done.indices
    assert ledger.get(done.indices[3]).content == {"n": 3}
    opened = ledger.people.open_many(done.indices, **WHO)
    assert [one.fields["sealed"]["name"] for one in opened] == [f"Row-{n}" for n in range(6)]
    assert ledger.people.listing("1")[0]["kept"][0]["groups"] == 3


def test_statements_seal_too(ledger: Ledger) -> None:
    """A decision's sealed inputs open by the field that they are in, one or many at a time."""
    sealed = ToSeal("c-17", "decision", {"inputs/age": 41.5, "explanation": {"age": 0.2}})
    fields = {"model": {"digest": "0f" * 32}, "outcome": "yes"}
    one = ledger.record_statement("decision", fields, seal={"sealed": sealed})
    opened = ledger.people.open(one.index, **WHO)
    assert opened == {"sealed": {"inputs/age": 41.5, "explanation": {"age": 0.2}}}
    said = [Said("decision", fields, (), {"sealed": sealed})] * 3
    many = ledger.record_statements(said).result()
    assert ledger.people.open(many.indices[2], names=["inputs/age"], **WHO) == {
        "sealed": {"inputs/age": 41.5}
    }


@pytest.mark.parametrize(
    ("content", "personal", "code"),
    [
        ({"n": float("nan")}, {"n": Personal("c", "x")}, "json.number"),
        ({"n": 1}, {"m": Personal("c", "x")}, "record.personal"),
        ({"n": {"m": 1}}, {"n": Personal("c", "x"), "n.m": Personal("c", "x")}, "record.personal"),
        ({"n.m": 1, "n": {"m": 1}}, {"n.m": Personal("c", "x")}, "record.personal"),
        ({"n": [1]}, {"n.0": Personal("c", "x")}, "record.personal"),
        ({"n": 1}, {"n": "c"}, "record.personal"),
        ({"n": 1}, {"n": Personal("", "x")}, "person.id"),
        ({"n": 1}, {"n": Personal("handle:00", "x")}, "person.id"),
        ({"n": 1}, {"n": Personal("c", "")}, "person.class"),
        ({"n": 1, "id": None}, {"n": PersonIn("id", "x")}, "person.id"),
        ({"n": "x" * (1 << 20)}, {"n": Personal("c", "x")}, "person.size"),
    ],
)
def test_bad_input_is_named_and_nothing_half_recorded(
    ledger: Ledger, content: Any, personal: Any, code: str
) -> None:
    """NaN, a path that is not there, no person: each a clear error, and the log stays as it is."""
    with pytest.raises(InputError) as caught:
        ledger.record(content, personal=personal)
    assert caught.value.code == code
    assert ledger.size == 3
    assert not ledger.layout.vault.exists() or ledger.people.listing() == []


def test_a_statement_that_is_refused_leaves_nothing_sealed(ledger: Ledger) -> None:
    """Sealed bytes of what was not recorded go with the next write, and NaN is named alone."""
    wrong = ToSeal("c-17", "decision", {"score": float("inf")})
    with pytest.raises(InputError) as caught:
        ledger.record_statement("decision", {"outcome": "yes"}, seal={"sealed": wrong})
    assert caught.value.code == "person.value"
    sealed = ToSeal("c-17", "decision", {"score": 1})
    with pytest.raises(InputError):  # a decision needs a model
        ledger.record_statement("decision", {"outcome": "yes"}, seal={"sealed": sealed})
    record_person(ledger, "c-18", "Eve")
    assert ledger.people.listing("c-17")[0]["kept"] == []


def test_holds_keep_and_say_why(ledger: Ledger) -> None:
    """What is held is not erased, with the reason; lifted, it is."""
    record_person(ledger, "c-17", "Ann")
    ledger.people.hold("c-17", "lawsuit 12/26", classes=["contact"])
    with pytest.raises(Refused, match="lawsuit 12/26") as caught:
        ledger.people.erase("c-17")
    assert caught.value.code == "person.held"
    ledger.people.erase("c-17", classes=["decision"])
    ledger.people.lift("c-17", "settled")
    assert ledger.people.erase("c-17").groups == 1


def test_a_grant_opens_its_classes_until_it_is_revoked(ledger: Ledger) -> None:
    """Holder, purpose, class and person must fit; a refusal is recorded; later data opens, too."""
    index = record_person(ledger, "c-17", "Ann")
    other = record_person(ledger, "c-18", "Eve")
    granted = ledger.people.grant("c-17", "auditor", purpose="audit", classes=["contact"])
    late = record_person(ledger, "c-17", "Ann-again")
    shown = {"actor": "auditor", "purpose": "audit", "token": granted.token}
    assert ledger.people.open(index, **shown)["sealed"]["customer.name"] == "Ann"
    assert ledger.people.open(late, **shown)["sealed"]["customer.name"] == "Ann-again"
    wrong: list[tuple[int, dict[str, str]]] = [
        (other, {}),
        (index, {"actor": "eve"}),
        (index, {"purpose": "fun"}),
    ]
    for at, change in wrong:
        with pytest.raises(Refused) as caught:
            ledger.people.open(at, **{**shown, **change})
        assert caught.value.code == "person.not-granted"
    ledger.people.revoke("c-17", "auditor")
    with pytest.raises(Refused):
        ledger.people.open(index, **shown)
    assert ledger.get(ledger.size - 1).content["refused"] == "person.not-granted"
    assert granted.token not in repr(granted)
    with pytest.raises(NotFound):
        ledger.people.revoke("c-17", "auditor")
    with pytest.raises(InputError) as bad:
        ledger.people.open(index, **{**shown, "token": "cfpermit1.x"})
    assert bad.value.code == "person.token"


def test_settings_ask_for_consent_and_grants(folder: Path) -> None:
    """A purpose that needs consent opens only with it, and a closed class only with a token."""
    _set(folder, consent_purposes='["marketing"]', grant_classes='["health"]')
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
        marketing = {"actor": "dana", "purpose": "marketing"}
        with pytest.raises(Refused) as caught:
            ledger.people.open(index, **marketing)
        assert caught.value.code == "person.no-consent"
        consent = ledger.people.consent("c-17", ["marketing"], evidence="form 3")
        assert ledger.people.open(index, **marketing)
        said = ledger.get(ledger.size - 1).content
        assert said["consent"] == {"leaf": ledger.get(consent).leaf}
        ledger.people.consent("c-17", ["marketing"], given=False)
        with pytest.raises(Refused):
            ledger.people.open(index, **marketing)
        ill = ledger.record({"ill": "flu"}, personal={"ill": Personal("c-17", "health")})
        with pytest.raises(Refused) as closed:
            ledger.people.open(ill.index, **WHO)
        assert closed.value.code == "person.not-granted"


def test_retention_has_a_floor_and_a_ceiling(folder: Path) -> None:
    """Too young is kept, too old goes, what is held stays, and newer data of the class as well."""
    _set(folder, retention_days='["contact=1..3"]')
    clock = ManualClock(1_800_000_000_000)
    day = 24 * 3600 * 1000
    with counterfoil.open(folder, clock=clock) as ledger:
        old = record_person(ledger, "c-17", "Ann")
        held = record_person(ledger, "c-18", "Eve")
        ledger.people.hold("c-18", "lawsuit")
        with pytest.raises(Refused) as caught:
            ledger.people.erase("c-17")
        assert caught.value.code == "person.retained"
        clock.advance(4 * day)
        new = record_person(ledger, "c-17", "Ann-now")
        (gone,) = ledger.people.expire()
        assert (gone.groups, gone.person) == (1, ledger.people.handle("c-17"))
        assert ledger.people.expire() == []
        assert ledger.people.open(new, **WHO)["sealed"]["customer.name"] == "Ann-now"
        assert ledger.people.open(held, **WHO)["sealed"]["customer.name"] == "Eve"
        states = [ledger.get(index).personal[0].state for index in (old, new, held)]
        assert states == ["erased", "sealed", "sealed"]


def test_subject_access_shows_all_of_one_person_and_nothing_of_another(ledger: Ledger) -> None:
    """Records, statements and who saw what; fields of others in the same records stay closed."""
    personal = {"a": Personal("c-17", "contact"), "b": Personal("c-18", "contact")}
    both = ledger.record({"a": "Ann", "b": "Eve", "n": 1}, personal=personal).index
    record_person(ledger, "c-18", "Eve")
    ledger.people.consent("c-17", ["marketing"])
    ledger.people.open(both, **WHO)
    found = ledger.people.export("c-17", actor="dpo")
    assert [one["index"] for one in found.records] == [both]
    assert found.records[0]["personal"] == {"sealed": {"a": "Ann"}}
    assert [one["kind"] for one in found.statements] == ["consent"]
    assert [(one["actor"], one["purpose"]) for one in found.openings] == [
        ("dana", "complaint"),
        ("dpo", "subject access"),
    ]
    assert "Eve" not in str(found)


def test_a_text_in_place_of_a_list_is_refused(ledger: Ledger) -> None:
    """Taken letter by letter it would erase, grant or allow nothing, and say that it did."""
    index = record_person(ledger, "c-17", "Ann")
    size, people = ledger.size, ledger.people
    asked: list[Callable[[], object]] = [
        lambda: people.erase("c-17", classes="contact"),
        lambda: people.grant("c-17", "aud", purpose="audit", classes="contact"),
        lambda: people.consent("c-17", "marketing"),
        lambda: people.hold("c-17", "lawsuit", classes="contact"),
        lambda: people.lift("c-17", "settled", classes="contact"),
        lambda: people.open(index, actor="a", purpose="p", names="mail"),
    ]
    for ask in asked:
        with refused("person.several"):
            ask()
    assert ledger.size == size


def test_one_field_is_disclosed_with_its_proof(ledger: Ledger) -> None:
    """The file proves one field offline, shows no other, and holds after the person is erased."""
    index = record_person(ledger, "c-17", "Ann")
    made = ledger.people.disclose(index, "customer.mail", **WHO)
    data = disclosure.format(made)
    assert b"Ann@mail.example" in data
    assert re.search(rb'"Ann"', data) is None
    ledger.people.erase("c-17")
    proven = verify_disclosure(data, ledger.policy)
    assert (proven.name, proven.value) == ("customer.mail", "Ann@mail.example")
    assert proven.verified.index == index


def test_searchable_fields_are_found_until_they_are_erased(folder: Path) -> None:
    """The blind index answers for fields named in the settings, and dies with the person."""
    _set(folder, searchable_fields='["contact:customer.name"]')
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
        record_person(ledger, "c-18", "Eve")
        assert ledger.people.find("contact", {"customer.name": "Ann"}) == [index]
        with pytest.raises(Refused) as caught:
            ledger.people.find("contact", {"customer.mail": "Ann"})
        assert caught.value.code == "person.not-searchable"
        ledger.people.erase("c-17")
        assert ledger.people.find("contact", {"customer.name": "Ann"}) == []


def test_another_process_asks_the_owner(ledger: Ledger, folder: Path) -> None:
    """A second opener seals, opens and erases through the owner; a reader can do none of it."""
    with counterfoil.open(folder) as other:
        index = record_person(other, "c-17", "Ann")
        assert other.people.open(index, **WHO)["sealed"]["customer.name"] == "Ann"
        made = other.people.disclose(index, "customer.name", **WHO)
        assert verify_disclosure(made, other.policy).value == "Ann"
        assert other.people.erase("c-17").groups == 1
        assert other.get(index).personal[0].state == "erased"
    with counterfoil.open(folder, read_only=True) as reader:
        assert reader.get(index).personal[0].state == "erased"
        with pytest.raises(Refused):
            reader.people.open(index, **WHO)


def test_sealing_and_erasing_at_once_leaves_nothing_readable(
    ledger: Ledger, folder: Path, state: Path
) -> None:
    """While one thread records a person again and again, another erases; no old key remains."""
    stop = threading.Event()
    indices: list[int] = []

    def work() -> None:
        while not stop.is_set():
            indices.append(record_person(ledger, "c-17", "Marker-Ann"))

    thread = threading.Thread(target=work)
    thread.start()
    handles = set()
    for _ in range(5):
        try:
            handles.add(ledger.people.erase("c-17").person)
        except NotFound:
            continue
    stop.set()
    thread.join()
    record_person(ledger, "c-17", "Marker-Ann")
    handles.add(ledger.people.erase("c-17").person)
    for index in indices:
        with pytest.raises(Refused) as caught:
            ledger.people.open(index, **WHO)
        assert caught.value.code == "person.erased"
    assert ledger.people.listing() == []
    assert found_on_disk((folder, state), b"Marker-Ann") == []


def test_keys_that_are_missing_are_asked_for(folder: Path, state: Path) -> None:
    """Without its keys a vault seals nothing new, and the ledger still opens."""
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
    for path in state.rglob("keys.db"):
        path.unlink()
    with counterfoil.open(folder) as ledger:
        assert ledger.record({"n": 1}).index == index + 1
        with pytest.raises(CounterfoilError) as caught:
            record_person(ledger, "c-17", "Ann")
        assert caught.value.code == "vault.keys-missing"


def _keys(ledger: Ledger) -> list[bytes]:
    """Take the keys of persons out of the open vault."""
    recorder: Any = ledger._recorder
    return [row[0] for row in recorder._keeper.vault().keys.file.read("SELECT key FROM class_key")]


def _set(folder: Path, **settings: str) -> None:
    for name, value in settings.items():
        set_setting(folder, name, value)


def test_an_end_that_has_passed_is_refused(ledger: Ledger) -> None:
    """It would allow or keep nothing; nobody is made known by it, and nothing is recorded."""
    size = ledger.size
    with refused("person.until"):
        ledger.people.consent("c-99", ["credit"], until_ms=1_577_836_800_000)
    with refused("person.until"):
        ledger.people.grant(
            "c-99", "dana", purpose="audit", classes=["contact"], until_ms=1_577_836_800_000
        )
    with refused("person.until"):
        ledger.people.hold("c-99", "a case", until_ms=1_577_836_800_000)
    assert ledger.size == size
    with refused("person.unknown", NotFound):
        ledger.people.erase("c-99")
