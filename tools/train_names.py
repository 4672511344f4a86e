"""Learn the weights with which names are matched, and write them into the package.

    ./dev python -m tools.train_names PAIRS.csv SDN

PAIRS: labelled pairs with columns name1, name2, schema, is_match. SDN: a sanctions list, whose
names are what further pairs are made of. Neither is copied: what is written are the weights, the
digests of both files, and the counts. This tool refuses to choose weights by hand.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

from counterfoil.apps.finance.names.lists import read_list
from counterfoil.apps.finance.names.matcher import FORMAT
from counterfoil.apps.finance.names.training import MADE, MADE_WEIGHT, learn, read_labelled

TARGET = Path(__file__).parents[1] / "src/counterfoil/apps/finance/names/weights.json"


def main(pairs_file: Path, list_file: Path) -> None:
    """Learn and write."""
    with pairs_file.open(encoding="utf-8", newline="") as stream:
        pairs = read_labelled(stream)
    listed = read_list(list_file)
    names = [(entry.spoken(), entry.kind) for entry in listed.entries]
    trained = {
        "by": "tools/train_names.py",
        "pairs": {
            "what": "OpenSanctions nomenklatura name_bench, MIT, a part of 520 pairs",
            "sha256": sha256(pairs_file.read_bytes()).hexdigest(),
            "rows": len(pairs),
            "match": sum(pair.same for pair in pairs),
        },
        "made": {
            "what": "pairs made of names of the OFAC SDN list of 2021, a US government work",
            "list_digest": listed.version.digest,
            "rows": MADE,
            "weigh": MADE_WEIGHT,
            "seed": 1,
        },
    }
    made = learn(pairs, names, seed=1, trained=trained)
    said = {"format": FORMAT, "bias": made.bias, "weights": made.weights, "trained": trained}
    TARGET.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(f"{TARGET}: {len(made.weights)} weights")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
