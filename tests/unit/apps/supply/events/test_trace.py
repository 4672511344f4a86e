"""Traces and recalls tell what was said, as of a time, over lots, containers and processing."""

from __future__ import annotations

import pytest

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.trace import Recall, Trace, recall, steps_of, trace
from counterfoil.errors import NotFound
from tests.log_rig import raises_code
from tests.supply_made import (
    at,
    event,
    gln,
    indexed,
    item,
    lot,
    ms,
    pack,
    pallet,
    place,
    seen,
    transform,
)  # fmt: skip

MILK = {"epcClass": lot("MILK", 22222), "quantity": 100, "uom": "KGM"}
CHEESE = {"epcClass": lot("CHEESE", 33333), "quantity": 10, "uom": "KGM"}
CHAIN = (
    transform(1, [MILK], [CHEESE]),
    transform(2, [CHEESE], [item(1), item(2)]),
    seen(2.5, 2, item(3), step="commissioning", action="ADD", ilmd={"cbvmda:lotNumber": "L7"}),
    pack(3, pallet(1), item(1), item(2), item(3)),
    seen(4, 2, pallet(1), step="shipping"),
    seen(9, 3, pallet(1)),
    pack(10, pallet(1), item(1), action="DELETE", where=3),
    seen(11, 4, item(1), step="retail_selling"),
)


def links(found: Trace) -> set[tuple[int, str, str, str]]:
    """Show links by level, source, product and how."""
    return {(one.level, one.source, one.product, one.how) for one in found.links}


def test_back_goes_through_processing() -> None:
    """An item is traced back through each transformation to the first lot."""
    with indexed(*CHAIN) as index:
        found = trace(index, item(1))
        milk, cheese = canonical(MILK["epcClass"]), canonical(CHEESE["epcClass"])
        assert links(found) == {
            (1, cheese, canonical(item(1)), "made-of"),
            (2, milk, cheese, "made-of"),
        }
        assert [one.index for one in found.links] == [1, 0]


def test_back_goes_into_what_a_container_held_then() -> None:
    """A pallet is traced back to its content as of the time asked for."""
    with indexed(*CHAIN) as index:
        early = {one.source for one in trace(index, pallet(1), as_of_ms=ms(5)).links}
        late = {one.source for one in trace(index, pallet(1), as_of_ms=ms(10)).links}
    assert canonical(item(1)) in early
    assert canonical(item(1)) not in late
    assert canonical(item(2)) in late
    assert canonical(lot("L7")) in late


def test_what_was_emptied_as_a_whole_stays_where_that_was() -> None:
    """Items are where their pallet was emptied, also when only the pallet was named there."""
    events = (
        transform(1, [MILK], [item(1), item(2)]),
        pack(2, pallet(1), item(1), item(2)),
        seen(9, 3, pallet(1)),
        pack(10, pallet(1), action="DELETE", where=3),
        seen(12, 9, pallet(1)),
        seen(13, 4, item(2)),
    )
    with indexed(*events) as index:
        now = {one.thing: one for one in recall(index, lot("MILK", 22222)).affected}
        then = {
            one.thing: one for one in recall(index, lot("MILK", 22222), as_of_ms=ms(9.5)).affected
        }
    one, two = canonical(item(1)), canonical(item(2))
    assert (now[one].place, now[one].within, now[one].index) == (gln(3), "", 3)
    assert now[two].place == gln(4)
    assert (then[one].place, then[one].within) == (gln(3), canonical(pallet(1)))


def test_a_journey_includes_what_held_the_thing() -> None:
    """The steps of an item are its own and its pallet's while it was on it, and no others."""
    with indexed(*CHAIN, seen(12, 9, pallet(1))) as index:
        found = steps_of(index, item(1))
    assert [one.index for one in found] == [1, 3, 4, 5, 6, 7]
    assert found[2].by == canonical(pallet(1))


def test_recall_finds_all_downstream_and_where_it_is() -> None:
    """A bad lot leads to every item made of it, where each is, in what, and whether it is gone."""
    with indexed(*CHAIN) as index:
        found = recall(index, lot("MILK", 22222))
    by_name = {one.thing: one for one in found.affected}
    assert set(by_name) == {
        canonical(x) for x in (MILK["epcClass"], CHEESE["epcClass"], item(1), item(2))
    }
    sold, stored = by_name[canonical(item(1))], by_name[canonical(item(2))]
    assert (sold.gone, sold.place, sold.within) == ("sold", gln(4), "")
    assert (stored.gone, stored.place, stored.within) == ("", gln(3), canonical(pallet(1)))
    assert found.evidence == (0, 1)


