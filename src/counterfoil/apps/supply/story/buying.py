"""What the shop decides and buys: learned demand, orders that contracts place, money that moves.

This module refuses to order by hand: each order is the contract's, on a proven decision.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final

from counterfoil.act import Actor
from counterfoil.act.actions import NOBODY
from counterfoil.act.reorder_contract import Agreement, Order
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.orders.desk import OrderDesk
from counterfoil.apps.supply.orders.placed import Placed
from counterfoil.apps.supply.orders.records import ColdChain
from counterfoil.apps.supply.orders.setting_up import OrderLimits, set_up
from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.predict.demand.history import History, history_of
from counterfoil.apps.supply.predict.demand.kept import KeptDemand, format_model, parse_model
from counterfoil.apps.supply.predict.demand.model import train
from counterfoil.apps.supply.predict.demand.recording import (
    SHORTAGE,
    RecordedShortage,
    record_demand_model,
    record_shortage,
)
from counterfoil.apps.supply.predict.demand.table import Mapped
from counterfoil.apps.supply.predict.spoilage.deciding import SELL, Limits, foresee
from counterfoil.apps.supply.predict.spoilage.gathered import history_of as temperatures_of
from counterfoil.apps.supply.predict.spoilage.outcomes import close
from counterfoil.apps.supply.predict.spoilage.products import read_products
from counterfoil.apps.supply.story.goods import NOTICED_AT, PUNNETS, broken, known
from counterfoil.apps.supply.story.simulated import World, sales
from counterfoil.chain import Account, create_account
from counterfoil.ledger import Ledger
from counterfoil.ports import Progress, Scene

__all__ = ["Buying"]

_ITEM: Final = "urn:epc:idpat:sgtin:4012345.022222.*"
_SUPPLIER: Final = "urn:epc:id:pgln:4012345.00002"
_PO: Final = "urn:epcglobal:cbv:bt:4012345000054:PO-{}"
_SERIES: Final = "punnets"
_MAPPED: Final = Mapped(sales=(_SERIES,))
_DAYS: Final = 500
_JUDGED_DAYS: Final = 28
_HORIZON_DAYS: Final = 7
_REVIEW_DAYS: Final = 3
_PRICE: Final = 215  # cents a punnet
_STOCK: Final = 420
_NEEDED_H: Final = 6.0
_TRUCK_C: Final = 24.0
_TOKEN: Final = {"name_": "Story euro", "symbol_": "SEUR", "decimals_": "2"}
_DAY_S: Final = 86_400
_COLD: Final = ColdChain(low_c="0", high_c="8", grace_s=1_800)
_BUYER: Final = "Ida Example, buyer"
_PRODUCTS: Final = b"""product,storage,min_days,max_days
strawberries,refrigerator,3,7
strawberries,pantry,0.5,1
"""  # made up, near to what tables say of berries


class Buying:
    """The shop's desk; a context manager.

    order: the last one. judgement: entry of the decision on the berries; life_h: that they
    have at least, in the warm truck.
    """

    def __init__(self, folder: Path, parties: Parties, world: World, progress: Progress) -> None:
        self._folder, self._world, self._progress = folder, world, progress
        self._ledger: Ledger = parties.ledgers["shop"]
        self._actor = Actor(self._ledger)
        self._packer: Account = create_account(folder / "packer.key")
        self._history = self._sold()
        self._kept: KeptDemand | None = None
        self._evidence = ""
        self._desk: OrderDesk | None = None
        self._order: Placed | None = None
        self.judgement, self.life_h = -1, 0.0

    def __enter__(self) -> Buying:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._actor.close()

    @property
    def order(self) -> Placed:
        """The order that was placed last."""
        return known(self._order)

    def learned(self) -> Scene:
        """Learn demand from what was sold, and judge the model on later days."""
        ledger, before = self._ledger, self._history.until(_DAYS - _JUDGED_DAYS)
        data = format_model(train(before, _HORIZON_DAYS, progress=self._progress), _MAPPED)
        self._kept = kept = parse_model(data)
        learned = ledger.datasets.record(self._write(before), "punnets-learned")
        later = ledger.datasets.record(self._write(self._history), "punnets-all")
        model = record_demand_model(
            ledger, data, _SERIES, trained_on=[learned.index], accountable=_BUYER
        )
        figures = self._figures(kept)
        method = f"the last {_JUDGED_DAYS} days, each week forecast before it began"
        done = ledger.models.evaluate(model.index, later.index, figures, method=method)
        self._evidence = ledger.get(done.index).leaf
        return Scene(
            "learn",
            f"The shop's model learned from {before.days} days of sales and was judged on later "
            "ones, beside last week's sales as a forecast. Data, model and figures are on record.",
            {"model": model.index, "digest": kept.digest, "figures": figures},
        )

    def set_up(self) -> Scene:
        """Agree with the supplier, and put money into the desk."""
        agreed = Agreement(
            item=_ITEM,
            supplier=_SUPPLIER,
            payee=self._packer.address,
            token=NOBODY,
            unit_price=_PRICE,
            quantity=2 * PUNNETS,
            period_quantity=4 * PUNNETS,
            period_budget=4 * PUNNETS * _PRICE,
            term_s=7 * _DAY_S,
            outcome=SHORTAGE,
        )
        most = 2 * PUNNETS * _PRICE
        done = set_up(
            self._actor,
            known(self._kept).digest,
            self._evidence,
            OrderLimits(order=most, day=4 * most, agreements=(agreed,)),
            token=_TOKEN,
        )
        desk = self._desk = OrderDesk(self._actor)
        desk.pay_in(done.agreements[0].said.token, 2 * most, made=True)
        return Scene(
            "desk",
            "Governance agrees with the packer on price and limits, and allows the model, on the "
            "evidence of its evaluation, to order within them. The desk holds the shop's money.",
            {one.name: one.address for one in done.contracts},
        )

    def ordered(self) -> Scene:
        """Order for the coming days."""
        made = self._short()
        placed = self._place(made, 2 * PUNNETS, 1)
        return Scene(
            "order",
            f"{made.shortage.probability:.1%} is the chance that stock runs out: the decision is "
            f"on record, and the contract orders {placed.said.quantity} punnets on it. Their price "
            "waits in the escrow.",
            {"decision": made.index, "order": placed.po, "amount": placed.said.amount},
        )

    def judged(self, thing: str) -> Scene:
        """Judge by its temperatures how long a pallet keeps in the warm truck."""
        table = read_products(_PRODUCTS)
        at_ms = self._world.ms(NOTICED_AT)
        with index_of(self._ledger) as index:
            history = temperatures_of(index, thing, at_ms)
        made = foresee(
            self._ledger,
            table.find("strawberries"),
            history,
            at_ms,
            ahead_c=_TRUCK_C,
            thing=thing,
            limits=Limits(within_h=_NEEDED_H),
            table=table.digest,
            accountable=_BUYER,
        )
        if made.outcome == SELL:
            raise broken("warm berries to be hurried or discarded")
        self.judgement, self.life_h = made.index, round(made.left.low_h, 2)
        return Scene("spoilage", made.note, {"decision": made.index, "outcome": made.outcome})

    def sold(self, hours: float) -> Scene:
        """Close the forecast by what came of it."""
        with index_of(self._ledger) as index:
            came = close(
                self._ledger, self.judgement, "good", self._world.ms(hours), index=index,
                note="sold at the kiosk on the same day",
            )  # fmt: skip
        return Scene(
            "outcome",
            "The kiosk sells the pallet on the same day. That closes the forecast, and corrects "
            "the next one.",
            {"decision": came.decision, "outcome": came.index},
        )

    def returned(self, thing: str) -> Scene:
        """Take the order's money back, for the cold chain broke."""
        desk = known(self._desk)
        decision = desk.judge_cold(self.order, thing, self._world.ms(NOTICED_AT))
        done = desk.breach(self.order, decision)
        if done.phase != "done" or desk.standing(self.order).left:
            raise broken("the escrow to return the money of goods that got warm")
        collected = desk.collect(self.order.said.token)
        return Scene(
            "return",
            f"{self._ledger.decisions.get(decision).said['note']} The escrow returns "
            f"{collected / 100:,.2f} to the shop's desk.",
            {"decision": decision, "transaction": done.transaction},
        )

    def ordered_again(self) -> Scene:
        """Find that stock will not do without what spoiled, and order again."""
        made = self._short()
        placed = self._place(made, PUNNETS, 2)
        return Scene(
            "shortage",
            f"Without that delivery stock runs out with a chance of {made.shortage.probability:.1%}"
            f", by day {made.shortage.day}. A second decision, a second order of "
            f"{placed.said.quantity}: no decision orders twice.",
            {"decision": made.index, "order": placed.po, "amount": placed.said.amount},
        )

    def paid(self, received: int) -> Scene:
        """Pay for what arrived."""
        desk = known(self._desk)
        done = desk.deliver(self.order, received)
        said = self.order.said
        credit = desk.escrow.credit(said.token, self._packer.address)
        if done.phase != "done" or credit != int(said.amount):
            raise broken(f"{said.amount} for the packer, found {credit}")
        return Scene(
            "pay",
            "What arrived is what was ordered: on the receiving event, and the rule that reads it, "
            f"the escrow releases {credit / 100:,.2f} to the packer. Nobody pressed a button.",
            {"event": received, "decision": done.decision, "transaction": done.transaction},
        )

    # Behind it ---------------------------------------------------------------------------------

    def _sold(self) -> History:
        first = datetime.fromtimestamp(self._world.start_ms / 1000, UTC).date()
        return history_of({_SERIES: sales(_DAYS)}, str(first - timedelta(days=_DAYS)))

    def _write(self, history: History) -> Path:
        path = self._folder / f"sales-{history.days}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("date", _SERIES))
            rows.writerows(
                (history.date(day), int(history.values[0, day])) for day in range(history.days)
            )
        return path

    def _figures(self, kept: KeptDemand) -> dict[str, float]:
        """Compare the model with last week's sales: mean absolute errors, punnets a day."""
        ours, naive = [], []
        sold = self._history.values[0]
        for begin in range(_DAYS - _JUDGED_DAYS, _DAYS, _HORIZON_DAYS):
            found = kept.model.distribution(self._history.until(begin))
            for day in range(_HORIZON_DAYS):
                ours.append(abs(found.quantile(0, day + 1, 0.5) - sold[begin + day]))
                naive.append(abs(sold[begin + day - 7] - sold[begin + day]))
        return {
            "mae_units": round(float(sum(ours)) / len(ours), 2),
            "last_week_mae_units": round(float(sum(naive)) / len(naive), 2),
        }

    def _short(self) -> RecordedShortage:
        made = record_shortage(
            self._ledger,
            known(self._kept),
            self._history,
            _SERIES,
            stock_on_hand=_STOCK,
            review_days=_REVIEW_DAYS,
            lead_days=1,
            accountable=_BUYER,
        )
        if made.outcome != SHORTAGE:
            raise broken(f"a shortage, found {made.outcome}")
        return made

    def _place(self, made: RecordedShortage, most: int, number: int) -> Placed:
        order = Order(
            item=_ITEM,
            supplier=_SUPPLIER,
            quantity=min(most, int(made.shortage.units_to_order)),
            unit_price=_PRICE,
            deadline_s=self._world.ms(0) // 1000 + 3 * _DAY_S,
        )
        self._order = known(self._desk).place(
            made.index, order, po=_PO.format(number), cold_chain=_COLD
        )
        return self._order
