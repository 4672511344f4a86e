"""Operations of the supply app that foresee: spoilage, delay, demand, shortage."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "supply spoilage-products",
        "supply.spoilage:list_products",
        "List the products of a table with their shelf lives, and what is left out and why.",
        "products.csv",
        "foodkeeper.json.gz --name milk",
    ),
    writes(
        "supply spoilage",
        "supply.spoilage:score_spoilage",
        "Decide by its temperatures whether a lot is sold, hurried or discarded, and record that.",
        "urn:epc:class:lgtin:4012345.022222.MILK --product milk --products products.csv "
        "--ledger shop",
        "urn:epc:id:sscc:4012345.0000000001 --product 33 --products foodkeeper.json.gz --ahead-c 6 "
        "--within 48 --readings logger.csv --ledger shop",
    ),
    writes(
        "supply spoilage-outcome",
        "supply.spoilage:came_of",
        "Record what came of a lot; later decisions learn how long such products really keep.",
        "7 spoiled --at 2030-01-09T08:00:00Z --ledger shop",
        "7 found --good-at 2030-01-08T08:00:00Z --note 'swollen lid' --ledger shop",
    ),
    reads(
        "supply spoilage-eval",
        "supply.spoilage:judge_spoilage",
        "Judge spoilage decisions by what came of them, beside the table alone and the printed "
        "date.",
        "--ledger shop",
    ),
    reads(
        "supply delay-train",
        "supply.delay:train_delay",
        "Learn from past orders which ones come late, from what is known when they are placed.",
        "deliveries.csv -o delay-model/",
        "deliveries.csv -o delay-model/ --columns layout.toml --threshold 0.2 --ledger shop",
    ),
    writes(
        "supply delay",
        "supply.delay:score_delay",
        "Forecast how late new orders will be, each once and on record, and why.",
        "orders.csv --model delay-model/ --ledger shop",
    ),
    writes(
        "supply delay-outcome",
        "supply.delay:close_delays",
        "Tell what came of forecast orders; later forecasts learn from it once it was known.",
        "arrived.csv --model delay-model/ --ledger shop",
    ),
    reads(
        "supply delay-eval",
        "supply.delay:judge_delay",
        "Judge forecasts on later orders, beside the vendor's rate and plain gradient boosting.",
        "deliveries.csv",
        "deliveries.csv --columns layout.toml --moment 14 --splits 3",
    ),
    reads(
        "supply demand-train",
        "supply.demand:train_demand",
        "Learn demand from a table of daily sales, and write the model as a file.",
        "sales.csv --series store --series item --out demand.json",
        "sales.parquet --sales soup --sales bread --known holiday --closed closed --horizon 14 "
        "--out demand.json --ledger shop",
    ),
    reads(
        "supply demand",
        "supply.demand:forecast_demand",
        "Forecast the days after a table's last sales, with bands, by a model.",
        "sales.csv --model demand.json --only soup",
    ),
    reads(
        "supply demand-eval",
        "supply.demand:judge_forecasts",
        "Judge forecasts of a table's last days beside those of a week and of a year ago.",
        "sales.csv --series item --horizon 14 --origins 4",
    ),
    reads(
        "supply shortage",
        "supply.shortage:foresee",
        "Tell whether stock will do until the order after next could arrive, and what to order.",
        "sales.csv --model demand.json --only soup --stock 40 --review 7 --lead 2",
        "sales.csv --model demand.json --only soup --stock 40 --arriving 3=20 --service 0.98 "
        "--ledger shop",
    ),
    writes(
        "supply shortage-outcome",
        "supply.shortage:close_demand",
        "Record what was sold in the days of a decision on stock, and how forecasts fare.",
        "12 9,7,8,10,13,15,8 --ledger shop",
    ),
)
"""Use cases of the supply app that foresee."""
