"""The part of the facade about people, data, models and decisions: one room for each.

Each room is loaded when it is first used, so that a ledger of plain records costs no import of
them. This module refuses to do anything itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from counterfoil.ledger.readable import Readable

if TYPE_CHECKING:
    from counterfoil.ledger.checks import Checks
    from counterfoil.ledger.datasets import Datasets
    from counterfoil.ledger.decisions import Decision, Decisions
    from counterfoil.ledger.incidents import Incidents
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.ledger.lineage import Lineage
    from counterfoil.ledger.models import Models
    from counterfoil.ledger.people import People
    from counterfoil.ledger.scitt import Scitt
    from counterfoil.provenance.lineage import Trace

__all__ = ["Accountable"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Accountable(Readable):
    """A ledger with rooms for people, data, models and decisions; see `Ledger`."""

    @property
    def people(self) -> People:
        """Whose personal data is sealed here: open, allow, hold, export, erase it."""
        from counterfoil.ledger.people import People

        return People(cast("Ledger", self))

    @property
    def decisions(self) -> Decisions:
        """Decisions: make, find, act on, override, replay and explain them."""
        found: Decisions | None = self.__dict__.get("_decisions")
        if found is None:
            from counterfoil.ledger.decisions import Decisions

            found = self.__dict__.setdefault("_decisions", Decisions(cast("Ledger", self)))
        return found

    @property
    def datasets(self) -> Datasets:
        """Data sets: record their fingerprints, find them, prove rows of them."""
        from counterfoil.ledger.datasets import Datasets

        return Datasets(cast("Ledger", self))

    @property
    def models(self) -> Models:
        """Models: record, find, score with and evaluate them."""
        from counterfoil.ledger.models import Models

        return Models(cast("Ledger", self))

    @property
    def checks(self) -> Checks:
        """Checks of data and models: run and record them; what a policy asks for."""
        from counterfoil.ledger.checks import Checks

        return Checks(cast("Ledger", self))

    @property
    def incidents(self) -> Incidents:
        """What went wrong: open, update, close and report it."""
        from counterfoil.ledger.incidents import Incidents

        return Incidents(cast("Ledger", self))

    @property
    def scitt(self) -> Scitt:
        """Signed statements in COSE (SCITT): register them, say whose, get COSE receipts."""
        from counterfoil.ledger.scitt import Scitt

        return Scitt(cast("Ledger", self))

    @property
    def lineage(self) -> Lineage:
        """Lineage: from any statement up to data and down to effects, and its exports."""
        from counterfoil.ledger.lineage import Lineage

        return Lineage(self)

    def trace(self, entry: int | str, **bounds: Any) -> Trace:
        """Follow a statement to its sources and its effects; see `Lineage.trace`."""
        return self.lineage.trace(entry, **bounds)

    def decision(self, model: Any, inputs: Any, **options: Any) -> Decision:
        """Begin a decision: `with ledger.decision(...) as d:`; see `Decisions.decision`."""
        return self.decisions.decision(model, inputs, **options)

    def decides(self, **options: Any) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Record each call of a function as a decision; see `Decisions.decides`."""
        return self.decisions.decides(**options)

    def settle_decisions(self) -> None:
        """Wait until decisions that this process has queued are recorded, or have failed.

        What kept one from being recorded is told where it was before, and not here.
        """
        found: Decisions | None = self.__dict__.get("_decisions")
        if found is not None:
            found.settle()

    def _close_rooms(self) -> None:
        """Record what waits in the background; only while the ledger can still be written."""
        found: Decisions | None = self.__dict__.get("_decisions")
        if found is not None:
            found.close()