def test_recall_of_a_lot_finds_items_that_were_made_in_it() -> None:
    """Items that say in which lot they were made are downstream of that lot."""
    with indexed(*CHAIN) as index:
        assert names(recall(index, lot("L7"))) == {canonical(lot("L7")), canonical(item(3))}


def test_a_lots_number_is_one_however_it_is_written() -> None:
    """A lot whose number has signs of its own is one by its EPC class and in master data."""
    ilmd = {"cbvmda:lotNumber": "A/1+"}
    made = seen(1, 1, item(1), step="commissioning", action="ADD", ilmd=ilmd)
    with indexed(made) as index:
        assert names(recall(index, lot("A%2F1+"))) == {canonical(lot("A%2F1+")), canonical(item(1))}


def test_what_was_destroyed_nobody_says_where_is_gone() -> None:
    """An event that ends a thing counts also when it tells no place; the last place stays."""
    end = event("ObjectEvent", 3, epcList=[item(2)], action="DELETE", bizStep="destroying")
    with indexed(transform(1, [item(1)], [item(2)]), seen(2, 4, item(2)), end) as index:
        (found,) = recall(index, item(2)).affected
    assert (found.gone, found.place) == ("destroyed", gln(4))


def names(found: Recall) -> set[str]:
    """Name the things of a recall."""
    return {one.thing for one in found.affected}


def test_time_runs_one_way() -> None:
    """What went in after a lot was bad is downstream of it; what went in before is not."""
    first = transform(1, [item(5)], [item(6)])
    later = transform(0.5, [item(6)], [item(7)])  # made of item 6 before that was made
    with indexed(first, later) as index:
        assert names(recall(index, item(5))) == {canonical(item(5)), canonical(item(6))}
        assert {one.source for one in trace(index, item(7)).links} == {canonical(item(6))}


def test_a_longer_way_that_shows_more_is_gone() -> None:
    """A lot that is reached late by a short way and early by a long one is followed from early on.

    Else a recall would miss what was made of it in between.
    """
    events = (
        transform(5, [item(1)], [quantity("MIX")]),
        transform(1, [item(1)], [item(2)]),
        transform(2, [item(2)], [quantity("MIX")]),
        transform(3, [quantity("MIX")], [item(9)]),
    )
    with indexed(*events) as index:
        assert canonical(item(9)) in names(recall(index, item(1)))


def quantity(name: str) -> dict[str, object]:
    """Weigh a lot."""
    return {"epcClass": lot(name), "quantity": 1, "uom": "KGM"}


def test_an_event_that_was_an_error_does_not_count() -> None:
    """From the time of its error declaration on, an event is left out."""
    wrong = transform(1, [item(5)], [item(6)])
    declared = Event({**wrong.body, "errorDeclaration": {"declarationTime": at(5)}})
    for order in ((wrong, declared), (declared, wrong)):
        with indexed(*order) as index:
            assert trace(index, item(6)).links == ()
            assert len(trace(index, item(6), as_of_ms=ms(4)).links) == 1


def test_inputs_and_outputs_that_are_told_apart_belong_together() -> None:
    """Events of one transformation id are one transformation."""
    same = {"transformationID": "urn:epc:id:gdti:0614141.12345.400"}
    with indexed(transform(1, [item(1)], [], **same), transform(2, [], [item(2)], **same)) as index:
        assert {one.source for one in trace(index, item(2)).links} == {canonical(item(1))}


def test_a_circle_ends() -> None:
    """Things that went into each other end a trace, and are told once."""
    with indexed(transform(1, [item(1)], [item(2)]), transform(2, [item(2)], [item(1)])) as index:
        assert len(recall(index, item(1)).affected) == 2


@pytest.mark.parametrize("name", ["urn:epc:id:sgtin:4012345.011111.99", "x"])
def test_a_thing_that_no_event_names_is_not_found(name: str) -> None:
    """A name that is in no event ends in an error that says how things are named."""
    with indexed(*CHAIN) as index, raises_code("supply.thing", NotFound):
        trace(index, name)


