"""A ledger's settings: a flag beats `COUNTERFOIL_*`, which beats the file, which beats the default.

This module refuses unknown settings: a misspelt one would silently do nothing.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.batch import MEMBERS_MAX
from counterfoil.formats.predicates.header import Name, Uri

__all__ = ["ENVIRONMENT_PREFIX", "Config", "format_config", "load_config"]

ENVIRONMENT_PREFIX: Final = "COUNTERFOIL_"

_FIRST_OPTION: Final = 3  # before it stands who the ledger is, which no variable changes
_LISTS: Final = frozenset(
    (
        "anchor_chains",
        "retention_days",
        "consent_purposes",
        "grant_classes",
        "searchable_fields",
    )
)
_HELP: Final = {
    "origin": "the log's identity; never changes",
    "name": "what people call the ledger",
    "organisation": "URI of the organisation that owns it",
    "publish_interval_s": "shortest time between two published checkpoints, seconds",
    "batch_members": "statements under one batch signature",
    "block_rows": "rows in one block statement",
    "witness": "let this user's own witness watch the ledger; its memory is in the state folder",
    "witness_timeout_s": "longest wait for the cosignatures of other witnesses, seconds",
    "anchor_chains": "where checkpoints are anchored: embedded, or addresses of EVM nodes",
    "anchor_max_wait_s": "longest time that an entry waits to be anchored, seconds",
    "receipt_max_wait_s": "longest wait for a receipt that may save energy, seconds; 0 waits never",
    "retention_days": "per class of personal data, how long it is kept: contact=0..730",
    "consent_purposes": "purposes for which personal data is opened only with the person's consent",
    "grant_classes": "classes of personal data that are opened only with a grant",
    "searchable_fields": "personal fields that can be looked up again: contact:customer.email",
    "anchor_confirmations": "blocks that make an anchor final; 0 is as the chain itself says",
    "accountable": "who answers for decisions, where neither they nor the model's statement say",
}


_Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)]


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one ledger.

    origin, name, organisation: who it is; set by `init`. publish_interval_s: 0.01 to 60 seconds.
    batch_members: 1 to 1024. block_rows: 1 to 1,048,576. witness: whether this user's own one
    watches. witness_timeout_s: 0.1 to 60 seconds, for the others. anchor_chains: `embedded` or
    http(s) addresses, at most 16. Lists have spaces between their items in the environment.
    anchor_max_wait_s: 1 second to 30 days. anchor_confirmations: 0 to 10,000 blocks.
    receipt_max_wait_s: 0 to 3600 seconds.
    retention_days, consent_purposes, grant_classes, searchable_fields: of personal data, see
    `ledger.people.rules`; at most 256 each. accountable: at most 255 characters; empty for nobody.
    """

    origin: Name
    name: Name
    organisation: Uri
    publish_interval_s: Annotated[float, msgspec.Meta(ge=0.01, le=60)] = 0.2
    batch_members: Annotated[int, msgspec.Meta(ge=1, le=MEMBERS_MAX)] = 128
    block_rows: Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] = 10_000
    witness: bool = True
    witness_timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 2.0
    anchor_chains: Annotated[tuple[Name, ...], msgspec.Meta(max_length=16)] = ()
    anchor_max_wait_s: Annotated[float, msgspec.Meta(ge=1, le=2_592_000)] = 600.0
    anchor_confirmations: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    receipt_max_wait_s: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 0.0
    retention_days: _Names = ()
    consent_purposes: _Names = ()
    grant_classes: _Names = ()
    searchable_fields: _Names = ()
    accountable: Annotated[str, msgspec.Meta(max_length=255)] = ""


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read settings from a TOML file and the environment.

    environment: `os.environ` when None; `COUNTERFOIL_BATCH_MEMBERS=64` overrides batch_members.
    Raises InputError with code config.malformed, naming the setting.
    """
    variables = os.environ if environment is None else environment
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        for key in Config.__struct_fields__[_FIRST_OPTION:]:
            value = variables.get(ENVIRONMENT_PREFIX + key.upper())
            if value is not None:
                found[key] = value.split() if key in _LISTS else value
        return msgspec.convert(found, Config, strict=False)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as err:
        raise InputError(
            "config.malformed",
            f"expected the settings of a ledger in {path}, but: {err}",
            hint=f"Known settings: {', '.join(Config.__struct_fields__)}.",
        ) from err


def format_config(config: Config) -> bytes:
    """Format settings as TOML, each with a comment that says what it means."""
    lines = ["# Settings of this ledger. The environment overrides: COUNTERFOIL_BATCH_MEMBERS=64"]
    for key in Config.__struct_fields__:
        lines += [f"# {_HELP[key]}", f"{key} = {_toml(getattr(config, key))}"]
    return ("\n".join(lines) + "\n").encode()


def _toml(value: str | float | bool | tuple[str, ...]) -> str:
    return msgspec.json.encode(value).decode()  # JSON without objects is TOML, too
