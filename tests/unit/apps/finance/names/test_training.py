"""Weights are learned from pairs, the same every time, and keep their signs."""

from __future__ import annotations

import io
from random import Random

import numpy as np
import pytest

from counterfoil.apps.finance.names import load_matcher
from counterfoil.apps.finance.names.features import FEATURES, NAMES
from counterfoil.apps.finance.names.fitting import fit
from counterfoil.apps.finance.names.lists import read_list
from counterfoil.apps.finance.names.made import OTHERS, SAMES, make_pairs
from counterfoil.apps.finance.names.parsing import Kind
from counterfoil.apps.finance.names.training import (
    group_pairs,
    learn,
    read_labelled,
)
from counterfoil.errors import InputError
from tests.shared_data import data_path

SCHEMAS = {"person": "Person", "organisation": "Company"}
PEOPLE: list[tuple[str, Kind]] = [
    (f"{given} {middle} {family}", "person")
    for given in ("Anna", "Boris", "Carla", "Dmitri")
    for middle in ("Maria", "Pavel")
    for family in ("Sokolov", "Lindqvist", "Moreira", "Haddad")
]
FIRMS: list[tuple[str, Kind]] = [
    (f"{name} {what} {form}", "organisation")
    for name in ("Alpine", "Borealis", "Corvus")
    for what in ("Trading", "Metals")
    for form in ("LLC", "GMBH")
]


def test_made_pairs_teach_a_matcher() -> None:
    """On made pairs alone a matcher learns what it then gets right on others."""
    made = make_pairs(PEOPLE + FIRMS, Random(1), 800)
    assert {pair.how for pair in made} >= {*OTHERS} | {*SAMES} - {"case"}
    text = "name1,name2,schema,is_match,note\n" + "".join(
        f'"{one.one}","{one.other}",{SCHEMAS[one.kind]},{one.same},x\n' for one in made
    )
    pairs = read_labelled(io.StringIO(text))
    matcher = learn(pairs[:600])
    right = [
        matcher.match(pair.one, pair.other, pair.schema).match == pair.same for pair in pairs[600:]
    ]
    assert np.mean(right) > 0.9


def test_signs_are_kept_against_the_data() -> None:
    """Labels that say the opposite of a feature's meaning cannot turn its weight around."""
    random = np.random.default_rng(0)
    values = random.random((200, len(NAMES)))
    labels = values[:, NAMES.index("edit_3")] > 0.5
    found = dict(zip(NAMES, fit(values, labels)[:-1], strict=True))
    for name, feature in FEATURES.items():
        assert feature.sign * found[name] >= (feature.least - 1e-9 if feature.sign else 0)


@pytest.mark.parametrize("labels", [[], [True, True]])
def test_one_label_alone_teaches_nothing(labels: list[bool]) -> None:
    """Pairs that all match, or none, are refused."""
    with pytest.raises(InputError, match=r"names\.labels"):
        fit(np.zeros((len(labels), len(NAMES))), labels)


def test_wrong_columns_and_labels_are_refused() -> None:
    """A missing column and a label that is neither true nor false are told by name and row."""
    with pytest.raises(InputError, match="name2"):
        read_labelled(io.StringIO("name1,schema,is_match\na,Person,true\n"))
    with pytest.raises(InputError, match="row 1, found 'perhaps'"):
        read_labelled(io.StringIO("name1,name2,schema,is_match\na,b,Person,perhaps\n"))


def test_groups_keep_shared_names_together() -> None:
    """Pairs that share a name, even through others, are one group."""
    text = "name1,name2,schema,is_match\na,B,,true\nb,c,,true\nC,d,,false\nx,y,,true\n"
    groups = group_pairs(read_labelled(io.StringIO(text)))
    assert groups.tolist() == [0, 0, 0, 1]


def test_the_shipped_weights_are_what_training_gives() -> None:
    """Learning again from the same pairs and list gives the weights in the package."""
    shipped = load_matcher()
    with (data_path("name_match_pairs") / "cases.csv").open(newline="", encoding="utf-8") as file:
        pairs = read_labelled(file)
    listed = read_list(data_path("ofac_sdn_2021"))
    assert listed.version.digest == shipped.trained["made"]["list_digest"]
    found = learn(pairs, [(entry.spoken(), entry.kind) for entry in listed.entries])
    for name in NAMES:
        assert found.weights[name] == pytest.approx(shipped.weights[name], abs=0.02)
    right = [shipped.match(p.one, p.other, p.schema).match == p.same for p in pairs]
    assert np.mean(right) > 0.85