def _packed(hours: float, number: int, quantity: int, action: str = "ADD") -> Event:
    """Put some of a lot onto a pallet, or take it off."""
    content = [{"epcClass": lot("L"), "quantity": quantity}]
    return event(
        "AggregationEvent",
        hours,
        parentID=pallet(number),
        action=action,
        childQuantityList=content,
        readPoint={"id": place(1)},
    )


def _made(quantity: int) -> Event:
    content = [{"epcClass": lot("L"), "quantity": quantity}]
    return event(
        "ObjectEvent", 1, quantityList=content, action="ADD", bizStep="commissioning",
        readPoint={"id": place(1)},
    )  # fmt: skip


def test_a_lot_that_is_in_several_containers_is_recalled_from_all_of_them() -> None:
    """Each part of a lot is told with its own container and place; nothing of it is overlooked."""
    events = [_made(10), _packed(2, 1, 4), _packed(3, 2, 6), seen(4, 5, pallet(1))]
    found = recall(indexed(*events, seen(5, 6, pallet(2))), lot("L")).affected
    assert sorted((one.place, one.within[-3:]) for one in found) == [
        (gln(5), canonical(pallet(1))[-3:]),
        (gln(6), canonical(pallet(2))[-3:]),
    ]


def test_what_is_left_of_a_lot_is_told_unless_quantities_say_that_nothing_is() -> None:
    """What was made and never packed is somewhere, too, and so is what was taken off again."""
    events = [_made(10), _packed(2, 1, 4), seen(4, 5, pallet(1))]
    found = recall(indexed(*events), lot("L")).affected
    assert sorted(one.place for one in found) == [gln(1), gln(5)]
    off = _packed(6, 1, 4, "DELETE")
    (alone,) = recall(indexed(*events, off), lot("L")).affected
    assert alone.within == ""
    rest = _packed(3, 2, 6)
    assert len(recall(indexed(*events, rest), lot("L")).affected) == 2
    unpacked = pack(7, pallet(1), action="DELETE", where=5)
    found = recall(indexed(*events, rest, unpacked), lot("L")).affected
    assert sorted((one.place, bool(one.within)) for one in found) == [
        (gln(1), True),
        (gln(5), False),
    ]


def test_more_taken_out_than_was_put_in_leaves_no_debt() -> None:
    """What is put into a container after too much was said to be taken out of it is in there."""
    events = [_made(100), _packed(2, 1, 5), _packed(3, 1, 50, "DELETE"), _packed(4, 1, 40)]
    found = recall(indexed(*events), lot("L")).affected
    assert canonical(pallet(1)) in [one.within for one in found]


def test_a_box_that_comes_back_is_asked_about_once() -> None:
    """A returnable box costs as many looks at the index as it was filled, and not their square."""
    rounds, asked = 40, list[str]()
    events = []
    for number in range(rounds):
        hour = number * 4 + 1
        events += [pack(hour, pallet(1), item(1)), pack(hour + 1, pallet(2), pallet(1))]
        events += [
            pack(hour + 2, pallet(2), pallet(1), action="DELETE"),
            pack(hour + 3, pallet(1), item(1), action="DELETE"),
        ]
    with indexed(*events) as index:
        index.database.set_trace_callback(asked.append)
        assert len(steps_of(index, item(1))) == 4 * rounds
    assert len(asked) < 20 * rounds


def test_what_was_emptied_holds_nothing_until_it_is_filled_again() -> None:
    """A unit that was emptied as a whole holds nothing, also where a thing is taken out later."""
    chain = (
        pack(1, pallet(1), item(1)),
        pack(2, pallet(1), action="DELETE"),
        seen(3, 2, pallet(1)),
        pack(4, pallet(1), item(1)),
        seen(5, 2, pallet(1)),
        pack(6, pallet(1), item(1), action="DELETE"),
        pack(7, pallet(1), item(1), action="DELETE"),
        seen(8, 2, pallet(1)),
    )
    with indexed(*chain) as index:
        assert [one.index for one in steps_of(index, item(1))] == [0, 1, 3, 4, 5, 6]
