"""What a node offers: every operation, or the reason why not; and nothing of its machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from counterfoil.ops.offered import FROM_LOG, NOT_OFFERED, offered_operations, reason_against
from counterfoil.ops.registry import OPERATIONS, all_operations, load
from counterfoil.ops.signature import fields_of
from counterfoil.ports import Operation, Param


def test_every_operation_is_offered_or_the_reason_is_told() -> None:
    """No operation is left out in silence, and no reason is told of one that does not exist."""
    names = {one.name for one in OPERATIONS}
    assert set(NOT_OFFERED) <= names
    assert set(FROM_LOG) <= names
    offered = {one.operation.name for one in offered_operations()}
    told = {one.name for one in all_operations() if reason_against(one) is not None}
    assert offered | told >= names
    assert not offered & told
    assert not [one for one in OPERATIONS if "cannot be loaded" in (reason_against(one) or "")]


def test_a_broken_operation_of_another_package_stops_nobody() -> None:
    """What cannot be imported, or has parameters that no shell knows, is left out with a reason."""
    for target in ("nowhere.at_all:function", "tests.unit.ops.test_offered:takes_a_float"):
        broken = Operation(("far", "off"), target, "Do nothing.", False, ())
        assert (reason_against(broken) or "").startswith("It cannot be loaded: ")


def takes_a_float(*, speed: Annotated[float, Param("How fast.")]) -> None:
    """Do nothing."""


def test_every_path_parameter_says_what_it_stands_for() -> None:
    """What nobody marked would be one of the machine: so each of ours is marked, on purpose."""
    marked = {"file", "tree", "output", "output-folder", "ledger", "also-ledger", "machine"}
    for one in OPERATIONS:
        for field in fields_of(load(one)):
            if field.kind == "path":
                assert field.holds in marked
            else:
                assert field.holds in ("", "object", "machine")


def test_nothing_offered_takes_a_path_or_address() -> None:
    """No parameter that others may give names a place of the node's machine."""
    for one in offered_operations():
        assert not [field for field in one.fields if field.holds in ("machine", "ledger")]
        assert not [field for field in one.fields if field.kind == "path" and not field.holds]
        assert not {field.name for field in one.fields} & {"listen", "rpc", "follow", "log"}


def test_what_opens_or_governs_takes_more_than_a_reader() -> None:
    """Whoever may only read or record opens nothing that is sealed, and governs nothing."""
    roles = {one.name: one.role for one in OPERATIONS}
    for name in ("audit", "explain", "person open", "person export", "person disclose", "case get"):
        assert roles[name] == "auditor"
    for name in ("key rotate", "act approve", "act halt", "person erase", "contract deploy"):
        assert roles[name] == "operator"
    assert roles["case decide"] == roles["record add"] == "writer"
    assert {one.role for one in OPERATIONS if not one.writes} <= {"reader", "auditor", "operator"}


def needs_a_path(*, place: Annotated[Path, Param("Where.", "DIR")]) -> None:
    """Do something in a folder."""


def test_what_others_packages_need_of_the_machine_is_seen() -> None:
    """An operation of another package whose path says nothing is not offered, and says why."""
    target = "tests.unit.ops.test_offered:needs_a_path"
    strange = Operation(("far", "go"), target, "Do something in a folder.", True, ())
    assert reason_against(strange) == "It needs DIR of the machine that it runs on."
