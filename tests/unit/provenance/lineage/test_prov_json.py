"""PROV-JSON of what no calendar has."""

from __future__ import annotations

from counterfoil.provenance.lineage import Node, Trace, to_prov


def test_a_time_beyond_the_calendar_is_left_out() -> None:
    """A signer may say any time; the export goes on without it, as xsd:dateTime cannot say it."""
    for at_ms, said in ((0, True), (253_402_300_799_999, True), (2**53 - 1, False)):
        node = Node("a", "record", "recorded", index=0, leaf="a", at_ms=at_ms)
        found = to_prov(Trace("a", "o", 1, {"a": node}, (), True))
        assert ("cf:recorded" in found["entity"]["log:a"]) == said
