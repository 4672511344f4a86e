"""Operations of the supply app on what happened: events, traces, sensors, orders, labels."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "supply hash",
        "supply.events:hash_events",
        "Name each event of an EPCIS document by its CBV hash, as the reference 1.9.3 has it.",
        "events.jsonld",
        "events.xml --prehash",
    ),
    writes(
        "supply capture",
        "supply.events:capture_events",
        "Record the events and master data of an EPCIS document, each once and with a receipt.",
        "events.jsonld --receipts receipts --ledger shop",
        "events.xml --proceed --ledger shop",
    ),
    writes(
        "supply receive",
        "supply.handovers:receive_events",
        "Verify another's receipts of events, and take the events into one's own log.",
        "receipt.json --policy carrier.txt --ledger shop",
    ),
    reads(
        "supply trace",
        "supply.traces:trace_thing",
        "Follow a thing back to what it was made of, or forward to what became of it.",
        "urn:epc:id:sgtin:4012345.011111.1 --ledger shop",
        "urn:epc:class:lgtin:4012345.022222.MILK --forward --as-of 2030-01-01T12:00:00Z "
        "--ledger shop",
    ),
    reads(
        "supply recall",
        "supply.traces:recall_thing",
        "Find everything downstream of a bad lot, and where each thing is now.",
        "urn:epc:class:lgtin:4012345.022222.MILK --ledger shop",
    ),
    reads(
        "supply check",
        "supply.doubts:check_events",
        "Find impossible journeys, serial numbers used twice, masses and cold chains that broke.",
        "--ledger shop",
        "--places places.csv --high-c 7 --ledger shop",
    ),
    writes(
        "supply places",
        "supply.places:know_places",
        "Record what people call places, products and parties, and where they are.",
        "places.csv --ledger shop",
    ),
    reads(
        "supply names",
        "supply.places:list_names",
        "List what places, products and parties are called, where they are, and who says so.",
        "--ledger shop",
        "urn:epc:id:sgln:4012345.00001.0 --as-of 2030-01-01T12:00:00Z --ledger shop",
    ),
    writes(
        "supply device",
        "supply.sensing:add_device",
        "Say by which key a device is known from now on, or that its key counts no more.",
        "urn:epc:id:giai:4000001.111 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= --ledger shop",
        "urn:epc:id:giai:4000001.111 --revoke --why stolen --ledger shop",
        role="operator",
    ),
    writes(
        "supply sensors",
        "supply.sensing:read_sensors",
        "Record the readings of a logger's file as events, a hundred at a time, each once.",
        "fridge.csv --device urn:epc:id:giai:4000001.111 --place urn:epc:id:sgln:4012345.00001.0 "
        "--ledger shop",
    ),
    writes(
        "supply listen",
        "supply.sensing:listen",
        "Take signed batches of sensors from an MQTT broker, each once, until it is stopped.",
        "localhost:1883 --topic sensors/# --ledger shop",
        "mqtts://broker.example:8883 --ca ca.pem --ledger shop",
        role="operator",
    ),
    writes(
        "supply desk",
        "supply.desk:desk",
        "Put a reorder desk and what it needs on a chain, make its keys, and approve them.",
        "4f2a...9c --evidence 12 --per-order 500000 --per-day 5000000 --ledger shop",
        "4f2a...9c --evidence 12 --per-order 500000 --per-day 5000000 --own-token TEUR",
        role="operator",
    ),
    writes(
        "supply agree",
        "supply.desk:agree",
        "Say at the desk what may be ordered of a supplier, as its governance, and record it.",
        "urn:epc:idpat:sgtin:4012345.011111.* urn:epc:id:pgln:4012345.00007 --payee 0xfB69... "
        "--price 150 --quantity 100 --per-period 400 --budget 60000 --term 259200 --ledger shop",
        role="operator",
    ),
    reads(
        "supply agreements",
        "supply.desk:agreements",
        "List what was agreed with suppliers, the newest first; a later one replaces an older one.",
        "--ledger shop",
    ),
    writes(
        "supply desk-pay",
        "supply.desk:pay_in",
        "Put money into the desk: of another's token from the ledger's funder, its own is made.",
        "100000 --ledger shop",
        role="operator",
    ),
    writes(
        "supply desk-withdraw",
        "supply.desk:withdraw",
        "Take out of the desk what was not ordered, by the ledger's own funder.",
        "10000 --payee 0xfB69... --ledger shop",
        role="operator",
    ),
    writes(
        "supply order",
        "supply.orders:order",
        "Place the order of a decision, once, and pay for it into the escrow.",
        "412 urn:epc:idpat:sgtin:4012345.011111.* urn:epc:id:pgln:4012345.00007 --quantity 40 "
        "--price 150 --deadline 2030-01-04T06:00:00Z --ledger shop",
        "412 MILK FARM --quantity 40 --price 150 --deadline 2030-01-04T06:00:00Z "
        "--po urn:example:po:17 --low-c 0 --high-c 7 --grace 1800 --ledger shop",
    ),
    writes(
        "supply deliver",
        "supply.orders:deliver",
        "Release what a receiving event delivers of an order to its supplier; each event once.",
        "urn:example:po:17 431 --ledger shop",
    ),
    writes(
        "supply breach",
        "supply.orders:breach",
        "Return what is left of an order's money, because its cold chain broke.",
        "urn:example:po:17 urn:epc:class:lgtin:4012345.011111.B7 --ledger shop",
        "urn:example:po:17 --decision 440 --ledger shop",
    ),
    writes(
        "supply decide",
        "supply.orders:decide",
        "Decide on an order's money as a person, and have the escrow carry it out.",
        "urn:example:po:17 release --units 30 --by 'Ada Example' --why 'a day late but sound' "
        "--ledger shop",
    ),
    writes(
        "supply settle",
        "supply.orders:settle",
        "Do what the clock has decided about an order's money, and bring back what falls to the "
        "desk.",
        "urn:example:po:17 --ledger shop",
    ),
    reads(
        "supply orders",
        "supply.orders:listing",
        "List orders, the newest first, with what arrived and where their money is.",
        "--ledger shop",
    ),
    reads(
        "supply label",
        "supply.labels:label_thing",
        "Write the shopper's page of a product: its way, proven step by step, in one file.",
        "urn:epc:id:sgtin:4012345.011111.1 --out page.html --ledger shop",
        "https://brand.example/01/04012345222227/10/MILK --brand https://brand.example "
        "--qr code.svg --also farm --high-c 7 --out page.html --ledger shop",
    ),
    writes(
        "supply label-publish",
        "supply.labels:publish_label",
        "Have the ledger's node show a product's page to anybody, where its code leads.",
        "urn:epc:id:sgtin:4012345.011111.1 --brand https://brand.example --ledger shop",
        role="operator",
    ),
    reads(
        "supply label-check",
        "supply.labels:check_label",
        "Check a shopper's page without a browser.",
        "page.html --policy policy.txt",
    ),
    reads(
        "supply label-policy",
        "supply.labels:label_policy",
        "Write the policy that a brand publishes on its domain: the logs of its chain, and "
        "witnesses.",
        "--out policy.txt --ledger shop --also farm",
    ),
)
