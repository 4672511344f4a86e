"""Read `checks.toml`: which passed checks a model or decision must have before it is recorded.

    [[require]]
    for = "model"          # or "decision"
    check = "fairness"     # quality, leakage, drift, poisoning, fairness or a name of your own
    about = "model"        # or "data": every data set that the model was trained on
    name = "credit-*"      # models whose name, or name:version, is like this; all if left out
    purpose = "*"          # decisions for such a purpose; all, and those without one, if left out
    suite = "<digest>"     # exactly this suite; any if left out
    max_age_days = 90      # how old the check may be; any age if left out

This module refuses unknown settings: a misspelt one would silently ask for nothing.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.predicates.header import HexDigest, Name, Uri

__all__ = ["POLICY_FILE", "Requirement", "read_requirements"]

POLICY_FILE: Final = "checks.toml"
"""Name of the file in a ledger's folder."""


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One demand. `kind` is written `for`; the rest stands in the module's head.

    issuer: organisation whose check counts; the ledger's own if left out.
    """

    kind: Literal["model", "decision"] = msgspec.field(name="for")
    check: Name
    about: Literal["model", "data"] = "model"
    name: Name | None = None
    purpose: Name | None = None
    suite: HexDigest | None = None
    max_age_days: Annotated[float, msgspec.Meta(gt=0)] | None = None
    issuer: Uri | None = None

    def concerns(self, kind: str, names: tuple[str, ...] | None, purpose: str | None) -> bool:
        """Tell whether it is about a statement.

        names: what the model is called; None where that is not known, and any may be.
        """
        if kind != self.kind:
            return False
        if self.purpose is not None and not fnmatchcase(purpose or "", self.purpose):
            return False
        if self.name is None or names is None:
            return True
        return any(fnmatchcase(name, self.name) for name in names)

    @property
    def words(self) -> str:
        """What is asked for, for people and for a refusal's list."""
        suite = "" if self.suite is None else f" by suite {self.suite[:12]}"
        return f"{self.check}{suite} of the {self.about}"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    require: tuple[Requirement, ...] = ()


def read_requirements(path: Path) -> tuple[Requirement, ...]:
    """Read the demands of a file; none where there is no file.

    Raises InputError with code check.policy: a policy that cannot be read lets nothing pass.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as err:
        raise _wrong(path, err) from err
    try:
        return msgspec.convert(tomllib.loads(text), _File).require
    except (ValueError, RecursionError, msgspec.MsgspecError) as err:
        raise _wrong(path, err) from err


def _wrong(path: Path, err: Exception) -> InputError:
    return InputError(
        "check.policy",
        f"expected demands for checks in {path}, but: {err}",
        hint="Mend the file; until then no model and no decision is recorded.",
    )
