"""A shopper's page carries what it must, fits, and is refused where it does not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.handover import take_over
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.places import read_places, record_masters
from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.shopper import (
    PAGE_MAX_BYTES,
    check_page,
    code_for,
    shopper_page,
)
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper.bundle import Packer
from counterfoil.apps.supply.shopper.gathering import gather
from counterfoil.apps.supply.shopper.page import around
from counterfoil.apps.supply.shopper.policies import policy_of
from counterfoil.errors import CounterfoilError, InputError, NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import open_ledger
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.shopper_made import (
    BRAND,
    CHEESE,
    MILK,
    SHOP,
    chain,
    dairy,
    recorded,
    signed_chain,
    with_bundle,
    with_stranger,
)
from tests.supply_made import event, item, lot, pack, pallet, place, seen, transform


def test_a_page_proves_the_way_of_several_companies() -> None:
    """What is checked without a browser is the same way, by the keys that the code names."""
    found = check_page(chain().page, code=chain().code, now_s=2**40)
    assert (found.trust, found.script, found.recalled, found.unconnected) == (
        "pinned", "ours", False, 0,
    )  # fmt: skip
    assert [(one.level, one.says, one.who) for one in found.steps] == [
        (0, "commissioning", "https://dairy.example"),
        (0, "packing", "https://dairy.example"),
        (0, "shipping", "https://carrier.example"),
        (0, "sensor_reporting", "https://carrier.example"),
        (0, "receiving", "https://shop.example"),
        (0, "unpacking", "https://shop.example"),
        (0, "retail_selling", "https://shop.example"),
        (1, "commissioning", "https://dairy.example"),
    ]
    assert {one.witnesses for one in found.logs} == {
        tuple(f"{name}.example/witness" for name in names)
        for names in (("carrier", "shop"), ("shop", "dairy"), ("carrier", "dairy"))
    }


def test_trust_is_of_whoever_says_whose_keys_count() -> None:
    """A page alone is never trusted; a policy by another way or the code makes it so."""
    assert check_page(chain().page).trust == "unpinned"
    assert check_page(chain().page, policy=chain().policy).trust == "given"
    other = recorded({"dairy": (seen(0, 1, CHEESE, action="ADD"),)})
    with raises_code("trust.unknown-log", VerificationError):
        check_page(other.page, policy=chain().policy)
    with raises_code("label.policy", VerificationError):
        check_page(other.page, code=chain().code)
    with raises_code("label.thing", VerificationError):
        check_page(chain().page, code=code_for(item(2), BRAND, chain().policy))
    with raises_code("label.brand", VerificationError):
        check_page(chain().page, code=chain().code.replace("brand.", "brand-"))
    with raises_code("label.code", InputError):
        check_page(chain().page, code=chain().code.partition("#")[0])


def _edit(change: Callable[[dict[str, Any]], object]) -> bytes:
    def edit(data: bytes) -> bytes:
        found = json.loads(data)
        change(found)
        return json.dumps(found).replace("<", "\\u003c").encode()

    return with_bundle(chain().page, edit)


def _log(change: Callable[[dict[str, Any]], object]) -> bytes:
    return _edit(lambda found: change(found["logs"][0]))


Change = Callable[[], bytes]

CHANGED: dict[str, tuple[Change, str]] = {
    "another place": (
        lambda: _log(lambda log: log["entries"][3].__setitem__(0, 5)), "proof.root-mismatch"),
    "a record without its batch": (
        lambda: _log(lambda log: log["records"][0].__setitem__(1, -1)), "statement.unsigned"),
    "a place that is not there": (
        lambda: _log(lambda log: log["records"][0].__setitem__(0, 999)), "label.malformed"),
    "an entry that is no envelope": (
        lambda: _log(lambda log: log["entries"][3].__setitem__(1, "\u00e9")), "label.malformed"),
    "a short hash": (
        lambda: _log(lambda log: log["hashes"].__setitem__(0, "AA==")), "label.malformed"),
    "no keys": (lambda: _log(lambda log: log.__setitem__("keys", [])), "label.malformed"),
    "no records": (lambda: _edit(lambda found: found.__setitem__("logs", [])), "label.empty"),
    "another thing": (
        lambda: _edit(lambda found: found.__setitem__("thing", "https://id.gs1.org/01/1")),
        "label.empty"),
    "no policy": (
        lambda: _edit(lambda found: found.__setitem__("policy", "x")), "policy.line-end"),
    "a field more": (lambda: _edit(lambda found: found.__setitem__("more", 1)), "label.malformed"),
    "JSON cut short": (lambda: with_bundle(chain().page, lambda data: data[:-1]), "json.malformed"),
    "no JSON": (lambda: with_bundle(chain().page, lambda _: b""), "json.malformed"),
    "no bundle": (lambda: chain().page.replace(b'id="bundle"', b'id="x"'), "label.malformed"),
    "two pages": (lambda: chain().page + chain().page, "label.malformed"),
    "nothing": (lambda: b"", "label.malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_changed_pages_are_refused(name: str) -> None:
    """Whatever does not hold together is refused, with the code of the first thing."""
    made, code = CHANGED[name]
    with raises_code(code, CounterfoilError):
        check_page(made())


def test_records_of_another_thing_are_told_apart(tmp_path: Path) -> None:
    """A proven record that is not of the thing is counted as such, and is no step."""
    found = check_page(with_stranger(tmp_path / "shop"))
    assert (len(found.steps), found.unconnected) == (1, 1)


def test_a_record_that_was_listed_is_missed() -> None:
    """Who makes a page can sign which records it carries: one that is taken out is noticed."""
    made = signed_chain()
    found = check_page(made.page, code=made.code)
    assert (found.listed_by, len(found.steps), found.unconnected) == ("https://dairy.example", 8, 0)
    assert len({one.origin for one in found.logs}) == len(found.logs), "one checkpoint a log"
    assert check_page(chain().page).listed_by == ""

    def drop(data: bytes) -> bytes:
        whole = json.loads(data)
        whole["logs"][1]["records"].pop()
        return json.dumps(whole).replace("<", "\\u003c").encode()

    with raises_code("label.incomplete", VerificationError):
        check_page(with_bundle(made.page, drop))


def test_another_script_is_noticed() -> None:
    """A page whose script or text was changed is told apart, though what it carries holds."""
    assert check_page(chain().page.replace(b"main();", b"main() ;")).script == "another"
    claimed = chain().page.replace(b'<ul id="claims">', b'<ul id="claims"><li>more</li>')
    assert check_page(claimed).script == "ours", "claims say that they are not verified"


def test_packing_gives_back_the_very_receipts() -> None:
    """What is packed comes out as it went in, and takes far less room."""
    assert len(chain().receipts) == 8
    alone = sum(len(receipts.format(one)) for one in chain().receipts)
    data = bundles.format(chain().bundle)
    assert len(data) < alone / 2
    packer = Packer()
    for receipt, key in bundles.unpack(chain().bundle):
        packer.add(receipt, key)
        packer.add(receipt, key)
    again = msgspec.structs.replace(chain().bundle, logs=packer.packed())
    assert tuple(one for one, _ in bundles.unpack(again)) == chain().receipts
    assert len(data) < packer.size + 2000
    assert packer.copy().packed() == packer.packed()


def test_only_whole_statements_are_packed() -> None:
    """A row, disclosed content, a COSE statement or other keys are refused."""
    [(receipt, key), *_] = bundles.unpack(chain().bundle)
    for change in ({"content": "{}"}, {"issuer": receipt.record}):
        changed: Receipt = msgspec.structs.replace(receipt, **change)
        with raises_code("label.entry", InputError):
            Packer().add(changed, key)
    cose = msgspec.structs.replace(receipt.record, entry=b"\xd2\x84")
    with raises_code("label.entry", InputError):
        Packer().add(msgspec.structs.replace(receipt, record=cose), key)
    packer = Packer()
    packer.add(receipt, key)
    fewer = msgspec.structs.replace(
        receipt, keys=(), record=msgspec.structs.replace(receipt.record, index=99)
    )
    with raises_code("label.entry", InputError):
        packer.add(fewer, key)


def test_a_long_way_keeps_its_beginning_its_end_and_what_links_it(tmp_path: Path) -> None:
    """A page never grows beyond its bound; what does not fit is counted."""
    many = [seen(3 + n / 1000, 2, pallet(1), step="inspecting") for n in range(400)]
    packed = [pack(20 + n, pallet(2), item(100 + n)) for n in range(5)]
    events = [*dairy(), *many, *SHOP, *packed]
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger:
        capture(ledger, events)
        page = shopper_page([ledger], CHEESE, brand=BRAND)
    assert 0.75 * PAGE_MAX_BYTES < len(page) <= PAGE_MAX_BYTES
    found = check_page(page)
    said = [one.says for one in found.steps]
    assert said[:2] == ["commissioning", "packing"]
    assert {"receiving", "unpacking", "retail_selling"} <= set(said)
    assert found.steps[-1].level == 1
    assert found.left_out == 406 - len(said)
    assert found.unconnected == 0


def test_a_recall_after_the_fact_is_found(tmp_path: Path) -> None:
    """A recall of a lot counts for what was made of it before, in either of its two words."""
    made = transform(1, [lot("MILK", 22222)], [CHEESE])
    lasting = {"persistentDisposition": {"set": ["recalled"]}, "quantityList": [{"epcClass": MILK}]}
    sold = seen(5, 1, step="retail_selling", epcList=[], quantityList=[{"epcClass": MILK}])
    recalled = seen(9, 1, step="holding", epcList=[], **lasting)
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger:
        capture(ledger, [made, sold])
        assert not check_page(shopper_page([ledger], CHEESE)).recalled
        capture(ledger, [recalled])
        found = check_page(shopper_page([ledger], CHEESE))
    assert found.recalled
    assert [one.says for one in found.steps] == ["TransformationEvent", "holding"]


def test_a_product_has_its_name_whichever_name_a_thing_is_asked_by(tmp_path: Path) -> None:
    """What the product is called comes along for its EPC as for its Digital Link."""
    said = (
        b"place,name,latitude,longitude\nurn:epc:idpat:sgtin:4012345.011111.*,Mountain cheese,,\n"
    )
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger:
        capture(ledger, [transform(1, [lot("MILK", 22222)], [CHEESE])])
        (named,) = record_masters(ledger, read_places(said))
        for name in (CHEESE, canonical(CHEESE)):
            gathered = gather([ledger], name, None)
            gathered.index.close()
            assert gathered.named == (named,)


def test_a_way_that_was_too_fast_is_doubted_on_the_page(tmp_path: Path) -> None:
    """Distances between places on record count for a page as for `supply check`."""
    said = f"place,name,latitude,longitude\n{place(1)},Dairy,53.1,8.8\n{place(2)},Shop,48.1,11.6\n"
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger:
        capture(ledger, [seen(1, 1, CHEESE), seen(2, 2, CHEESE, step="receiving")])
        assert check_page(shopper_page([ledger], CHEESE)).doubts == ()
        record_masters(ledger, read_places(said.encode()))
        (doubt,) = check_page(shopper_page([ledger], CHEESE)).doubts
    assert "km/h, to Shop" in doubt


def test_first_hand_proof_goes_before_what_was_taken_over(tmp_path: Path) -> None:
    """Of two logs that tell the same event, that of who saw it counts."""
    places = {name: tmp_path / name for name in ("dairy", "shop")}
    with Parties.found(places, tmp_path / "witnesses") as parties:
        farm, shop = parties.ledgers["dairy"], parties.ledgers["shop"]
        done = capture(farm, dairy())
        farm.publish()
        data = [receipts.format(farm.receipt(at)) for at in done.indices if at is not None]
        take_over(shop, data, parties.parties["dairy"].policy)
        capture(shop, SHOP)
        for ledger in parties.ledgers.values():
            ledger.publish()
        alone = check_page(shopper_page([shop], CHEESE))
        both = check_page(shopper_page([shop, farm], CHEESE))
        parsed = [receipts.parse(one) for one in data]
        policy = policy_of([shop, farm])
        handed = check_page(shopper_page([shop, *parsed], CHEESE, policy=policy))
        with raises_code("receipt.log-key", NotFound):
            shopper_page([shop, *parsed], CHEESE)
    assert {one.who for one in alone.steps} == {"https://shop.example"}
    for found in (both, handed):
        assert [(one.says, one.who) for one in found.steps] == [
            ("commissioning", "https://dairy.example"), ("packing", "https://dairy.example"),
            ("receiving", "https://shop.example"), ("unpacking", "https://shop.example"),
            ("retail_selling", "https://shop.example"),
            ("commissioning", "https://dairy.example"),
        ]  # fmt: skip


def test_what_cannot_be_made(tmp_path: Path) -> None:
    """Errors say what is wrong: no such thing, no key, a wrong limit or receipt, no policy."""
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger:
        at = ledger.record({"n": 1}).index
        capture(ledger, [seen(1, 1, CHEESE)])
        ledger.publish()
        other = ledger.receipt(at)
        with raises_code("supply.thing", NotFound):
            shopper_page([ledger], item(9))
        with raises_code("label.thing", InputError):
            shopper_page([ledger], "urn:x:y")
        with raises_code("supply.limit", InputError):
            shopper_page([ledger], CHEESE, high_c="warm")
        with raises_code("label.brand", InputError):
            shopper_page([ledger], CHEESE, brand="brand.example")
        with raises_code("label.receipt", InputError):
            shopper_page([ledger, other], CHEESE)
        with raises_code("trust.unknown-log", VerificationError):
            shopper_page([ledger], CHEESE, policy=chain().policy)
        odd = ledger.layout.policy.read_bytes() + b"# \xff\n"
        with raises_code("label.policy", InputError):
            shopper_page([ledger], CHEESE, policy=odd)
    with raises_code("label.policy", InputError):
        policy_of([other])
    comment = b"# " + b"x" * PAGE_MAX_BYTES + b"\n"
    with (
        open_ledger(tmp_path / "shop") as ledger,
        raises_code("label.size", InputError),
    ):
        shopper_page([ledger], CHEESE, policy=comment + ledger.layout.policy.read_bytes())


def test_doubts_travel_with_the_page() -> None:
    """What the events do not let stand is said on the page: a serial number that was made twice."""
    twice = (seen(1, 1, CHEESE, step="commissioning", action="ADD"),
             seen(5, 2, CHEESE, step="commissioning", action="ADD"))  # fmt: skip
    assert any("made" in one for one in recorded({"dairy": twice}).bundle.doubts)


def test_an_event_that_was_an_error_is_no_step() -> None:
    """What was declared to be an error is left out."""
    wrong = seen(3, 9, CHEESE, step="shipping")
    declared = event(
        "ObjectEvent", 3, **{k: v for k, v in wrong.body.items() if k not in ("type", "eventTime")},
        errorDeclaration={"declarationTime": "2030-01-02T00:00:00Z"},
    )  # fmt: skip
    found = check_page(
        recorded({"dairy": (seen(1, 1, CHEESE, action="ADD"), wrong, declared)}).page
    )
    assert [one.says for one in found.steps] == ["receiving"]


def test_a_policy_of_several_asks_for_what_the_least_of_them_does() -> None:
    """The brand's policy has all logs, and as many witnesses as each log can show."""
    made = policies.parse(chain().policy)
    assert [log.key.name.split("/")[1] for log in made.logs] == ["dairy", "carrier", "shop"]
    [group] = made.groups
    assert (group.threshold, made.quorum) == (2, group.name)
    assert group.members == (
        "carrier.example/witness", "shop.example/witness", "dairy.example/witness",
    )  # fmt: skip
    assert [one.name for one in made.witnesses if one.name.startswith("self-")]


def test_the_page_alone_is_small_and_closed() -> None:
    """Before what it carries the page is below 90 KB, names no other file and fetches nothing."""
    head, tail = around()
    whole = (head + tail).decode()
    assert len(whole) < 90_000
    script = whole.partition('<script type="module">')[2].partition("</script>")[0]
    words = r"fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|\.src\b|innerHTML"
    assert not re.search(words + r"|outerHTML|insertAdjacent|\beval\b|DOMParser", script)
    assert "</" not in script
    tags = re.findall(r"<[a-z]+[^>]*>", whole.replace(script, ""))
    assert not [tag for tag in tags if re.search(r"\s(src|href|action|on\w+)\s*=", tag)]
    assert "default-src 'none'; script-src 'sha256-" in whole
