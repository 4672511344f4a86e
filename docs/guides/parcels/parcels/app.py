"""The app's declaration, and its story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import counterfoil
from counterfoil.ports import APP_LEDGER, App, Operation, Progress, Scene, ToSeal

__all__ = ["APP", "demo"]

APP: Final = App(
    name="parcels",
    summary="Parcels that may come late, and who is told.",
    demo="parcels.app:demo",
    learning="parcels.model:learning",
    predicates=("parcels.records:PARCEL",),
    operations=(
        Operation(
            words=("parcels", "late"),
            target="parcels.ops:late",
            summary="List the parcels whose recipients are to be told that they may come late.",
            writes=False,
            examples=("counterfoil parcels late --ledger depot",),
        ),
    ),
    personal=("recipient", "street", "distance_km"),
    extra="models",
)


def demo(folder: Path, progress: Progress) -> Iterator[Scene]:
    """Take parcels in, decide whom to tell, and record what came of one of them."""
    from parcels.model import fit, simulated

    known, today = simulated(300), simulated(12, seed=2)
    with counterfoil.open(folder / APP_LEDGER, create=True) as ledger:
        model = ledger.models.record(
            fit(known), "late-parcels", outcomes=("in time", "late"), accountable="Grace Hopper"
        )
        yield Scene("model", "A model that has learned from earlier parcels is on record.")
        told = []
        for number, parcel in enumerate(today):
            progress(number, len(today), "parcels")
            recipient = f"customer-{number}"
            ledger.record_statement(
                "https://parcels.example/parcel/v1",
                {
                    "parcel": f"P-{number}",
                    "depot": "north",
                    "weight_g": round(parcel.inputs["weight_kg"] * 1000),
                },
                seal={
                    "sealed": ToSeal(
                        recipient,
                        "contact",
                        {"recipient": recipient, "street": f"{number} Long Street"},
                    )
                },
            )
            with ledger.decision(
                model.index,
                parcel.inputs,
                person=recipient,
                purpose="tell the recipient",
                explain="always",
                threshold=0.4,
                outcomes=("wait", "tell"),
                note=f"P-{number}",
                wait=True,
            ) as decision:
                pass
            if decision.outcome == "tell" and decision.recorded is not None:
                told.append(decision.recorded.result())
        yield Scene("decide", f"{len(told)} of {len(today)} recipients are to be told.")
        ledger.decisions.act(told[0], "send a message", target="P-0", result="sent")
        yield Scene("act", "The first message is sent, and that is on record, too.")
