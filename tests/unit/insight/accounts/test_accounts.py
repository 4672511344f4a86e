"""The classifier of accounts: what it may learn from, how it is judged, what it is as a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random
from typing import Any

import lightgbm
import numpy as np
import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.insight.accounts import (
    COLUMNS,
    FEATURES,
    AccountTable,
    feature_rows,
    features,
    folds,
    group_rows,
    judge,
    read_accounts,
    train,
)
from counterfoil.insight.accounts.baselines import MODELS, Fit, chance, one_number
from counterfoil.insight.accounts.judging import compare
from counterfoil.insight.accounts.model import PARAMETERS, join, raw_scores
from counterfoil.insight.accounts.precision import precision, precisions
from counterfoil.learn.metrics import average_precision
from tests.accounts_made import account_rows, accounts_csv
from tests.shared_data import data_path


def read(text: str, tmp_path: Path, **options: Any) -> AccountTable:
    file = tmp_path / "accounts.csv"
    file.write_text(text)
    return read_accounts(file, **options)


def quick(values: Any, labels: Any, others: Any) -> Any:
    """Learn as ours does, with a twentieth of the trees."""
    return raw_scores(train(values, labels, rounds=30, seeds=1), others)


QUICK: dict[str, Fit] = {"counterfoil": quick, "one_number": one_number, "chance": chance}


def test_order_and_row_numbers_change_nothing(tmp_path: Path) -> None:
    """A shuffled file, and one with row numbers in it, give the same model and the same figures."""
    rows = account_rows(160, copies=20)
    plain = read(accounts_csv(rows), tmp_path)
    mixed = rows.copy()
    Random(5).shuffle(mixed)
    other = read(accounts_csv(mixed, extra=True), tmp_path)
    assert plain.addresses != other.addresses
    texts = [
        train(one.values, one.labelled(), rounds=20).model_to_string() for one in (plain, other)
    ]
    assert texts[0] == texts[1]
    assert judge(plain, repeats=1, models=QUICK) == judge(other, repeats=1, models=QUICK)


def test_permuted_labels_are_learned_no_better_than_chance(tmp_path: Path) -> None:
    """With labels dealt at random nothing is left to find: nothing leaks around the folds."""
    table = read(accounts_csv(account_rows(400, copies=60)), tmp_path)
    labels = table.labelled().copy()
    groups = {group: at for at, group in enumerate(group_rows(table.values, table.addresses))}
    dealt = np.random.default_rng(2).permutation(labels)
    for at, group in enumerate(group_rows(table.values, table.addresses)):
        labels[at] = dealt[groups[group]]  # copies keep one label, as in the data
    found = judge(AccountTable(table.values, labels, table.addresses), repeats=1, models=QUICK)
    assert found.models["counterfoil"].average_precision < found.models["chance"].high + 0.08
    real = judge(table, repeats=1, models=QUICK).models
    assert real["counterfoil"].average_precision > 2 * real["chance"].average_precision


def test_copies_of_a_row_are_in_one_fold(tmp_path: Path) -> None:
    """Rows with the same numbers, or of the same address, or linked by a third row, stay together.

    Without groups copies would fall into several folds: the check can fail.
    """
    rows = account_rows(60, copies=12)
    rows.append({**rows[30], "address": rows[0]["address"]})  # joins two groups
    table = read(accounts_csv(rows), tmp_path)
    groups = group_rows(table.values, table.addresses)
    assert groups[0] == groups[60] == groups[30] == groups[72]
    assert len(set(groups)) == 59
    fold = folds(groups, table.labelled(), 5, 1)
    assert {len(set(fold[[at, 60 + at]])) for at in range(12)} == {1}
    alone = [hashlib.sha256(str(at).encode()).digest() for at in range(len(groups))]
    loose = folds(alone, table.labelled(), 5, 1)
    assert {len(set(loose[[at, 60 + at]])) for at in range(12)} == {1, 2}


def test_folds_have_both_labels_in_about_the_same_share(tmp_path: Path) -> None:
    """Each fold has its share of fraud, within one group."""
    table = read(accounts_csv(account_rows(200)), tmp_path)
    fold = folds(group_rows(table.values), table.labelled(), 5, 7)
    assert [int(table.labelled()[fold == at].sum()) for at in range(5)] == [10] * 5
    assert np.bincount(fold).tolist() == [40] * 5


def test_blank_token_fields_are_skipped_read_as_zero_or_kept(tmp_path: Path) -> None:
    """What a blank becomes is said by whoever reads, and whether it was blank is no feature."""
    text = accounts_csv(account_rows(40), blank=5)
    assert read(text, tmp_path).skipped == 5
    zero, kept = read(text, tmp_path, blank="zero"), read(text, tmp_path, blank="keep")
    assert len(zero.values) == len(kept.values) == 40
    assert not np.isnan(zero.values).any()
    assert np.isnan(kept.values[:5]).any(axis=1).all()
    assert not [name for name in FEATURES if "blank" in name or "missing" in name]
    assert feature_rows(kept.values)[0]["token_transfers"] is None


def test_features_are_finite_whatever_the_numbers_are() -> None:
    """Zeros everywhere, and large numbers, give finite features, one for each name."""
    values = np.vstack(
        [np.zeros(len(COLUMNS)), np.full(len(COLUMNS), 1e12), -np.ones(len(COLUMNS))]
    )
    found = features(values)
    assert found.shape == (3, len(FEATURES))
    assert np.isfinite(found).all()


def test_joined_models_give_the_mean_of_their_raw_scores() -> None:
    """One text of several boosters scores, and explains, as their mean."""
    random = np.random.default_rng(1)
    table = random.normal(size=(200, 4))
    target = (table[:, 0] > table[:, 1]).astype(float)
    made = [
        lightgbm.train({**PARAMETERS, "seed": seed}, lightgbm.Dataset(table, target), 7)
        for seed in (1, 2, 3)
    ]
    whole = lightgbm.Booster(model_str=join([one.model_to_string() for one in made]))
    parts = [np.asarray(one.predict(table, raw_score=True)) for one in made]
    expected = np.mean(parts, axis=0)
    assert whole.num_trees() == 21
    np.testing.assert_allclose(whole.predict(table, raw_score=True), expected, atol=1e-12)
    added = np.asarray(whole.predict(table, pred_contrib=True)).sum(axis=1)
    np.testing.assert_allclose(added, expected, atol=1e-9)


def test_average_precision_is_that_of_the_plain_definition_with_ties_and_weights() -> None:
    """The fast figure equals the plain one, and a weight of two is a row twice."""
    random = np.random.default_rng(4)
    scores, labels = random.integers(0, 9, 60).astype(float), random.random(60) < 0.3
    assert precision(scores, labels) == pytest.approx(
        average_precision(scores.tolist(), labels.tolist())
    )
    drawn = random.integers(0, 3, 60)
    twice = np.repeat(np.arange(60), drawn)
    plain = average_precision(scores[twice].tolist(), labels[twice].tolist())
    weighted = precisions(scores, labels, drawn[None, :].astype(float))[0]
    assert weighted == pytest.approx(plain)


def test_a_gain_that_is_not_there_has_an_interval_that_holds_nothing() -> None:
    """A model gains exactly nothing on itself; on a worse one its interval is above 0."""
    random = np.random.default_rng(6)
    labels = random.random(300) < 0.2
    good = labels + random.normal(size=300) * 0.3
    told = {"a": good[None, :], "same": good[None, :], "noise": random.normal(size=(1, 300))}
    groups = [bytes([at % 256, at // 256]) for at in range(300)]
    found = compare(told, labels, groups, 200)
    assert (found["same"].gain, found["same"].gain_low, found["same"].gain_high) == (0, 0, 0)
    assert found["noise"].gain_low > 0
    assert found["a"].low <= found["a"].average_precision <= found["a"].high


BAD = {
    "a column is missing": ("Address,FLAG\n0x1,0\n", "accounts.column"),
    "a row is cut": ("Address,FLAG\n0x1\n", "accounts.csv"),
    "no text": ("\x00\ud800", "accounts.csv"),
    "no number": (accounts_csv([{**account_rows(1)[0], "sent": "many"}]), "accounts.number"),
    "infinite": (accounts_csv([{**account_rows(1)[0], "sent": "inf"}]), "accounts.number"),
    "no label": (accounts_csv([{**account_rows(1)[0], "flag": "yes"}]), "accounts.label"),
    "no rows": (accounts_csv([]), "accounts.empty"),
    "all blank": (accounts_csv(account_rows(3), blank=3), "accounts.empty"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_say_what_is_wrong(what: str, tmp_path: Path) -> None:
    """Each kind of broken file has its code, and never a guess."""
    text, code = BAD[what]
    file = tmp_path / "bad.csv"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as raised:
        read_accounts(file)
    assert raised.value.code == code


def test_what_is_not_there_or_cannot_be_learned_from_is_refused(tmp_path: Path) -> None:
    """A missing file, a file without labels, and one label alone are told apart."""
    with pytest.raises(NotFound) as missing:
        read_accounts(tmp_path / "none.csv")
    assert missing.value.code == "file.missing"
    text = accounts_csv(account_rows(8))
    table = read(text, tmp_path)
    bare = AccountTable(table.values, None, ())
    for run, code in (
        (bare.labelled, "accounts.label"),
        (lambda: judge(bare), "accounts.labels"),
        (lambda: train(table.values, np.ones(8, dtype=bool)), "accounts.labels"),
    ):
        with pytest.raises(InputError) as raised:
            run()
        assert raised.value.code == code
    assert bare.take(np.array([1, 0])).values[0].tolist() == table.values[1].tolist()
    assert table.take(np.array([2])).addresses == (table.addresses[2],)


@pytest.mark.campaign
def test_the_classifier_beats_boosting_by_default_on_public_accounts() -> None:
    """On 6,291 public accounts the gain over LightGBM's defaults is above 0 within 95 %."""
    file = data_path("eth_accounts_fraud") / "transaction_dataset.csv.gz"
    found = judge(read_accounts(file, labelled=True), repeats=1, models=MODELS)
    ours, default = found.models["counterfoil"], found.models["default_boosting"]
    assert (found.rows, found.fraud, found.skipped) == (6291, 947, 609)
    assert ours.average_precision > 0.990
    assert default.gain_low > 0


def test_public_accounts_are_read_whole() -> None:
    """The public file: its rows, its fraud, its blanks, and the copies in it."""
    file = data_path("eth_accounts_fraud") / "transaction_dataset.csv.gz"
    table = read_accounts(file, labelled=True)
    assert (len(table.values), int(table.labelled().sum()), table.skipped) == (6291, 947, 609)
    assert len(set(group_rows(table.values))) < len(table.values)
    zero = read_accounts(file, blank="zero", labelled=True)
    assert (len(zero.values), int(zero.labelled().sum())) == (6900, 1556)
