"""Look into a LightGBM text model without running it: its header, its trees, its categories.

LightGBM's own parser trusts its input and ends the process where that is wrong, so a file that was
cut short or joined, or whose trees lead out of their own nodes and features, is refused here.
Source: GBDT::SaveModelToString in microsoft/LightGBM, model version v4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError

__all__ = ["LightgbmText", "is_lightgbm", "read_lightgbm"]

_BEGIN: Final = b"tree\n"
_VERSION: Final = b"version=v"
_TREES_END: Final = "\nend of trees\n"


@dataclass(frozen=True, slots=True)
class LightgbmText:
    """What the text says.

    objective: such as `binary sigmoid:1`. classes: 1 but for multi-class models. features: names,
    in order. categories: for each column that was a pandas categorical its values, whose place is
    the number that the model knows; by name.
    """

    objective: str
    classes: int
    features: tuple[str, ...]
    categories: dict[str, tuple[Any, ...]]


def is_lightgbm(data: bytes) -> bool:
    """Tell whether bytes begin as a LightGBM text model does."""
    return data.startswith(_BEGIN) and data[len(_BEGIN) :].startswith(_VERSION)


def read_lightgbm(data: bytes) -> LightgbmText:
    """Read a LightGBM text model. Raises InputError with code model.lightgbm."""
    try:
        text = data.decode()
    except UnicodeDecodeError as err:
        raise _broken(f"text in UTF-8, but: {err}") from err
    head, trees, _ = text.partition("\nTree=0\n")
    header = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    body, ended, tail = text.partition(_TREES_END)
    if not ended or "\nend of parameters\n" not in tail:
        raise _broken("its end, found a file that is cut short")
    try:
        sizes = list(map(int, header["tree_sizes"].split()))
        classes = int(header["num_class"])
        features = tuple(header["feature_names"].split())
        infos = header["feature_infos"].split()
        count = int(header["max_feature_idx"]) + 1
    except (KeyError, ValueError) as err:
        raise _broken(f"a header with tree_sizes, num_class and features, but: {err}") from err
    if len(features) != count or len(infos) != count or classes < 1:
        raise _broken(f"{count} features, found {len(features)}")
    found = body.count("\nTree=")
    if found != len(sizes) or (found and not trees):
        raise _broken(f"{len(sizes)} trees, found {found}")
    _check_trees(data, sizes, count)
    categories = _categories(tail, features, infos)
    return LightgbmText(header.get("objective", ""), classes, features, categories)


def _check_trees(data: bytes, sizes: list[int], features: int) -> None:
    """Check where trees begin, and that each is one: LightGBM jumps to where its numbers say."""
    at = data.find(b"\nTree=0\n") + 1
    for number, size in enumerate(sizes):
        name = f"Tree={number}\n".encode()
        if size < len(name) or not data.startswith(name, at):
            raise _broken(f"tree {number} where its header says")
        _check_tree(data[at : at + size].decode(errors="replace"), number, features)
        at += size
    if data[at:].lstrip(b"\n")[: len(_TREES_END.strip())] != _TREES_END.strip().encode():
        raise _broken("the end of its trees where its header says")


def _check_tree(text: str, number: int, features: int) -> None:
    """Check that a tree splits by features that there are, and reaches each node once."""
    told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    try:
        leaves = int(told["num_leaves"])
        splits, *sides = (
            [int(one) for one in told.get(name, "").split()]
            for name in ("split_feature", "left_child", "right_child")
        )
        values = [float(one) for one in told["leaf_value"].split()]
    except (KeyError, ValueError) as err:
        raise _broken(f"numbers in tree {number}, but: {err}") from err
    if not len(values) == leaves > 0:
        raise _broken(f"the leaves of tree {number} that it says, found {len(values)}")
    whole = [*range(-leaves, 0), *range(1, leaves - 1)] if leaves > 1 else []
    sound = (
        all(map(isfinite, values))
        and {len(splits), *map(len, sides)} == {leaves - 1}
        and sorted([*sides[0], *sides[1]]) == whole
        and all(child < 0 or child > node for side in sides for node, child in enumerate(side))
        and all(0 <= one < features for one in splits)
    )
    if not sound:
        raise _broken(f"a sound tree {number}, found one that leads nowhere")


def _categories(
    tail: str, features: tuple[str, ...], infos: list[str]
) -> dict[str, tuple[Any, ...]]:
    _, marked, said = tail.partition("\npandas_categorical:")
    try:
        values: Any = msgspec.json.decode(said.partition("\n")[0]) if marked else None
    except msgspec.MsgspecError as err:
        raise _broken(f"categories as JSON, but: {err}") from err
    if not values:
        return {}
    columns = [
        name for name, info in zip(features, infos, strict=True) if info[0] not in "[n"
    ]  # `0:1:2` is a category, `[0:1]` a range, `none` a column that the model does not use
    if not isinstance(values, list) or len(columns) != len(values):
        raise InputError(
            "model.categories",
            f"expected the values of {len(columns)} categorical features, found {len(values)}",
            hint="Train on numbers in place of pandas categoricals, or drop the columns that "
            "have one value only.",
        )
    return {name: tuple(of) for name, of in zip(columns, values, strict=True)}


def _broken(what: str) -> InputError:
    return InputError(
        "model.lightgbm",
        f"expected a LightGBM text model with {what}",
        hint="Write it anew with booster.save_model(path).",
    )
