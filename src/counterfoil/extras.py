"""Say which extra to install where a package is missing: one code and one hint for all rooms.

What only some people need is in optional extras, and imported when it is used. This module imports
nothing by itself but what it is asked for, and refuses to install.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from counterfoil.errors import Unavailable

__all__ = ["brings", "missing", "missing_extra", "need", "require"]

_PACKAGES: Final = {
    "anyascii": "finance",
    "cel": "finance",
    "defusedxml": "finance",
    "deltalake": "delta",
    "duckdb": "insight",
    "eth": "chain",
    "eth_abi": "chain",
    "eth_account": "chain",
    "eth_hash": "chain",
    "eth_typing": "chain",
    "eth_utils": "chain",
    "ezkl": "zk",
    "jinja2": "node",
    "joserfc": "node",
    "krcf": "watch",
    "lightgbm": "models",
    "markdown_it": "node",
    "mcp": "agents",
    "mdit_py_plugins": "node",
    "numpy": "frames",
    "onnx": "zk",
    "onnxruntime": "models",
    "onnxmltools": "finance",
    "opentelemetry": "otel",
    "paho": "supply",
    "pyarrow": "frames",
    "pygments": "node",
    "rapidfuzz": "finance",
    "rlp": "chain",
    "rustworkx": "insight",
    "scipy": "watch",
    "skops": "models",
    "sklearn": "models",
    "starlette": "node",
    "web3": "chain",
}
"""Package -> the extra that brings it, where nothing tells more."""

_ROOMS: Final = {
    "counterfoil.access": "node",
    "counterfoil.act": "chain",
    "counterfoil.act.circuits": "chain,zk",
    "counterfoil.apps.finance": "finance",
    "counterfoil.apps.quant": "quant",
    "counterfoil.apps.supply": "supply",
    "counterfoil.chain": "chain",
    "counterfoil.insight": "insight",
    "counterfoil.ledger.export.delta": "delta",
    "counterfoil.learn": "watch",
    "counterfoil.ops.accounts": "insight",
    "counterfoil.ops.fees": "watch",
    "counterfoil.ops.forecasts": "watch",
    "counterfoil.ops.loads": "watch",
    "counterfoil.ops.quant": "quant",
    "counterfoil.ops.quant_records": "quant",
    "counterfoil.ops.supply": "supply",
    "counterfoil.ops.threats": "insight",
    "counterfoil.pace": "watch",
    "counterfoil.provenance.checks": "frames,models",
    "counterfoil.provenance.fingerprint": "frames",
    "counterfoil.provenance.models": "models",
}
"""Module, or what is below it -> the extras that bring all it needs."""


def need(module: str, extra: str) -> Any:
    """Import a module of an extra.

    extra: its name, or several by commas. Raises Unavailable with code extra.missing.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as err:
        raise missing(_top(err.name or module), extra) from err


def require(extra: str, *modules: str) -> None:
    """Check that modules of an extra can be imported, without importing them. Raises as `need`."""
    for name in modules:
        if find_spec(name) is None:
            raise missing(name, extra)


@contextmanager
def brings(extra: str) -> Iterator[None]:
    """Import inside of this what needs an extra. Raises as `need` where a package is missing.

    Where a room imports another one, whose extra is another, the outer one is told.
    """
    try:
        yield
    except Unavailable as err:
        if err.code != "extra.missing":
            raise
        raise Unavailable("extra.missing", err.message, hint=_hint(extra)) from err
    except ModuleNotFoundError as err:
        if err.name is None or _top(err.name) not in _PACKAGES:
            raise
        raise missing(_top(err.name), extra) from err


def missing(package: str, extra: str) -> Unavailable:
    """Make the error that says which package is missing, and which extra brings it."""
    return Unavailable(
        "extra.missing",
        f"expected the Python package {package}, which is not installed",
        hint=_hint(extra),
    )


def missing_extra(err: BaseException) -> Unavailable | None:
    """Turn an import that failed into that error; None where no extra brings the package.

    Which of several extras is told by the module that wanted it.
    """
    if not isinstance(err, ModuleNotFoundError) or err.name is None:
        return None
    package = _top(err.name)
    if package not in _PACKAGES:
        return None
    return missing(package, _extra_at(err) or _PACKAGES[package])


def _extra_at(err: BaseException) -> str | None:
    """Name the extra of the innermost module of ours that an error went through."""
    found, trace = None, err.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        for room, extra in _ROOMS.items():
            if module == room or module.startswith(f"{room}."):
                found = extra
        trace = trace.tb_next
    return found


def _hint(extra: str) -> str:
    return f"Install it: pip install 'counterfoil[{extra}]'."


def _top(module: str) -> str:
    return module.partition(".")[0]
