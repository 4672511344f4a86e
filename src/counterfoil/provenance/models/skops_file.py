"""Check a scikit-learn estimator that skops wrote: a zip of JSON and arrays, never a pickle.

Only types that skops itself trusts are loaded: scikit-learn's, NumPy's and SciPy's. This module
refuses every other type by name.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models.extra import need

__all__ = ["check_types", "is_skops", "load_skops"]

_SCHEMA: Final = "schema.json"
_NAMED_MAX: Final = 8


def is_skops(data: bytes) -> bool:
    """Tell whether bytes are a zip file that says what skops says of its contents."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _SCHEMA in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def check_types(data: bytes, name: str) -> None:
    """Refuse types that skops does not trust.

    Raises InputError with code model.skops or model.untrusted, Unavailable with code models.extra.
    """
    skops: Any = need("skops.io")
    try:
        untrusted = sorted(skops.get_untrusted_types(data=data))
    except Exception as err:  # skops raises whatever its reader meets
        raise _unreadable(name, err) from err
    if untrusted:
        listed = ", ".join(untrusted[:_NAMED_MAX])
        more = f" and {len(untrusted) - _NAMED_MAX} more" if len(untrusted) > _NAMED_MAX else ""
        raise InputError(
            "model.untrusted",
            f"expected scikit-learn's, NumPy's and SciPy's types alone in {name}, found "
            f"{listed}{more}",
            hint="Leave these out of the pipeline, or convert the model to ONNX. LightGBM: "
            "record model.booster_.",
        )


def load_skops(data: bytes, name: str) -> Any:
    """Load an estimator of trusted types; errors as `check_types`."""
    check_types(data, name)
    skops: Any = need("skops.io")
    try:
        return skops.loads(data, trusted=[])
    except Exception as err:  # of another version of scikit-learn, for example
        raise _unreadable(name, err) from err


def _unreadable(name: str, err: Exception) -> InputError:
    return InputError(
        "model.skops",
        f"expected an estimator that skops can read in {name}, but: {str(err)[:200]!a}",
        hint="Write it anew with skops.io.dump(model, path); check that scikit-learn is of the "
        "version that made it.",
    )
